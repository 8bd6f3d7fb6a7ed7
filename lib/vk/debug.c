/* gst-vlm: names of device objects for debuggers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/debug.h"

/* All or none. Written while there is no device. */
static PFN_vkSetDebugUtilsObjectNameEXT set_name;
static PFN_vkCmdBeginDebugUtilsLabelEXT begin_label;
static PFN_vkCmdEndDebugUtilsLabelEXT end_label;

void
vlm_vk_debug_attach (VkInstance instance)
{
  set_name = (PFN_vkSetDebugUtilsObjectNameEXT) vkGetInstanceProcAddr (
      instance, "vkSetDebugUtilsObjectNameEXT");
  begin_label = (PFN_vkCmdBeginDebugUtilsLabelEXT) vkGetInstanceProcAddr (
      instance, "vkCmdBeginDebugUtilsLabelEXT");
  end_label = (PFN_vkCmdEndDebugUtilsLabelEXT) vkGetInstanceProcAddr (
      instance, "vkCmdEndDebugUtilsLabelEXT");
  if (set_name == NULL || begin_label == NULL || end_label == NULL)
    vlm_vk_debug_detach ();
}

void
vlm_vk_debug_detach (void)
{
  set_name = NULL;
  begin_label = NULL;
  end_label = NULL;
}

void
vlm_vk_debug_name (
    VkDevice device, VkObjectType type, guint64 handle, const char *name)
{
  const VkDebugUtilsObjectNameInfoEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
    .objectType = type,
    .objectHandle = handle,
    .pObjectName = name,
  };

  /* Called directly: a name that is missing is no failure. */
  if (set_name != NULL)
    set_name (device, &info);
}

void
vlm_vk_debug_begin (VkCommandBuffer commands, const char *label)
{
  const VkDebugUtilsLabelEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
    .pLabelName = label,
  };

  if (begin_label != NULL)
    begin_label (commands, &info);
}

void
vlm_vk_debug_end (VkCommandBuffer commands)
{
  if (end_label != NULL)
    end_label (commands);
}
