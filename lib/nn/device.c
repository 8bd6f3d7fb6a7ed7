/* gst-vlm: a device, as the computing layers see it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/device.h"

#include "base/host-memory.h"
#include "vk/device.h"

VlmNnDevice *
vlm_nn_device_ref (VlmNnDevice *device)
{
  return vlm_vk_device_ref (device);
}

void
vlm_nn_device_unref (VlmNnDevice *device)
{
  vlm_vk_device_unref (device);
}

gboolean
vlm_nn_device_is_cpu (VlmNnDevice *device)
{
  return vlm_vk_device_get_caps (device)->is_cpu;
}

const char *
vlm_nn_device_get_name (VlmNnDevice *device)
{
  return vlm_vk_device_get_caps (device)->name;
}

gboolean
vlm_nn_device_get_left (
    VlmNnDevice *device, guint64 *n_bytes, const char **limit)
{
  if (vlm_nn_device_is_cpu (device)) {
    *n_bytes = vlm_host_memory_left (VLM_HOST_BYTES, limit);
    return *limit != NULL;
  }
  *limit = "the free memory of the device";
  return vlm_vk_device_get_free (device, n_bytes);
}

guint64
vlm_nn_device_get_staging_bytes (VlmNnDevice *device)
{
  return vlm_vk_device_get_staging_bytes (device);
}
