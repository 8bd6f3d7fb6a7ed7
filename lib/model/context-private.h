/* gst-vlm: the inside of a sequence, for batches
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/context.h"
#include "model/decoder.h"

struct _VlmContext
{
  VlmNet *net;
  VlmNn *nn;
  VlmTurns *turns; /* borrowed, may be NULL */
  VlmDecoder *decoder;
  VlmNnKv *caches; /* a layer each; capacities may differ */
  VlmDType cache_type;
  guint n_tokens;
  gint32 next;
  guint chunk;
  guint submit_work;   /* tokens times layers of one submission */
  gboolean busy;       /* an abandoned submission may still be running */
  gboolean has_logits; /* row 0 of the decoder's logits is the last token's */
  VlmNnTensor allowed; /* [1, ceil (V / 32)] */
  VlmNnTensor seen;    /* likewise */
  VlmNnTensor choice;  /* [1, 4] */
  gboolean keep_logits;
  GArray *kept; /* float [n, V] of the last append */
};

/* What vlm_context_append() does before it runs: checks the input, waits for
 * what a cancelled call left behind, makes room for keys and values, and hands
 * masks to the device. */
gboolean vlm_context_prepare (VlmContext *context, const VlmTokenSpan *span,
    const VlmChoose *choose, GError **error);

/* Records on @nn the choice from row 0 of the context's own logits. */
void vlm_context_record_choice (
    VlmContext *context, VlmNn *nn, const VlmChoose *choose);

/* The tokens are part of the sequence from now on. */
void vlm_context_commit (
    VlmContext *context, const VlmTokenSpan *span, gboolean has_logits);
