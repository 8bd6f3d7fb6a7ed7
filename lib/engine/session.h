/* gst-vlm: what the engine sees of a session
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-session.h>

#include "engine/generate.h"
#include "grammar/answer-kind.h"

/* Default of the longest answer. */
#define VLM_SESSION_MAX_TOKENS 256

/* vlm_session_generate() with bounds of the caller's for the form of the answer.
 * @trace: NULL, or gets the chosen tokens, (transfer full), VlmTokenTrace. */
VlmAnswer *vlm_session_run (VlmSession *session, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmAnswerBounds *bounds,
    GArray **trace, const VlmWork *work, GError **error);

/* How probable each choice of @kind is as the answer to @prompt, under the
 * softmax of the untouched logits: a prompt without an answer, which shares the
 * cache like any other. @probabilities: one for each choice. Returns its tokens
 * and times, without a text, (transfer full). Errors as those of
 * vlm_session_run(); VLM_LOAD_ERROR_UNSUPPORTED where the vocabulary lacks
 * one. */
VlmAnswer *vlm_session_weigh (VlmSession *session, const VlmPrompt *prompt,
    const VlmAnswerKind *kind, double *probabilities, const VlmWork *work,
    GError **error);

/* Tokens of the last prompt that were still in the KV cache, and slices whose
 * features were: what overlapping work saved. */
typedef struct
{
  guint64 n_tokens_reused;
  guint64 n_tokens_computed;
  guint64 n_slices_reused;
  guint64 n_slices_encoded;
} VlmReuse;

void vlm_session_get_reuse (VlmSession *session, VlmReuse *reuse);

/* For exactness tests: the cache grows in segments of @n_tokens, a power of two
 * from 32 on. Before the first question. */
void vlm_session_set_kv_segment (VlmSession *session, guint n_tokens);
/* Likewise: [vocab_size] of the last token that went through the
 * decoder; a token that ended the answer for lack of room did not. */
gboolean
vlm_session_read_logits (VlmSession *session, float *logits, GError **error);
