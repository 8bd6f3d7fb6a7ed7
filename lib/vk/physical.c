/* gst-vlm: physical devices and what they can do
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/physical.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "vk/cooperative.h"
#include "vk/instance.h"
#include "vk/result.h"

static const char *
type_name (VkPhysicalDeviceType type)
{
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return "discrete";
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return "integrated";
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return "virtual";
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return "cpu";
  default:
    return "other";
  }
}

/* Higher is better. */
static guint
type_rank (VkPhysicalDeviceType type)
{
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 4;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 3;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return 0;
  default:
    return 1;
  }
}

static char *
uuid_text (const guint8 *uuid)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < VK_UUID_SIZE; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      g_string_append_c (text, '-');
    g_string_append_printf (text, "%02x", uuid[i]);
  }
  return g_string_free (text, FALSE);
}

char *
vlm_vk_physical_describe (const VlmVkPhysical *physical)
{
  g_autofree char *uuid = uuid_text (physical->caps.uuid);
  return g_strdup_printf ("%u: %s (%s, %s, %s)%s%s", physical->index,
      physical->caps.name, type_name (physical->type), physical->driver, uuid,
      physical->unusable != NULL ? ": not usable: " : "",
      physical->unusable != NULL ? physical->unusable : "");
}

static gboolean
list_extensions (
    VkPhysicalDevice handle, GHashTable *extensions, GError **error)
{
  guint32 n = 0;
  if (!vlm_vk_call (
          error, vkEnumerateDeviceExtensionProperties, handle, NULL, &n, NULL))
    return FALSE;
  g_autofree VkExtensionProperties *list = g_new0 (VkExtensionProperties, n);
  if (!vlm_vk_call (
          error, vkEnumerateDeviceExtensionProperties, handle, NULL, &n, list))
    return FALSE;
  for (guint32 i = 0; i < n; i++)
    g_hash_table_add (extensions, g_strdup (list[i].extensionName));
  return TRUE;
}

/* The first family with compute: the general one of a GPU, which also has
 * transfer and timestamps. */
