/* gst-vlm: the sparse stream of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmeventpad.h"

#include <string.h>

#include "gstvlmcues.h"
#include "gstvlmflatcues.h"
#include "gstvlmmuxer.h"
#include "gstvlmonvif.h"
#include "gstvlmtext.h"
#include "gstvlmtime.h"

GST_DEBUG_CATEGORY_STATIC (event_pad_debug);
#define GST_CAT_DEFAULT event_pad_debug

/* How many records wait for a branch that is blocked, before the oldest are
 * dropped: hours of events, a few MB. */
#define MAX_RECORDS 4096
/* A buffer that downstream has had for so long waits for other streams. */
#define PATIENCE (250 * G_TIME_SPAN_MILLISECOND)
/* How long before its window an event can begin: a condition that is confirmed
 * began some windows ago. */
#define LOOK_BACK (60 * GST_SECOND)

typedef enum
{
  ITEM_GST_EVENT,
  ITEM_ADVANCE,
  ITEM_EVENT,
  ITEM_NOTE,
  ITEM_LOST, /* a gap, in the place of records that were dropped */
} ItemKind;

typedef struct
{
  ItemKind kind;
  GstEvent *gst_event;
  GstClockTime position;
  VlmEvent *event;
  GstVlmNote *note;
} Item;

typedef enum
{
  FORMAT_JSON,
  FORMAT_TEXT,
  FORMAT_ONVIF,
} Format;

struct _GstVlmEventPad
{
  GstPad parent;

  GMutex lock;
  GCond changed;
  /* Under the lock. */
  GQueue items;
  guint n_records;
  GCond handed_on;
  guint n_taken;   /* items that left the queue */
  gint64 taken_at; /* monotonic time, us; 0: the task is not pushing one */
  gboolean ending; /* the video has ended, and the end will come */
  gboolean active;
  gboolean flushing;
  gboolean started;       /* has a segment, without which times mean nothing */
  GstEvent *stream_start; /* of the current stream, sent or not */
  GstEvent *subjects;     /* not sent yet */
  guint video_width;
  guint video_height;

  /* Of the task alone, and of others only while it is stopped. */
  GstSegment segment;
  gboolean negotiated;
  Format format;
  gboolean ended;
  GstVlmCues *cues;
  GstVlmOnvif *onvif;
  GstClockTime captioned_until; /* the end of the last answer's cue */
  GstVlmFlatCues *flat;         /* cues that wait until none can overlap them */
  gboolean flattens;            /* where a text track shows one cue at a time */
  gboolean warned_late;         /* since the stream started */
};

G_DEFINE_FINAL_TYPE_WITH_CODE (GstVlmEventPad, gst_vlm_event_pad, GST_TYPE_PAD,
    GST_DEBUG_CATEGORY_INIT (
        event_pad_debug, "vlmeventpad", 0, "the sparse stream of events"))

static void
item_free (Item *item)
{
  g_clear_pointer (&item->gst_event, gst_event_unref);
  g_clear_pointer (&item->event, vlm_event_unref);
  g_clear_pointer (&item->note, gst_vlm_note_free);
  g_free (item);
}

static gboolean
item_is_record (const Item *item)
{
  return item->kind == ITEM_EVENT || item->kind == ITEM_NOTE;
}

static VlmGap
describe_lost (const Item *item)
{
  const VlmEvent *event = item->event;

  if (event != NULL)
    return (VlmGap){ .event_uid = event->event_uid,
      .seq = event->seq,
      .start = event->start,
      .end = event->end,
      .stream = event->stream };
  return gst_vlm_note_get_gap (item->note);
}

/* Turns a record into a gap record in its place. */
static void
make_lost (Item *item)
{
  VlmGap gap = describe_lost (item);
  g_autofree char *uid = g_strconcat (
      gap.event_uid != NULL ? gap.event_uid : "event", "-lost", NULL);
  GstVlmNote *note;

  gap.event_uid = uid;
  gap.reason = "branch-full";
  gap.n_records = 1;
  note = gst_vlm_note_new_gap (&gap);
  g_clear_pointer (&item->event, vlm_event_unref);
  g_clear_pointer (&item->note, gst_vlm_note_free);
  item->note = note;
  item->kind = ITEM_LOST;
}

