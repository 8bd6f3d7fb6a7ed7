/* gst-vlm: the event, a reference-counted value
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-event.h>

#include "events/event-json.h"
#include "events/event-schema.h"
#include "events/record-json.h"

G_DEFINE_BOXED_TYPE (VlmEvent, vlm_event, vlm_event_ref, vlm_event_unref)

static const VlmInstant no_instant = VLM_INSTANT_NONE;

/**
 * vlm_event_new:
 *
 * Makes an event that may be filled in until it is shared: no times,
 * confidence, probability, mass and latency -1, everything else 0 or %NULL.
 *
 * Returns: (transfer full): an event about which nothing is known yet
 *
 * Since: 0.1
 */
VlmEvent *
vlm_event_new (void)
{
  VlmEvent *event = g_atomic_rc_box_new0 (VlmEvent);

  event->type = VLM_RECORD_TYPE_EVENT;
  event->schema_version = VLM_RECORD_SCHEMA_VERSION;
  event->start = no_instant;
  event->end = no_instant;
  event->bbox_time = no_instant;
  event->window.start = VLM_TIME_NONE;
  event->window.end = VLM_TIME_NONE;
  event->confidence = -1.0;
  event->probability = -1.0;
  event->mass = -1.0;
  event->latency_ms = -1.0;
  return event;
}

/**
 * vlm_event_ref:
 * @event: an event
 *
 * Takes a reference; thread-safe.
 *
 * Returns: (transfer full): the same event
 *
 * Since: 0.1
 */
VlmEvent *
vlm_event_ref (VlmEvent *event)
{
  g_return_val_if_fail (event != NULL, NULL);
  return g_atomic_rc_box_acquire (event);
}

static void
event_clear (gpointer data)
{
  VlmEvent *event = data;

  for (guint i = 0; i < vlm_n_event_fields; i++)
    if (vlm_event_fields[i].kind == VLM_FIELD_STRING)
      g_free (G_STRUCT_MEMBER (char *, data, vlm_event_fields[i].offset));
  g_clear_pointer (&event->probabilities, g_array_unref);
}

/**
 * vlm_event_unref:
 * @event: (transfer full): an event
 *
 * Drops a reference, and frees the event with the last one; thread-safe.
 *
 * Since: 0.1
 */
void
vlm_event_unref (VlmEvent *event)
{
  g_return_if_fail (event != NULL);
  g_atomic_rc_box_release_full (event, event_clear);
}

/**
 * vlm_event_copy:
 * @event: an event
 *
 * Copies an event with its strings. `probabilities`, which never change, are
 * shared.
 *
 * Returns: (transfer full): an unshared copy, which may be changed
 *
 * Since: 0.1
 */
VlmEvent *
vlm_event_copy (const VlmEvent *event)
{
  VlmEvent *copy;

  g_return_val_if_fail (event != NULL, NULL);

  copy = g_atomic_rc_box_new (VlmEvent);
  *copy = *event;
  for (guint i = 0; i < vlm_n_event_fields; i++) {
    char **string;

    if (vlm_event_fields[i].kind != VLM_FIELD_STRING)
      continue;
    string = G_STRUCT_MEMBER_P (copy, vlm_event_fields[i].offset);
    *string = g_strdup (*string);
  }
  if (copy->probabilities != NULL)
    g_array_ref (copy->probabilities);
  return copy;
}

static gboolean
instant_equal (const VlmInstant *a, const VlmInstant *b)
{
  return a->pts == b->pts && a->running_time == b->running_time &&
      a->stream_time == b->stream_time && a->utc == b->utc;
}

static gboolean
window_equal (const VlmEventWindow *a, const VlmEventWindow *b)
{
  return a->start == b->start && a->end == b->end &&
      a->n_frames == b->n_frames && a->fps == b->fps && a->width == b->width &&
      a->height == b->height;
}

static gboolean
rect_equal (const VlmRect *a, const VlmRect *b)
{
  return a->x == b->x && a->y == b->y && a->width == b->width &&
      a->height == b->height;
}

static gboolean
probabilities_equal (const GArray *a, const GArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return a == b;
  for (guint i = 0; i < a->len; i++) {
    const VlmProbability *x = &g_array_index (a, VlmProbability, i);
    const VlmProbability *y = &g_array_index (b, VlmProbability, i);

    if (x->stream_time != y->stream_time || x->probability != y->probability ||
        x->mass != y->mass)
      return FALSE;
  }
  return TRUE;
}

