/* gst-vlm: the sizes of resized pictures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmVideoLimits:
 * @min_pixels: smallest area of a frame, 0 for the default (128 tokens)
 * @max_pixels: largest area of a frame, 0 for the default (768 tokens);
 *   it only ever lowers what the other limits allow
 * @total_pixels: largest area of all frames together, 0 for the default
 *   (115200 tokens)
 *
 * The pixel budget of a video as in qwen-vl-utils. A token is a square of
 * patch_size * merge_size pixels. A @max_pixels below the default of
 * @min_pixels lowers that, too; below a given @min_pixels it is an error.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 min_pixels;
  guint64 max_pixels;
  guint64 total_pixels;
} VlmVideoLimits;

VLM_API gboolean vlm_image_plan_size (const VlmGeometry *geometry,
    guint source_width, guint source_height, guint64 min_pixels,
    guint64 max_pixels, guint *width, guint *height, GError **error);
VLM_API gboolean vlm_video_plan_size (const VlmGeometry *geometry,
    const VlmVideoLimits *limits, guint n_frames, guint source_width,
    guint source_height, guint *width, guint *height, GError **error);

G_END_DECLS
