/* gst-vlm: the work of the vision tower, read off the engine's plans
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/qwen2_5_vl/vision-plan.h"
#include "nn/ops.h"

/* Multiply-adds of one pass over the patches of a plan. */
typedef struct
{
  guint64 linear; /* of one block: all but attention */
  guint64 window; /* attention of one block inside windows */
  guint64 full;   /* attention of one block inside slices */
  guint64 ends;   /* of the tower, once: patch embedding and merger */
} VisionCost;

/* Attention is counted by the very plans that the tower would run, with the
 * pieces in which it would run them. */
gboolean vision_cost_count (VlmNn *nn, const VlmVisionConfig *config,
    const VlmVisionPlan *plan, VisionCost *cost, GError **error);

/* All of the tower, with the blocks that the configuration says full. */
guint64
vision_cost_total (const VisionCost *cost, const VlmVisionConfig *config);