static gboolean
field_equal (const VlmField *field, const VlmEvent *a, const VlmEvent *b)
{
  const void *x = G_STRUCT_MEMBER_P (a, field->offset);
  const void *y = G_STRUCT_MEMBER_P (b, field->offset);

  switch (field->kind) {
  case VLM_FIELD_TYPE:
    return *(const VlmRecordType *) x == *(const VlmRecordType *) y;
  case VLM_FIELD_UINT:
    return *(const guint *) x == *(const guint *) y;
  case VLM_FIELD_UINT64:
  case VLM_FIELD_NUMBER:
    return *(const guint64 *) x == *(const guint64 *) y;
  case VLM_FIELD_STATE:
    return *(const VlmEventState *) x == *(const VlmEventState *) y;
  case VLM_FIELD_STRING:
    return g_strcmp0 (*(char *const *) x, *(char *const *) y) == 0;
  case VLM_FIELD_INSTANT:
    return instant_equal (x, y);
  case VLM_FIELD_BOOLEAN:
    return !*(const gboolean *) x == !*(const gboolean *) y;
  case VLM_FIELD_TIME_SOURCE:
    return *(const VlmTimeSource *) x == *(const VlmTimeSource *) y;
  case VLM_FIELD_FRACTION:
  case VLM_FIELD_MILLISECONDS:
    return *(const double *) x == *(const double *) y;
  case VLM_FIELD_BOX:
    return rect_equal (x, y);
  case VLM_FIELD_WINDOW:
    return window_equal (x, y);
  case VLM_FIELD_PROBABILITIES:
    return probabilities_equal (*(GArray *const *) x, *(GArray *const *) y);
  default:
    g_assert_not_reached ();
  }
}

/**
 * vlm_event_equal:
 * @a: an event
 * @b: an event
 *
 * Compares two events field by field, `event_uid` and `seq` included.
 *
 * Returns: %TRUE if every field is equal
 *
 * Since: 0.1
 */
gboolean
vlm_event_equal (const VlmEvent *a, const VlmEvent *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  for (guint i = 0; i < vlm_n_event_fields; i++)
    if (!field_equal (&vlm_event_fields[i], a, b))
      return FALSE;
  return TRUE;
}

/**
 * vlm_instant_to_json:
 * @instant: a moment
 *
 * Writes a moment as `start` and `end` of a record have it: seconds, and UTC
 * as text of RFC 3339.
 *
 * Returns: (transfer full): the clocks that are known, as one JSON object, the
 *   way an event has them
 *
 * Since: 0.1
 */
char *
vlm_instant_to_json (const VlmInstant *instant)
{
  g_return_val_if_fail (instant != NULL, NULL);
  return vlm_json_from_instant (instant);
}

/**
 * vlm_event_to_json:
 * @event: an event
 *
 * One JSON object on one line, without the line's end. Times are seconds, as
 * exact decimals; UTC is ISO 8601. Fields without a value are left out.
 *
 * Returns: (transfer full): the text, UTF-8
 *
 * Since: 0.1
 */
char *
vlm_event_to_json (const VlmEvent *event)
{
  g_return_val_if_fail (event != NULL, NULL);
  return vlm_event_write_json (event);
}

/**
 * vlm_event_to_text:
 * @event: an event
 *
 * What a person reads in a subtitle: the description, or the label.
 *
 * Returns: (transfer full): the text, UTF-8
 *
 * Since: 0.1
 */
char *
vlm_event_to_text (const VlmEvent *event)
{
  g_return_val_if_fail (event != NULL, NULL);

  if (event->description != NULL && event->description[0] != '\0')
    return g_strdup (event->description);
  return g_strdup (event->label != NULL ? event->label : "");
}

/**
 * vlm_event_state_to_string:
 * @state: a state
 *
 * Names a state.
 *
 * Returns: (transfer none): its name, as in JSON
 *
 * Since: 0.1
 */
const char *
vlm_event_state_to_string (VlmEventState state)
{
  static const char *const names[] = { "begin", "update", "end" };

  g_return_val_if_fail (state < G_N_ELEMENTS (names), "begin");
  return names[state];
}
