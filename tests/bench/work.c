/* gst-vlm: how much work the stages of the model are
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work.h"

/* Multiply-adds of one patch in the linear layers of one block. */
static double
vision_block_macs (const VlmVisionConfig *c)
{
  double hidden = c->hidden_size;

  return 4.0 * hidden * hidden + 3.0 * hidden * c->intermediate_size;
}

static double
sum_of_squares (const guint32 *bounds, guint n)
{
  double sum = 0.0;

  for (guint i = 0; i < n; i++)
    sum += (double) (bounds[i + 1] - bounds[i]) * (bounds[i + 1] - bounds[i]);
  return sum;
}

double
work_vision_flop (const VlmVisionConfig *c, const VlmVisionPlan *plan)
{
  double n = plan->n_patches;
  double merged =
      (double) c->hidden_size * c->spatial_merge_size * c->spatial_merge_size;
  double patch = (double) c->in_channels * c->temporal_patch_size *
      c->patch_size * c->patch_size;
  double windows = sum_of_squares (plan->window_bounds, plan->n_windows);
  double slices = sum_of_squares (plan->slice_bounds, plan->n_slices);
  double macs = n * patch * c->hidden_size +
      plan->n_cells * merged * (merged + c->out_hidden_size);

  for (guint i = 0; i < c->depth; i++)
    macs += n * vision_block_macs (c) +
        2.0 * c->hidden_size *
            (vlm_vision_config_is_full (c, i) ? slices : windows);
  return 2.0 * macs;
}

double
work_text_layer_weights (const VlmTextConfig *c)
{
  double hidden = c->hidden_size;
  double kv = (double) c->n_kv_heads * c->head_dim;

  return hidden * (2.0 * hidden + 2.0 * kv) +
      3.0 * hidden * c->intermediate_size;
}

double
work_prefill_flop (const VlmTextConfig *c, double n, double n_before)
{
  double n_pairs = n * n_before + n * (n + 1) / 2;
  double attention = 2.0 * c->n_heads * c->head_dim * n_pairs;

  return 2.0 *
      (c->n_layers * (n * work_text_layer_weights (c) + attention) +
          (double) c->vocab_size * c->hidden_size);
}

double
work_decode_bytes (const VlmTextConfig *c, double n_sequences, double n_keys)
{
  double weights = c->n_layers * work_text_layer_weights (c) +
      (double) c->vocab_size * c->hidden_size;
  double cache = 2.0 * c->n_layers * c->n_kv_heads * c->head_dim * n_keys;

  return 2.0 * weights + 4.0 * n_sequences * cache;
}
