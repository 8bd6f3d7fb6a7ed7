/* gst-vlm: three-axis positions with absolute time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/qwen2_5_vl/config.h"
#include "model/qwen2_5_vl/vision-plan.h"

/* Positions [3, n] under construction, an axis each (t, h, w); starts all zero.
 * next is the position of the next text token. */
typedef struct
{
  GArray *axes[3]; /* gint32 */
  gint32 next;
} VlmPositions;

void vlm_positions_init (VlmPositions *positions);
void vlm_positions_clear (VlmPositions *positions);
void vlm_positions_add_text (VlmPositions *positions, guint n_tokens);
void vlm_positions_add_image (
    VlmPositions *positions, const VlmVisionConfig *config, VlmGrid grid);
/* The reference rule: trunc (a * second_per_grid * tokens_per_second) in f32. */
void vlm_positions_add_video (VlmPositions *positions,
    const VlmVisionConfig *config, VlmGrid grid, float second_per_grid);
/* Absolute time: slice i is at trunc ((times[i] - times[0]) * tokens_per_second)
 * in exact integer arithmetic; times in ns, not decreasing. On a uniform grid
 * this is the reference rule, whichever way the grid's times were rounded to
 * nanoseconds, as long as all were rounded alike. */
void vlm_positions_add_video_times (VlmPositions *positions,
    const VlmVisionConfig *config, VlmGrid grid, const gint64 *times);

/* Angles [n, head_dim] (D/2 cosines, then D/2 sines) of tokens first … first +
 * n - 1; frequency j turns with the axis that mrope_section gives it. */
void vlm_positions_angles (const VlmPositions *positions,
    const VlmTextConfig *config, guint first, guint n, float *angles);
