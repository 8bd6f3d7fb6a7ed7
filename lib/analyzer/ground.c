/* gst-vlm: where an event is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/ground.h"

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "base/log.h"
#include "engine/model-params.h"
#include "events/event-words.h"

/* There is one box to be found; a few, for the best to be chosen. */
#define MAX_BOXES 4
/* Room for them. */
#define MAX_TOKENS 192

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

/* --- asking ------------------------------------------------------------- */

/* (transfer full): what there is of @thing in @frame of @window. NULL without
 * @error where the answer is no list of boxes, as that of a model that no grammar
 * holds may be: the event is one all the same. */
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
    vlm_info ("%u of the model's boxes of \"%s\" left out: %s",
        reply->reading->n_rejected, thing, reply->reading->why);
  return g_steal_pointer (&reply);
}

gboolean
vlm_ground_event (VlmAnswerer *answerer, const VlmWindow *window,
    VlmEvent *event, GCancellable *cancellable, GError **error)
{
  const VlmSample *sample = vlm_ground_sample (window, event);
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
  box = vlm_ground_choose (reply->reading->marks, thing);
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
