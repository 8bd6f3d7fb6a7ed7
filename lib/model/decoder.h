/* gst-vlm: one forward pass of the language model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net-private.h"
#include "model/taps.h"

/* Scratch of a pass over T tokens, allocated once for the largest T. A plain
 * struct with init/clear; one thread. */
typedef struct {
  VlmNet *net;
  VlmNn *nn;
  VlmModelTaps *taps;    /* borrowed, may be NULL */
  guint max_tokens; /* rows of the scratch below */
  guint max_logits;
  VlmNnTensor ids;      /* [T, 1], as vlm_nn_embed wants them */
  VlmNnTensor angles;   /* [T, D] */
  VlmNnTensor x;        /* [T, hidden]: the residual stream */
  VlmNnTensor normed;   /* [T, hidden] */
  VlmNnTensor qkv;      /* [T, (H + 2K) * D] */
  VlmNnTensor q;        /* [T, H * D] */
  VlmNnTensor attended; /* [T, H * D] */
  VlmNnTensor mlp;      /* [T, inter] */
  VlmNnTensor last_x;   /* [1, hidden] */
  VlmNnTensor last_q;   /* [1, H * D] */
  VlmNnTensor logits;   /* [n_logits, vocab] */
} VlmDecoder;

void vlm_decoder_init (VlmDecoder *decoder, VlmNet *net, VlmNn *nn);
void vlm_decoder_clear (VlmDecoder *decoder);

/* Makes room for passes of @n_tokens with @n_logits. On error the scratch is
 * empty and may be reserved again. The device must not be using it. */
gboolean vlm_decoder_reserve (
    VlmDecoder *decoder, guint n_tokens, guint n_logits, GError **error);

/* What one pass is about. ids and angles of its tokens are in the decoder. */
typedef struct {
  guint n_tokens;
  guint first_key;                /* tokens in the cache before these */
  guint n_logits;                 /* of the last tokens: 0, 1 or n_tokens */
  const VlmNnTensor *features;    /* for negative ids, or NULL */
  const VlmNnAttentionPlan *plan; /* causal, of all tokens */
  const VlmNnAttentionPlan *last_plan; /* causal, of the last; for 1 logit */
} VlmDecoderPass;

/* Records the pass through layers [first_layer, first_layer + n_layers), which
 * follow each other from 0 to the last: keys and values go to @caches, a layer
 * each, with the last layer logits to the first rows of decoder->logits. */
void vlm_decoder_record (VlmDecoder *decoder, const VlmDecoderPass *pass,
    const VlmNnKv *caches, guint first_layer, guint n_layers);
