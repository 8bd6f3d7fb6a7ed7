/* gst-vlm: what a user of Qwen2.5-VL's vision tower holds
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net-private.h"
#include "model/qwen2_5_vl/vision-plan.h"
#include "model/vision.h"

typedef struct
{
  VlmVision base;
  gboolean busy;       /* an abandoned submission may still be running */
  guint64 submit_macs; /* multiply-adds of one submission */
  guint group_patches; /* encoded together, but at least one slice */
  guint band_rows;     /* see vlm_qwen_vision_set_limits() */

  /* The group at hand; kept, as the next one is often alike. */
  GArray *grids; /* VlmGrid */
  VlmVisionPlan *plan;
  VlmNnAttentionPlan *windows;
  VlmNnAttentionPlan *slices;

  /* Scratch: rows of a group (N) and of a band (B). */
  guint max_patches;
  VlmNnTensor angles;   /* [N, D] */
  VlmNnTensor index;    /* [N / 4, 1] */
  VlmNnTensor x;        /* [N, v]: the residual stream */
  VlmNnTensor q;        /* [N, v] */
  VlmNnTensor attended; /* [N, v] */
  VlmNnKv kv;
  VlmNnTensor patches; /* [B, C * 2 * 14 * 14] */
  VlmNnTensor normed;  /* [B, v] */
  VlmNnTensor qkv;     /* [B, 3v] */
  VlmNnTensor mlp;     /* [B, inter] */
  VlmNnTensor merged;  /* [B / 4, out_hidden] */
  float *band;         /* host [B, C * 2 * 14 * 14] in window order */
} VlmQwenVision;

/* Multiply-adds of a patch in a block's linear layers: before attention, after
 * it. */
guint64 vlm_vision_qkv_macs (const VlmVisionConfig *config);
guint64 vlm_vision_mlp_macs (const VlmVisionConfig *config);

/* C * 2 * 14 * 14 */
guint vlm_vision_patch_floats (const VlmVisionConfig *config);

/* Cuts grids into groups of slices that are encoded together: the next one,
 * from slice @slice of grid @grid on, which move on. Its number of patches. */
guint vlm_vision_next_group (const VlmQwenVision *vision, const VlmGrid *grids,
    guint n_grids, guint *grid, guint *slice, GArray *group);

/* Plans, angles and scratch for these grids, and rows of the features for
 * their cells, from @first_row on. The device must be idle. */
gboolean vlm_vision_prepare_group (VlmQwenVision *vision, const GArray *grids,
    guint64 first_row, GError **error);

/* For exactness tests: patches that are encoded together (but at least one
 * slice), and rows of the scratch of all that does not look across rows, a
 * multiple of 32; 0 for the defaults. The device must be idle. */
void vlm_qwen_vision_set_limits (
    VlmVision *vision, guint group_patches, guint band_rows);

/* model/arch.h */
VlmVision *vlm_qwen_vision_new (const VlmConfig *config);
void vlm_qwen_vision_free (VlmVision *vision);
gboolean vlm_qwen_vision_encode (VlmVision *vision, const float *patches,
    const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
    guint64 first_row, const VlmWork *work, GError **error);
guint64 vlm_qwen_vision_bytes (const VlmConfig *config, guint slice_patches);
guint32 *vlm_qwen_vision_order (
    const VlmConfig *config, const VlmGrid *grid, GError **error);
