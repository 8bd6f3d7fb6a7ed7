/* gst-vlm: vlmevents, the element that analyses video
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vlmevents
 * @title: vlmevents
 * @short_description: says what happens in a video, where and when
 *
 * vlmevents passes video on untouched and, beside it, samples frames, gathers
 * them in windows and lets Qwen2.5-VL say what happens in them. An event knows
 * when it began and ended: in timestamps, running time, stream time and, where
 * the stream or the pipeline's clock knows it, UTC.
 *
 * An event is known only after its window was analysed, which is later than the
 * frames it is about. So it carries its own times, and leaves in four ways: as
 * #GstVlmEventMeta (and #GstVideoRegionOfInterestMeta where there is a box) on
 * the next video buffer, as a record on the request pad `events`, as an element
 * message `vlm-event` on the bus, and with the signal #GstVlmEvents::event.
 *
 * The pad `events` sends JSON, one object a line, or plain text where that is
 * what downstream takes. It is sparse: it has a thread of its own and keeps
 * time with gap events, so it needs no queue and does not hold up matroskamux.
 * Matroska stores a cue at most 32 seconds behind the video: where inference
 * lags further, a text file is the better place. mp4mux and qtmux stay with the
 * text once they took it up: there the video needs a queue without limits.
 *
 * Streams that are not live wait for the analysis: nothing is skipped, and two
 * runs give the same events. Live streams never wait: where the device is too
 * slow the oldest window is dropped. What was not analysed is reported on the bus
 * (`vlm-gap`, QoS), on the pad `events` and in #GstVlmEvents:stats.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct window=10 hop=5 \
 *     ! fakesink  w.events ! filesink location=events.jsonl \
 *       buffer-mode=unbuffered
 * ]|
 * Writes down what happens in a file.
 * |[
 * gst-launch-1.0 -m filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents model=/models/Qwen2.5-VL-3B-Instruct window=4 \
 *       query="a ball leaves" ! videoconvert ! autovideosink
 * ]|
 * Shows the file, and the events as messages.
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct window=4 hop=2 \
 *     ! fakesink  w.events ! webvttenc ! filesink location=events.vtt \
 *       buffer-mode=unbuffered
 * ]|
 * Writes subtitles.
 * |[
 * gst-launch-1.0 -e rtspsrc location=rtsp://camera \
 *     add-reference-timestamp-meta=true ! decodebin ! videoconvert \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct \
 *       query="a person falls" window=10 hop=2 \
 *     ! fakesink  w.events ! filesink location=events.jsonl \
 *       buffer-mode=unbuffered
 * ]|
 * Watches a camera; the events have the camera's own UTC times.
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct window=0 \
 *       refine=true ! fakesink  w.events ! filesink location=events.jsonl \
 *       buffer-mode=unbuffered
 * ]|
 * Finds short events in hours of video.
 */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmerror.h"
#include "util/gstvlmframe.h"
#include "util/gstvlmtime.h"

/* Not a GstBaseTransform: in passthrough that may not touch the buffer, and in
 * place it negotiates buffers and pools of its own. Here nothing of the video
 * is ever negotiated: caps, allocation and latency queries pass through, and a
 * buffer is made writable (its memory stays shared) only when events are put on
 * it. And a second source pad has no place in that class. */

GST_DEBUG_CATEGORY (gst_vlm_events_debug);
#define GST_CAT_DEFAULT gst_vlm_events_debug

#define VIDEO_CAPS GST_VIDEO_CAPS_MAKE (GST_VLM_FRAME_FORMATS)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
G_DEFINE_FINAL_TYPE_WITH_CODE (GstVlmEvents, gst_vlm_events, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        gst_vlm_events_debug, "vlmevents", 0, "events in video"))
GST_ELEMENT_REGISTER_DEFINE (
    vlmevents, "vlmevents", GST_RANK_NONE, GST_TYPE_VLM_EVENTS)

static void
advance (GPtrArray *outputs, GstClockTime position)
{
  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_advance (outputs->pdata[i], position);
}