/* Adds @lost, which came later, to @all. */
static void
add_lost (Item *all, const Item *lost)
{
  VlmGap gap = lost->note->gap;
  GstVlmNote *note;

  gap.start = all->note->gap.start;
  gap.n_records += all->note->gap.n_records;
  if (gap.stream == NULL)
    gap.stream = all->note->gap.stream;
  note = gst_vlm_note_new_gap (&gap);
  gst_vlm_note_free (all->note);
  all->note = note;
}

static void
drop_oldest_record (GstVlmEventPad *self)
{
  Item *all = NULL;
  GList *l = self->items.head;

  for (; l != NULL && !item_is_record (l->data); l = l->next)
    if (((Item *) l->data)->kind == ITEM_LOST)
      all = l->data;
  if (l == NULL)
    return;
  GST_WARNING_OBJECT (
      self, "more than %d records wait, dropping the oldest", MAX_RECORDS);
  make_lost (l->data);
  self->n_records--;
  if (all == NULL)
    return;
  add_lost (all, l->data);
  item_free (l->data);
  g_queue_delete_link (&self->items, l);
}

static void
put_item (GstVlmEventPad *self, Item *item)
{
  g_mutex_lock (&self->lock);
  if (self->flushing || (!self->started && item->kind != ITEM_GST_EVENT)) {
    item_free (item);
  } else {
    if (item_is_record (item) && ++self->n_records > MAX_RECORDS)
      drop_oldest_record (self);
    g_queue_push_tail (&self->items, item);
    g_cond_signal (&self->changed);
  }
  g_mutex_unlock (&self->lock);
}

static void
put_gst_event (GstVlmEventPad *self, GstEvent *event)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_GST_EVENT;
  item->gst_event = event;
  put_item (self, item);
}

/* NULL when the pad is flushing. */
static Item *
take_item (GstVlmEventPad *self)
{
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  self->taken_at = 0;
  g_cond_broadcast (&self->handed_on);
  while (!self->flushing && g_queue_is_empty (&self->items))
    g_cond_wait (&self->changed, &self->lock);
  if (!self->flushing) {
    item = g_queue_pop_head (&self->items);
    self->n_records -= item_is_record (item);
    self->n_taken++;
    self->taken_at = g_get_monotonic_time ();
    g_cond_broadcast (&self->handed_on);
  }
  g_mutex_unlock (&self->lock);
  return item;
}

static Format
find_format (const GstStructure *caps)
{
  if (gst_structure_has_name (caps, "text/x-raw"))
    return FORMAT_TEXT;
  if (gst_structure_has_name (caps, "application/x-onvif-metadata"))
    return FORMAT_ONVIF;
  return FORMAT_JSON;
}

static gboolean
leads_to_mp4 (GstVlmEventPad *self)
{
  g_autoptr (GstElement) muxer = NULL;

  if (self->format == FORMAT_TEXT)
    muxer = gst_vlm_muxer_find_mp4 (GST_PAD (self));
  return muxer != NULL;
}

/* Chooses the first of our formats that downstream takes. A pad that is flushing
 * refuses the caps; the push reports that. */
static gboolean
negotiate (GstVlmEventPad *self)
{
  GstPad *pad = GST_PAD (self);
  GstCaps *caps = gst_pad_get_allowed_caps (pad);

  if (caps == NULL)
    caps = gst_pad_get_pad_template_caps (pad);
  if (gst_caps_is_empty (caps)) {
    gst_caps_unref (caps);
    return FALSE;
  }
  caps = gst_caps_fixate (gst_caps_truncate (caps));
  self->format = find_format (gst_caps_get_structure (caps, 0));
  self->flattens = leads_to_mp4 (self);
  GST_DEBUG_OBJECT (self, "caps %" GST_PTR_FORMAT "%s", caps,
      self->flattens ? ", one cue at a time" : "");
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  self->negotiated = TRUE;
  return TRUE;
}

