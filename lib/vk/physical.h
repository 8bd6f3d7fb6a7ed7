/* gst-vlm: physical devices and what they can do
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"

typedef struct
{
  VkPhysicalDevice handle;
  guint index; /* in the order of the loader */
  VlmVkCaps caps;
  VkPhysicalDeviceType type;
  guint32 api_version;
  guint32 driver_version;
  guint8 cache_uuid[VK_UUID_SIZE];
  char driver[VK_MAX_DRIVER_NAME_SIZE];
  VkPhysicalDeviceMemoryProperties memory;
  guint32 queue_family;
  gboolean has_timeline;
  gboolean has_portability_subset;
  gboolean needs_size_extension; /* subgroup sizes are not in its core */
  gboolean has_size_control;     /* of subgroups in compute shaders */
  gboolean has_statistics;       /* of pipelines */
  gboolean has_memory_budget;
  /* What opening enables if it is available. */
  VkPhysicalDeviceFeatures features;
  VkPhysicalDeviceVulkan11Features features11;
  VkPhysicalDeviceVulkan12Features features12;
  /* Why it cannot be used; NULL when it can. A static string. */
  const char *unusable;
} VlmVkPhysical;

/* VlmVkPhysical, at least one. */
GArray *vlm_vk_physical_list (VkInstance instance, GError **error);

/* The one that @selector means (see vlm_vk_device_open), usable. */
const VlmVkPhysical *
vlm_vk_physical_choose (GArray *list, const char *selector, GError **error);

/* "index: name (type, driver, UUID)" */
char *vlm_vk_physical_describe (const VlmVkPhysical *physical);
