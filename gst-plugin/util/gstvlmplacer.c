/* gst-vlm: which event goes on which frame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmplacer.h"

typedef struct
{
  VlmEvent *event;
  gint64 at; /* stream time of the frame that it belongs on */
} Place;

struct _GstVlmPlacer
{
  GArray *places;   /* Place, in the order of their records */
  GPtrArray *boxed; /* VlmEvent, the newest record of each with a box */
};

static void
clear_place (gpointer data)
{
  vlm_event_unref (((Place *) data)->event);
}

static GPtrArray *
new_events (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
}

GstVlmPlacer *
gst_vlm_placer_new (void)
{
  GstVlmPlacer *self = g_new0 (GstVlmPlacer, 1);

  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_array_set_clear_func (self->places, clear_place);
  self->boxed = new_events ();
  return self;
}

void
gst_vlm_placer_free (GstVlmPlacer *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->places);
  g_ptr_array_unref (self->boxed);
  g_free (self);
}

void
gst_vlm_placer_clear (GstVlmPlacer *self)
{
  g_array_set_size (self->places, 0);
  g_ptr_array_set_size (self->boxed, 0);
}

static void
add_place (GstVlmPlacer *self, VlmEvent *event, gint64 at)
{
  Place place = { vlm_event_ref (event), at };

  g_array_append_val (self->places, place);
}

static void
replace_box (GstVlmPlacer *self, VlmEvent *event)
{
  for (guint i = 0; i < self->boxed->len; i++) {
    VlmEvent *other = self->boxed->pdata[i];

    if (other->id == event->id) {
      g_ptr_array_remove_index (self->boxed, i);
      break;
    }
  }
  if (event->bbox.width > 0)
    g_ptr_array_add (self->boxed, vlm_event_ref (event));
}

/* The last frame of an event is the one before its end, which is the first
 * moment without it. */
void
gst_vlm_placer_add (GstVlmPlacer *self, VlmEvent *event, gboolean is_first)
{
  gint64 start = event->start.stream_time;
  gint64 last = MAX (start, vlm_time_add (event->end.stream_time, -1));

  if (event->state == VLM_EVENT_STATE_BEGIN || is_first)
    add_place (self, event, start);
  if (event->state != VLM_EVENT_STATE_BEGIN)
    add_place (self, event, last);
  replace_box (self, event);
}

static GPtrArray *
take_records (GstVlmPlacer *self, gint64 end)
{
  GPtrArray *records = new_events ();

  for (guint i = 0; i < self->places->len;) {
    const Place *place = &g_array_index (self->places, Place, i);

    if (VLM_TIME_IS_VALID (place->at) && place->at >= end) {
      i++;
      continue;
    }
    /* An event that ends within the frame in which it begins is on it once. */
    if (records->len == 0 ||
        records->pdata[records->len - 1] != (gpointer) place->event)
      g_ptr_array_add (records, vlm_event_ref (place->event));
    g_array_remove_index (self->places, i);
  }
  return records;
}

static GPtrArray *
take_boxes (GstVlmPlacer *self, gint64 start, gint64 end)
{
  GPtrArray *boxes = new_events ();

  for (guint i = 0; i < self->boxed->len;) {
    VlmEvent *event = self->boxed->pdata[i];

    if (event->state == VLM_EVENT_STATE_END &&
        start >= event->end.stream_time && start > event->start.stream_time) {
      g_ptr_array_remove_index (self->boxed, i);
      continue;
    }
    if (event->start.stream_time < end)
      g_ptr_array_add (boxes, vlm_event_ref (event));
    i++;
  }
  return boxes;
}

void
gst_vlm_placer_take (GstVlmPlacer *self, gint64 start, gint64 end,
    GPtrArray **records, GPtrArray **boxes)
{
  *records = take_records (self, end);
  *boxes = take_boxes (self, start, end);
}
