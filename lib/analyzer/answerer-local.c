/* gst-vlm: answers from a model on a device of this machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answerer-local.h"

#include "base/log.h"
#include "engine/choices.h"
#include "engine/model.h"
#include "engine/session.h"

/* The default of what the model may see: it limits the memory for keys and
 * values (72 KiB a token for the 3B model). */
#define MAX_VISION_TOKENS 32768

typedef struct
{
  VlmAnswerer parent;

  VlmModel *model;
  VlmKvCache kv_cache;
  VlmPrecision precision;
  VlmSession *videos;
  /* Pictures have a separate session, created when it is needed: in the other
   * one they would replace the video. */
  VlmSession *pictures;
  VlmSession *apart; /* likewise */
  gboolean has_warned;
} Local;

static VlmUsage
get_usage (const VlmAnswer *answer)
{
  return (VlmUsage){ answer->n_prompt_tokens, answer->n_vision_tokens,
    answer->n_tokens, answer->n_forced_tokens, answer->vision_s,
    answer->prefill_s, answer->decode_s };
}

static VlmReply *
make_reply (const VlmRequest *request, VlmAnswer *answer, GArray *trace)
{
  VlmReply *reply = g_new0 (VlmReply, 1);

  reply->text = g_steal_pointer (&answer->text);
  reply->trace = trace;
  reply->usage = get_usage (answer);
  reply->max_tokens =
      request->max_tokens > 0 ? request->max_tokens : VLM_SESSION_MAX_TOKENS;
  reply->is_cut_off = !answer->stopped;
  return reply;
}

static VlmSession *
choose_session (Local *self, const VlmRequest *request)
{
  VlmSession **session = request->window == NULL ? &self->pictures
      : request->is_apart                        ? &self->apart
                                                 : &self->videos;

  if (*session == NULL) {
    *session = vlm_session_new (self->model);
    vlm_session_set_kv_cache (*session, self->kv_cache);
    vlm_session_set_precision (*session, self->precision);
  }
  return *session;
}

/* Once: a small model is not broken if it cannot answer other questions. */
static void
check_purpose (Local *self, const VlmAnswerKind *kind)
{
  const char *name = vlm_answer_kind_get_name (kind);

  if (self->has_warned || vlm_model_is_trained_for (self->model, name))
    return;
  self->has_warned = TRUE;
  vlm_warning ("the model \"%s\" was trained for %s; answers to other "
               "questions (%s) mean nothing: use another model for them",
      vlm_model_get_name (self->model), vlm_model_get_trained_for (self->model),
      name);
}

static VlmReply *
local_answer (VlmAnswerer *answerer, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  Local *self = (Local *) answerer;
  const VlmAnswerBounds bounds = vlm_request_get_bounds (request);
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = vlm_answerer_make_prompt (answerer, request);
  g_autoptr (VlmAnswer) answer = NULL;
  const VlmWork work = { .cancellable = cancellable };
  GArray *trace = NULL;

  check_purpose (self, request->kind);
  params.kind = request->kind;
  params.detail = request->detail;
  params.temperature = answerer->temperature;
  params.seed = answerer->seed;
  params.max_tokens = request->max_tokens;
  answer = vlm_session_run (choose_session (self, request), prompt, &params,
      &bounds, &trace, &work, error);
  return answer != NULL ? make_reply (request, answer, trace) : NULL;
}

static gboolean
local_weigh (VlmAnswerer *answerer, const VlmRequest *request,
    double *probabilities, VlmUsage *usage, GCancellable *cancellable,
    GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_answerer_make_prompt (answerer, request);
  const VlmWork work = { .cancellable = cancellable };
  g_autoptr (VlmAnswer) answer =
      vlm_session_weigh (choose_session ((Local *) answerer, request), prompt,
          request->kind, probabilities, &work, error);

  if (answer != NULL)
    *usage = get_usage (answer);
  return answer != NULL;
}

static gboolean
local_can_weigh (VlmAnswerer *answerer, const VlmAnswerKind *kind,
    GCancellable *cancellable, GError **error)
{
  Local *self = (Local *) answerer;
  g_autoptr (VlmChoices) choices =
      vlm_choices_new (kind, vlm_model_get_tokenizer (self->model),
          vlm_model_get_config (self->model)->text.vocab_size, error);

  return choices != NULL;
}

static void
local_free (VlmAnswerer *answerer)
{
  Local *self = (Local *) answerer;

  g_clear_object (&self->videos);
  g_clear_object (&self->pictures);
  g_clear_object (&self->apart);
  g_object_unref (self->model);
  g_free (self);
}

VlmAnswerer *
vlm_answerer_new_local (
    const VlmModelParams *params, const VlmWork *work, GError **error)
{
  static const VlmAnswererClass klass = { local_answer, local_free, local_weigh,
    local_can_weigh };
  g_autoptr (VlmModel) model = vlm_model_acquire (params, work, error);
  const VlmConfig *config;
  Local *self;

  if (model == NULL)
    return NULL;
  config = vlm_model_get_config (model);
  self = g_new0 (Local, 1);
  self->parent.klass = &klass;
  self->parent.model = g_strdup (vlm_model_get_name (model));
  vlm_model_get_geometry (model, &self->parent.geometry);
  self->parent.context_windows = config->max_context_windows;
  self->parent.trained_ns = (gint64) config->max_video_seconds * VLM_SECOND;
  self->parent.min_confidence = config->min_confidence;
  self->parent.boxes_follow_motion = config->boxes_follow_motion;
  self->parent.times_follow_motion = config->times_follow_motion;
  /* Half of what the model can address is left to the rest. */
  self->parent.max_vision =
      MIN (MAX_VISION_TOKENS, config->text.max_positions / 2);
  self->model = g_steal_pointer (&model);
  self->kv_cache = params != NULL ? params->kv_cache : VLM_KV_CACHE_AUTO;
  self->precision = params != NULL ? params->precision : VLM_PRECISION_AUTO;
  return &self->parent;
}