GstFlowReturn
gst_vlm_events_send_buffer (GstVlmEvents *self, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);
  GstFlowReturn flow;

  g_mutex_lock (&self->lock);
  self->n_buffers++;
  g_mutex_unlock (&self->lock);
  /* The time advances before the buffer is pushed, and to its end: a muxer that
   * waits for the events to pass the buffer keeps this thread. */
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    advance (outputs,
        gst_vlm_time_end (GST_BUFFER_PTS (buffer),
            GST_BUFFER_DURATION_IS_VALID (buffer) ? GST_BUFFER_DURATION (buffer)
                                                  : 1));
  flow = gst_pad_push (self->srcpad, buffer);

  g_mutex_lock (&self->lock);
  flow = gst_flow_combiner_update_pad_flow (self->flow, self->srcpad, flow);
  g_mutex_unlock (&self->lock);
  return flow;
}

static gboolean
has_failed (GstVlmEvents *self)
{
  gboolean failed;

  g_mutex_lock (&self->lock);
  failed = self->failed;
  g_mutex_unlock (&self->lock);
  return failed;
}

static GstFlowReturn
gst_vlm_events_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);
  GstFlowReturn flow;

  if (!gst_pad_has_current_caps (pad)) {
    gst_vlm_error_post_no_caps (GST_ELEMENT (self));
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  flow = gst_vlm_events_see_buffer (self, buffer);
  if (flow == GST_FLOW_OK && has_failed (self))
    flow = GST_FLOW_ERROR;
  if (self->delay != NULL)
    gst_vlm_delay_rest (self->delay);
  if (flow != GST_FLOW_OK || self->delay != NULL) {
    gst_buffer_unref (buffer);
    return flow;
  }
  return gst_vlm_events_send_buffer (
      self, gst_vlm_events_attach (self, buffer));
}

