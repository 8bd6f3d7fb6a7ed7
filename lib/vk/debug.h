/* gst-vlm: names of device objects for debuggers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects are named and work is labelled with VK_EXT_debug_utils where the
 * instance has it, so that captures, profilers and validation messages
 * identify them. Without it the functions do nothing. */
#pragma once

#include <glib.h>
#include <vulkan/vulkan.h>

/* Before and after the life of an instance that was made with the extension. */
void vlm_vk_debug_attach (VkInstance instance);
void vlm_vk_debug_detach (void);

/* @handle: of an object of @type that was just made */
void vlm_vk_debug_name (
    VkDevice device, VkObjectType type, guint64 handle, const char *name);

/* Around recorded work; a begin without an end must not be submitted. */
void vlm_vk_debug_begin (VkCommandBuffer commands, const char *label);
void vlm_vk_debug_end (VkCommandBuffer commands);
