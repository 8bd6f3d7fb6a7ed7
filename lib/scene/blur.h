/* gst-vlm: pictures out of focus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A box filter of 2 @radius_x + 1 by 2 @radius_y + 1 pixels, on packed RGB;
 * radii in 1/256 pixels. Beyond the edge its pixels are repeated. */
void vlm_blur_picture (guint8 *rgb, gsize stride, int width, int height,
    int radius_x, int radius_y);
