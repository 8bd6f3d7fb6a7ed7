/* gst-vlm: a device, as those see it who only compute on it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Its inside is vk's. Headers above nn name devices and what is on them without
 * a Vulkan header. */
#pragma once

#include <glib.h>

/* Atomic reference count, any thread. */
typedef struct _VlmVkDevice VlmNnDevice;

VlmNnDevice *vlm_nn_device_ref (VlmNnDevice *device);
void vlm_nn_device_unref (VlmNnDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNnDevice, vlm_nn_device_unref)

/* Whether it is the machine's processor, and its memory the machine's. */
gboolean vlm_nn_device_is_cpu (VlmNnDevice *device);
