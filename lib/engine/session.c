/* gst-vlm: questions to a model
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A prompt is laid out whole each time; what the context already holds of it
 * (the longest common beginning: the system turn, the slices of an overlapping
 * window) is kept, the rest is cut off and computed. So reuse needs no rules of
 * its own and cannot differ from computing everything. */
#include "engine/session.h"

#include <vlm/vlm-error.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/work.h"
#include "engine/attention.h"
#include "engine/choices.h"
#include "engine/device.h"
#include "engine/feature-cache.h"
#include "engine/mask-cache.h"
#include "engine/model.h"
#include "engine/not-finite.h"
#include "engine/sequence.h"

struct _VlmSession
{
  GObject parent;

  VlmModel *model;
  VlmKvCache kv_cache;
  VlmPrecision precision;
  guint kv_segment; /* 0: the usual one */
  VlmNn *nn;
  VlmVision *vision;
  VlmContext *context;
  VlmFeatureCache *features;
  VlmSequence held; /* what the context holds */
  guint32 *valid;   /* bit set of the tokens that exist */
  VlmMaskCache *masks;
  VlmChoices *choices; /* of the kind that was weighed last */
  VlmReuse reuse;
  gboolean records_attention;
  VlmAttention *attention; /* of the last answer; NULL when not recorded */
};

G_DEFINE_FINAL_TYPE (VlmSession, vlm_session, G_TYPE_OBJECT)

static void
vlm_session_finalize (GObject *object)
{
  VlmSession *self = VLM_SESSION (object);

  g_clear_pointer (&self->attention, vlm_attention_free);
  g_clear_pointer (&self->features, vlm_feature_cache_free);
  g_clear_pointer (&self->context, vlm_context_free);
  g_clear_pointer (&self->vision, vlm_vision_free);
  g_clear_pointer (&self->nn, vlm_nn_free);
  vlm_sequence_clear (&self->held);
  g_clear_pointer (&self->valid, g_free);
  g_clear_pointer (&self->masks, vlm_mask_cache_free);
  g_clear_pointer (&self->choices, vlm_choices_free);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (vlm_session_parent_class)->finalize (object);
}

static void
vlm_session_class_init (VlmSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vlm_session_finalize;
}

static void
vlm_session_init (VlmSession *self)
{
  vlm_sequence_init (&self->held);
}

/**
 * vlm_session_new:
 * @model: a model
 *
 * Takes device memory only when it is used.
 *
 * Returns: (transfer full): a session
 *
 * Since: 0.1
 */
VlmSession *
vlm_session_new (VlmModel *model)
{
  VlmSession *self;

  g_return_val_if_fail (VLM_IS_MODEL (model), NULL);

  self = g_object_new (VLM_TYPE_SESSION, NULL);
  self->model = g_object_ref (model);
  self->kv_cache = vlm_model_get_kv_cache (model);
  self->precision = vlm_model_get_precision (model);
  return self;
}

/**
 * vlm_session_set_kv_cache:
 * @session: a session before its first question
 * @type: precision of its context
 *
 * The default is that of the model's #VlmModelParams.
 *
 * Since: 0.1
 */
void
vlm_session_set_kv_cache (VlmSession *session, VlmKvCache type)
{
  g_return_if_fail (VLM_IS_SESSION (session));
  g_return_if_fail (session->nn == NULL);
  session->kv_cache = type;
}

/**
 * vlm_session_set_precision:
 * @session: a session before its first question
 * @precision: how it computes
 *
 * The default is that of the model's #VlmModelParams. Batched decoding steps
 * are always exact.
 *
 * Since: 0.1
 */
void
vlm_session_set_precision (VlmSession *session, VlmPrecision precision)
{
  g_return_if_fail (VLM_IS_SESSION (session));
  g_return_if_fail (session->nn == NULL);
  session->precision = precision;
}

void
vlm_session_set_kv_segment (VlmSession *session, guint n_tokens)
{
  g_assert (session->nn == NULL);
  session->kv_segment = n_tokens;
}

