/* gst-vlm: recording ops
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/context.h"

/* Bytes of a texel: every read buffer is viewed as four 32-bit components. */
#define TEXEL_BYTES 16
/* A second of a software device, some milliseconds of others. */
#define CHUNK_MACS_CPU ((guint64) 1 << 33)
#define CHUNK_MACS_GPU ((guint64) 1 << 36)

VlmNn *
vlm_nn_new (VlmVkDevice *device, GError **error)
{
  const VlmVkCaps *caps = vlm_vk_device_get_caps (device);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, error);
  VlmNn *nn;
  guint64 binding_bytes;

  if (commands == NULL)
    return NULL;

  binding_bytes =
      MIN (caps->max_storage_range, caps->max_texel_elements * TEXEL_BYTES);
  nn = g_new0 (VlmNn, 1);
  nn->device = vlm_vk_device_ref (device);
  nn->commands = g_steal_pointer (&commands);
  nn->caps = caps;
  nn->wishes = g_getenv ("VLM_KERNELS");
  nn->limits = (VlmNnLimits){
    .binding_bytes = binding_bytes,
    .part_bytes = MIN (binding_bytes, caps->max_allocation_bytes),
    .chunk_macs = caps->is_cpu ? CHUNK_MACS_CPU : CHUNK_MACS_GPU,
    .segment_keys = VLM_NN_KV_SEGMENT,
    .grid = MIN (caps->max_workgroup_count[1], caps->max_workgroup_count[2]),
  };
  return nn;
}

void
vlm_nn_free (VlmNn *nn)
{
  if (nn == NULL)
    return;
  g_clear_pointer (&nn->notes, g_hash_table_unref);
  vlm_vk_commands_free (nn->commands);
  vlm_nn_tensor_clear (&nn->ordered);
  vlm_nn_tensor_clear (&nn->tickets);
  vlm_vk_device_unref (nn->device);
  g_free (nn);
}

VlmVkDevice *
vlm_nn_get_device (VlmNn *nn)
{
  return nn->device;
}

void
vlm_nn_begin (VlmNn *nn)
{
  /* Drops what a caller left unsubmitted after an error of its own. */
  if (nn->recording) {
    g_autoptr (VlmVkCommands) fresh = vlm_vk_commands_new (nn->device, NULL);

    if (fresh != NULL) {
      vlm_vk_commands_free (nn->commands);
      nn->commands = g_steal_pointer (&fresh);
    }
  }
  nn->recording = TRUE;
}

gboolean
vlm_nn_submit (VlmNn *nn, GError **error)
{
  nn->recording = FALSE;
  return vlm_vk_commands_submit (nn->commands, &nn->submitted, error);
}

gboolean
vlm_nn_wait (VlmNn *nn, GCancellable *cancellable, GError **error)
{
  return vlm_vk_device_wait (nn->device, nn->submitted, cancellable, error);
}

void
vlm_nn_label (VlmNn *nn, const char *label)
{
  vlm_vk_commands_label (nn->commands, label);
}

void
vlm_nn_fail (VlmNn *nn, GError *error)
{
  vlm_vk_commands_fail (nn->commands, error);
}