static void
push_subjects (GstVlmEventPad *self)
{
  GstEvent *subjects = NULL;

  g_mutex_lock (&self->lock);
  if (self->format == FORMAT_JSON)
    subjects = g_steal_pointer (&self->subjects);
  g_mutex_unlock (&self->lock);
  if (subjects != NULL)
    gst_pad_push_event (GST_PAD (self), subjects);
}

static gboolean
ensure_negotiated (GstVlmEventPad *self)
{
  if (gst_pad_check_reconfigure (GST_PAD (self)))
    self->negotiated = FALSE;
  if (!self->negotiated && !negotiate (self)) {
    gst_pad_mark_reconfigure (GST_PAD (self));
    return FALSE;
  }
  push_subjects (self);
  return TRUE;
}

static gboolean
is_ending (GstVlmEventPad *self)
{
  gboolean ending;

  g_mutex_lock (&self->lock);
  ending = self->ending;
  g_mutex_unlock (&self->lock);
  return ending;
}

/* The length of the gap does not matter: the next one will come in time. It must
 * be inside the segment, because a sink does not wake up for one beyond: the end
 * of the last frame often is, or of the first when playing backwards. At the end
 * a gap would let a muxer finish with the other streams, without the records that
 * are still to come. */
static void
push_gap (GstVlmEventPad *self)
{
  const GstSegment *segment = &self->segment;
  GstClockTime position = segment->position;

  if (is_ending (self))
    return;
  if (GST_CLOCK_TIME_IS_VALID (segment->stop) && position >= segment->stop)
    position = MAX (segment->stop, 1) - 1;
  gst_pad_push_event (GST_PAD (self), gst_event_new_gap (position, 1));
}

/* A late record takes this stream back for a muxer, which would wait until it has
 * caught up, while the video waits for the muxer: so a gap follows. */
static GstFlowReturn
push_text (
    GstVlmEventPad *self, char *text, GstClockTime start, GstClockTime duration)
{
  GstBuffer *buffer = gst_buffer_new_wrapped (text, strlen (text));
  GstFlowReturn flow;

  GST_BUFFER_PTS (buffer) = start;
  GST_BUFFER_DURATION (buffer) = duration;
  flow = gst_pad_push (GST_PAD (self), buffer);
  if (flow == GST_FLOW_OK && start < self->segment.position &&
      GST_CLOCK_TIME_IS_VALID (self->segment.position))
    push_gap (self);
  return flow;
}

static void
warn_of_late_cue (GstVlmEventPad *self, const char *text)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (GST_PAD (self));

  GST_WARNING_OBJECT (self, "left out, too late for its place: %s", text);
  if (!self->warned_late && element != NULL)
    GST_ELEMENT_WARNING (element, STREAM, MUX,
        ("Events that became known more than %d seconds after others that "
         "were later are missing in the text track of the MP4 file. Records "
         "as JSON have them.",
            (int) (LOOK_BACK / GST_SECOND)),
        (NULL));
  self->warned_late = TRUE;
}

static GstFlowReturn
push_flat_cues (GstVlmEventPad *self, GstClockTime settled)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime start;
  GstClockTime end;
  char *text;

  while (flow == GST_FLOW_OK &&
      (text = gst_vlm_flat_cues_take (self->flat, settled, &start, &end)) !=
          NULL)
    flow = push_text (self, text, start, end - start);
  return flow;
}

/* @text: (transfer full): found in a window that begins at @window_start in
 * stream time. Windows are analysed in order: a later cue is not from an earlier
 * time, unless it took several windows to confirm it. */
