/* gst-vlm: one forward pass of the language model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net-private.h"
#include "model/taps.h"

/* Scratch of passes over T tokens of S sequences, allocated once for the largest
 * T and S. A family's struct continues after this. One thread. */
typedef struct
{
  VlmNet *net;
  VlmNn *nn;
  VlmModelTaps *taps; /* borrowed, may be NULL */
  VlmNnTensor ids;    /* [T, 1], as vlm_nn_embed wants them */
  VlmNnTensor angles; /* [T + 7 (S - 1), D], see VlmDecoderSequence */
  VlmNnTensor logits; /* [n_logits, vocab] */
} VlmDecoder;

VlmDecoder *vlm_decoder_new (VlmNet *net, VlmNn *nn);
void vlm_decoder_free (VlmDecoder *decoder);

/* Makes room for passes of @n_tokens of @n_sequences with @n_logits. On error the
 * scratch is empty and may be reserved again. The device must not be using it. */
gboolean vlm_decoder_reserve (VlmDecoder *decoder, guint n_tokens,
    guint n_sequences, guint n_logits, GError **error);

/* Bytes of the device that this room takes. */
guint64 vlm_decoder_bytes (
    const VlmConfig *config, guint n_tokens, guint n_sequences, guint n_logits);

/* Rows of one sequence in a pass, which extend what its caches hold. */
typedef struct
{
  const VlmNnKv *caches; /* a layer each */
  guint first;           /* of the pass's tokens */
  guint n;
  guint first_angle;              /* row of the angles, one to begin with */
  guint first_key;                /* tokens in the cache before these */
  const VlmNnAttentionPlan *plan; /* causal, of all its tokens */
  const VlmNnAttentionPlan *last_plan; /* of the last, for VLM_LOGITS_LAST where
                                          n > 1 */
} VlmDecoderSequence;

typedef enum
{
  VLM_LOGITS_NONE,
  VLM_LOGITS_LAST, /* a row for the last token of each sequence */
  VLM_LOGITS_ALL,  /* a row for each token */
} VlmLogits;

/* What one pass is about. ids and angles of its tokens are in the decoder. */
typedef struct
{
  guint n_tokens;
  VlmLogits logits;
  const VlmNnTensor *features;         /* for negative ids, or NULL */
  const VlmDecoderSequence *sequences; /* one behind the other */
  guint n_sequences;
} VlmDecoderPass;

/* Records the pass through layers [first_layer, first_layer + n_layers), which
 * follow each other from 0 to the last: keys and values go to the caches, with
 * the last layer logits to the first rows of decoder->logits. */
void vlm_decoder_record (VlmDecoder *decoder, const VlmDecoderPass *pass,
    guint first_layer, guint n_layers);
