/* gst-vlm: results of Vulkan calls
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/result.h"

#include <vlm/vlm-error.h>

const char *
vlm_vk_result_name (VkResult result)
{
  switch (result) {
#define NAME(r)                                                                \
  case r:                                                                      \
    return #r
    NAME (VK_SUCCESS);
    NAME (VK_NOT_READY);
    NAME (VK_TIMEOUT);
    NAME (VK_INCOMPLETE);
    NAME (VK_ERROR_OUT_OF_HOST_MEMORY);
    NAME (VK_ERROR_OUT_OF_DEVICE_MEMORY);
    NAME (VK_ERROR_INITIALIZATION_FAILED);
    NAME (VK_ERROR_DEVICE_LOST);
    NAME (VK_ERROR_MEMORY_MAP_FAILED);
    NAME (VK_ERROR_LAYER_NOT_PRESENT);
    NAME (VK_ERROR_EXTENSION_NOT_PRESENT);
    NAME (VK_ERROR_FEATURE_NOT_PRESENT);
    NAME (VK_ERROR_INCOMPATIBLE_DRIVER);
    NAME (VK_ERROR_TOO_MANY_OBJECTS);
    NAME (VK_ERROR_FORMAT_NOT_SUPPORTED);
    NAME (VK_ERROR_FRAGMENTED_POOL);
    NAME (VK_ERROR_OUT_OF_POOL_MEMORY);
    NAME (VK_ERROR_FRAGMENTATION);
    NAME (VK_ERROR_INVALID_SHADER_NV);
    NAME (VK_ERROR_UNKNOWN);
#undef NAME
  default:
    return NULL;
  }
}

static VlmDeviceError
error_code (VkResult result)
{
  switch (result) {
  case VK_ERROR_OUT_OF_HOST_MEMORY:
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
  case VK_ERROR_OUT_OF_POOL_MEMORY:
  case VK_ERROR_FRAGMENTED_POOL:
  case VK_ERROR_FRAGMENTATION:
  case VK_ERROR_MEMORY_MAP_FAILED:
  case VK_ERROR_TOO_MANY_OBJECTS:
    return VLM_DEVICE_ERROR_OUT_OF_MEMORY;
  case VK_ERROR_DEVICE_LOST:
    return VLM_DEVICE_ERROR_LOST;
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return VLM_DEVICE_ERROR_NO_DEVICE;
  case VK_ERROR_LAYER_NOT_PRESENT:
  case VK_ERROR_EXTENSION_NOT_PRESENT:
  case VK_ERROR_FEATURE_NOT_PRESENT:
  case VK_ERROR_FORMAT_NOT_SUPPORTED:
    return VLM_DEVICE_ERROR_MISSING_FEATURE;
  default:
    return VLM_DEVICE_ERROR_VK;
  }
}

VkResult
vlm_vk_check (VkResult result, const char *call, GError **error)
{
  if (result >= 0)
    return result;
  const char *name = vlm_vk_result_name (result);
  if (name != NULL)
    g_set_error (
        error, VLM_DEVICE_ERROR, error_code (result), "%s: %s", call, name);
  else
    g_set_error (error, VLM_DEVICE_ERROR, error_code (result),
        "%s: VkResult %d", call, (int) result);
  return result;
}

#ifdef NDEBUG

void
vlm_vk_fault_inject_after (guint n_calls, VkResult result)
{
}

gboolean
vlm_vk_fault_clear (void)
{
  return FALSE;
}

gboolean
vlm_vk_fault_available (void)
{
  return FALSE;
}

#else

static GMutex fault_lock;
static gint fault_armed; /* atomic: the usual path takes no lock */
static guint fault_calls_left;
static VkResult fault_result;

void
vlm_vk_fault_inject_after (guint n_calls, VkResult result)
{
  g_mutex_lock (&fault_lock);
  fault_calls_left = n_calls;
  fault_result = result;
  g_atomic_int_set (&fault_armed, TRUE);
  g_mutex_unlock (&fault_lock);
}

gboolean
vlm_vk_fault_clear (void)
{
  g_mutex_lock (&fault_lock);
  gboolean was_armed = g_atomic_int_get (&fault_armed);
  g_atomic_int_set (&fault_armed, FALSE);
  g_mutex_unlock (&fault_lock);
  return was_armed;
}

gboolean
vlm_vk_fault_available (void)
{
  return TRUE;
}

VkResult
vlm_vk_fault_next (void)
{
  if (G_LIKELY (!g_atomic_int_get (&fault_armed)))
    return VK_SUCCESS;
  VkResult result = VK_SUCCESS;
  g_mutex_lock (&fault_lock);
  if (g_atomic_int_get (&fault_armed) && fault_calls_left-- == 0) {
    g_atomic_int_set (&fault_armed, FALSE);
    result = fault_result;
  }
  g_mutex_unlock (&fault_lock);
  return result;
}

#endif