static GstFlowReturn
push_or_hold (GstVlmEventPad *self, char *text, GstClockTime start,
    GstClockTime end, gint64 window_start)
{
  GstClockTime settled;
  g_autofree char *copy = NULL;

  if (!self->flattens)
    return push_text (self, text, start, end - start);
  copy = g_strdup (text);
  if (!gst_vlm_flat_cues_add (self->flat, text, start, end))
    warn_of_late_cue (self, copy);
  settled = gst_segment_position_from_stream_time (
      &self->segment, GST_FORMAT_TIME, (guint64) MAX (window_start, 0));
  if (!GST_CLOCK_TIME_IS_VALID (settled) || settled < LOOK_BACK)
    return GST_FLOW_OK;
  return push_flat_cues (self, settled - LOOK_BACK);
}

static GstFlowReturn
push_cue (GstVlmEventPad *self, const VlmEvent *event)
{
  GstClockTime start;
  GstClockTime duration;

  if (!gst_vlm_cues_add (self->cues, event, &self->segment, &start, &duration))
    return GST_FLOW_OK;
  return push_or_hold (self, gst_vlm_cues_make_text (event), start,
      start + duration, event->window.start);
}

/* What a cue shows of @answer: its text, or the JSON of a schema. Positions are
 * for boxes on the video. */
static const char *
get_caption (const VlmAnswerRecord *answer)
{
  if (!answer->is_result)
    return NULL;
  if (answer->words != NULL)
    return answer->words;
  return answer->marks == NULL ? answer->value : NULL;
}

/* A cue with an answer about a window, as long as the window; where windows
 * overlap, it begins at the end of the one before. */
static GstFlowReturn
push_caption (GstVlmEventPad *self, const VlmAnswerRecord *answer)
{
  const char *caption = get_caption (answer);
  GstClockTime start =
      gst_vlm_time_to_position (&answer->start, &self->segment);
  GstClockTime end = gst_vlm_time_to_position (&answer->end, &self->segment);

  if (caption == NULL || !GST_CLOCK_TIME_IS_VALID (start) ||
      !GST_CLOCK_TIME_IS_VALID (end))
    return GST_FLOW_OK;
  start = MAX (start, self->captioned_until);
  if (start >= end)
    return GST_FLOW_OK;
  self->captioned_until = end;
  return push_or_hold (
      self, gst_vlm_text_for_cue (caption), start, end, answer->window.start);
}

/* @text: (transfer full): about a span */
static GstFlowReturn
push_document (GstVlmEventPad *self, char *text, const VlmInstant *start,
    const VlmInstant *end)
{
  GstClockTime from = gst_vlm_time_to_position (start, &self->segment);
  GstClockTime to = gst_vlm_time_to_position (end, &self->segment);

  if (!GST_CLOCK_TIME_IS_VALID (from))
    from = self->segment.position;
  if (!GST_CLOCK_TIME_IS_VALID (to) || to < from)
    to = from;
  return push_text (self, text, from, to - from);
}

static char *
write_event (GstVlmEventPad *self, const VlmEvent *event)
{
  g_autofree char *json = NULL;
  guint width;
  guint height;

  if (self->format == FORMAT_ONVIF) {
    g_mutex_lock (&self->lock);
    width = self->video_width;
    height = self->video_height;
    g_mutex_unlock (&self->lock);
    return gst_vlm_onvif_write_event (self->onvif, event, width, height);
  }
  json = vlm_event_to_json (event);
  return g_strconcat (json, "\n", NULL);
}

static char *
write_note (GstVlmEventPad *self, const GstVlmNote *note)
{
  g_autofree char *json = NULL;

  if (self->format == FORMAT_ONVIF)
    return gst_vlm_onvif_write_note (self->onvif, note);
  json = gst_vlm_note_to_json (note);
  return g_strconcat (json, "\n", NULL);
}

