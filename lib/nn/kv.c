/* gst-vlm: keys and values of one layer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/kv.h"

#include "base/checked.h"

#include <vlm/vlm-error.h>

#define HEAD_DIM_STEP 8
#define CAPACITY_STEP 32

gboolean
vlm_nn_kv_init (VlmNnKv *kv, VlmNn *nn, guint n_heads, guint head_dim,
    guint capacity, GError **error)
{
  const guint64 head_bytes = (guint64) capacity * head_dim * 4;
  guint64 n_bytes;

  *kv = (VlmNnKv){ 0 };
  if (n_heads == 0 || head_dim == 0 || head_dim % HEAD_DIM_STEP != 0 ||
      capacity == 0 || capacity % CAPACITY_STEP != 0 ||
      head_bytes > nn->limits.binding_bytes ||
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

void
vlm_nn_kv_clear (VlmNnKv *kv)
{
  if (kv == NULL)
    return;
  g_clear_pointer (&kv->keys, vlm_vk_buffer_unref);
  g_clear_pointer (&kv->values, vlm_vk_buffer_unref);
  *kv = (VlmNnKv){ 0 };
}

guint
vlm_nn_kv_heads_per_binding (VlmNn *nn, const VlmNnKv *kv)
{
  const guint64 head_bytes = (guint64) kv->capacity * kv->head_dim * 4;
  const guint64 n = nn->limits.binding_bytes / head_bytes;

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
  const guint64 head_bytes = (guint64) kv->capacity * kv->head_dim * 4;

  return (VlmVkBinding){ buffer, first_head * head_bytes, n_heads * head_bytes,
    access, VK_FORMAT_R32G32B32A32_SFLOAT };
}
