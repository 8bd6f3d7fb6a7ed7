/* gst-vlm: the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net.h"
#include "model/taps.h"
#include "model/turns.h"
#include "model/qwen2_5_vl/vision-plan.h"

/* Scratch and plans of one user of the tower; grows as needed. One thread. */
typedef struct _VlmVision VlmVision;

VlmVision *vlm_vision_new (VlmNet *net, VlmNn *nn);
void vlm_vision_free (VlmVision *vision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVision, vlm_vision_free)

/* Submissions wait for their turn. @turns is borrowed, NULL for no waiting. */
void vlm_vision_set_turns (VlmVision *vision, VlmTurns *turns);

/* patches: rows [P, C * 2 * 14 * 14] in merge order, normalised (MODEL.md 3.4),
 * of n_grids grids one after the other. Writes the features [P / 4, out_hidden]
 * in their final order to rows first_row … of @features. Cancellation within
 * one submission; slices are encoded in as many submissions as memory asks. */
gboolean vlm_vision_encode (VlmVision *vision, const float *patches,
    const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
    guint64 first_row, const VlmWork *work, GError **error);

/* "patch_embed", "block<i>"; queries and keys of a block as they attend, "q<i>"
 * and "k<i>" [P, N * D]; rows in window order, group after group. @taps is
 * borrowed, NULL for none. */
void vlm_vision_set_taps (VlmVision *vision, VlmModelTaps *taps);
/* For exactness tests: patches that are encoded together (but at least one
 * slice), and rows of the scratch of all that does not look across rows, a
 * multiple of 32; 0 for the defaults. The device must be idle. */
void
vlm_vision_set_limits (VlmVision *vision, guint group_patches, guint band_rows);
