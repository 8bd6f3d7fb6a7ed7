/* gst-vlm: vlmevents, outputs: metas, pads, bus, signal
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Called on the thread of the worker, unless said otherwise. */
#include "config.h"

#include "elements/gstvlmevents-private.h"

#include "gstvlm.h"
#include "util/gstvlmanalytics.h"
#include "util/gstvlmerror.h"
#include "util/gstvlmtext.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* One type for all boxes: each label would be another quark, never freed. */
#define ROI_TYPE "vlm-event"

static guint event_signal;

static void
on_progress (gpointer user_data, const char *stage, double fraction)
{
  GstVlmEvents *self = user_data;
  int percent = (int) (100.0 * CLAMP (fraction, 0.0, 1.0));
  g_autofree char *text = NULL;
  gboolean news;

  g_mutex_lock (&self->lock);
  news = g_strcmp0 (stage, self->progress_stage) != 0 ||
      percent >= self->progress_percent + 5;
  if (news) {
    g_free (self->progress_stage);
    self->progress_stage = g_strdup (stage);
    self->progress_percent = percent;
  }
  g_mutex_unlock (&self->lock);
  if (!news)
    return;
  text = g_strdup_printf ("Loading the model: %s, %d %%", stage, percent);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (
          GST_OBJECT (self), GST_PROGRESS_TYPE_CONTINUE, "load", text));
}

/* The model's own value, the default if the user sets none. */
static void
take_min_confidence (GstVlmEvents *self, VlmAnalyzer *analyzer)
{
  double least = vlm_analyzer_get_min_confidence (analyzer);

  GST_OBJECT_LOCK (self);
  self->model_min_confidence = least;
  GST_OBJECT_UNLOCK (self);
}

static void
on_loaded (gpointer user_data, VlmAnalyzer *analyzer, const GError *error)
{
  GstVlmEvents *self = user_data;
  GstProgressType type = GST_PROGRESS_TYPE_COMPLETE;
  const char *text = "The model is loaded";

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    type = GST_PROGRESS_TYPE_CANCELED;
    text = "Loading the model was cancelled";
  } else if (error != NULL) {
    type = GST_PROGRESS_TYPE_ERROR;
    text = "The model could not be loaded";
    gst_vlm_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, text, error);
  } else {
    take_min_confidence (self, analyzer);
  }
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), type, "load", text));
}

/* From the last frame of the window to now, on the pipeline's clock; -1 where the
 * stream does not run with the clock. */
double
gst_vlm_events_get_latency_ms (GstVlmEvents *self, const VlmWindow *window)
{
  const VlmFrame *last;
  gint64 now;

  if (!g_atomic_int_get (&self->is_live) || window == NULL ||
      window->n_samples == 0)
    return -1.0;
  last = window->samples[window->n_samples - 1].frame;
  now = gst_vlm_time_now (GST_ELEMENT (self));
  if (!VLM_TIME_IS_VALID (now) || !VLM_TIME_IS_VALID (last->time.running_time))
    return -1.0;
  return (double) MAX (0, now - last->time.running_time) / GST_MSECOND;
}

char *
gst_vlm_events_dup_stream_label (GstVlmEvents *self)
{
  char *label;

  GST_OBJECT_LOCK (self);
  label = g_strdup (self->settings.stream_label);
  GST_OBJECT_UNLOCK (self);
  return label;
}

/* A copy of the event with what only the element knows. The event itself is not
 * changed, because the analyzer may keep it. */
static VlmEvent *
complete (GstVlmEvents *self, const VlmEvent *event, double latency_ms)
{
  VlmEvent *own = vlm_event_copy (event);
  char *label = gst_vlm_events_dup_stream_label (self);

  own->latency_ms = latency_ms;
  g_free (own->event_uid);
  own->event_uid =
      g_strdup_printf ("%s-%" G_GUINT64_FORMAT, self->run, own->id);
  if (label != NULL) {
    g_free (own->stream);
    own->stream = label;
  }
  return own;
}

