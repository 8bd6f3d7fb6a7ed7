/* gst-vlm: the order in which patches go through the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"

/* Pure: no device involved. All arrays are owned by the plan. */
typedef struct
{
  guint n_patches;
  guint n_cells;          /* n_patches / merge_size^2 */
  guint32 *window_index;  /* [n_cells]: cell at each place of window order */
  guint32 *window_bounds; /* [n_windows + 1], in patches, increasing */
  guint n_windows;
  guint32 *slice_bounds; /* [n_slices + 1], in patches: full attention */
  guint n_slices;
  guint32 *rows; /* [n_patches]: row of each patch, window order */
  guint32 *cols; /* [n_patches]: column, likewise */
} VlmVisionPlan;

/* Checks the grids: whole cells, not too many. VLM_INFER_ERROR_BAD_INPUT. */
gboolean vlm_vision_plan_count (const VlmVisionConfig *config,
    const VlmGrid *grids, guint n_grids, guint *n_patches, GError **error);

VlmVisionPlan *vlm_vision_plan_new (const VlmVisionConfig *config,
    const VlmGrid *grids, guint n_grids, GError **error);
void vlm_vision_plan_free (VlmVisionPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVisionPlan, vlm_vision_plan_free)

/* [n_patches, head_dim]: head_dim / 2 cosines, then as many sines, window
 * order: the angles of the 2-D RoPE. */
void vlm_vision_plan_angles (
    const VlmVisionPlan *plan, const VlmVisionConfig *config, float *angles);