static gboolean
find_queue (VlmVkPhysical *physical, guint32 *timestamp_bits)
{
  guint32 n = 0;
  vkGetPhysicalDeviceQueueFamilyProperties (physical->handle, &n, NULL);
  g_autofree VkQueueFamilyProperties *list =
      g_new0 (VkQueueFamilyProperties, n);
  vkGetPhysicalDeviceQueueFamilyProperties (physical->handle, &n, list);
  for (guint32 i = 0; i < n; i++)
    if ((list[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0 &&
        list[i].queueCount > 0) {
      physical->queue_family = i;
      *timestamp_bits = list[i].timestampValidBits;
      return TRUE;
    }
  return FALSE;
}

static void
query_limits (VlmVkPhysical *physical, const VkPhysicalDeviceProperties *base)
{
  VlmVkCaps *caps = &physical->caps;
  const VkPhysicalDeviceLimits *limits = &base->limits;

  G_STATIC_ASSERT (sizeof caps->name == sizeof base->deviceName);
  memcpy (caps->name, base->deviceName, sizeof caps->name);
  caps->vendor_id = base->vendorID;
  caps->device_id = base->deviceID;
  caps->is_cpu = base->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  caps->max_shared_bytes = limits->maxComputeSharedMemorySize;
  caps->max_workgroup_invocations = limits->maxComputeWorkGroupInvocations;
  memcpy (caps->max_workgroup_count, limits->maxComputeWorkGroupCount,
      sizeof caps->max_workgroup_count);
  caps->max_storage_range = limits->maxStorageBufferRange;
  caps->max_texel_elements = limits->maxTexelBufferElements;

  vkGetPhysicalDeviceMemoryProperties (physical->handle, &physical->memory);
  for (guint32 i = 0; i < physical->memory.memoryHeapCount; i++) {
    const VkMemoryHeap *heap = &physical->memory.memoryHeaps[i];
    if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0)
      caps->heap_bytes = MAX (caps->heap_bytes, heap->size);
  }
  physical->type = base->deviceType;
  physical->api_version = base->apiVersion;
  physical->driver_version = base->driverVersion;
  memcpy (physical->cache_uuid, base->pipelineCacheUUID, VK_UUID_SIZE);
}

/* Only for devices of version 1.2 and later. */
static void
query_properties (VlmVkPhysical *physical, GHashTable *extensions)
{
  VlmVkCaps *caps = &physical->caps;
  VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
  };
  gboolean has_sizes = physical->api_version >= VK_API_VERSION_1_3 ||
      g_hash_table_contains (
          extensions, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  VkPhysicalDeviceVulkan12Properties props12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES,
    .pNext = has_sizes ? &sizes : NULL,
  };
  VkPhysicalDeviceVulkan11Properties props11 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES,
    .pNext = &props12,
  };
  VkPhysicalDeviceProperties2 props = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &props11,
  };
  vkGetPhysicalDeviceProperties2 (physical->handle, &props);

  memcpy (caps->uuid, props11.deviceUUID, VK_UUID_SIZE);
  caps->subgroup_size = props11.subgroupSize;
  if ((props11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0)
    caps->subgroup_ops = props11.subgroupSupportedOperations;
  physical->needs_size_extension =
      has_sizes && physical->api_version < VK_API_VERSION_1_3;
  physical->has_size_control = has_sizes &&
      (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
  caps->min_subgroup_size =
      has_sizes ? sizes.minSubgroupSize : props11.subgroupSize;
  caps->max_subgroup_size =
      has_sizes ? sizes.maxSubgroupSize : props11.subgroupSize;
  caps->max_allocation_bytes = props11.maxMemoryAllocationSize;
  g_strlcpy (physical->driver, props12.driverName, sizeof physical->driver);
}

/* Picks from what there is the features that shaders of this project may use.
 * Robust access is left off: it costs speed, and ranges are checked here. */
static void
query_features (VlmVkPhysical *physical)
{
  VkPhysicalDeviceSubgroupSizeControlFeatures has_sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
  };
  VkPhysicalDeviceVulkan12Features has12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = physical->has_size_control ? &has_sizes : NULL,
  };
  VkPhysicalDeviceVulkan11Features has11 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
    .pNext = &has12,
  };
  VkPhysicalDeviceFeatures2 has = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &has11,
  };
  vkGetPhysicalDeviceFeatures2 (physical->handle, &has);

  physical->features = (VkPhysicalDeviceFeatures){
    .shaderInt16 = has.features.shaderInt16,
    .shaderInt64 = has.features.shaderInt64,
  };
  physical->features11 = (VkPhysicalDeviceVulkan11Features){
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
    .storageBuffer16BitAccess = has11.storageBuffer16BitAccess,
  };
  physical->features12 = (VkPhysicalDeviceVulkan12Features){
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .timelineSemaphore = has12.timelineSemaphore,
    .storageBuffer8BitAccess = has12.storageBuffer8BitAccess,
    .shaderFloat16 = has12.shaderFloat16,
    .shaderInt8 = has12.shaderInt8,
    .shaderSubgroupExtendedTypes = has12.shaderSubgroupExtendedTypes,
    .scalarBlockLayout = has12.scalarBlockLayout,
    .vulkanMemoryModel = has12.vulkanMemoryModel,
    .vulkanMemoryModelDeviceScope = has12.vulkanMemoryModelDeviceScope,
  };
  physical->has_timeline = has12.timelineSemaphore;
  physical->has_size_control &= has_sizes.subgroupSizeControl;
  physical->caps.has_fixed_subgroups = physical->has_size_control ||
      physical->caps.min_subgroup_size == physical->caps.max_subgroup_size;
}

static gboolean
physical_init (VlmVkPhysical *physical, VkInstance instance,
    VkPhysicalDevice handle, guint index, GError **error)
{
  *physical = (VlmVkPhysical){ .handle = handle, .index = index };
  g_strlcpy (physical->driver, "unknown driver", sizeof physical->driver);

  g_autoptr (GHashTable) extensions =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!list_extensions (handle, extensions, error))
    return FALSE;
  physical->has_portability_subset =
      g_hash_table_contains (extensions, "VK_KHR_portability_subset");
  physical->has_memory_budget =
      g_hash_table_contains (extensions, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);

  VkPhysicalDeviceProperties base;
  vkGetPhysicalDeviceProperties (handle, &base);
  query_limits (physical, &base);
  guint32 timestamp_bits = 0;
  gboolean has_compute = find_queue (physical, &timestamp_bits);
  if (timestamp_bits > 0)
    physical->caps.timestamp_ns = base.limits.timestampPeriod;

  if (physical->api_version < VK_API_VERSION_1_2) {
    physical->unusable = "Vulkan 1.2 is needed";
    return TRUE;
  }
  query_properties (physical, extensions);
  query_features (physical);
  if (g_hash_table_contains (
          extensions, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME) &&
      !vlm_vk_cooperative_query (instance, physical, error))
    return FALSE;
  physical->has_statistics = g_hash_table_contains (
      extensions, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME);
  if (!has_compute)
    physical->unusable = "no compute queue";
  else if (!physical->has_timeline)
    physical->unusable = "no timeline semaphores";
  return TRUE;
}