/* NULL when a flush came first, or the confidence is too low. */
static VlmEvent *
let_pass (GstVlmEvents *self, const VlmEvent *event, double latency_ms,
    guint generation, gboolean *is_first)
{
  VlmEvent *own = NULL;
  double min_confidence;

  GST_OBJECT_LOCK (self);
  min_confidence = self->settings.min_confidence >= 0.0
      ? self->settings.min_confidence
      : self->model_min_confidence;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  if (generation == self->generation &&
      gst_vlm_gate_passes (self->gate, event, min_confidence, is_first)) {
    own = complete (self, event, latency_ms);
    if (*is_first && own->state == VLM_EVENT_STATE_UPDATE)
      own->state = VLM_EVENT_STATE_BEGIN;
  }
  g_mutex_unlock (&self->lock);
  return own;
}

/* Records leave in the order of their numbers. FALSE when a flush came first. */
static gboolean
queue_event (
    GstVlmEvents *self, VlmEvent *own, gboolean is_first, guint generation)
{
  gboolean current;

  g_mutex_lock (&self->lock);
  current = generation == self->generation;
  if (current) {
    own->seq = ++self->n_records;
    if (self->delay != NULL)
      gst_vlm_placer_add (self->placer, own, is_first);
    else
      g_ptr_array_add (self->pending, vlm_event_ref (own));
    for (guint i = 0; i < self->outputs->len; i++)
      gst_vlm_event_pad_add_event (self->outputs->pdata[i], own);
  }
  g_mutex_unlock (&self->lock);
  return current;
}

static void
log_event (GstVlmEvents *self, const VlmEvent *event)
{
#ifndef GST_DISABLE_GST_DEBUG
  g_autofree char *text = NULL;

  if (gst_debug_category_get_threshold (GST_CAT_DEFAULT) < GST_LEVEL_DEBUG)
    return;
  text = gst_vlm_text_for_terminal (
      event->description != NULL ? event->description : "");
  GST_DEBUG_OBJECT (self, "event %" G_GUINT64_FORMAT " %s: %s", event->id,
      vlm_event_state_to_string (event->state), text);
#endif
}

static void
on_found (gpointer user_data, const VlmWindow *window, GPtrArray *events,
    guint generation)
{
  GstVlmEvents *self = user_data;
  double latency_ms = gst_vlm_events_get_latency_ms (self, window);

  for (guint i = 0; i < events->len; i++) {
    gboolean is_first = FALSE;
    g_autoptr (VlmEvent) event = let_pass (
        self, g_ptr_array_index (events, i), latency_ms, generation, &is_first);

    if (event == NULL)
      continue;
    /* This takes long, so it is done without the lock. */
    gst_vlm_events_add_snapshot (self, window, event);
    if (!queue_event (self, event, is_first, generation))
      return;
    log_event (self, event);
    gst_element_post_message (GST_ELEMENT (self),
        gst_vlm_message_new_event (GST_OBJECT (self), event));
    g_signal_emit (self, event_signal, 0, event);
  }
}

gboolean
gst_vlm_events_report_failure (
    GstVlmEvents *self, const char *what, const GError *error)
{
  GstVlmOnError on_error;

  GST_OBJECT_LOCK (self);
  on_error = self->settings.on_error;
  GST_OBJECT_UNLOCK (self);
  if (on_error == GST_VLM_ON_ERROR_WARN) {
    gst_vlm_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING, what, error);
    return TRUE;
  }
  /* The flag comes first, so that it is set when the message is read. */
  g_mutex_lock (&self->lock);
  self->failed = TRUE;
  g_mutex_unlock (&self->lock);
  gst_vlm_error_post (GST_ELEMENT (self), GST_MESSAGE_ERROR, what, error);
  return FALSE;
}

static gboolean
on_failed (gpointer user_data, const GError *error)
{
  return gst_vlm_events_report_failure (
      user_data, "A window could not be analysed", error);
}