/* Rows of the embedding that no token has are padding of the checkpoint; an
 * untrained model would choose them. */
static guint32 *
find_valid_tokens (const VlmTokenizer *tokenizer, guint n_vocab)
{
  guint32 *valid = vlm_bits_new (n_vocab);
  gsize n_bytes;

  for (guint i = 0; i < n_vocab; i++)
    if (vlm_tokenizer_get_bytes (tokenizer, (gint32) i, &n_bytes) != NULL)
      vlm_bits_add (valid, i);
  return valid;
}

static gboolean
is_fast (const VlmSession *self)
{
  return self->precision == VLM_PRECISION_AUTO
      ? !vlm_nn_device_is_cpu (vlm_nn_get_device (self->nn))
      : self->precision == VLM_PRECISION_FAST;
}

static gboolean
ensure_state (VlmSession *self, GError **error)
{
  VlmNet *net = vlm_model_get_net (self->model);
  VlmTurns *turns =
      vlm_scheduler_get_turns (vlm_model_get_scheduler (self->model));

  if (self->nn != NULL)
    return TRUE;
  self->nn = vlm_nn_new (vlm_net_get_device (net), error);
  if (self->nn == NULL)
    return FALSE;
  vlm_nn_set_fast (self->nn, is_fast (self));
  if (self->kv_segment > 0)
    vlm_nn_set_kv_segment (self->nn, self->kv_segment);
  self->vision = vlm_vision_new (net, self->nn);
  vlm_vision_set_turns (self->vision, turns);
  self->context = vlm_context_new (net, self->nn);
  vlm_context_set_cache (self->context, self->kv_cache);
  vlm_context_set_turns (self->context, turns);
  self->features = vlm_feature_cache_new (net, self->nn, self->vision);
  self->masks = vlm_mask_cache_new (self->model);
  self->valid = find_valid_tokens (vlm_model_get_tokenizer (self->model),
      vlm_net_get_config (net)->text.vocab_size);
  return TRUE;
}

/* --- one question ------------------------------------------------------- */

/* What the context would hold after the prompt. */
static VlmSequence
describe (const VlmLayout *layout, const guint64 *serials)
{
  g_autofree guint *next_cell = g_new0 (guint, layout->slices->len + 1);
  VlmSequence sequence;

  vlm_sequence_init (&sequence);
  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 id = g_array_index (layout->ids, gint32, i);
    guint slice = (guint) (-1 - id);

    vlm_sequence_add (&sequence,
        id >= 0 ? vlm_place_of_token (id)
                : vlm_place_of_cell (serials[slice], next_cell[slice]++),
        &layout->positions, i);
  }
  return sequence;
}

/* The tokens of the prompt as the repetition penalty sees them. */
static guint32 *
find_seen (const VlmLayout *layout, const VlmConfig *config)
{
  guint32 *seen = vlm_bits_new (config->text.vocab_size);

  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 id = g_array_index (layout->ids, gint32, i);

    if (id >= 0)
      vlm_bits_add (seen, (guint) id);
  }
  for (guint i = 0; i < layout->slices->len; i++) {
    gint32 id = g_array_index (layout->slices, VlmSliceRef, i).is_video
        ? config->video_token_id
        : config->image_token_id;

    vlm_bits_add (seen, (guint) id);
  }
  return seen;
}

static VlmSampling
choose_sampling (
    const VlmGenerateParams *params, const VlmGenerationConfig *config)
{
  VlmSampling sampling = {
    .temperature = params->temperature,
    .top_k = (guint) MAX (params->top_k, 0),
    .top_p = params->top_p,
    .penalty = (float) params->repetition_penalty,
  };

  if (params->temperature < 0)
    sampling.temperature = config->do_sample ? config->temperature : 0.0;
  if (params->top_k < 0)
    sampling.top_k = config->top_k;
  if (params->top_p < 0)
    sampling.top_p = config->top_p;
  if (params->repetition_penalty <= 0)
    sampling.penalty = (float) config->repetition_penalty;
  return sampling;
}