static gboolean
set_caps (GstVlmEvents *self, GstEvent *event)
{
  GstVideoInfo info;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (!gst_video_info_from_caps (&info, caps)) {
    GST_ERROR_OBJECT (self, "not video: %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  if (!gst_vlm_events_check_delay (self, &info))
    return FALSE;
  if (gst_vlm_events_set_info (self, &info))
    gst_vlm_events_repeat_regions (self);
  g_mutex_lock (&self->lock);
  self->video_width = (guint) GST_VIDEO_INFO_WIDTH (&info);
  self->video_height = (guint) GST_VIDEO_INFO_HEIGHT (&info);
  for (guint i = 0; i < self->outputs->len; i++)
    gst_vlm_event_pad_set_video_size (
        self->outputs->pdata[i], self->video_width, self->video_height);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Events found in an old segment cannot be stamped in the new one: where the
 * stream may wait, they come first. */
static void
set_segment (GstVlmEvents *self, GstEvent *event)
{
  GstSegment segment;

  gst_event_copy_segment (event, &segment);
  if (gst_vlm_events_set_segment (self, &segment) &&
      gst_vlm_events_get_policy (self) == GST_VLM_POLICY_BLOCK)
    gst_vlm_events_drain (self);
}

static void
start_stream (GstVlmEvents *self)
{
  gst_vlm_events_cut (self);
  gst_vlm_events_finish_camera (self);
  gst_vlm_events_repeat_regions (self);
  gst_clear_event (&self->front_regions);
  self->knows_live = FALSE;
  self->warned_no_time = FALSE;
  self->standing_at = GST_CLOCK_TIME_NONE;
  self->n_standing = 0;
}

static void
take_gap (GstVlmEvents *self, GstEvent *event)
{
  const GstSegment *segment = gst_vlm_windower_get_segment (self->windower);
  GstClockTime end;
  GstClockTime duration;
  gint64 stream_time = VLM_TIME_NONE;

  gst_event_parse_gap (event, &end, &duration);
  end = gst_vlm_time_end (end, duration);
  if (segment->format == GST_FORMAT_TIME)
    stream_time = gst_vlm_time_from_gst (
        gst_segment_to_stream_time (segment, GST_FORMAT_TIME, end));
  if (!gst_vlm_windower_continues (self->windower, stream_time))
    gst_vlm_events_cut (self);
  gst_vlm_windower_miss (self->windower, end);
}

/* What was pushed is analysed and reported before the stream or segment ends.
 * FALSE when a flush came first. */
static gboolean
finish (GstVlmEvents *self)
{
  gst_vlm_windower_end (self->windower);
  gst_vlm_events_cut (self);
  gst_vlm_events_finish_camera (self);
  return gst_vlm_events_drain (self) != GST_FLOW_FLUSHING;
}

/* --- what leaves --------------------------------------------------------- */

static void
send_segment (GstVlmEvents *self, GstEvent *event)
{
  GstSegment segment;

  gst_event_copy_segment (event, &segment);
  g_mutex_lock (&self->lock);
  self->sent_segment = segment;
  for (guint i = 0; i < self->outputs->len; i++)
    gst_vlm_event_pad_set_segment (self->outputs->pdata[i], &segment);
  g_mutex_unlock (&self->lock);
}

static void
send_stream_start (GstVlmEvents *self, GstEvent *event)
{
  g_mutex_lock (&self->lock);
  gst_event_replace (&self->stream_start, event);
  self->ended = FALSE;
  for (guint i = 0; i < self->outputs->len; i++) {
    gst_vlm_event_pad_start_stream (self->outputs->pdata[i], event);
    gst_vlm_event_pad_set_subjects (self->outputs->pdata[i], self->subjects);
  }
  g_mutex_unlock (&self->lock);
}

static void
send_gap (GstVlmEvents *self, GstEvent *event)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);
  GstClockTime start;
  GstClockTime duration;

  gst_event_parse_gap (event, &start, &duration);
  advance (outputs, gst_vlm_time_end (start, duration));
}

/* matroskamux ends the file with the video, unless it holds a buffer of text at
 * that moment. */
static void
send_end (GstVlmEvents *self)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);

  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_hand_on (outputs->pdata[i]);
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->pending, 0);
  g_ptr_array_set_size (self->pending_answers, 0);
  gst_vlm_placer_clear (self->placer);
  self->ended = TRUE;
  for (guint i = 0; i < self->outputs->len; i++)
    gst_vlm_event_pad_end (self->outputs->pdata[i]);
  g_mutex_unlock (&self->lock);
}

static void
send_segment_done (GstVlmEvents *self, GstEvent *event)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);

  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_end_segment (outputs->pdata[i], event);
}

static void
send_caps (GstVlmEvents *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  gst_video_info_from_caps (&self->out_info, caps);
}

void
gst_vlm_events_note_event (GstVlmEvents *self, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    send_stream_start (self, event);
    break;
  case GST_EVENT_CAPS:
    send_caps (self, event);
    break;
  case GST_EVENT_SEGMENT:
    send_segment (self, event);
    break;
  case GST_EVENT_GAP:
    send_gap (self, event);
    break;
  case GST_EVENT_EOS:
    send_end (self);
    break;
  case GST_EVENT_SEGMENT_DONE:
    send_segment_done (self, event);
    break;
  default:
    break;
  }
}

gboolean
gst_vlm_events_send_event (GstVlmEvents *self, GstEvent *event)
{
  gst_vlm_events_note_event (self, event);
  return gst_pad_push_event (self->srcpad, event);
}

/* --- flush --------------------------------------------------------------- */

/* Not under the stream lock: the streaming thread may wait in downstream, in
 * the worker or in here. */
