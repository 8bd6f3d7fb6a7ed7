/* gst-vlm: answers from a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answerer-remote.h"

#include "analyzer/remote.h"

/* As much as a model on this machine sees. */
#define MAX_VISION_TOKENS 32768
/* Overlapping windows are not joined to a growing video: all of it would be sent
 * with each of them. */
#define CONTEXT_WINDOWS 1

typedef struct
{
  VlmAnswerer parent;

  VlmRemote *remote;
} Remote;

static VlmReply *
remote_answer (VlmAnswerer *answerer, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  const VlmAnswerBounds bounds = vlm_request_get_bounds (request);
  g_autoptr (VlmPrompt) prompt = vlm_answerer_make_prompt (answerer, request);
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;

  params.kind = request->kind;
  params.max_tokens = request->max_tokens;
  params.detail = request->detail;
  params.temperature = answerer->temperature;
  params.seed = answerer->seed;
  return vlm_remote_run (((Remote *) answerer)->remote, prompt, &params,
      &bounds, cancellable, error);
}

static gboolean
remote_weigh (VlmAnswerer *answerer, const VlmRequest *request,
    double *probabilities, VlmUsage *usage, GCancellable *cancellable,
    GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_answerer_make_prompt (answerer, request);

  return vlm_remote_weigh (((Remote *) answerer)->remote, prompt, request->kind,
      probabilities, usage, cancellable, error);
}

/* Sends it a question, because servers do not report it otherwise. */
static gboolean
remote_can_weigh (VlmAnswerer *answerer, const VlmAnswerKind *kind,
    GCancellable *cancellable, GError **error)
{
  g_autofree double *probabilities =
      g_new (double, g_strv_length ((char **) kind->choices));
  g_autofree char *question =
      vlm_answer_kind_make_question (kind, "the sky is blue", FALSE);
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  VlmUsage usage;

  vlm_prompt_add_text (prompt, question);
  return vlm_remote_weigh (((Remote *) answerer)->remote, prompt, kind,
      probabilities, &usage, cancellable, error);
}

static const char *
remote_get_time_basis (VlmAnswerer *answerer, const VlmWindow *window)
{
  return vlm_remote_get_time_basis (((Remote *) answerer)->remote, window);
}

static VlmBoxSpace
remote_find_box_space (VlmAnswerer *answerer, const VlmFrame *frame,
    GCancellable *cancellable, GError **error)
{
  return vlm_remote_find_box_space (
      ((Remote *) answerer)->remote, frame, cancellable, error);
}

static void
remote_free (VlmAnswerer *answerer)
{
  Remote *self = (Remote *) answerer;

  g_object_unref (self->remote);
  g_free (self);
}

VlmAnswerer *
vlm_answerer_new_remote (
    const VlmModelParams *params, const VlmWork *work, GError **error)
{
  static const VlmAnswererClass klass = {
    .answer = remote_answer,
    .free = remote_free,
    .weigh = remote_weigh,
    .can_weigh = remote_can_weigh,
    .get_time_basis = remote_get_time_basis,
    .find_box_space = remote_find_box_space,
  };
  VlmRemote *remote = vlm_remote_open (params, work, error);
  Remote *self;

  if (remote == NULL)
    return NULL;
  self = g_new0 (Remote, 1);
  self->parent.klass = &klass;
  self->parent.model = g_strdup (vlm_remote_get_name (remote));
  vlm_remote_get_geometry (remote, &self->parent.geometry);
  self->parent.context_windows = CONTEXT_WINDOWS;
  self->parent.max_vision = MAX_VISION_TOKENS;
  self->remote = remote;
  return &self->parent;
}