static gboolean
check_length (
    VlmSession *self, const VlmLayout *layout, guint max_tokens, GError **error)
{
  guint most = vlm_model_get_config (self->model)->text.max_positions;

  if (layout->ids->len + (guint64) max_tokens <= most &&
      (guint64) layout->positions.next + max_tokens <= most)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_CONTEXT_FULL,
      "a prompt of %u tokens (%u of pictures) and an answer of %u exceed the "
      "%u positions of the model",
      layout->ids->len, layout->n_vision_tokens, max_tokens, most);
  return FALSE;
}

/* Truncates the context to what it has in common with @wanted. At least the last
 * token is computed again, because its logits are needed. */
static guint
keep_common (VlmSession *self, const VlmSequence *wanted)
{
  guint common = vlm_sequence_common (&self->held, wanted);

  common = MIN (common, wanted->places->len - 1);
  vlm_context_truncate (self->context, common,
      g_array_index (wanted->places, VlmPlace, common).position[0]);
  vlm_sequence_truncate (&self->held, common);
  self->reuse.n_tokens_reused += common;
  self->reuse.n_tokens_computed += wanted->places->len - common;
  vlm_debug ("prompt of %u tokens: %u kept, %u computed", wanted->places->len,
      common, wanted->places->len - common);
  return common;
}

/* Notes what the context holds now, as far as it got. */
static void
record_held (VlmSession *self, const VlmSequence *prompt,
    const VlmPositions *positions, const VlmTranscript *transcript)
{
  guint n_held = vlm_context_get_n_tokens (self->context);
  guint n_prompt = prompt->places->len;
  VlmPositions answer;

  if (n_held < n_prompt) {
    vlm_sequence_truncate (&self->held, n_held);
    return;
  }
  vlm_sequence_truncate (&self->held, 0);
  g_array_append_vals (self->held.places, prompt->places->data, n_prompt);
  vlm_positions_init (&answer);
  answer.next = positions->next;
  vlm_positions_add_text (&answer, transcript->appended->len);
  for (guint i = 0; i < transcript->appended->len; i++)
    vlm_sequence_add (&self->held,
        vlm_place_of_token (g_array_index (transcript->appended, gint32, i)),
        &answer, i);
  vlm_positions_clear (&answer);
}

static VlmAnswer *
make_answer (const VlmLayout *layout, const VlmTranscript *transcript)
{
  VlmAnswer *answer = g_new0 (VlmAnswer, 1);

  answer->text = g_strdup (transcript->text->str);
  answer->trace = g_array_ref (transcript->trace);
  answer->confidence = vlm_answer_get_confidence (answer, 0, G_MAXSIZE);
  answer->n_prompt_tokens = layout->ids->len;
  answer->n_vision_tokens = layout->n_vision_tokens;
  answer->n_tokens = transcript->n_tokens;
  answer->n_forced_tokens = transcript->n_forced;
  answer->stopped = transcript->stopped;
  answer->vision_s = (double) transcript->vision_us / G_USEC_PER_SEC;
  answer->prefill_s = (double) transcript->prefill_us / G_USEC_PER_SEC;
  answer->decode_s = (double) transcript->decode_us / G_USEC_PER_SEC;
  return answer;
}

static gboolean
has_half_cache (const VlmSession *self)
{
  return vlm_context_cache_type (
             self->kv_cache, vlm_nn_get_device (self->nn)) == VLM_DTYPE_F16;
}

/* Reports where it happened, and discards all that may be invalid: the next
 * question is computed from scratch. */
