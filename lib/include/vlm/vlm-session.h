/* gst-vlm: questions to a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-kind.h>
#include <vlm/vlm-attention.h>
#include <vlm/vlm-model.h>
#include <vlm/vlm-prompt.h>

G_BEGIN_DECLS

/**
 * VlmGenerateParams:
 * @kind: (nullable): what the answer must look like, %NULL for any text
 * @max_tokens: longest answer, 0 for the default (256)
 * @temperature: < 0 for the checkpoint's default, 0 for greedy
 * @top_k: < 0 for the checkpoint's default, 0 for no limit
 * @top_p: < 0 for the checkpoint's default, 1 for no limit
 * @repetition_penalty: <= 0 for the checkpoint's default, 1 for none
 * @seed: of the sampling
 * @detail: (nullable): what the kind needs beside the question: the JSON
 *   schema of `json`; %NULL for other kinds
 *
 * How an answer is generated. Initialise it with %VLM_GENERATE_PARAMS_DEFAULT:
 * zeros are not the defaults here.
 *
 * Since: 0.1
 */
typedef struct
{
  const VlmAnswerKind *kind;
  guint max_tokens;
  double temperature;
  int top_k;
  double top_p;
  double repetition_penalty;
  guint64 seed;
  const char *detail;
} VlmGenerateParams;

/**
 * VLM_GENERATE_PARAMS_DEFAULT:
 *
 * Initialiser of a #VlmGenerateParams: any text, of at most 256 tokens,
 * sampled with the defaults of the checkpoint.
 *
 * Since: 0.1
 */
#define VLM_GENERATE_PARAMS_DEFAULT                                            \
  {                                                                            \
    NULL, 0, -1.0, -1, -1.0, 0.0, 0, NULL                                      \
  }

/**
 * VlmAnswer:
 * @text: the answer
 * @confidence: confidence in the chosen tokens: the geometric mean of two
 *   numbers, the mean of their probabilities and that of the worst four in a
 *   row
 * @n_prompt_tokens: tokens of the prompt
 * @n_vision_tokens: tokens of images and videos, part of @n_prompt_tokens
 * @n_tokens: tokens of the answer
 * @stopped: %TRUE if the model ended, %FALSE if max_tokens did
 * @vision_s: seconds spent in the vision encoder
 * @prefill_s: seconds spent on the prompt
 * @decode_s: seconds spent on the answer
 * @n_forced_tokens: tokens that the form of the answer forced, without a
 *   decoding step; part of @n_tokens
 *
 * An answer of a model, with its tokens and times.
 *
 * Since: 0.1
 */
typedef struct
{
  char *text;
  double confidence;
  guint n_prompt_tokens;
  guint n_vision_tokens;
  guint n_tokens;
  gboolean stopped;
  double vision_s;
  double prefill_s;
  double decode_s;
  guint n_forced_tokens;

  /*< private >*/
  gpointer trace;
} VlmAnswer;

VLM_API double
vlm_answer_get_confidence (const VlmAnswer *answer, gsize start, gsize end);
VLM_API void vlm_answer_free (VlmAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmAnswer, vlm_answer_free)

#define VLM_TYPE_SESSION (vlm_session_get_type ())

/**
 * VlmSession:
 *
 * The state of a conversation (KV cache, cached features) on a shared model.
 * One thread at a time.
 *
 * Since: 0.1
 */
VLM_API
G_DECLARE_FINAL_TYPE (VlmSession, vlm_session, VLM, SESSION, GObject)

VLM_API VlmSession *vlm_session_new (VlmModel *model);
VLM_API void vlm_session_set_kv_cache (VlmSession *session, VlmKvCache type);
VLM_API void
vlm_session_set_precision (VlmSession *session, VlmPrecision precision);
VLM_API VlmAnswer *
vlm_session_generate (VlmSession *session, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmWork *work, GError **error);
VLM_API void
vlm_session_set_record_attention (VlmSession *session, gboolean record);
VLM_API VlmAttention *vlm_session_steal_attention (VlmSession *session);

G_END_DECLS
