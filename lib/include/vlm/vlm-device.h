/* gst-vlm: Vulkan devices
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

#define VLM_TYPE_DEVICE (vlm_device_get_type ())

/**
 * VlmDevice:
 *
 * An open Vulkan device. Thread-safe; immutable after it was opened.
 *
 * Since: 0.1
 */
VLM_API
G_DECLARE_FINAL_TYPE (VlmDevice, vlm_device, VLM, DEVICE, GObject)

VLM_API char **vlm_device_list (GError **error);
VLM_API VlmDevice *vlm_device_open (const char *selector, GError **error);
VLM_API const char *vlm_device_get_name (VlmDevice *device);
VLM_API guint64 vlm_device_get_memory_bytes (VlmDevice *device);

G_END_DECLS
