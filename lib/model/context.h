/* gst-vlm: a sequence on the device: KV cache, positions, decoder
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net.h"
#include "model/positions.h"
#include "model/taps.h"
#include "model/turns.h"

/* Tokens that go through the layers together: enough to be bound by
 * arithmetic. */
#define VLM_CONTEXT_CHUNK 512

/* Append-only but for truncate. One thread. The cache grows as needed. */
typedef struct _VlmContext VlmContext;

VlmContext *vlm_context_new (VlmNet *net, VlmNn *nn);
void vlm_context_free (VlmContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmContext, vlm_context_free)

/* Submissions wait for their turn. @turns is borrowed, NULL for no waiting. */
void vlm_context_set_turns (VlmContext *context, VlmTurns *turns);

/* The type of keys and values; to be set before the first append. F32 if not. */
void vlm_context_set_cache (VlmContext *context, VlmKvCache kind);
/* That type, F32 or F16. */
VlmDType vlm_context_cache_type (VlmKvCache kind, VlmNnDevice *device);

guint vlm_context_get_n_tokens (const VlmContext *context);
/* Forgets all but the first @n_tokens; the next append continues from
 * @next_position. */
void vlm_context_truncate (
    VlmContext *context, guint n_tokens, gint32 next_position);
/* 1 + the largest position of any axis so far. */
gint32 vlm_context_get_next_position (const VlmContext *context);

/* What to decide from the logits of the last appended token. */
typedef struct
{
  const guint32 *allowed; /* bit set over the vocabulary, NULL for all */
  const guint32 *seen;    /* bit set of penalised tokens, NULL for none */
  float penalty;          /* 1 for none */
} VlmChoose;

/* Tokens first … first + n - 1 of both @ids and @positions: id >= 0 is a token,
 * -1 - r is row r of @features. Borrowed. */
typedef struct
{
  const gint32 *ids;
  const VlmPositions *positions;
  guint first;
  guint n;
  const VlmNnTensor *features; /* NULL where no id is negative */
} VlmTokenSpan;

/* Appends @span. With @choose the last token's logits are computed and evaluated
 * in the same submission; @choice may then not be NULL. Long input is cut into
 * chunks, and on slow devices these into layers, so that no submission takes
 * long: cancellation and progress ("prefill") are served between them. On error
 * the context is as before: VLM_INFER_ERROR_BAD_INPUT for ids that do not exist,
 * VLM_INFER_ERROR_CONTEXT_FULL beyond what the model can address. */
gboolean vlm_context_append (VlmContext *context, const VlmTokenSpan *span,
    const VlmChoose *choose, VlmNnChoice *choice, const VlmWork *work,
    GError **error);

/* Logits of the last appended token, [vocab_size], after an append with
 * @choose. */
gboolean
vlm_context_read_logits (VlmContext *context, float *logits, GError **error);

/* For exactness tests: from now on append keeps the logits of all its tokens
 * for vlm_context_read_all_logits ([n, vocab_size] of the last append). */
void vlm_context_set_keep_logits (VlmContext *context, gboolean keep);
gboolean vlm_context_read_all_logits (
    VlmContext *context, float *logits, GError **error);
/* Likewise: tokens in a submission, 0 for as many as there may be. */
void vlm_context_set_chunk (VlmContext *context, guint n_tokens);
/* Likewise: tokens times layers of the next submission. */
void vlm_context_set_submit_work (VlmContext *context, guint work);
/* "inputs_embeds", "text.layer<i>" and, with kept logits of all tokens,
 * "text.norm"; queries of a layer as they attend, "text.q<i>" [T, H * D]. @taps
 * is borrowed, NULL for none. */
void vlm_context_set_taps (VlmContext *context, VlmModelTaps *taps);
/* The keys of the first @n_tokens in @layer: rows [n_tokens, K * D]. */
gboolean vlm_context_read_keys (VlmContext *context, guint layer,
    guint n_tokens, float *keys, GError **error);
