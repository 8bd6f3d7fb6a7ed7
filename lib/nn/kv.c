/* gst-vlm: keys and values of one layer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/kv.h"

#include "base/checked.h"
#include "base/half.h"

#include <vlm/vlm-error.h>

#define CAPACITY_STEP 32
#define KEYS_TOGETHER 8

/* What a head counts against a binding's limit: a texel counts as 16 bytes,
 * whatever its size, since devices bound bytes and texels. */
static guint64
head_texel_bytes (guint n_keys, guint head_dim)
{
  return (guint64) n_keys * head_dim * 4;
}

/* A key, or value, in the units of a tensor. */
static guint
row_words (const VlmNnKv *kv)
{
  return (guint) (kv->head_dim * vlm_dtype_size (kv->dtype) / 4);
}

/* An empty cache. */
static gboolean
init_empty (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint segment_keys, GError **error)
{
  guint64 n_bytes;

  g_assert (dtype == VLM_DTYPE_F32 || dtype == VLM_DTYPE_F16);
  *kv = (VlmNnKv){ .dtype = dtype };
  segment_keys = (guint) vlm_align_up (segment_keys, CAPACITY_STEP);
  if (n_heads == 0 || head_dim == 0 || head_dim % VLM_NN_HEAD_STEP != 0 ||
      segment_keys == 0 ||
      head_texel_bytes (segment_keys, head_dim) > nn->limits.binding_bytes ||
      !vlm_checked_mul (
          head_texel_bytes (segment_keys, head_dim), n_heads, &n_bytes)) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "no cache has %u heads of %u elements and segments of %u keys on this "
        "device, which binds at most %" G_GUINT64_FORMAT " bytes",
        n_heads, head_dim, segment_keys, nn->limits.binding_bytes);
    return FALSE;
  }
  kv->n_heads = n_heads;
  kv->head_dim = head_dim;
  kv->segment_keys = segment_keys;
  return TRUE;
}

static void
clear_segment (VlmNnKvSegment *segment)
{
  g_clear_pointer (&segment->keys, vlm_vk_buffer_unref);
  g_clear_pointer (&segment->values, vlm_vk_buffer_unref);
}

static gboolean
add_segment (VlmNnKv *kv, VlmNn *nn, GError **error)
{
  const guint64 n_bytes =
      vlm_nn_kv_bytes (kv->dtype, kv->n_heads, kv->head_dim, kv->segment_keys);
  VlmNnKvSegment segment = { NULL, NULL };

  segment.keys =
      vlm_vk_buffer_new (nn->device, n_bytes / 2, VLM_VK_BUFFER_DEVICE, error);
  if (segment.keys != NULL)
    segment.values = vlm_vk_buffer_new (
        nn->device, n_bytes / 2, VLM_VK_BUFFER_DEVICE, error);
  if (segment.values == NULL) {
    g_prefix_error (
        error, "cache of %u keys: ", (kv->n_segments + 1) * kv->segment_keys);
    clear_segment (&segment);
    return FALSE;
  }
  kv->segments = g_renew (VlmNnKvSegment, kv->segments, kv->n_segments + 1);
  kv->segments[kv->n_segments++] = segment;
  return TRUE;
}

gboolean
vlm_nn_kv_init (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint capacity, GError **error)
{
  return init_empty (kv, nn, dtype, n_heads, head_dim, capacity, error) &&
      add_segment (kv, nn, error);
}

guint64
vlm_nn_kv_bytes (VlmDType dtype, guint n_heads, guint head_dim, guint capacity)
{
  return 2 * vlm_align_up (capacity, CAPACITY_STEP) * n_heads * head_dim *
      vlm_dtype_size (dtype);
}

void
vlm_nn_kv_clear (VlmNnKv *kv)
{
  if (kv == NULL)
    return;
  for (guint i = 0; i < kv->n_segments; i++)
    clear_segment (&kv->segments[i]);
  g_free (kv->segments);
  *kv = (VlmNnKv){ 0 };
}

guint
vlm_nn_kv_capacity (const VlmNnKv *kv)
{
  return kv->n_segments * kv->segment_keys;
}

guint
vlm_nn_kv_round_up (const VlmNn *nn, guint n_keys)
{
  return (guint) vlm_align_up (n_keys, nn->limits.segment_keys);
}

void
vlm_nn_set_kv_segment (VlmNn *nn, guint n_keys)
{
  g_assert (n_keys >= CAPACITY_STEP && (n_keys & (n_keys - 1)) == 0);
  nn->limits.segment_keys = n_keys;
}

