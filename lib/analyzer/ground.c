/* gst-vlm: where an event is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/ground.h"

#include "analyzer/kinds.h"
#include "base/log.h"
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

const VlmFoundBox *
vlm_ground_choose (const GPtrArray *boxes, const char *thing)
{
  const VlmFoundBox *best = NULL;
  double best_alike = -1.0;

  for (guint i = 0; i < boxes->len; i++) {
    const VlmFoundBox *box = boxes->pdata[i];
    double alike = vlm_words_similarity (box->label, thing);

    if (alike > best_alike) {
      best = box;
      best_alike = alike;
    }
  }
  return best;
}

static gint
scale (gint value, guint from, guint to)
{
  return (gint) (((guint64) value * to + from / 2) / from);
}

VlmRect
vlm_ground_map (const VlmRect *rect, const VlmFrame *frame)
{
  gint width = (gint) frame->source_width;
  gint height = (gint) frame->source_height;
  gint x1 = scale (rect->x, frame->width, frame->source_width);
  gint y1 = scale (rect->y, frame->height, frame->source_height);
  gint x2 = scale (rect->x + rect->width, frame->width, frame->source_width);
  gint y2 = scale (rect->y + rect->height, frame->height, frame->source_height);

  x1 = CLAMP (x1, 0, width - 1);
  y1 = CLAMP (y1, 0, height - 1);
  x2 = CLAMP (x2, x1 + 1, width);
  y2 = CLAMP (y2, y1 + 1, height);
  return (VlmRect){ (gint) frame->source_x + x1, (gint) frame->source_y + y1,
    x2 - x1, y2 - y1 };
}

/* --- asking ------------------------------------------------------------- */

/* (transfer full): the boxes of @thing in @frame, VlmFoundBox */
static GPtrArray *
find_boxes (VlmAnswerer *answerer, VlmFrame *frame, const char *thing,
    GCancellable *cancellable, GError **error)
{
  g_autofree char *question =
      vlm_answer_kind_make_question (&vlm_kind_boxes, thing, FALSE);
  const VlmRequest request = {
    .picture = frame,
    .question = question,
    .kind = &vlm_kind_boxes,
    .max_items = MAX_BOXES,
    .max_tokens = MAX_TOKENS,
  };
  const VlmAnswerBounds bounds = vlm_request_get_bounds (&request);
  g_autoptr (VlmReply) reply = NULL;
  g_autofree char *why = NULL;
  GPtrArray *boxes;
  guint n_rejected;

  reply = vlm_answerer_answer (answerer, &request, cancellable, error);
  if (reply == NULL)
    return NULL;
  boxes = request.kind->read (reply->text, &bounds, &n_rejected, &why, error);
  if (boxes != NULL && n_rejected > 0)
    vlm_info ("%u of the model's boxes of \"%s\" left out: %s", n_rejected,
        thing, why);
  return boxes;
}

gboolean
vlm_ground_event (VlmAnswerer *answerer, const VlmWindow *window,
    VlmEvent *event, GCancellable *cancellable, GError **error)
{
  const VlmSample *sample = vlm_ground_sample (window, event);
  g_autofree char *thing = vlm_ground_thing (event);
  g_autoptr (GPtrArray) boxes = NULL;
  const VlmFoundBox *box;

  if (thing == NULL)
    return TRUE;
  boxes = find_boxes (answerer, sample->frame, thing, cancellable, error);
  if (boxes == NULL)
    return FALSE;
  box = vlm_ground_choose (boxes, thing);
  if (box == NULL)
    return TRUE;
  event->bbox = vlm_ground_map (&box->rect, sample->frame);
  event->bbox_time = sample->frame->time;
  if (event->label == NULL && box->label[0] != '\0')
    event->label = g_strdup (box->label);
  return TRUE;
}