static GstFlowReturn
push_record (GstVlmEventPad *self, const Item *item)
{
  if (self->ended)
    return GST_FLOW_OK;
  if (!ensure_negotiated (self))
    return GST_FLOW_NOT_NEGOTIATED;
  if (self->format == FORMAT_TEXT && item->kind == ITEM_EVENT)
    return push_cue (self, item->event);
  if (self->format == FORMAT_TEXT)
    return item->note->answer != NULL ? push_caption (self, item->note->answer)
                                      : GST_FLOW_OK;
  if (item->kind == ITEM_EVENT)
    return push_document (self, write_event (self, item->event),
        &item->event->start, &item->event->end);
  return push_document (self, write_note (self, item->note),
      gst_vlm_note_get_start (item->note), gst_vlm_note_get_end (item->note));
}

/* No more cues come in this segment. */
static GstFlowReturn
finish_cues (GstVlmEventPad *self)
{
  GstFlowReturn flow =
      self->ended ? GST_FLOW_OK : push_flat_cues (self, GST_CLOCK_TIME_NONE);

  self->captioned_until = 0;
  gst_vlm_flat_cues_clear (self->flat);
  return flow;
}

static GstFlowReturn
push_gst_event (GstVlmEventPad *self, const Item *item)
{
  GstEvent *event = item->gst_event;
  GstFlowReturn flow = GST_FLOW_OK;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    self->negotiated = FALSE;
    self->ended = FALSE;
    self->warned_late = FALSE;
    break;
  case GST_EVENT_SEGMENT:
    flow = finish_cues (self);
    if (!ensure_negotiated (self))
      return GST_FLOW_NOT_NEGOTIATED;
    gst_event_copy_segment (event, &self->segment);
    break;
  case GST_EVENT_SEGMENT_DONE:
    flow = finish_cues (self);
    break;
  case GST_EVENT_EOS:
    flow = finish_cues (self);
    self->ended = TRUE;
    break;
  default:
    break;
  }
  gst_pad_push_event (GST_PAD (self), gst_event_ref (event));
  return flow;
}

static GstFlowReturn
push_advance (GstVlmEventPad *self, const Item *item)
{
  if (self->ended || self->segment.format != GST_FORMAT_TIME)
    return GST_FLOW_OK;
  if (!ensure_negotiated (self))
    return GST_FLOW_NOT_NEGOTIATED;
  self->segment.position = item->position;
  push_gap (self);
  return GST_FLOW_OK;
}

static GstFlowReturn
push_item (GstVlmEventPad *self, const Item *item)
{
  switch (item->kind) {
  case ITEM_GST_EVENT:
    return push_gst_event (self, item);
  case ITEM_ADVANCE:
    return push_advance (self, item);
  default:
    return push_record (self, item);
  }
}

static void
stop_on_error (GstVlmEventPad *self, GstFlowReturn flow)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (GST_PAD (self));

  GST_WARNING_OBJECT (self, "stopping: %s", gst_flow_get_name (flow));
  self->ended = TRUE;
  if (element != NULL)
    GST_ELEMENT_FLOW_ERROR (element, flow);
  gst_pad_push_event (GST_PAD (self), gst_event_new_eos ());
}

/* A branch that is not linked, or has ended, is not an error. */
static void
event_pad_loop (GstPad *pad)
{
  GstVlmEventPad *self = GST_VLM_EVENT_PAD (pad);
  Item *item = take_item (self);
  GstFlowReturn flow;

  if (item == NULL) {
    gst_pad_pause_task (pad);
    return;
  }
  flow = push_item (self, item);
  item_free (item);

  /* When it is this pad that flushes, there will be no item. A sink that was
   * shut down is like one that is not linked: another one may come. */
  if (flow == GST_FLOW_EOS)
    self->ended = TRUE;
  else if (flow < GST_FLOW_EOS)
    stop_on_error (self, flow);
}

/* A flush may come before the pad has sent its stream-start, which upstream
 * sends only once. */
