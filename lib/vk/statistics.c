/* gst-vlm: the driver's statistics of compiled shaders
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/statistics.h"

#include "vk/pipeline-private.h"
#include "vk/result.h"

#include <vlm/vlm-error.h>

gboolean
vlm_vk_statistics_available (VlmVkDevice *device)
{
  return device->only_compiles && device->physical.has_statistics;
}

static char *
describe (const VkPipelineExecutableStatisticKHR *statistic)
{
  switch (statistic->format) {
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR:
    return g_strdup_printf (
        "%s %s", statistic->name, statistic->value.b32 ? "yes" : "no");
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
    return g_strdup_printf (
        "%s %" G_GINT64_FORMAT, statistic->name, statistic->value.i64);
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR:
    return g_strdup_printf (
        "%s %" G_GUINT64_FORMAT, statistic->name, statistic->value.u64);
  default:
    return g_strdup_printf ("%s %g", statistic->name, statistic->value.f64);
  }
}

char **
vlm_vk_pipeline_get_statistics (
    VlmVkDevice *device, VlmVkPipeline *pipeline, GError **error)
{
  PFN_vkGetPipelineExecutableStatisticsKHR get =
      (PFN_vkGetPipelineExecutableStatisticsKHR) vkGetDeviceProcAddr (
          device->handle, "vkGetPipelineExecutableStatisticsKHR");
  /* A compute pipeline is one executable. */
  const VkPipelineExecutableInfoKHR info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
    .pipeline = pipeline->handle,
  };
  guint32 n = 0;

  if (!vlm_vk_statistics_available (device) || get == NULL) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
        "%s has no VK_KHR_pipeline_executable_properties",
        device->physical.caps.name);
    return NULL;
  }
  if (!vlm_vk_call (error, get, device->handle, &info, &n, NULL))
    return NULL;
  g_autofree VkPipelineExecutableStatisticKHR *list =
      g_new0 (VkPipelineExecutableStatisticKHR, n);
  for (guint32 i = 0; i < n; i++)
    list[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  if (!vlm_vk_call (error, get, device->handle, &info, &n, list))
    return NULL;
  char **lines = g_new0 (char *, n + 1);
  for (guint32 i = 0; i < n; i++)
    lines[i] = describe (&list[i]);
  return lines;
}