static void
explain_not_finite (VlmSession *self, const VlmLayout *layout,
    const GArray *appended, const VlmWork *work, GError **error)
{
  const VlmSuspect suspect = { vlm_model_get_config (self->model), self->nn,
    self->vision, self->context, self->features };
  GError *own_error = NULL;
  g_autofree char *where = vlm_find_not_finite (
      &suspect, layout, appended, vlm_work_cancellable (work), &own_error);

  if (g_error_matches (own_error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (&own_error));
  } else if (own_error == NULL) {
    g_clear_error (error);
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_NOT_FINITE,
        where != NULL
            ? "%s: values are not finite from %s on: the weights are damaged, "
              "or values are too large for 32 bits%s"
            : "%s: the logits were not finite, but were when they were "
              "computed again: the device or its memory may be faulty%s%s",
        vlm_model_get_name (self->model), where != NULL ? where : "",
        where != NULL && has_half_cache (self)
            ? " (those of the context for the 16 of kv-cache=f16)"
            : "");
  }
  g_clear_error (&own_error);
  vlm_context_truncate (self->context, 0, 0);
  vlm_feature_cache_forget (self->features);
  vlm_sequence_truncate (&self->held, 0);
}

/* Encodes what is new, then writes the answer. */
static gboolean
write_layout (VlmSession *self, const VlmLayout *layout, VlmDecodeJob *job,
    guint64 *serials, VlmTranscript *transcript, GError **error)
{
  guint n_slices = layout->slices->len;
  g_autofree guint64 *rows = g_new (guint64, n_slices + 1);
  g_autofree guint32 *seen = find_seen (layout, job->config);
  g_autoptr (GArray) ids = NULL;
  gint64 start = g_get_monotonic_time ();
  VlmSequence prompt;
  gboolean good;

  if (!vlm_feature_cache_prepare (self->features,
          (const VlmSliceRef *) (gpointer) layout->slices->data, n_slices, rows,
          serials, job->work, error))
    return FALSE;
  transcript->vision_us = g_get_monotonic_time () - start;
  prompt = describe (layout, serials);
  ids = vlm_layout_resolve (layout, rows);
  job->context = self->context;
  job->features = vlm_feature_cache_get_features (self->features);
  job->seen = seen;
  good = vlm_generate (job, ids, &layout->positions,
      keep_common (self, &prompt), transcript, error);
  record_held (self, &prompt, &layout->positions, transcript);
  vlm_sequence_clear (&prompt);
  return good;
}

static VlmAnswer *
answer_layout (VlmSession *self, const VlmLayout *layout, VlmDecodeJob *job,
    GArray **trace, GError **error)
{
  g_autofree guint64 *serials = g_new (guint64, layout->slices->len + 1);
  g_autoptr (VlmAttentionRecorder) recorder = NULL;
  g_auto (VlmTranscript) transcript;
  g_autoptr (GError) own_error = NULL;

  vlm_transcript_init (&transcript);
  g_clear_pointer (&self->attention, vlm_attention_free);
  if (self->records_attention) {
    recorder = vlm_attention_recorder_new (
        job->config, self->vision, self->context, self->features);
    job->taps = vlm_attention_recorder_get_taps (recorder);
  }
  if (!write_layout (self, layout, job, serials, &transcript, &own_error)) {
    g_clear_pointer (&recorder, vlm_attention_recorder_free);
    if (g_error_matches (
            own_error, VLM_INFER_ERROR, VLM_INFER_ERROR_NOT_FINITE))
      explain_not_finite (
          self, layout, transcript.appended, job->work, &own_error);
    g_propagate_error (error, g_steal_pointer (&own_error));
    return NULL;
  }
  if (recorder != NULL) {
    self->attention = vlm_attention_recorder_finish (recorder, layout, serials,
        &transcript, vlm_work_cancellable (job->work), error);
    if (self->attention == NULL)
      return NULL;
  }
  if (trace != NULL)
    *trace = g_array_ref (transcript.trace);
  return make_answer (layout, &transcript);
}

static void
log_answer (const VlmAnswer *answer)
{
  if (answer != NULL)
    vlm_log_answer ("answer to %u tokens of %u tokens, %u of them without a "
                    "step%s, confidence %.4f, vision %.3f s, prefill %.3f s, "
                    "decode %.3f s: %s",
        answer->n_prompt_tokens, answer->n_tokens, answer->n_forced_tokens,
        answer->stopped ? "" : ", cut off", answer->confidence,
        answer->vision_s, answer->prefill_s, answer->decode_s, answer->text);
  else
    vlm_log_answer ("no answer");
}