static void
repeat_stream_start (GstVlmEventPad *self)
{
  g_autoptr (GstEvent) sent =
      gst_pad_get_sticky_event (GST_PAD (self), GST_EVENT_STREAM_START, 0);
  g_autoptr (GstEvent) wanted = NULL;

  g_mutex_lock (&self->lock);
  if (self->stream_start != NULL && self->stream_start != sent)
    wanted = gst_event_ref (self->stream_start);
  g_mutex_unlock (&self->lock);
  if (wanted != NULL)
    put_gst_event (self, g_steal_pointer (&wanted));
}

static void
set_flushing (GstVlmEventPad *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  self->started = FALSE;
  self->ending = FALSE;
  g_queue_clear_full (&self->items, (GDestroyNotify) item_free);
  self->n_records = 0;
  g_cond_signal (&self->changed);
  g_cond_broadcast (&self->handed_on);
  g_mutex_unlock (&self->lock);
}

static gboolean
event_pad_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstVlmEventPad *self = GST_VLM_EVENT_PAD (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->active = active;
  gst_clear_event (&self->stream_start);
  g_mutex_unlock (&self->lock);
  set_flushing (self, !active);
  if (!active)
    return gst_pad_stop_task (pad);

  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  gst_vlm_cues_clear (self->cues);
  gst_vlm_flat_cues_clear (self->flat);
  gst_vlm_onvif_clear (self->onvif);
  self->negotiated = FALSE;
  self->ended = FALSE;
  return gst_pad_start_task (pad, (GstTaskFunction) event_pad_loop, pad, NULL);
}

void
gst_vlm_event_pad_start_stream (GstVlmEventPad *self, GstEvent *upstream)
{
  const char *upstream_id;
  g_autofree char *id = NULL;
  GstEvent *event;
  guint group;

  gst_event_parse_stream_start (upstream, &upstream_id);
  id = g_strconcat (upstream_id, "/events", NULL);
  event = gst_event_new_stream_start (id);
  gst_event_set_stream_flags (event, GST_STREAM_FLAG_SPARSE);
  if (gst_event_parse_group_id (upstream, &group))
    gst_event_set_group_id (event, group);
  g_mutex_lock (&self->lock);
  gst_event_replace (&self->stream_start, event);
  self->ending = FALSE;
  g_mutex_unlock (&self->lock);
  put_gst_event (self, event);
}

void
gst_vlm_event_pad_set_subjects (GstVlmEventPad *self, GstEvent *subjects)
{
  g_mutex_lock (&self->lock);
  gst_event_replace (&self->subjects, subjects);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_event_pad_set_segment (GstVlmEventPad *self, const GstSegment *segment)
{
  put_gst_event (self, gst_event_new_segment (segment));
  g_mutex_lock (&self->lock);
  self->started = !self->flushing;
  g_mutex_unlock (&self->lock);
}

/* Consecutive steps are one step: the queue does not grow with the video. */
void
gst_vlm_event_pad_advance (GstVlmEventPad *self, GstClockTime position)
{
  Item *last;

  g_mutex_lock (&self->lock);
  last = g_queue_peek_tail (&self->items);
  if (last != NULL && last->kind == ITEM_ADVANCE) {
    last->position = position;
    g_mutex_unlock (&self->lock);
    return;
  }
  g_mutex_unlock (&self->lock);

  last = g_new0 (Item, 1);
  last->kind = ITEM_ADVANCE;
  last->position = position;
  put_item (self, last);
}

void
gst_vlm_event_pad_add_event (GstVlmEventPad *self, VlmEvent *event)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_EVENT;
  item->event = vlm_event_ref (event);
  put_item (self, item);
}

static void
add_note (GstVlmEventPad *self, GstVlmNote *note)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_NOTE;
  item->note = note;
  put_item (self, item);
}

void
gst_vlm_event_pad_add_gap (GstVlmEventPad *self, const VlmGap *gap)
{
  add_note (self, gst_vlm_note_new_gap (gap));
}

