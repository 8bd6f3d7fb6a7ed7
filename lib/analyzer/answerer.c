/* gst-vlm: who answers a question about a piece of video or a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answerer.h"

#include <vlm/vlm-error.h>

void
vlm_reply_free (VlmReply *reply)
{
  if (reply == NULL)
    return;
  g_free (reply->text);
  g_clear_pointer (&reply->trace, g_array_unref);
  g_free (reply);
}

VlmAnswerBounds
vlm_request_get_bounds (const VlmRequest *request)
{
  const VlmWindow *window = request->window;
  const VlmFrame *frame =
      window != NULL ? window->samples[0].frame : request->picture;

  return (VlmAnswerBounds){
    .duration_ns =
        window != NULL ? window->end - window->samples[0].slot_time : -1,
    .width = frame->width,
    .height = frame->height,
    .max_items = request->max_items,
    .detail = request->detail,
  };
}

VlmReply *
vlm_answerer_answer (VlmAnswerer *self, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->window == NULL || request->window->n_samples > 0);
  return self->klass->answer (self, request, cancellable, error);
}

static gboolean
check_weighs (const VlmAnswerer *self, GError **error)
{
  if (self->klass->weigh != NULL)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "%s cannot say how probable an answer is: there are no conditions with "
      "it",
      self->model);
  return FALSE;
}

gboolean
vlm_answerer_weigh (VlmAnswerer *self, const VlmRequest *request,
    double *probabilities, GCancellable *cancellable, GError **error)
{
  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->kind != NULL && request->kind->choices != NULL);
  return check_weighs (self, error) &&
      self->klass->weigh (self, request, probabilities, cancellable, error);
}

gboolean
vlm_answerer_can_weigh (
    VlmAnswerer *self, const VlmAnswerKind *kind, GError **error)
{
  return check_weighs (self, error) &&
      self->klass->can_weigh (self, kind, error);
}

void
vlm_answerer_free (VlmAnswerer *self)
{
  char *model;

  if (self == NULL)
    return;
  model = self->model;
  self->klass->free (self);
  g_free (model);
}
