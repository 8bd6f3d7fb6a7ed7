/* gst-vlm: the process's one Vulkan instance
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vulkan/vulkan.h>

/* What to do if there is no device. */
#define VLM_VK_NO_DRIVER                                                       \
  "install that of your GPU, or Mesa's (mesa-vulkan-drivers on Debian), "      \
  "which "                                                                     \
  "also runs on the processor; \"vulkaninfo --summary\" lists what is found"

/* A counted use of the instance, made by the first one. Thread-safe.
 * VK_NULL_HANDLE on error. */
VkInstance vlm_vk_instance_acquire (GError **error);
/* Destroys the instance with the last use. */
void vlm_vk_instance_release (void);

/* FALSE with VLM_DEVICE_ERROR_OUT_OF_MEMORY if so little of the process's address
 * space is left that a driver would crash in compiling or running a kernel. */
gboolean vlm_vk_check_addresses (GError **error);