static void
post_gap (GstVlmEvents *self, const VlmGap *gap, const char *json)
{
  GstStructure *structure = gst_structure_new ("vlm-gap", "type", G_TYPE_STRING,
      vlm_record_type_to_string (VLM_RECORD_TYPE_GAP), "schema-version",
      G_TYPE_UINT, VLM_RECORD_SCHEMA_VERSION, "event-uid", G_TYPE_STRING,
      gap->event_uid, "seq", G_TYPE_UINT64, gap->seq, "reason", G_TYPE_STRING,
      gap->reason, "start", G_TYPE_INT64, gap->start.stream_time, "end",
      G_TYPE_INT64, gap->end.stream_time, "running-time-start", G_TYPE_INT64,
      gap->start.running_time, "running-time-end", G_TYPE_INT64,
      gap->end.running_time, "json", G_TYPE_STRING, json, NULL);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static void
post_qos (GstVlmEvents *self, const VlmInstant *start, const VlmInstant *end)
{
  GstVlmWorkerStats stats = { 0 };
  GstMessage *message =
      gst_message_new_qos (GST_OBJECT (self), g_atomic_int_get (&self->is_live),
          gst_vlm_time_to_gst (start->running_time),
          gst_vlm_time_to_gst (start->stream_time),
          gst_vlm_time_to_gst (start->pts),
          gst_vlm_time_to_gst (end->stream_time - start->stream_time));

  g_mutex_lock (&self->lock);
  if (self->worker != NULL)
    gst_vlm_worker_get_stats (self->worker, &stats);
  g_mutex_unlock (&self->lock);
  /* Counts windows: buffers are the nearest format that there is. */
  gst_message_set_qos_stats (message, GST_FORMAT_BUFFERS, stats.n_analysed,
      stats.n_dropped + stats.n_failed);
  gst_element_post_message (GST_ELEMENT (self), message);
}

void
gst_vlm_events_report_gap (GstVlmEvents *self, GstVlmGapReason reason,
    const VlmInstant *start, const VlmInstant *end, guint generation)
{
  g_autofree char *label = gst_vlm_events_dup_stream_label (self);
  g_autofree char *uid = NULL;
  g_autofree char *json = NULL;
  VlmGap gap = {
    .reason = gst_vlm_gap_reason_to_string (reason),
    .start = *start,
    .end = *end,
    .stream = label,
  };

  g_mutex_lock (&self->lock);
  if (generation == self->generation) {
    gap.seq = ++self->n_records;
    gap.event_uid = uid =
        g_strdup_printf ("%s-gap-%" G_GUINT64_FORMAT, self->run, gap.seq);
    json = vlm_gap_to_json (&gap);
    for (guint i = 0; i < self->outputs->len; i++)
      gst_vlm_event_pad_add_gap (self->outputs->pdata[i], &gap);
  }
  g_mutex_unlock (&self->lock);
  if (json == NULL)
    return;
  GST_INFO_OBJECT (self, "not analysed: %s", json);
  post_gap (self, &gap, json);
  if (!gst_vlm_gap_is_wanted (reason))
    post_qos (self, start, end);
}

static GstMessage *
new_camera_message (
    GstVlmEvents *self, const VlmCameraReport *report, const char *json)
{
  GstStructure *structure = gst_structure_new ("vlm-camera", "type",
      G_TYPE_STRING, vlm_record_type_to_string (VLM_RECORD_TYPE_CAMERA),
      "schema-version", G_TYPE_UINT, VLM_RECORD_SCHEMA_VERSION, "event-uid",
      G_TYPE_STRING, report->event_uid, "seq", G_TYPE_UINT64, report->seq,
      "state", G_TYPE_STRING, report->begins ? "begin" : "end", "condition",
      G_TYPE_STRING, report->condition, "start", G_TYPE_INT64,
      report->start.stream_time, "json", G_TYPE_STRING, json, NULL);

  if (!report->begins)
    gst_structure_set (
        structure, "end", G_TYPE_INT64, report->end.stream_time, NULL);
  return gst_message_new_element (GST_OBJECT (self), structure);
}

GstMessage *
gst_vlm_events_report_camera (
    GstVlmEvents *self, VlmCameraReport *report, char **uid)
{
  g_autofree char *label = gst_vlm_events_dup_stream_label (self);
  g_autofree char *json = NULL;

  report->stream = label;
  g_mutex_lock (&self->lock);
  report->seq = ++self->n_records;
  if (*uid == NULL)
    *uid = g_strdup_printf (
        "%s-camera-%" G_GUINT64_FORMAT, self->run, report->seq);
  report->event_uid = *uid;
  json = vlm_camera_report_to_json (report);
  for (guint i = 0; i < self->outputs->len; i++)
    gst_vlm_event_pad_add_camera (self->outputs->pdata[i], report);
  g_mutex_unlock (&self->lock);
  GST_INFO_OBJECT (self, "camera: %s", json);
  return new_camera_message (self, report, json);
}

static void
on_unwatched (gpointer user_data, const VlmInstant *start,
    const VlmInstant *end, GstVlmGapReason reason, guint generation)
{
  gst_vlm_events_report_gap (user_data, reason, start, end, generation);
}

static void
on_done (gpointer user_data, guint64 ticket)
{
  GstVlmEvents *self = user_data;

  if (self->delay != NULL)
    gst_vlm_delay_done (self->delay, ticket);
}

const GstVlmWorkerFuncs gst_vlm_events_worker_funcs = {
  .progress = on_progress,
  .loaded = on_loaded,
  .found = on_found,
  .asked = gst_vlm_events_report_answers,
  .failed = on_failed,
  .unwatched = on_unwatched,
  .done = on_done,
  .answered = gst_vlm_events_answer,
};

GstVideoRegionOfInterestMeta *
gst_vlm_events_add_region (GstVlmEvents *self, GstBuffer *buffer,
    const char *type, gint id, const VlmRect *rect)
{
  int width = self->out_info.width;
  int height = self->out_info.height;
  int x1 = CLAMP (rect->x, 0, width);
  int y1 = CLAMP (rect->y, 0, height);
  int x2 = CLAMP (rect->x + rect->width, x1, width);
  int y2 = CLAMP (rect->y + rect->height, y1, height);
  GstVideoRegionOfInterestMeta *meta;

  if (x1 == x2 || y1 == y2)
    return NULL;
  meta = gst_buffer_add_video_region_of_interest_meta (buffer, type, (guint) x1,
      (guint) y1, (guint) (x2 - x1), (guint) (y2 - y1));
  meta->id = id;
  return meta;
}

static void
attach_box (GstVlmEvents *self, GstBuffer *buffer, const VlmEvent *event)
{
  GstVideoRegionOfInterestMeta *meta = gst_vlm_events_add_region (
      self, buffer, ROI_TYPE, (gint) event->id, &event->bbox);

  if (meta == NULL)
    return;
  gst_video_region_of_interest_meta_add_param (meta,
      gst_structure_new ("vlm-event", "id", G_TYPE_UINT64, event->id, "state",
          G_TYPE_STRING, vlm_event_state_to_string (event->state), "label",
          G_TYPE_STRING, event->label, "description", G_TYPE_STRING,
          event->description, "stream-time", G_TYPE_INT64,
          event->bbox_time.stream_time, NULL));
#ifdef HAVE_GST_ANALYTICS
  gst_vlm_analytics_add_box (buffer, event, meta);
#endif
}

GstBuffer *
gst_vlm_events_attach_events (
    GstVlmEvents *self, GstBuffer *buffer, GPtrArray *records, GPtrArray *boxes)
{
  if (records->len == 0 && boxes->len == 0)
    return buffer;
  buffer = gst_buffer_make_writable (buffer);
  if (records->len > 0)
    gst_vlm_buffer_add_event_meta (buffer, records);
  for (guint i = 0; i < boxes->len; i++)
    attach_box (self, buffer, g_ptr_array_index (boxes, i));
  return buffer;
}

/* On the streaming thread. Takes ownership of @buffer. */
GstBuffer *
gst_vlm_events_attach (GstVlmEvents *self, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) events = NULL;

  g_mutex_lock (&self->lock);
  if (self->pending->len > 0) {
    events = self->pending;
    self->pending =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  }
  g_mutex_unlock (&self->lock);
  buffer = gst_vlm_events_attach_answers (self, buffer, G_MAXINT64);
  return events != NULL
      ? gst_vlm_events_attach_events (self, buffer, events, events)
      : buffer;
}

void
gst_vlm_events_install_signals (GObjectClass *klass)
{
  /**
   * GstVlmEvents::event:
   * @element: the element
   * @event: the event
   *
   * Emitted on the thread that analyses; the next window waits for the handler.
   */
  event_signal = g_signal_new ("event", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, VLM_TYPE_EVENT);
}
