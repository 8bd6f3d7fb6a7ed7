/* gst-vlm: what a net is made of
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For the files that load a net and those that run it. */
#pragma once

#include "model/net.h"
#include "model/qwen2_5_vl/weights.h"

struct _VlmNet
{
  gatomicrefcount ref_count;
  VlmNnDevice *device;
  VlmConfig config;
  guint64 n_bytes;
  /* By use, then by layer; each weight is in one of the two. */
  VlmNnMatrix **matrices[VLM_N_WEIGHTS];
  VlmNnTensor *vectors[VLM_N_WEIGHTS]; /* [1, n] */
};

static inline const VlmNnMatrix *
vlm_net_matrix (const VlmNet *net, VlmWeight weight, guint layer)
{
  return net->matrices[weight][layer];
}

static inline const VlmNnTensor *
vlm_net_vector (const VlmNet *net, VlmWeight weight, guint layer)
{
  return &net->vectors[weight][layer];
}

/* [vocab, hidden]: what turns the last hidden state into logits. */
static inline const VlmNnMatrix *
vlm_net_head (const VlmNet *net)
{
  return vlm_net_matrix (net,
      net->config.text.tied ? VLM_WEIGHT_TEXT_EMBED : VLM_WEIGHT_TEXT_HEAD, 0);
}