void
gst_vlm_event_pad_add_camera (
    GstVlmEventPad *self, const VlmCameraReport *report)
{
  add_note (self, gst_vlm_note_new_camera (report));
}

void
gst_vlm_event_pad_add_answer (GstVlmEventPad *self, VlmAnswerRecord *answer)
{
  add_note (self, gst_vlm_note_new_answer (answer));
}

void
gst_vlm_event_pad_set_video_size (
    GstVlmEventPad *self, guint width, guint height)
{
  g_mutex_lock (&self->lock);
  self->video_width = width;
  self->video_height = height;
  g_mutex_unlock (&self->lock);
}

/* There is no limit on how long the task takes to get to its next item. But a
 * buffer that it pushes may wait for the other streams of a muxer, and those for
 * us: this wait is limited. */
void
gst_vlm_event_pad_hand_on (GstVlmEventPad *self)
{
  g_mutex_lock (&self->lock);
  while (!self->flushing &&
      (self->taken_at != 0 || !g_queue_is_empty (&self->items))) {
    guint n_taken = self->n_taken;

    if (self->taken_at == 0)
      g_cond_wait (&self->handed_on, &self->lock);
    else if (!g_cond_wait_until (
                 &self->handed_on, &self->lock, self->taken_at + PATIENCE) &&
        n_taken == self->n_taken)
      break;
  }
  self->ending = TRUE;
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_event_pad_end_segment (GstVlmEventPad *self, GstEvent *upstream)
{
  put_gst_event (self, gst_event_ref (upstream));
}

void
gst_vlm_event_pad_end (GstVlmEventPad *self)
{
  put_gst_event (self, gst_event_new_eos ());
}

void
gst_vlm_event_pad_flush_start (GstVlmEventPad *self)
{
  gst_pad_push_event (GST_PAD (self), gst_event_new_flush_start ());
  set_flushing (self, TRUE);
  /* Waits until the task has returned from downstream's chain function. */
  gst_pad_pause_task (GST_PAD (self));
}

void
gst_vlm_event_pad_flush_stop (GstVlmEventPad *self, gboolean reset_time)
{
  gst_pad_push_event (GST_PAD (self), gst_event_new_flush_stop (reset_time));
  gst_vlm_cues_clear (self->cues);
  gst_vlm_flat_cues_clear (self->flat);
  gst_vlm_onvif_clear (self->onvif);
  self->ended = FALSE;
  set_flushing (self, FALSE);
  repeat_stream_start (self);
  /* The pad may have been released meanwhile. */
  g_mutex_lock (&self->lock);
  if (self->active)
    gst_pad_start_task (
        GST_PAD (self), (GstTaskFunction) event_pad_loop, self, NULL);
  else
    self->flushing = TRUE;
  g_mutex_unlock (&self->lock);
}

static void
gst_vlm_event_pad_finalize (GObject *object)
{
  GstVlmEventPad *self = GST_VLM_EVENT_PAD (object);

  g_queue_clear_full (&self->items, (GDestroyNotify) item_free);
  gst_clear_event (&self->stream_start);
  gst_clear_event (&self->subjects);
  gst_vlm_cues_free (self->cues);
  gst_vlm_flat_cues_free (self->flat);
  gst_vlm_onvif_free (self->onvif);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_cond_clear (&self->handed_on);
  G_OBJECT_CLASS (gst_vlm_event_pad_parent_class)->finalize (object);
}

static void
gst_vlm_event_pad_class_init (GstVlmEventPadClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_vlm_event_pad_finalize;
}

static void
gst_vlm_event_pad_init (GstVlmEventPad *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_cond_init (&self->handed_on);
  g_queue_init (&self->items);
  self->flushing = TRUE;
  self->cues = gst_vlm_cues_new ();
  self->flat = gst_vlm_flat_cues_new ();
  self->onvif = gst_vlm_onvif_new ();
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  gst_pad_set_activatemode_function (GST_PAD (self), event_pad_activate_mode);
}
