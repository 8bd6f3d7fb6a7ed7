/* gst-vlm: what a net is made of
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For the files that load a net and those that run it. */
#pragma once

#include "model/net.h"
#include "model/weights.h"

/* A weight of all layers; the other of the two is NULL. */
typedef struct
{
  guint n_layers;
  guint n_out;
  VlmNnMatrix **matrices;
  VlmNnTensor *vectors; /* [1, n] */
} VlmNetWeight;

struct _VlmNet
{
  gatomicrefcount ref_count;
  VlmNnDevice *device;
  VlmConfig config;
  guint64 n_bytes;
  VlmNetWeight *weights; /* by place */
  guint n_weights;
};

static inline const VlmNnMatrix *
vlm_net_matrix (const VlmNet *net, guint weight, guint layer)
{
  return net->weights[weight].matrices[layer];
}

static inline const VlmNnTensor *
vlm_net_vector (const VlmNet *net, guint weight, guint layer)
{
  return &net->weights[weight].vectors[layer];
}
