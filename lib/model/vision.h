/* gst-vlm: the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net.h"
#include "model/taps.h"
#include "model/turns.h"

/* Scratch and plans of one user of a tower; grows as needed. A family's struct
 * continues after this. One thread. */
typedef struct
{
  VlmNet *net;
  VlmNn *nn;
  VlmTurns *turns;    /* borrowed, may be NULL */
  VlmModelTaps *taps; /* likewise */
} VlmVision;

VlmVision *vlm_vision_new (VlmNet *net, VlmNn *nn);
void vlm_vision_free (VlmVision *vision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVision, vlm_vision_free)

/* Submissions wait for their turn. @turns is borrowed, NULL for no waiting. */
void vlm_vision_set_turns (VlmVision *vision, VlmTurns *turns);

/* patches: rows [P, C * 2 * side * side] in merge order, normalised, of
 * n_grids grids one after the other. Writes the features [P / 4, out_hidden]
 * in their final order to rows first_row … of @features. Cancellation within
 * one submission; slices are encoded in as many submissions as memory
 * requires. */
gboolean vlm_vision_encode (VlmVision *vision, const float *patches,
    const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
    guint64 first_row, const VlmWork *work, GError **error);

/* Bytes of the device that it takes for pictures of up to @slice_patches patches,
 * and for any number of slices. */
guint64 vlm_vision_bytes (const VlmConfig *config, guint slice_patches);

/* "patch_embed", "block<i>"; queries and keys of a block as they attend, "q<i>"
 * and "k<i>" [P, N * D]; rows in window order, group after group. @taps is
 * borrowed, NULL for none. */
void vlm_vision_set_taps (VlmVision *vision, VlmModelTaps *taps);
/* Where the rows of a slice's patches in those taps are in the slice: row i is
 * of patch order[i], counted line by line. @grid has t = 1. (transfer full) */
guint32 *
vlm_vision_order (const VlmConfig *config, const VlmGrid *grid, GError **error);