static VlmAnswer *
run (VlmSession *self, const VlmPrompt *prompt, const VlmGenerateParams *params,
    const VlmAnswerBounds *bounds, GArray **trace, const VlmWork *work,
    GError **error)
{
  const VlmConfig *config = vlm_model_get_config (self->model);
  VlmTokenizer *tokenizer = vlm_model_get_tokenizer (self->model);
  VlmDecodeJob job = {
    .scheduler = vlm_model_get_scheduler (self->model),
    .tokenizer = tokenizer,
    .config = config,
    .sampling = choose_sampling (params, &config->generation),
    .seed = params->seed,
    .max_tokens =
        params->max_tokens > 0 ? params->max_tokens : VLM_SESSION_MAX_TOKENS,
    .n_vocab = config->text.vocab_size,
    .work = work,
  };
  g_autoptr (VlmLayout) layout = NULL;
  VlmAnswer *answer;
  VlmTokenMask *mask;
  VlmMatcher matcher;

  if (!ensure_state (self, error) ||
      !vlm_mask_cache_get (self->masks, params->kind, bounds, &mask, error))
    return NULL;
  layout = vlm_layout_new (prompt, config, tokenizer, error);
  if (layout == NULL || !check_length (self, layout, job.max_tokens, error))
    return NULL;
  if (mask != NULL) {
    if (!vlm_matcher_init (&matcher, mask, job.max_tokens, error))
      return NULL;
    job.matcher = &matcher;
    job.limiter =
        (VlmLimiter){ params->kind->limits, bounds, tokenizer, job.n_vocab };
  }
  job.valid = self->valid;
  answer = answer_layout (self, layout, &job, trace, error);
  vlm_limiter_clear (&job.limiter);
  return answer;
}

VlmAnswer *
vlm_session_run (VlmSession *self, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmAnswerBounds *bounds,
    GArray **trace, const VlmWork *work, GError **error)
{
  VlmAnswer *answer;

  vlm_prompt_log (prompt);
  answer = run (self, prompt, params, bounds, trace, work, error);
  log_answer (answer);
  return answer;
}

static gboolean
ensure_choices (VlmSession *self, const VlmAnswerKind *kind, GError **error)
{
  if (self->choices != NULL && vlm_choices_get_kind (self->choices) == kind)
    return TRUE;
  g_clear_pointer (&self->choices, vlm_choices_free);
  self->choices = vlm_choices_new (kind, vlm_model_get_tokenizer (self->model),
      vlm_model_get_config (self->model)->text.vocab_size, error);
  return self->choices != NULL;
}

static void
log_weights (const VlmAnswer *answer, const VlmAnswerKind *kind,
    const double *probabilities)
{
  g_autofree char *weights = vlm_choices_describe (kind, probabilities);

  vlm_log_answer ("answer to %u tokens, vision %.3f s, prefill %.3f s: %s",
      answer->n_prompt_tokens, answer->vision_s, answer->prefill_s, weights);
}

static gboolean
weigh (VlmSession *self, double *probabilities, GError **error)
{
  guint n_vocab = vlm_model_get_config (self->model)->text.vocab_size;
  g_autofree float *logits = g_new (float, n_vocab);

  if (!vlm_session_read_logits (self, logits, error))
    return FALSE;
  vlm_choices_weigh (self->choices, logits, probabilities);
  return TRUE;
}

VlmAnswer *
vlm_session_weigh (VlmSession *self, const VlmPrompt *prompt,
    const VlmAnswerKind *kind, double *probabilities, const VlmWork *work,
    GError **error)
{
  /* The chosen token is not used; it never enters the context. */
  static const VlmGenerateParams params = { .max_tokens = 1,
    .repetition_penalty = 1.0 };
  static const VlmAnswerBounds none = { .duration_ns = -1 };
  g_autoptr (VlmAnswer) answer = NULL;

  vlm_prompt_log (prompt);
  if (ensure_choices (self, kind, error))
    answer = run (self, prompt, &params, &none, NULL, work, error);
  if (answer == NULL || !weigh (self, probabilities, error)) {
    log_answer (NULL);
    return NULL;
  }
  g_clear_pointer (&answer->text, g_free);
  log_weights (answer, kind, probabilities);
  return g_steal_pointer (&answer);
}