static void
start_flush (GstVlmEvents *self)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);
  g_autoptr (GstVlmWorker) worker = NULL;
  guint generation;

  /* Comes first, because buffers that the flush finishes must not leave. */
  if (self->delay != NULL)
    gst_vlm_delay_flush (self->delay, &self->kept_events);
  g_mutex_lock (&self->lock);
  generation = ++self->generation;
  g_ptr_array_set_size (self->pending, 0);
  g_ptr_array_set_size (self->pending_answers, 0);
  gst_vlm_placer_clear (self->placer);
  gst_vlm_gate_clear (self->gate, FALSE);
  gst_vlm_snapshots_clear (self->snapshots);
  worker = self->worker != NULL ? gst_vlm_worker_ref (self->worker) : NULL;
  g_mutex_unlock (&self->lock);
  if (worker != NULL)
    gst_vlm_worker_flush_start (worker, generation);
  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_flush_start (outputs->pdata[i]);
}

static void
stop_flush (GstVlmEvents *self, GstEvent *event)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);
  gboolean reset_time;

  gst_event_parse_flush_stop (event, &reset_time);
  gst_vlm_windower_flush (self->windower);
  if (self->refiner != NULL)
    gst_vlm_refiner_flush (self->refiner);
  if (self->trigger != NULL)
    gst_vlm_trigger_flush (self->trigger);
  gst_vlm_worker_flush_stop (self->worker);
  g_mutex_lock (&self->lock);
  gst_segment_init (&self->sent_segment, GST_FORMAT_UNDEFINED);
  self->ended = FALSE;
  gst_flow_combiner_reset (self->flow);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_flush_stop (outputs->pdata[i], reset_time);
}

static gboolean
gst_vlm_events_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);
  gboolean forward = TRUE;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    start_stream (self);
    break;
  case GST_EVENT_CAPS:
    forward = set_caps (self, event);
    break;
  case GST_EVENT_SEGMENT:
    set_segment (self, event);
    break;
  case GST_EVENT_GAP:
    take_gap (self, event);
    break;
  case GST_EVENT_EOS:
  case GST_EVENT_SEGMENT_DONE:
    forward = finish (self);
    break;
  case GST_EVENT_FLUSH_START:
    start_flush (self);
    forward = gst_pad_push_event (self->srcpad, event);
    gst_vlm_events_flush_delay (self);
    return forward;
  case GST_EVENT_FLUSH_STOP:
    stop_flush (self, event);
    forward = gst_pad_push_event (self->srcpad, event);
    gst_vlm_events_resume_delay (self);
    return forward;
  default:
    gst_vlm_events_take_trigger (self, event);
    if (gst_vlm_events_take_regions (self, event))
      return TRUE;
    break;
  }
  if (!forward) {
    gst_event_unref (event);
    return FALSE;
  }
  if (self->delay == NULL || !GST_EVENT_IS_SERIALIZED (event))
    return gst_vlm_events_send_event (self, event);
  return gst_vlm_delay_push_event (self->delay, event);
}

static gboolean
gst_vlm_events_sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);
  GstCaps *caps;

  /* Buffers that wait here are copies, which use no pool of downstream. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION && self->delay != NULL)
    return FALSE;
  /* Downstream may take what we cannot read. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    g_autoptr (GstCaps) readable = gst_pad_get_pad_template_caps (pad);

    gst_query_parse_accept_caps (query, &caps);
    if (!gst_caps_is_subset (caps, readable)) {
      gst_query_set_accept_caps_result (query, FALSE);
      return TRUE;
    }
  }
  return gst_pad_query_default (pad, parent, query);
}

static void
reset (GstVlmEvents *self)
{
  self->knows_live = FALSE;

  g_mutex_lock (&self->lock);
  self->generation++;
  g_free (self->run);
  self->run = g_uuid_string_random ();
  g_ptr_array_set_size (self->pending, 0);
  g_ptr_array_set_size (self->pending_answers, 0);
  gst_vlm_gate_clear (self->gate, FALSE);
  gst_vlm_snapshots_clear (self->snapshots);
  gst_flow_combiner_reset (self->flow);
  gst_clear_event (&self->stream_start);
  gst_segment_init (&self->sent_segment, GST_FORMAT_UNDEFINED);
  self->ended = FALSE;
  self->failed = FALSE;
  g_clear_pointer (&self->progress_stage, g_free);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
gst_vlm_events_change_state (GstElement *element, GstStateChange transition)
{
  GstVlmEvents *self = GST_VLM_EVENTS (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    reset (self);
    self->n_buffers = 0;
    self->n_sampled = 0;
    self->unwatched_ns = 0;
    gst_vlm_gate_clear (self->gate, TRUE);
    if (!gst_vlm_events_start_analysis (self)) {
      reset (self);
      return GST_STATE_CHANGE_FAILURE;
    }
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    /* Wakes the streaming thread, which deactivating the pads waits for. */
    gst_vlm_events_stop_analysis (self);
  } else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    gst_vlm_events_stop_camera_timer (self);
  }

  result = GST_ELEMENT_CLASS (gst_vlm_events_parent_class)
               ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    gst_vlm_events_start_camera_timer (self);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
          result == GST_STATE_CHANGE_FAILURE)) {
    gst_vlm_events_end_analysis (self);
    reset (self);
  }
  return result;
}

