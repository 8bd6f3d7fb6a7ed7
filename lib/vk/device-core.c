/* gst-vlm: the part of a device that all others need
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/device-private.h"

#include <vlm/vlm-error.h>

#include "vk/cache-file.h"

VlmVkDevice *
vlm_vk_device_ref (VlmVkDevice *device)
{
  g_atomic_ref_count_inc (&device->refs);
  return device;
}

void
vlm_vk_device_unref (VlmVkDevice *device)
{
  if (device != NULL && g_atomic_ref_count_dec (&device->refs))
    device->close (device);
}

const VlmVkCaps *
vlm_vk_device_get_caps (VlmVkDevice *device)
{
  return &device->physical.caps;
}

char *
vlm_vk_device_get_cache_path (
    VlmVkDevice *device, const char *name, const char *suffix)
{
  return vlm_vk_cache_file_path_of (&device->physical, name, suffix);
}

VkDevice
vlm_vk_device_get_handle (VlmVkDevice *device)
{
  return device->handle;
}

VkResult
vlm_vk_device_note (VlmVkDevice *device, VkResult result)
{
  if (result == VK_ERROR_DEVICE_LOST)
    g_atomic_int_set (&device->lost, TRUE);
  return result;
}

gboolean
vlm_vk_device_is_lost (VlmVkDevice *device)
{
  return g_atomic_int_get (&device->lost);
}

gboolean
vlm_vk_device_check (VlmVkDevice *device, GError **error)
{
  if (!vlm_vk_device_is_lost (device))
    return TRUE;
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST,
      "the Vulkan device %s was lost", device->physical.caps.name);
  return FALSE;
}
