/* gst-vlm: how much work the decoder is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work.h"

/* Of one layer of the decoder. */
static double
layer_weights (const VlmTextConfig *c)
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
      (c->n_layers * (n * layer_weights (c) + attention) +
          (double) c->vocab_size * c->hidden_size);
}

double
work_decode_bytes (const VlmTextConfig *c, double weight_bytes,
    double n_sequences, double n_keys)
{
  double cache = 2.0 * c->n_layers * c->n_kv_heads * c->head_dim * n_keys;

  return weight_bytes + 4.0 * n_sequences * cache;
}
