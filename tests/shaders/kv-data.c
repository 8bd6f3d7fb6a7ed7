/* gst-vlm: caches whose contents a test knows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shaders/kv-data.h"

#include <string.h>

#include "base/half.h"

void
kv_data_init_cache (VkCheck *check, VlmNnKv *kv, VlmDType dtype, guint n_heads,
    guint head_dim, guint n_keys)
{
  GError *error = NULL;

  *kv = (VlmNnKv){ 0 };
  if (n_keys <= check->nn->limits.segment_keys)
    vlm_nn_kv_init (kv, check->nn, dtype, n_heads, head_dim, n_keys, &error);
  else
    vlm_nn_kv_reserve (kv, check->nn, dtype, n_heads, head_dim, n_keys, &error);
  vkcheck_no_error (error, "cache");
}

void
kv_data_init (KvData *data, const VlmNnKv *kv, guint first_key, guint n_keys)
{
  const gsize n = (gsize) kv->n_heads * n_keys * kv->head_dim;

  *data = (KvData){
    .first_key = first_key,
    .n_keys = n_keys,
    .keys = g_new0 (float, n),
    .values = g_new0 (float, n),
  };
}

void
kv_data_clear (KvData *data)
{
  g_clear_pointer (&data->keys, g_free);
  g_clear_pointer (&data->values, g_free);
}

/* Elements of the keys, or values, of a segment. */
static gsize
segment_elements (const VlmNnKv *kv)
{
  return (gsize) kv->n_heads * kv->segment_keys * kv->head_dim;
}

/* Element of [segment][n_heads][segment_keys / 8][head_dim / 4][8][4]. */
static gsize
key_at (const VlmNnKv *kv, guint head, guint key, guint e)
{
  const gsize block =
      (gsize) head * (kv->segment_keys / 8) + key % kv->segment_keys / 8;

  return key / kv->segment_keys * segment_elements (kv) +
      ((block * (kv->head_dim / 4) + e / 4) * 8 + key % 8) * 4 + e % 4;
}

static gsize
value_at (const VlmNnKv *kv, guint head, guint key, guint e)
{
  const gsize row = (gsize) head * kv->segment_keys + key % kv->segment_keys;

  return key / kv->segment_keys * segment_elements (kv) + row * kv->head_dim +
      e;
}

static gsize
n_elements (const VlmNnKv *kv)
{
  return kv->n_segments * segment_elements (kv);
}

/* Keys or values of all segments, in the layout of a buffer. */
typedef struct
{
  VlmDType dtype;
  gsize n_bytes;
  guint8 *bytes;
} Packed;

static gsize
packed_init (Packed *packed, const VlmNnKv *kv)
{
  const guint32 word =
      kv->dtype == VLM_DTYPE_F16 ? KV_POISON_HALVES : KV_POISON;

  packed->dtype = kv->dtype;
  packed->n_bytes = n_elements (kv) * vlm_dtype_size (kv->dtype);
  packed->bytes = g_malloc (packed->n_bytes);
  for (gsize i = 0; i < packed->n_bytes; i += sizeof word)
    memcpy (packed->bytes + i, &word, sizeof word);
  return packed->n_bytes;
}

static void
packed_clear (Packed *packed)
{
  g_free (packed->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packed, packed_clear)

typedef void (*KvVisit) (float *dense, Packed *packed, gsize at);

static void
visit (const VlmNnKv *kv, const KvData *data, Packed *keys, Packed *values,
    KvVisit func)
{
  gsize at = 0;

  for (guint head = 0; head < kv->n_heads; head++)
    for (guint i = 0; i < data->n_keys; i++)
      for (guint e = 0; e < kv->head_dim; e++, at++) {
        const guint key = data->first_key + i;

        func (&data->keys[at], keys, key_at (kv, head, key, e));
        func (&data->values[at], values, value_at (kv, head, key, e));
      }
}

/* Rounded values replace those in @dense, from which the test computes. */
static void
pack (float *dense, Packed *packed, gsize at)
{
  if (packed->dtype == VLM_DTYPE_F16) {
    const guint16 half = vlm_f16_from_f32 (*dense);

    memcpy (packed->bytes + at * sizeof half, &half, sizeof half);
    *dense = vlm_f32_from_f16 (half);
  } else {
    memcpy (packed->bytes + at * sizeof *dense, dense, sizeof *dense);
  }
}

/* Writes poison over what is read, so that the whole buffer should be poison. */
static void
unpack (float *dense, Packed *packed, gsize at)
{
  const guint32 word =
      packed->dtype == VLM_DTYPE_F16 ? KV_POISON_HALVES : KV_POISON;
  const gsize size = vlm_dtype_size (packed->dtype);
  guint8 *element = packed->bytes + at * size;
  guint16 half;

  if (packed->dtype == VLM_DTYPE_F16) {
    memcpy (&half, element, sizeof half);
    *dense = vlm_f32_from_f16 (half);
  } else {
    memcpy (dense, element, sizeof *dense);
  }
  memcpy (element, &word, size);
}

typedef gboolean (*Move) (const VlmNnKvSegment *segment, guint8 *keys,
    guint8 *values, gsize n, GError **error);

static gboolean
write_segment (const VlmNnKvSegment *segment, guint8 *keys, guint8 *values,
    gsize n, GError **error)
{
  return vlm_vk_buffer_write (segment->keys, 0, keys, n, error) &&
      vlm_vk_buffer_write (segment->values, 0, values, n, error);
}

static gboolean
read_segment (const VlmNnKvSegment *segment, guint8 *keys, guint8 *values,
    gsize n, GError **error)
{
  return vlm_vk_buffer_read (segment->keys, 0, keys, n, error) &&
      vlm_vk_buffer_read (segment->values, 0, values, n, error);
}

static void
move_all (const VlmNnKv *kv, Packed *keys, Packed *values, Move move)
{
  const gsize n = segment_elements (kv) * vlm_dtype_size (kv->dtype);
  GError *error = NULL;

  for (guint i = 0; i < kv->n_segments; i++) {
    move (&kv->segments[i], keys->bytes + i * n, values->bytes + i * n, n,
        &error);
    vkcheck_no_error (error, "cache");
  }
}

void
kv_data_upload (VkCheck *check, const VlmNnKv *kv, const KvData *data)
{
  g_auto (Packed) keys = { 0 }, values = { 0 };

  packed_init (&keys, kv);
  packed_init (&values, kv);
  if (data != NULL)
    visit (kv, data, &keys, &values, pack);
  move_all (kv, &keys, &values, write_segment);
}

void
kv_data_download (VkCheck *check, const VlmNnKv *kv, KvData *data)
{
  g_auto (Packed) keys = { 0 }, values = { 0 }, clean = { 0 };
  const gsize n = packed_init (&keys, kv);

  packed_init (&values, kv);
  packed_init (&clean, kv);
  move_all (kv, &keys, &values, read_segment);
  visit (kv, data, &keys, &values, unpack);
  if (memcmp (keys.bytes, clean.bytes, n) != 0)
    vkcheck_fail (check, "other keys were overwritten");
  if (memcmp (values.bytes, clean.bytes, n) != 0)
    vkcheck_fail (check, "other values were overwritten");
}
