/* gst-vlm: the work of the vision tower, read off the engine's plans
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision-cost.h"

#include "model/qwen2_5_vl/vision-private.h"

static gboolean
count_attention (VlmNn *nn, const VlmVisionConfig *c, const guint32 *bounds,
    guint n_segments, guint64 *n_macs, GError **error)
{
  g_autoptr (VlmNnAttentionPlan) plan = vlm_nn_attention_plan_new_segments (
      nn, bounds, n_segments, c->n_heads, c->n_heads, c->head_dim, error);

  if (plan == NULL)
    return FALSE;
  *n_macs = 0;
  for (guint i = 0; i < vlm_nn_attention_plan_get_n_chunks (plan); i++)
    *n_macs += vlm_nn_attention_plan_get_macs (plan, i);
  return TRUE;
}

gboolean
vision_cost_count (VlmNn *nn, const VlmVisionConfig *c,
    const VlmVisionPlan *plan, VisionCost *cost, GError **error)
{
  guint64 merged =
      (guint64) c->hidden_size * c->spatial_merge_size * c->spatial_merge_size;

  cost->linear =
      plan->n_patches * (vlm_vision_qkv_macs (c) + vlm_vision_mlp_macs (c));
  cost->ends =
      (guint64) plan->n_patches * vlm_vision_patch_floats (c) * c->hidden_size +
      plan->n_cells * merged * (merged + c->out_hidden_size);
  return count_attention (nn, c, plan->window_bounds, plan->n_windows,
             &cost->window, error) &&
      count_attention (
          nn, c, plan->slice_bounds, plan->n_slices, &cost->full, error);
}

guint64
vision_cost_total (const VisionCost *cost, const VlmVisionConfig *config)
{
  guint64 total = cost->ends + config->depth * cost->linear;

  for (guint i = 0; i < config->depth; i++)
    total += vlm_vision_config_is_full (config, i) ? cost->full : cost->window;
  return total;
}
