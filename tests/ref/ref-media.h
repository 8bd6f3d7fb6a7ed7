/* gst-vlm: pictures, the slow and obvious way
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

/* Any format to packed RGB of the same size, in double. */
void ref_convert (const VlmImageView *view, guint8 *rgb);

/* Packed RGB to another size. Image: integers, bytes between the passes. Video:
 * f32 throughout, with the
 * roundings of the reference. */
void ref_resize (const guint8 *rgb, guint width, guint height, guint new_width,
    guint new_height, VlmResample resample, guint8 *out);