static void
gst_vlm_events_finalize (GObject *object)
{
  GstVlmEvents *self = GST_VLM_EVENTS (object);

  gst_vlm_events_clear_settings (self);
  gst_vlm_events_clear_outputs (self);
  gst_clear_event (&self->stream_start);
  gst_clear_event (&self->subjects);
  gst_flow_combiner_unref (self->flow);
  g_ptr_array_unref (self->pending);
  g_ptr_array_unref (self->pending_answers);
  g_free (self->schema);
  gst_vlm_gate_free (self->gate);
  gst_vlm_placer_free (self->placer);
  gst_vlm_snapshots_free (self->snapshots);
  g_free (self->run);
  g_free (self->mask_text);
  g_free (self->zone_text);
  gst_clear_event (&self->front_regions);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_vlm_events_parent_class)->finalize (object);
}

static void
gst_vlm_events_class_init (GstVlmEventsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = gst_vlm_events_finalize;
  element_class->change_state = gst_vlm_events_change_state;
  gst_vlm_events_install_properties (object_class);
  gst_vlm_events_install_signals (object_class);
  gst_vlm_events_install_ask (object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_vlm_events_install_outputs (element_class);
  gst_element_class_set_static_metadata (element_class,
      "Video event analyzer (Qwen2.5-VL)", "Filter/Analyzer/Video",
      "Detects and describes events in video; passes the video through",
      "The gst-vlm developers");
}

static GstPad *
add_video_pad (
    GstVlmEvents *self, GstStaticPadTemplate *template, const char *name)
{
  GstPad *pad = gst_pad_new_from_static_template (template, name);

  gst_pad_set_iterate_internal_links_function (
      pad, gst_vlm_events_iterate_links);
  GST_PAD_SET_PROXY_CAPS (pad);
  GST_PAD_SET_PROXY_ALLOCATION (pad);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

static void
gst_vlm_events_init (GstVlmEvents *self)
{
  g_mutex_init (&self->lock);
  self->pending =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  self->pending_answers = gst_vlm_events_new_answers ();
  self->gate = gst_vlm_gate_new ();
  self->snapshots = gst_vlm_snapshots_new ();
  self->flow = gst_flow_combiner_new ();
  gst_vlm_events_init_outputs (self);
  self->seek_seqnum = GST_SEQNUM_INVALID;
  gst_segment_init (&self->sent_segment, GST_FORMAT_UNDEFINED);
  gst_vlm_events_init_settings (self);

  self->sinkpad = add_video_pad (self, &sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_vlm_events_chain);
  gst_pad_set_event_function (self->sinkpad, gst_vlm_events_sink_event);
  gst_pad_set_query_function (self->sinkpad, gst_vlm_events_sink_query);
  self->srcpad = add_video_pad (self, &src_template, "src");
  gst_pad_set_event_function (self->srcpad, gst_vlm_events_src_event);
  gst_vlm_events_init_delay (self);
  gst_flow_combiner_add_pad (self->flow, self->srcpad);
}
