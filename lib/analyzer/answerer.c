/* gst-vlm: what answers a question about video or a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answerer.h"

#include <vlm/vlm-error.h>

#include "analyzer/asked.h"
#include "engine/prompt.h"

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

/* What the model sees, with sides in the unit of its boxes: @seen, or the picture
 * itself. Only its sides may be used. */
static const VlmFrame *
get_seen (const VlmRequest *request, VlmFrame *seen)
{
  const VlmFrame *frame = request->window != NULL
      ? request->window->samples[0].frame
      : request->picture;

  if (request->box_space != VLM_BOX_SPACE_THOUSANDTHS)
    return frame;
  *seen = *frame;
  seen->width = seen->height = VLM_BOX_THOUSAND;
  return seen;
}

VlmAnswerBounds
vlm_request_get_bounds (const VlmRequest *request)
{
  VlmFrame seen;
  VlmAnswerBounds bounds =
      vlm_reading_bounds (request->window, get_seen (request, &seen));

  bounds.max_items = request->max_items;
  bounds.detail = request->detail;
  return bounds;
}

void
vlm_answerer_set_manner (VlmAnswerer *self, const VlmQuestions *questions)
{
  g_free (self->system);
  g_free (self->language);
  self->system = g_strdup (questions->system);
  self->language = g_strdup (questions->language);
  self->temperature =
      questions->sets_temperature ? questions->temperature : -1.0;
  self->seed = questions->seed;
}

/* Takes @record over. */
static void
keep_record (
    VlmAnswerer *self, const VlmRequest *request, VlmAnswerRecord *record)
{
  if (self->records == NULL)
    self->records = g_ptr_array_new_with_free_func (
        (GDestroyNotify) vlm_answer_record_unref);
  record->model = g_strdup (self->model);
  if (request->window != NULL)
    record->time_basis =
        g_strdup (vlm_answerer_get_time_basis (self, request->window));
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

/* A question that was cancelled has no answer to record. */
static void
keep_failure (VlmAnswerer *self, const VlmRequest *request, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    keep_record (self, request, vlm_asked_failed (request, error));
}

/* The words of choices are in one language, which must not change. */
static void
set_system (
    VlmPrompt *prompt, const VlmAnswerer *self, const VlmAnswerKind *kind)
{
  const char *system =
      self->system != NULL ? self->system : vlm_answer_kind_get_system (kind);
  g_autofree char *text = NULL;

  if (system != NULL)
    vlm_prompt_set_system (prompt, system);
  if (self->language == NULL || (kind != NULL && kind->choices != NULL))
    return;
  text = g_strdup_printf ("%s Answer in %s.", prompt->system, self->language);
  vlm_prompt_set_system (prompt, text);
}

VlmPrompt *
vlm_answerer_make_prompt (const VlmAnswerer *self, const VlmRequest *request)
{
  VlmPrompt *prompt = vlm_prompt_new ();

  set_system (prompt, self, request->kind);
  if (request->window != NULL)
    vlm_prompt_add_window (prompt, request->window);
  else
    vlm_prompt_add_image (prompt, request->picture);
  vlm_prompt_add_text (prompt, request->question);
  return prompt;
}

/* The unit of the marks in the answer to @request, if it may have some. */
static gboolean
find_space (VlmAnswerer *self, VlmRequest *request, GCancellable *cancellable,
    GError **error)
{
  if (request->kind == NULL || request->kind->part != VLM_PART_MARK ||
      request->box_space != VLM_BOX_SPACE_AUTO)
    return TRUE;
  request->box_space = vlm_answerer_find_box_space (self,
      request->window != NULL ? request->window->samples[0].frame
                              : request->picture,
      cancellable, error);
  if (request->box_space != VLM_BOX_SPACE_NONE)
    return request->box_space != VLM_BOX_SPACE_AUTO;
  g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER,
      "the unit of the boxes of %s is not known", self->model);
  return FALSE;
}

/* (transfer full): the reply, not yet read */
static VlmReply *
ask (VlmAnswerer *self, VlmRequest *request, GCancellable *cancellable,
    GError **error)
{
  return find_space (self, request, cancellable, error)
      ? self->klass->answer (self, request, cancellable, error)
      : NULL;
}

VlmReply *
vlm_answerer_answer (VlmAnswerer *self, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  VlmRequest own = *request;
  VlmFrame seen;
  GError *own_error = NULL;
  VlmReply *reply;

  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->window == NULL || request->window->n_samples > 0);
  reply = ask (self, &own, cancellable, &own_error);
  if (reply == NULL) {
    keep_failure (self, request, own_error);
    g_propagate_error (error, own_error);
    return NULL;
  }
  reply->reading = vlm_reading_read (own.kind, reply->text, own.detail,
      own.window, get_seen (&own, &seen), &reply->problem);
  keep_record (self, request, vlm_asked_answered (request, reply));
  return reply;
}

static gboolean
check_weighs (const VlmAnswerer *self, GError **error)
{
  if (self->klass->weigh != NULL)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "%s does not return probabilities of answers: conditions do not work "
      "with it",
      self->model);
  return FALSE;
}

gboolean
vlm_answerer_weigh (VlmAnswerer *self, const VlmRequest *request,
    double *probabilities, GCancellable *cancellable, GError **error)
{
  VlmUsage usage = { 0 };
  GError *own_error = NULL;

  g_assert ((request->window != NULL) != (request->picture != NULL));
  g_assert (request->kind != NULL && request->kind->choices != NULL);
  if (!check_weighs (self, error))
    return FALSE;
  if (!self->klass->weigh (
          self, request, probabilities, &usage, cancellable, &own_error)) {
    keep_failure (self, request, own_error);
    g_propagate_error (error, own_error);
    return FALSE;
  }
  keep_record (
      self, request, vlm_asked_weighed (request, probabilities, &usage));
  return TRUE;
}

gboolean
vlm_answerer_can_weigh (VlmAnswerer *self, const VlmAnswerKind *kind,
    GCancellable *cancellable, GError **error)
{
  return check_weighs (self, error) &&
      self->klass->can_weigh (self, kind, cancellable, error);
}

const char *
vlm_answerer_get_time_basis (VlmAnswerer *self, const VlmWindow *window)
{
  return self->klass->get_time_basis != NULL
      ? self->klass->get_time_basis (self, window)
      : "mrope";
}

VlmBoxSpace
vlm_answerer_find_box_space (VlmAnswerer *self, const VlmFrame *frame,
    GCancellable *cancellable, GError **error)
{
  return self->klass->find_box_space != NULL
      ? self->klass->find_box_space (self, frame, cancellable, error)
      : VLM_BOX_SPACE_PIXELS;
}

void
vlm_answerer_free (VlmAnswerer *self)
{
  char *model;

  if (self == NULL)
    return;
  model = self->model;
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->system, g_free);
  g_clear_pointer (&self->language, g_free);
  self->klass->free (self);
  g_free (model);
}
