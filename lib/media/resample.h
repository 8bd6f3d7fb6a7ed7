/* gst-vlm: the two bicubic filters of the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

/* Brings a picture of any format to packed RGB of @width x @height, converting
 * on the way. @view has been checked, the sizes are within limits.h. Equals
 * converting all of it to RGB bytes first, then filtering:
 *
 * VLM_RESAMPLE_IMAGE: across, then down, weights with 22 fractional bits, bytes
 *   in between. Bit-exact.
 * VLM_RESAMPLE_VIDEO: f32 all the way, clamped once and rounded to the nearest,
 *   half to even. Weights, order of additions and which products are fused are
 *   those of the reference on x86, to the last bit of every byte.
 *
 * Works in strips: what it needs besides @rgb does not grow with the picture,
 * unless it is shrunk by much. FALSE: there is not enough memory for that. */
gboolean vlm_resample (const VlmImageView *view, guint width, guint height,
    VlmResample resample, guint8 *rgb, GError **error);