gboolean
vlm_nn_kv_reserve (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint n_keys, GError **error)
{
  const guint n_before = kv->n_segments;

  if (n_before == 0 &&
      !init_empty (
          kv, nn, dtype, n_heads, head_dim, nn->limits.segment_keys, error))
    return FALSE;
  g_assert (kv->dtype == dtype && kv->n_heads == n_heads &&
      kv->head_dim == head_dim && kv->segment_keys == nn->limits.segment_keys);
  while (vlm_nn_kv_capacity (kv) < n_keys) {
    if (add_segment (kv, nn, error))
      continue;
    while (kv->n_segments > n_before)
      clear_segment (&kv->segments[--kv->n_segments]);
    if (n_before == 0)
      vlm_nn_kv_clear (kv);
    return FALSE;
  }
  return TRUE;
}

/* Eight keys are kept together, in groups of four elements. */
static void
unpack_keys (const VlmNnKv *kv, const float *packed, guint first_packed,
    guint first, guint n, guint head, float *rows)
{
  const gsize n_cols = (gsize) kv->n_heads * kv->head_dim;

  for (guint i = 0; i < n; i++) {
    const guint key = first + i - first_packed;
    const float *block =
        packed + (gsize) (key / KEYS_TOGETHER) * KEYS_TOGETHER * kv->head_dim;
    float *row = rows + i * n_cols + (gsize) head * kv->head_dim;

    for (guint j = 0; j < kv->head_dim; j++)
      row[j] = block[(j / 4 * KEYS_TOGETHER + key % KEYS_TOGETHER) * 4 + j % 4];
  }
}

/* Keys [first, first + n) of a head in a segment, as they are packed; @first and
 * @n are multiples of KEYS_TOGETHER. */
static gboolean
read_packed (const VlmNnKv *kv, VlmNn *nn, guint segment, guint head,
    guint first, guint n, float *packed, GError **error)
{
  const VlmNnTensor keys = { kv->segments[segment].keys, 0,
    (guint64) kv->n_heads * kv->segment_keys, row_words (kv), row_words (kv) };
  const guint64 row = (guint64) head * kv->segment_keys + first;
  const gsize n_elements = (gsize) n * kv->head_dim;
  g_autofree guint16 *halves = NULL;

  if (kv->dtype == VLM_DTYPE_F32)
    return vlm_nn_tensor_read (&keys, nn, row, n, packed, error);
  halves = g_new (guint16, n_elements);
  if (!vlm_nn_tensor_read (&keys, nn, row, n, halves, error))
    return FALSE;
  for (gsize i = 0; i < n_elements; i++)
    packed[i] = vlm_f32_from_f16 (halves[i]);
  return TRUE;
}

/* Likewise, to rows like those of q; any @first and @n. */
static gboolean
read_segment (const VlmNnKv *kv, VlmNn *nn, guint segment, guint first, guint n,
    float *rows, GError **error)
{
  const guint begin = first / KEYS_TOGETHER * KEYS_TOGETHER;
  const guint n_packed =
      (guint) vlm_align_up (first + n, KEYS_TOGETHER) - begin;
  g_autofree float *packed = g_new (float, (gsize) n_packed * kv->head_dim);

  for (guint head = 0; head < kv->n_heads; head++) {
    if (!read_packed (kv, nn, segment, head, begin, n_packed, packed, error))
      return FALSE;
    unpack_keys (kv, packed, begin, first, n, head, rows);
  }
  return TRUE;
}

gboolean
vlm_nn_kv_read_keys (const VlmNnKv *kv, VlmNn *nn, guint first, guint n,
    float *rows, GError **error)
{
  g_assert (first + n <= vlm_nn_kv_capacity (kv));
  while (n > 0) {
    const guint at = first % kv->segment_keys;
    const guint part = MIN (n, kv->segment_keys - at);

    if (!read_segment (kv, nn, first / kv->segment_keys, at, part, rows, error))
      return FALSE;
    rows += (gsize) part * kv->n_heads * kv->head_dim;
    first += part;
    n -= part;
  }
  return TRUE;
}

guint
vlm_nn_kv_heads_per_binding (VlmNn *nn, const VlmNnKv *kv)
{
  const guint64 n = nn->limits.binding_bytes /
      head_texel_bytes (kv->segment_keys, kv->head_dim);

  if (n == 0)
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "one head of %u keys does not fit in a binding of "
            "%" G_GUINT64_FORMAT " bytes",
            kv->segment_keys, nn->limits.binding_bytes));
  return (guint) MIN (n, kv->n_heads);
}

VlmVkBinding
vlm_nn_kv_bind (const VlmNnKv *kv, VlmVkBuffer *buffer, guint first_head,
    guint n_heads, VlmVkAccess access)
{
  const guint64 head_bytes =
      (guint64) kv->segment_keys * kv->head_dim * vlm_dtype_size (kv->dtype);

  return (VlmVkBinding){ buffer, first_head * head_bytes, n_heads * head_bytes,
    access,
    kv->dtype == VLM_DTYPE_F16 ? VK_FORMAT_R16G16B16A16_SFLOAT
                               : VK_FORMAT_R32G32B32A32_SFLOAT };
}
