/* gst-vlm: frames to the rows the vision tower reads
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

#define VLM_N_CHANNELS 3

/* value[c][x]: byte x of channel c, normalised. Immutable once it is made. */
typedef struct
{
  float value[VLM_N_CHANNELS][256];
} VlmNormTable;

void vlm_norm_table_init (VlmNormTable *table, const float mean[VLM_N_CHANNELS],
    const float std[VLM_N_CHANNELS]);

/* Patches per axis, before merging. */
typedef struct
{
  guint t;
  guint h;
  guint w;
  guint n_patches;
  guint patch_floats; /* channels * temporal_patch_size * patch_size^2 */
} VlmPatchGrid;

/* Checks the frames: one or more, of one size, whose sides are multiples of
 * patch_size * merge_size. VLM_INFER_ERROR_BAD_INPUT otherwise. */
gboolean vlm_patch_grid (const VlmGeometry *geometry, VlmFrame *const *frames,
    guint n_frames, VlmPatchGrid *grid, GError **error);

/* Writes [n_patches, patch_floats] in merge order: slice, row and column of the
 * merged cell, then the patches of the cell row by row; within a patch channel,
 * frame of the slice, y, x. When the frames do not fill the last slice, the
 * last one is repeated; a still image is one frame. @grid is that of
 * vlm_patch_grid() for the same frames. */
void vlm_patchify (const VlmGeometry *geometry, const VlmNormTable *table,
    const VlmPatchGrid *grid, VlmFrame *const *frames, guint n_frames,
    float *patches);
