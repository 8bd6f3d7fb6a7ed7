/* gst-vlm: a device, as the computing layers see it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Its inside belongs to vk. Headers above nn name devices and what is on them
 * without a Vulkan header. */
#pragma once

#include <glib.h>

/* Atomic reference count, any thread. */
typedef struct _VlmVkDevice VlmNnDevice;

VlmNnDevice *vlm_nn_device_ref (VlmNnDevice *device);
void vlm_nn_device_unref (VlmNnDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNnDevice, vlm_nn_device_unref)

/* Whether it is the machine's processor, and its memory the machine's. */
gboolean vlm_nn_device_is_cpu (VlmNnDevice *device);
const char *vlm_nn_device_get_name (VlmNnDevice *device);

/* Bytes that may still be taken of its memory, and what limits them, for
 * messages ("the free memory of the machine"). If the use of other processes
 * is not known, all of its memory, and FALSE: that may be too much or too
 * little. */
gboolean vlm_nn_device_get_left (
    VlmNnDevice *device, guint64 *n_bytes, const char **limit);
/* Bytes that copies to it pass through. */
guint64 vlm_nn_device_get_staging_bytes (VlmNnDevice *device);