GArray *
vlm_vk_physical_list (VkInstance instance, GError **error)
{
  guint32 n = 0;
  if (!vlm_vk_call (error, vkEnumeratePhysicalDevices, instance, &n, NULL))
    return NULL;
  g_autofree VkPhysicalDevice *handles = g_new0 (VkPhysicalDevice, n);
  if (n > 0 &&
      !vlm_vk_call (error, vkEnumeratePhysicalDevices, instance, &n, handles))
    return NULL;
  if (n == 0) {
    g_set_error_literal (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE,
        "there is no Vulkan device: " VLM_VK_NO_DRIVER);
    return NULL;
  }
  g_autoptr (GArray) list =
      g_array_sized_new (FALSE, TRUE, sizeof (VlmVkPhysical), n);
  for (guint32 i = 0; i < n; i++) {
    VlmVkPhysical physical;
    if (!physical_init (&physical, instance, handles[i], i, error))
      return NULL;
    g_array_append_val (list, physical);
  }
  return g_steal_pointer (&list);
}

static gboolean
is_better (const VlmVkPhysical *a, const VlmVkPhysical *b)
{
  if ((a->unusable == NULL) != (b->unusable == NULL))
    return a->unusable == NULL;
  if (type_rank (a->type) != type_rank (b->type))
    return type_rank (a->type) > type_rank (b->type);
  return a->caps.heap_bytes > b->caps.heap_bytes;
}

static gboolean
matches_uuid (const VlmVkPhysical *physical, const char *selector)
{
  g_autofree char *uuid = uuid_text (physical->caps.uuid);
  if (g_ascii_strcasecmp (uuid, selector) == 0)
    return TRUE;
  g_auto (GStrv) parts = g_strsplit (uuid, "-", -1);
  g_autofree char *bare = g_strjoinv ("", parts);
  return g_ascii_strcasecmp (bare, selector) == 0;
}

static gboolean
matches_name (const VlmVkPhysical *physical, const char *selector)
{
  g_autofree char *name = g_ascii_strdown (physical->caps.name, -1);
  g_autofree char *part = g_ascii_strdown (selector, -1);
  return strstr (name, part) != NULL;
}

static gboolean
matches (const VlmVkPhysical *physical, const char *selector)
{
  guint64 index;
  if (selector == NULL || *selector == '\0')
    return TRUE;
  /* A longer one is a UUID that has digits alone. */
  if (strlen (selector) < 10 &&
      g_ascii_string_to_unsigned (selector, 10, 0, G_MAXUINT, &index, NULL))
    return index == physical->index;
  return matches_uuid (physical, selector) || matches_name (physical, selector);
}

const VlmVkPhysical *
vlm_vk_physical_choose (GArray *list, const char *selector, GError **error)
{
  const VlmVkPhysical *best = NULL;
  g_autoptr (GString) all = g_string_new (NULL);
  for (guint i = 0; i < list->len; i++) {
    const VlmVkPhysical *physical = &g_array_index (list, VlmVkPhysical, i);
    g_autofree char *line = vlm_vk_physical_describe (physical);
    g_string_append_printf (all, "\n  %s", line);
    if (matches (physical, selector) &&
        (best == NULL || is_better (physical, best)))
      best = physical;
  }
  if (best == NULL) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE,
        "no Vulkan device matches \"%s\"; available:%s", selector, all->str);
    return NULL;
  }
  if (best->unusable != NULL) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
        "Vulkan device \"%s\" cannot be used: %s", best->caps.name,
        best->unusable);
    return NULL;
  }
  return best;
}
