/* gst-vlm: one Vulkan device, from its parts
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/device-private.h"

#include "vk/cooperative.h"
#include "vk/instance.h"
#include "vk/pipeline-private.h"
#include "vk/queue.h"
#include "vk/result.h"
#include "vk/staging.h"
#include "vk/timer.h"

char **
vlm_vk_device_list (GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return NULL;
  g_autoptr (GArray) list = vlm_vk_physical_list (instance, error);
  vlm_vk_instance_release ();
  if (list == NULL)
    return NULL;
  GStrvBuilder *lines = g_strv_builder_new ();
  for (guint i = 0; i < list->len; i++) {
    g_autofree char *line =
        vlm_vk_physical_describe (&g_array_index (list, VlmVkPhysical, i));
    g_strv_builder_add (lines, line);
  }
  char **strv = g_strv_builder_end (lines);
  g_strv_builder_unref (lines);
  return strv;
}

static const VkStructureType STATISTICS_FEATURES =
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR;

static gboolean
create_handle (VlmVkDevice *device, GError **error)
{
  VlmVkPhysical *physical = &device->physical;
  VkPhysicalDeviceSubgroupSizeControlFeatures sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
    .subgroupSizeControl = TRUE,
  };
  VkPhysicalDeviceVulkan12Features features12 = physical->features12;
  features12.pNext = physical->has_size_control ? &sizes : NULL;
  VkPhysicalDeviceVulkan11Features features11 = physical->features11;
  features11.pNext = &features12;

  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = physical->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices =
      vlm_vk_cooperative_features ();
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics = {
    .sType = STATISTICS_FEATURES,
    .pipelineExecutableInfo = TRUE,
  };
  const char *extensions[5];
  guint32 n_extensions = 0;
  if (physical->has_portability_subset) /* must be enabled where there is one */
    extensions[n_extensions++] = "VK_KHR_portability_subset";
  if (physical->has_size_control && physical->needs_size_extension)
    extensions[n_extensions++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
  if (physical->caps.n_products > 0) {
    extensions[n_extensions++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    matrices.pNext = features11.pNext;
    features11.pNext = &matrices;
  }
  if (device->only_compiles && physical->has_statistics) {
    extensions[n_extensions++] =
        VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    statistics.pNext = features11.pNext;
    features11.pNext = &statistics;
  }
  if (physical->has_memory_budget)
    extensions[n_extensions++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &features11,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .enabledExtensionCount = n_extensions,
    .ppEnabledExtensionNames = extensions,
    .pEnabledFeatures = &physical->features,
  };
  if (!vlm_vk_call (error, vkCreateDevice, physical->handle, &info, NULL,
          &device->handle)) {
    device->handle = VK_NULL_HANDLE;
    return FALSE;
  }
  return TRUE;
}

/* Undoes everything that was done; there are no users left. */
static void
device_free (VlmVkDevice *device)
{
  if (device->handle != VK_NULL_HANDLE) {
    vlm_vk_queue_finish (device);
    vlm_vk_staging_free (device->staging);
    if (device->pipelines != NULL && !device->only_compiles &&
        !g_atomic_int_get (&device->lost))
      vlm_vk_pipeline_cache_save (device);
    vlm_vk_pipelines_free (device, device->pipelines);
    vlm_vk_queue_free (device);
    vlm_vk_memory_destroy (device->memory);
    vkDestroyDevice (device->handle, NULL);
  }
  vlm_vk_timer_free (device->timer);
  g_free (device);
  vlm_vk_instance_release ();
}

static gboolean
device_init (VlmVkDevice *device, GError **error)
{
  if (!create_handle (device, error))
    return FALSE;
  if (device->only_compiles) {
    device->pipelines = vlm_vk_pipelines_new (device, error);
    return device->pipelines != NULL;
  }
  device->memory = vlm_vk_memory_new (device->handle, &device->physical.memory);
  device->staging = vlm_vk_staging_new ();
  device->queue = vlm_vk_queue_new (device, error);
  if (device->queue == NULL)
    return FALSE;
  device->pipelines = vlm_vk_pipelines_new (device, error);
  return device->pipelines != NULL;
}

static gboolean
choose (VkInstance instance, const char *selector, VlmVkPhysical *chosen,
    GError **error)
{
  g_autoptr (GArray) list = vlm_vk_physical_list (instance, error);
  if (list == NULL)
    return FALSE;
  const VlmVkPhysical *physical =
      vlm_vk_physical_choose (list, selector, error);
  if (physical == NULL)
    return FALSE;
  *chosen = *physical;
  return TRUE;
}

gboolean
vlm_vk_device_find (
    const char *selector, guint8 uuid[VK_UUID_SIZE], GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return FALSE;
  VlmVkPhysical physical;
  gboolean found = choose (instance, selector, &physical, error);
  vlm_vk_instance_release ();
  if (found)
    memcpy (uuid, physical.caps.uuid, VK_UUID_SIZE);
  return found;
}

static VlmVkDevice *
open_device (const char *selector, gboolean only_compiles, GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return NULL;
  VlmVkPhysical physical;
  if (!choose (instance, selector, &physical, error)) {
    vlm_vk_instance_release ();
    return NULL;
  }

  VlmVkDevice *device = g_new0 (VlmVkDevice, 1);
  g_atomic_ref_count_init (&device->refs);
  device->physical = physical;
  device->pins_subgroups = physical.has_size_control &&
      physical.caps.min_subgroup_size != physical.caps.max_subgroup_size;
  device->only_compiles = only_compiles;
  device->no_map = g_strcmp0 (g_getenv ("VLM_NO_MAP"), "1") == 0;
  device->close = device_free;
  device->reclaim = vlm_vk_queue_reap;
  device->timer = vlm_vk_timer_new ();
  if (!device_init (device, error)) {
    g_prefix_error (error, "opening %s: ", physical.caps.name);
    device_free (device);
    return NULL;
  }
  return device;
}

VlmVkDevice *
vlm_vk_device_open (const char *selector, GError **error)
{
  return open_device (selector, FALSE, error);
}

VlmVkDevice *
vlm_vk_device_open_to_compile (const char *selector, GError **error)
{
  return open_device (selector, TRUE, error);
}

void
vlm_vk_device_get_usage (
    VlmVkDevice *device, guint64 *now_bytes, guint64 *peak_bytes)
{
  vlm_vk_memory_get_usage (device->memory, now_bytes, peak_bytes, NULL);
}

gboolean
vlm_vk_device_get_free (VlmVkDevice *device, guint64 *n_bytes)
{
  const VlmVkPhysical *physical = &device->physical;
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT,
  };
  VkPhysicalDeviceMemoryProperties2 memory = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
    .pNext = physical->has_memory_budget ? &budget : NULL,
  };
  *n_bytes = physical->caps.heap_bytes;
  if (!physical->has_memory_budget)
    return FALSE;
  vkGetPhysicalDeviceMemoryProperties2 (physical->handle, &memory);
  for (guint i = 0; i < memory.memoryProperties.memoryHeapCount; i++) {
    const VkMemoryHeap *heap = &memory.memoryProperties.memoryHeaps[i];
    if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0 &&
        heap->size == physical->caps.heap_bytes)
      *n_bytes = budget.heapBudget[i] -
          MIN (budget.heapUsage[i], budget.heapBudget[i]);
  }
  return TRUE;
}

guint64
vlm_vk_device_get_staging_bytes (VlmVkDevice *device)
{
  return device->physical.caps.is_cpu ? 0 : VLM_VK_STAGING_BYTES;
}

GArray *
vlm_vk_device_get_timings (VlmVkDevice *device)
{
  vlm_vk_queue_reap (device);
  return vlm_vk_timer_get_timings (device->timer);
}