/**
 * vlm_session_generate: (skip)
 * @session: a session
 * @prompt: a turn
 * @params: (nullable): %NULL for the defaults
 * @work: (nullable): progress and cancellation: cancelled within one step;
 *   progress of "vision" and "prefill"; the answer as it is written
 * @error: return location
 *
 * Answers one turn. What the prompt has in common with the one before is not
 * computed again; the answer does not depend on it.
 *
 * Returns: (transfer full): the answer, or %NULL with a #VlmInferError,
 *   #VlmDeviceError or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
VlmAnswer *
vlm_session_generate (VlmSession *session, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmWork *work, GError **error)
{
  static const VlmGenerateParams defaults = VLM_GENERATE_PARAMS_DEFAULT;
  VlmAnswerBounds bounds;

  g_return_val_if_fail (VLM_IS_SESSION (session), NULL);
  g_return_val_if_fail (prompt != NULL, NULL);

  if (params == NULL)
    params = &defaults;
  bounds = vlm_prompt_get_bounds (prompt);
  bounds.detail = params->detail;
  return vlm_session_run (session, prompt, params, &bounds, NULL, work, error);
}

/**
 * vlm_session_set_record_attention: (skip)
 * @session: a session
 * @record: whether to record where the model looks
 *
 * From the next question on; see vlm_session_steal_attention(). For looking
 * into a model: answers stay what they are, but each takes much longer, because
 * queries and keys are read back and all slices are encoded again.
 *
 * Since: 0.1
 */
void
vlm_session_set_record_attention (VlmSession *session, gboolean record)
{
  g_return_if_fail (VLM_IS_SESSION (session));
  session->records_attention = record;
}

/**
 * vlm_session_steal_attention: (skip)
 * @session: a session
 *
 * Returns the maps that vlm_session_set_record_attention() enabled. Call it on
 * the thread of the session.
 *
 * Returns: (transfer full) (nullable): the attention during the last answer;
 *   %NULL if it was not recorded, or was taken before
 *
 * Since: 0.1
 */
VlmAttention *
vlm_session_steal_attention (VlmSession *session)
{
  g_return_val_if_fail (VLM_IS_SESSION (session), NULL);
  return g_steal_pointer (&session->attention);
}

void
vlm_session_get_reuse (VlmSession *self, VlmReuse *reuse)
{
  *reuse = self->reuse;
  if (self->features != NULL)
    vlm_feature_cache_get_counts (
        self->features, &reuse->n_slices_encoded, &reuse->n_slices_reused);
}

gboolean
vlm_session_read_logits (VlmSession *self, float *logits, GError **error)
{
  g_assert (self->context != NULL);
  return vlm_context_read_logits (self->context, logits, error);
}

/**
 * vlm_answer_get_confidence: (skip)
 * @answer: an answer
 * @start: a byte of its text
 * @end: one past the last one
 *
 * How sure the model was of a part of what it answered: of one value, or of one
 * entry of a list.
 *
 * Returns: 0 to 1, the geometric mean of the probabilities of the tokens that it
 *   chose there; 1 where its form left no choice; -1 where they are not known
 *
 * Since: 0.1
 */
double
vlm_answer_get_confidence (const VlmAnswer *answer, gsize start, gsize end)
{
  g_return_val_if_fail (answer != NULL, 0.0);
  return vlm_trace_confidence (answer->trace, start, end);
}

/**
 * vlm_answer_free: (skip)
 * @answer: (nullable) (transfer full): an answer
 *
 * Frees an answer and its text.
 *
 * Since: 0.1
 */
void
vlm_answer_free (VlmAnswer *answer)
{
  if (answer == NULL)
    return;
  g_clear_pointer (&answer->trace, g_array_unref);
  g_free (answer->text);
  g_free (answer);
}
