/* gst-vlm: three-axis positions with absolute time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/positions.h"

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

/* vlm_positions_angles (): frequency j turns with the axis that mrope_section
 * gives it. */
void vlm_mrope_angles (const VlmPositions *positions, const VlmConfig *config,
    guint first, guint n, float *angles);
