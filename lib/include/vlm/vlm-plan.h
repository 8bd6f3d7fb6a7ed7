/* gst-vlm: number and size of frames within a budget
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmVideoBudget:
 * @duration: of the window, or of the whole stream, ns; 0 when it is not known
 * @fps_n: numerator of the wanted rate
 * @fps_d: its denominator
 * @max_frames: most frames, 0 for the default (768)
 * @max_tokens: most tokens of all frames together, 0 for the default (24576)
 * @min_pixels: smallest area of a frame, 0 for the model's default
 * @max_pixels: largest area of a frame, 0 for the model's default
 *
 * Limits for the frames of a window.
 *
 * Since: 0.1
 */
typedef struct
{
  gint64 duration;
  guint fps_n;
  guint fps_d;
  guint max_frames;
  guint max_tokens;
  guint64 min_pixels;
  guint64 max_pixels;
} VlmVideoBudget;

/**
 * VlmVideoPlan:
 * @width: of the frames
 * @height: of the frames
 * @n_frames: how many of them fit
 * @fps_n: numerator of the rate: the wanted one, or that at which @n_frames
 *   fill the duration
 * @fps_d: its denominator
 * @is_lowered: it is not the wanted one
 *
 * The frames that fit into a budget.
 *
 * Since: 0.1
 */
typedef struct
{
  guint width;
  guint height;
  guint n_frames;
  guint fps_n;
  guint fps_d;
  gboolean is_lowered;
} VlmVideoPlan;

VLM_API gboolean vlm_video_plan (const VlmGeometry *geometry,
    const VlmVideoBudget *budget, guint source_width, guint source_height,
    VlmVideoPlan *plan, GError **error);
VLM_API gboolean vlm_video_plan_smaller (const VlmGeometry *geometry,
    const VlmVideoBudget *budget, guint source_width, guint source_height,
    const VlmVideoPlan *plan, guint step, guint *width, guint *height);

G_END_DECLS
