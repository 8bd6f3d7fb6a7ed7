/* gst-vlm: where an event is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/ground.h"

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "base/log.h"
#include "engine/model-params.h"
#include "events/event-words.h"

/* One box is needed; a few are allowed, to choose the best. */
#define MAX_BOXES 4
/* Room for them. */
#define MAX_TOKENS 192
/* Of a box: less is chance. */
#define MIN_MOVING_PART 0.08

/* --- planning ----------------------------------------------------------- */

const VlmSample *
vlm_ground_sample (const VlmWindow *window, const VlmEvent *event)
{
  gint64 start = event->start.stream_time;
  gint64 middle = start + (event->end.stream_time - start) / 2;
  const VlmSample *best = &window->samples[0];

  for (guint i = 1; i < window->n_samples; i++)
    if (ABS (window->samples[i].slot_time - middle) <
        ABS (best->slot_time - middle))
      best = &window->samples[i];
  return best;
}

const VlmSample *
vlm_ground_moving_sample (const VlmWindow *window, const VlmEvent *event)
{
  const VlmSample *best = vlm_ground_sample (window, event);
  guint most = 0;
  gboolean is_sure = FALSE;

  for (guint i = 0; i < window->n_samples; i++) {
    g_auto (VlmStir) stir = { 0 };

    if (window->samples[i].slot_time < event->start.stream_time ||
        window->samples[i].slot_time > event->end.stream_time)
      continue;
    vlm_stir_init (&stir, window, i);
    if (stir.n_moves == 0 || stir.is_sure < is_sure)
      continue;
    if (stir.is_sure > is_sure || stir.n_moves > most) {
      is_sure = stir.is_sure;
      most = stir.n_moves;
      best = &window->samples[i];
    }
  }
  return best;
}

char *
vlm_ground_thing (const VlmEvent *event)
{
  const char *const names[] = { event->label, event->description,
    event->query };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *thing = vlm_words_without_article (names[i]);

    if (thing[0] != '\0')
      return g_steal_pointer (&thing);
  }
  return NULL;
}

const VlmMark *
vlm_ground_choose (const GPtrArray *boxes, const char *thing)
{
  const VlmMark *best = NULL;
  double best_alike = -1.0;

  for (guint i = 0; i < boxes->len; i++) {
    const VlmMark *box = boxes->pdata[i];
    double alike = vlm_words_similarity (box->label, thing);

    if (alike > best_alike) {
      best = box;
      best_alike = alike;
    }
  }
  return best;
}

const VlmMark *
vlm_ground_choose_moving (
    const GPtrArray *boxes, const char *thing, const VlmStir *stir)
{
  const VlmMark *best = vlm_ground_choose (boxes, thing);
  double alike = best != NULL ? vlm_words_similarity (best->label, thing) : 0.0;
  double most = MIN_MOVING_PART;

  for (guint i = 0; i < boxes->len; i++) {
    const VlmMark *box = boxes->pdata[i];
    double part = vlm_stir_get_part (stir, &box->rect);

    if (part > most && vlm_words_similarity (box->label, thing) >= alike) {
      most = part;
      best = box;
    }
  }
  return best;
}

/* --- asking ------------------------------------------------------------- */

/* (transfer full): the boxes of @thing in @frame of @window. NULL without
 * @error if the answer is not a list of boxes, which may happen without a
 * grammar: the event is valid nevertheless. */
static VlmReply *
ask (VlmAnswerer *answerer, const VlmWindow *window, VlmFrame *frame,
    VlmBoxSpace space, const char *thing, GCancellable *cancellable,
    GError **error)
{
  g_autofree char *question =
      vlm_answer_kind_make_question (&vlm_kind_boxes, thing, FALSE);
  const VlmRequest request = {
    .picture = frame,
    .question = question,
    .kind = &vlm_kind_boxes,
    .max_items = MAX_BOXES,
    .max_tokens = MAX_TOKENS,
    .box_space = space,
    .about = window,
    .query = thing,
  };
  g_autoptr (GError) own_error = NULL;
  g_autoptr (VlmReply) reply =
      vlm_answerer_answer (answerer, &request, cancellable, &own_error);

  if (reply != NULL && reply->reading == NULL)
    own_error = g_steal_pointer (&reply->problem);
  if (own_error != NULL && own_error->domain == VLM_EVENT_ERROR) {
    vlm_info ("no box of \"%s\": %s", thing, own_error->message);
    return NULL;
  }
  if (own_error != NULL) {
    g_propagate_error (error, g_steal_pointer (&own_error));
    return NULL;
  }
  if (reply->reading->n_rejected > 0)
    vlm_info ("%u of the model's boxes of \"%s\" dropped: %s",
        reply->reading->n_rejected, thing, reply->reading->why);
  return g_steal_pointer (&reply);
}

static const VlmMark *
choose (const VlmAnswerer *answerer, const VlmWindow *window,
    const VlmSample *sample, const GPtrArray *boxes, const char *thing)
{
  g_auto (VlmStir) stir = { 0 };

  if (!answerer->boxes_follow_motion)
    return vlm_ground_choose (boxes, thing);
  vlm_stir_init (&stir, window, (guint) (sample - window->samples));
  return vlm_ground_choose_moving (boxes, thing, &stir);
}

gboolean
vlm_ground_event (VlmAnswerer *answerer, const VlmWindow *window,
    VlmEvent *event, GCancellable *cancellable, GError **error)
{
  const VlmSample *sample = answerer->boxes_follow_motion
      ? vlm_ground_moving_sample (window, event)
      : vlm_ground_sample (window, event);
  g_autofree char *thing = vlm_ground_thing (event);
  g_autoptr (VlmReply) reply = NULL;
  GError *own_error = NULL;
  const VlmMark *box;
  VlmBoxSpace space;

  if (thing == NULL)
    return TRUE;
  space =
      vlm_answerer_find_box_space (answerer, sample->frame, cancellable, error);
  if (space == VLM_BOX_SPACE_AUTO || space == VLM_BOX_SPACE_NONE)
    return space == VLM_BOX_SPACE_NONE;
  reply = ask (
      answerer, window, sample->frame, space, thing, cancellable, &own_error);
  if (own_error != NULL)
    g_propagate_error (error, own_error);
  if (reply == NULL)
    return own_error == NULL;
  box = choose (answerer, window, sample, reply->reading->marks, thing);
  if (box == NULL)
    return TRUE;
  event->bbox = box->rect;
  event->bbox_time = sample->frame->time;
  g_free (event->box_space);
  event->box_space = g_strdup (vlm_box_space_to_string (space));
  if (event->label == NULL && box->label[0] != '\0')
    event->label = g_strdup (box->label);
  return TRUE;
}
