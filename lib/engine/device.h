/* gst-vlm: what the engine sees of a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-device.h>

#include "model/net.h"

/* (transfer none) */
VlmNnDevice *vlm_device_get_nn (VlmDevice *device);
/* What is on it is gone; a new one must be opened. */
gboolean vlm_device_is_lost (VlmDevice *device);
/* The UUID of the device that vlm_device_open () would open, in hexadecimal
 * digits, without opening it; NULL on error. (transfer full) */
char *vlm_device_find_uuid (const char *selector, GError **error);
