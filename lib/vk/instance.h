/* gst-vlm: the process's one Vulkan instance
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vulkan/vulkan.h>

/* A counted use of the instance, made by the first one. Thread-safe.
 * VK_NULL_HANDLE on error. */
VkInstance vlm_vk_instance_acquire (GError **error);
/* Destroys the instance with the last use. */
void vlm_vk_instance_release (void);
