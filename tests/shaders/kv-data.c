/* gst-vlm: caches whose contents a test knows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shaders/kv-data.h"

#include <string.h>

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

/* Element of [n_heads][capacity / 8][head_dim / 4][8][4]. */
static gsize
key_at (const VlmNnKv *kv, guint head, guint key, guint e)
{
  const gsize block = (gsize) head * (kv->capacity / 8) + key / 8;

  return ((block * (kv->head_dim / 4) + e / 4) * 8 + key % 8) * 4 + e % 4;
}

static gsize
value_at (const VlmNnKv *kv, guint head, guint key, guint e)
{
  return ((gsize) head * kv->capacity + key) * kv->head_dim + e;
}

static gsize
n_elements (const VlmNnKv *kv)
{
  return (gsize) kv->n_heads * kv->capacity * kv->head_dim;
}

static float *
poison (gsize n)
{
  guint32 *words = g_new (guint32, n);

  for (gsize i = 0; i < n; i++)
    words[i] = KV_POISON;
  return (float *) words;
}

typedef void (*KvVisit) (float *dense, float *packed);

static void
visit (const VlmNnKv *kv, const KvData *data, float *keys, float *values,
    KvVisit func)
{
  gsize at = 0;

  for (guint head = 0; head < kv->n_heads; head++)
    for (guint i = 0; i < data->n_keys; i++)
      for (guint e = 0; e < kv->head_dim; e++, at++) {
        const guint key = data->first_key + i;

        func (&data->keys[at], &keys[key_at (kv, head, key, e)]);
        func (&data->values[at], &values[value_at (kv, head, key, e)]);
      }
}

static void
pack (float *dense, float *packed)
{
  *packed = *dense;
}

/* Leaves poison, so that what remains is what should be poison. */
static void
unpack (float *dense, float *packed)
{
  const guint32 word = KV_POISON;

  *dense = *packed;
  memcpy (packed, &word, sizeof word);
}

void
kv_data_upload (VkCheck *check, const VlmNnKv *kv, const KvData *data)
{
  const gsize n = n_elements (kv);
  g_autofree float *keys = poison (n);
  g_autofree float *values = poison (n);
  GError *error = NULL;

  if (data != NULL)
    visit (kv, data, keys, values, pack);
  if (vlm_vk_buffer_write (kv->keys, 0, keys, n * sizeof *keys, &error))
    vlm_vk_buffer_write (kv->values, 0, values, n * sizeof *values, &error);
  vkcheck_no_error (error, "cache");
}

void
kv_data_download (VkCheck *check, const VlmNnKv *kv, KvData *data)
{
  const gsize n = n_elements (kv);
  g_autofree float *keys = g_new (float, n);
  g_autofree float *values = g_new (float, n);
  g_autofree float *clean = poison (n);
  GError *error = NULL;

  if (vlm_vk_buffer_read (kv->keys, 0, keys, n * sizeof *keys, &error))
    vlm_vk_buffer_read (kv->values, 0, values, n * sizeof *values, &error);
  vkcheck_no_error (error, "cache");
  visit (kv, data, keys, values, unpack);
  if (memcmp (keys, clean, n * sizeof *keys) != 0)
    vkcheck_fail (check, "other keys were overwritten");
  if (memcmp (values, clean, n * sizeof *values) != 0)
    vkcheck_fail (check, "other values were overwritten");
}
