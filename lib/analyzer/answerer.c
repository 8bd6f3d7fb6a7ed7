/* gst-vlm: who answers a question about a piece of video or a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answerer.h"

#include <vlm/vlm-error.h>

#include "analyzer/asked.h"

void
vlm_reply_free (VlmReply *reply)
{
  if (reply == NULL)
    return;
  g_free (reply->text);
  g_clear_pointer (&reply->trace, g_array_unref);
  g_clear_pointer (&reply->reading, vlm_reading_free);
  g_clear_error (&reply->problem);
  g_free (reply);
}

VlmAnswerBounds
vlm_request_get_bounds (const VlmRequest *request)
{
  VlmAnswerBounds bounds =
      vlm_reading_bounds (request->window, request->picture);

  bounds.max_items = request->max_items;
  bounds.detail = request->detail;
  return bounds;
}

/* Takes @record over. */
static void
keep_record (VlmAnswerer *self, VlmAnswerRecord *record)
{
  if (self->records == NULL)
    self->records = g_ptr_array_new_with_free_func (
        (GDestroyNotify) vlm_answer_record_unref);
  record->model = g_strdup (self->model);
  g_ptr_array_add (self->records, record);
}

GPtrArray *
vlm_answerer_take_records (VlmAnswerer *self)
{
  GPtrArray *records = g_steal_pointer (&self->records);

  return records != NULL ? records
                         : g_ptr_array_new_with_free_func (
                               (GDestroyNotify) vlm_answer_record_unref);
}

/* What was interrupted was not answered, and is no news. */
static void
keep_failure (VlmAnswerer *self, const VlmRequest *request, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    keep_record (self, vlm_asked_failed (request, error));
}

VlmReply *
vlm_answerer_answer (VlmAnswerer *self, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  GError *own_error = NULL;
  VlmReply *reply;

  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->window == NULL || request->window->n_samples > 0);
  reply = self->klass->answer (self, request, cancellable, &own_error);
  if (reply == NULL) {
    keep_failure (self, request, own_error);
    g_propagate_error (error, own_error);
    return NULL;
  }
  reply->reading = vlm_reading_new (request->kind, reply->text, request->detail,
      request->window, request->picture, &reply->problem);
  keep_record (self, vlm_asked_answered (request, reply));
  return reply;
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
  GError *own_error = NULL;

  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->kind != NULL && request->kind->choices != NULL);
  if (!check_weighs (self, error))
    return FALSE;
  if (!self->klass->weigh (
          self, request, probabilities, cancellable, &own_error)) {
    keep_failure (self, request, own_error);
    g_propagate_error (error, own_error);
    return FALSE;
  }
  keep_record (self, vlm_asked_weighed (request, probabilities));
  return TRUE;
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
  g_clear_pointer (&self->records, g_ptr_array_unref);
  self->klass->free (self);
  g_free (model);
}
