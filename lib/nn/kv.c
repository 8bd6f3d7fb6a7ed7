/* gst-vlm: keys and values of one layer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/kv.h"

#include "base/checked.h"
#include "base/half.h"

#include <vlm/vlm-error.h>

#define CAPACITY_STEP 32
/* Below this growing costs more than it saves. */
#define MIN_CAPACITY 256
#define KEYS_TOGETHER 8

/* What a head counts against a binding's limit: a texel counts as 16 bytes,
 * whatever its size, since devices bound bytes and texels. */
static guint64
head_texel_bytes (guint capacity, guint head_dim)
{
  return (guint64) capacity * head_dim * 4;
}

/* A key, or value, in the units of a tensor. */
static guint
row_words (const VlmNnKv *kv)
{
  return (guint) (kv->head_dim * vlm_dtype_size (kv->dtype) / 4);
}

gboolean
vlm_nn_kv_init (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint capacity, GError **error)
{
  guint64 head_bytes, n_bytes;

  g_assert (dtype == VLM_DTYPE_F32 || dtype == VLM_DTYPE_F16);
  *kv = (VlmNnKv){ .dtype = dtype };
  capacity = (guint) vlm_align_up (capacity, CAPACITY_STEP);
  head_bytes = (guint64) capacity * head_dim * vlm_dtype_size (dtype);
  if (n_heads == 0 || head_dim == 0 || head_dim % VLM_NN_HEAD_STEP != 0 ||
      capacity == 0 ||
      head_texel_bytes (capacity, head_dim) > nn->limits.binding_bytes ||
      !vlm_checked_mul (head_bytes, n_heads, &n_bytes)) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "no cache has %u heads of %u elements and a capacity of %u on this "
        "device, which binds at most %" G_GUINT64_FORMAT " bytes",
        n_heads, head_dim, capacity, nn->limits.binding_bytes);
    return FALSE;
  }
  kv->n_heads = n_heads;
  kv->head_dim = head_dim;
  kv->capacity = capacity;
  kv->keys =
      vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_DEVICE, error);
  if (kv->keys != NULL)
    kv->values =
        vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_DEVICE, error);
  if (kv->values != NULL)
    return TRUE;
  g_prefix_error (error, "cache of %u keys: ", capacity);
  vlm_nn_kv_clear (kv);
  return FALSE;
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
  g_clear_pointer (&kv->keys, vlm_vk_buffer_unref);
  g_clear_pointer (&kv->values, vlm_vk_buffer_unref);
  *kv = (VlmNnKv){ 0 };
}

/* Keys (or values) of every head. Both layouts keep eight of a head together, so
 * that groups of eight are plain rows. */
static void
copy_heads (VlmNn *nn, const VlmNnKv *kv, VlmVkBuffer *from,
    guint from_capacity, VlmVkBuffer *to, guint to_capacity, guint n_keys)
{
  const guint64 n_rows = vlm_align_up (n_keys, KEYS_TOGETHER);
  const VlmNnTensor source = { from, 0, (guint64) kv->n_heads * from_capacity,
    row_words (kv), row_words (kv) };
  const VlmNnTensor target = { to, 0, (guint64) kv->n_heads * to_capacity,
    row_words (kv), row_words (kv) };

  for (guint64 head = 0; head < kv->n_heads; head++)
    vlm_nn_copy_rows (
        nn, &source, head * from_capacity, &target, head * to_capacity, n_rows);
}

static gboolean
copy (VlmNn *nn, const VlmNnKv *from, const VlmNnKv *to, guint n_keys,
    GError **error)
{
  vlm_nn_begin (nn);
  vlm_nn_label (nn, "kv.grow");
  copy_heads (
      nn, from, from->keys, from->capacity, to->keys, to->capacity, n_keys);
  copy_heads (
      nn, from, from->values, from->capacity, to->values, to->capacity, n_keys);
  return vlm_nn_submit (nn, error) && vlm_nn_wait (nn, NULL, error);
}

gboolean
vlm_nn_kv_reserve (VlmNnKv *kv, VlmNn *nn, VlmDType dtype, guint n_heads,
    guint head_dim, guint n_keys, guint n_held, GError **error)
{
  VlmNnKv grown;

  g_assert (n_held <= kv->capacity);
  if (n_keys <= kv->capacity)
    return TRUE;
  g_assert (kv->keys == NULL ||
      (kv->dtype == dtype && kv->n_heads == n_heads &&
          kv->head_dim == head_dim));
  if (!vlm_nn_kv_init (&grown, nn, dtype, n_heads, head_dim,
          MAX (MAX (n_keys, MIN_CAPACITY), 2 * kv->capacity), error))
    return FALSE;
  if (n_held > 0 && !copy (nn, kv, &grown, n_held, error)) {
    vlm_nn_kv_clear (&grown);
    return FALSE;
  }
  vlm_nn_kv_clear (kv);
  *kv = grown;
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

/* Keys [first, first + n) of a head, as they are packed; @first and @n are
 * multiples of KEYS_TOGETHER. */
static gboolean
read_packed (const VlmNnKv *kv, VlmNn *nn, guint head, guint first, guint n,
    float *packed, GError **error)
{
  const VlmNnTensor keys = { kv->keys, 0, (guint64) kv->n_heads * kv->capacity,
    row_words (kv), row_words (kv) };
  const guint64 row = (guint64) head * kv->capacity + first;
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

gboolean
vlm_nn_kv_read_keys (const VlmNnKv *kv, VlmNn *nn, guint first, guint n,
    float *rows, GError **error)
{
  const guint begin = first / KEYS_TOGETHER * KEYS_TOGETHER;
  const guint n_packed =
      (guint) vlm_align_up (first + n, KEYS_TOGETHER) - begin;
  g_autofree float *packed = g_new (float, (gsize) n_packed * kv->head_dim);

  g_assert (first + n <= kv->capacity);
  for (guint head = 0; head < kv->n_heads; head++) {
    if (!read_packed (kv, nn, head, begin, n_packed, packed, error))
      return FALSE;
    unpack_keys (kv, packed, begin, first, n, head, rows);
  }
  return TRUE;
}

guint
vlm_nn_kv_heads_per_binding (VlmNn *nn, const VlmNnKv *kv)
{
  const guint64 n =
      nn->limits.binding_bytes / head_texel_bytes (kv->capacity, kv->head_dim);

  if (n == 0)
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "one head of %u keys does not fit in a binding of "
            "%" G_GUINT64_FORMAT " bytes",
            kv->capacity, nn->limits.binding_bytes));
  return (guint) MIN (n, kv->n_heads);
}

VlmVkBinding
vlm_nn_kv_bind (const VlmNnKv *kv, VlmVkBuffer *buffer, guint first_head,
    guint n_heads, VlmVkAccess access)
{
  const guint64 head_bytes =
      (guint64) kv->capacity * kv->head_dim * vlm_dtype_size (kv->dtype);

  return (VlmVkBinding){ buffer, first_head * head_bytes, n_heads * head_bytes,
    access,
    kv->dtype == VLM_DTYPE_F16 ? VK_FORMAT_R16G16B16A16_SFLOAT
                               : VK_FORMAT_R32G32B32A32_SFLOAT };
}
