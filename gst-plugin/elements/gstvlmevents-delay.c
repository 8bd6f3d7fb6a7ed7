/* gst-vlm: vlmevents, video that waits for its analysis
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With delay-video the streaming thread puts copies of the frames, and all
 * serialized events, into a GstVlmDelay; the task of the source pad takes them
 * out. Without it none of this is used. */
#include "elements/gstvlmevents-private.h"

#include <math.h>

#include "util/gstvlmfull.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* The frame that is not yet in the window, and the one that is no longer. */
#define SPARE_FRAMES 2

/* The time from a frame to when it must leave, on a live stream. */
static GstClockTime
get_latency (GstVlmEvents *self)
{
  return (GstClockTime) (self->delay_window + self->trigger_before +
      self->delay_margin);
}

/* --- callbacks of the delay ---------------------------------------------- */

static gint64
get_patience (gpointer user_data, GstClockTime running_time)
{
  GstVlmEvents *self = user_data;
  gint64 now;

  if (!g_atomic_int_get (&self->is_live))
    return G_MAXINT64;
  now = gst_vlm_time_now (GST_ELEMENT (self));
  if (!VLM_TIME_IS_VALID (now) || !GST_CLOCK_TIME_IS_VALID (running_time))
    return G_USEC_PER_SEC;
  return vlm_time_since (vlm_time_add (gst_vlm_time_from_gst (running_time),
                             (gint64) get_latency (self)),
             now) /
      1000;
}

/* A demuxer that waits for a full queue of another stream hands out no video. */
static gboolean
is_stalled (gpointer user_data)
{
  GstVlmEvents *self = user_data;
  g_autofree char *full = gst_vlm_full_find_queue (GST_ELEMENT (self));

  if (full == NULL)
    return FALSE;
  GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
      ("delay-video waits for more video, which is blocked because %s is full. "
       "The video is no longer delayed. Make room in that queue for more than "
       "the %g s of a window: max-size-time=%" G_GUINT64_FORMAT
       " max-size-buffers=0 max-size-bytes=0",
          full, (double) self->delay_window / GST_SECOND,
          (guint64) self->delay_window + 5 * GST_SECOND),
      (NULL));
  return TRUE;
}

static const GstVlmDelayFuncs delay_funcs = {
  .get_patience = get_patience,
  .is_stalled = is_stalled,
};

void
gst_vlm_events_start_delay (GstVlmEvents *self)
{
  guint64 max_bytes = 0;
  gboolean wanted;

  GST_OBJECT_LOCK (self);
  wanted = self->settings.delay_video;
  max_bytes = self->settings.delay_bytes;
  self->delay_window = gst_vlm_time_from_seconds (self->settings.window);
  self->delay_hop = gst_vlm_time_from_seconds (self->settings.hop);
  self->delay_margin = gst_vlm_time_from_seconds (self->settings.delay_margin);
  GST_OBJECT_UNLOCK (self);
  self->warned_small = FALSE;
  if (!wanted)
    return;
  g_mutex_lock (&self->lock);
  self->delay = gst_vlm_delay_new (max_bytes, &delay_funcs, self);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_events_end_delay (GstVlmEvents *self)
{
  GstVlmDelay *delay;

  g_mutex_lock (&self->lock);
  delay = g_steal_pointer (&self->delay);
  g_mutex_unlock (&self->lock);
  gst_vlm_delay_free (delay);
  g_queue_clear_full (&self->kept_events, (GDestroyNotify) gst_event_unref);
}

/* --- putting in ---------------------------------------------------------- */

/* Of the frames of a window, and of those that come while it is analysed. */
static guint64
count_bytes (GstVlmEvents *self, const GstVideoInfo *info, gboolean live)
{
  double seconds = (double) (self->delay_window + self->trigger_before +
                       (live ? self->delay_margin : 0)) /
      GST_SECOND;

  return (guint64) (ceil (seconds * info->fps_n / MAX (1, info->fps_d)) +
             SPARE_FRAMES) *
      GST_VIDEO_INFO_SIZE (info);
}

gboolean
gst_vlm_events_check_delay (GstVlmEvents *self, const GstVideoInfo *info)
{
  guint64 max_bytes;
  guint64 n_bytes;

  if (self->delay == NULL)
    return TRUE;
  n_bytes = count_bytes (self, info, gst_vlm_events_is_live (self));
  GST_OBJECT_LOCK (self);
  max_bytes = self->settings.delay_bytes;
  GST_OBJECT_UNLOCK (self);
  if (n_bytes <= max_bytes)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
      ("delay-video needs %" G_GUINT64_FORMAT
       " bytes for windows of %g s of %dx%d %s at %d/%d frames per second, but "
       "delay-bytes=%" G_GUINT64_FORMAT
       ". Set delay-bytes to that, or make windows shorter or frames smaller.",
          n_bytes, (double) self->delay_window / GST_SECOND, info->width,
          info->height,
          gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)),
          info->fps_n, info->fps_d, max_bytes),
      (NULL));
  return FALSE;
}

static void
warn_small (GstVlmEvents *self)
{
  if (self->warned_small)
    return;
  self->warned_small = TRUE;
  GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
      ("delay-bytes is too small for the frames of a window: some are pushed "
       "before they are analysed."),
      (NULL));
}

/* A copy, so that upstream's pool does not run dry. */
GstFlowReturn
gst_vlm_events_delay_buffer (GstVlmEvents *self, GstBuffer *buffer)
{
  const GstSegment *segment = gst_vlm_windower_get_segment (self->windower);
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  gint64 time = VLM_TIME_NONE;
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstVlmDelayResult result;

  if (self->delay == NULL)
    return GST_FLOW_OK;
  if (segment->format == GST_FORMAT_TIME) {
    time = gst_vlm_time_from_gst (
        gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts));
    running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, pts);
  }
  result = gst_vlm_delay_push (self->delay, gst_buffer_copy_deep (buffer), time,
      running_time, !gst_vlm_events_is_live (self));
  if (result == GST_VLM_DELAY_REFUSED)
    return gst_vlm_delay_get_flow (self->delay);
  if (result == GST_VLM_DELAY_TOO_SMALL)
    warn_small (self);
  return GST_FLOW_OK;
}

guint64
gst_vlm_events_delay_window (GstVlmEvents *self, const VlmWindow *window)
{
  gint64 free_until = window->end;

  if (self->delay == NULL)
    return 0;
  if (self->delay_hop > self->delay_window && !window->partial)
    free_until = vlm_time_add (window->start, self->delay_hop);
  return gst_vlm_delay_expect (self->delay, window->end, free_until);
}

/* --- taking out ---------------------------------------------------------- */

static gint64
end_of (GstBuffer *buffer, gint64 start, const GstVideoInfo *info)
{
  gint64 duration = 1;

  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    duration = (gint64) MIN (GST_BUFFER_DURATION (buffer), 86400 * GST_SECOND);
  else if (info->fps_n > 0)
    duration = (gint64) gst_util_uint64_scale_int (
        GST_SECOND, info->fps_d, info->fps_n);
  return vlm_time_add (start, MAX (1, duration));
}

/* Takes ownership of @buffer. */
static GstBuffer *
attach (GstVlmEvents *self, GstBuffer *buffer, gint64 time)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) boxes = NULL;

  if (!VLM_TIME_IS_VALID (time))
    return buffer;
  g_mutex_lock (&self->lock);
  gst_vlm_placer_take (self->placer, time,
      end_of (buffer, time, &self->out_info), &records, &boxes);
  g_mutex_unlock (&self->lock);
  buffer = gst_vlm_events_attach_answers (
      self, buffer, end_of (buffer, time, &self->out_info));
  return gst_vlm_events_attach_events (self, buffer, records, boxes);
}

static void
task (gpointer user_data)
{
  GstPad *pad = user_data;
  GstVlmEvents *self = GST_VLM_EVENTS (GST_PAD_PARENT (pad));
  gint64 time = VLM_TIME_NONE;
  GstMiniObject *object = gst_vlm_delay_pop (self->delay, &time);
  GstFlowReturn flow;

  if (object == NULL) {
    gst_pad_pause_task (pad);
    return;
  }
  if (GST_IS_EVENT (object)) {
    gst_vlm_events_send_event (self, GST_EVENT_CAST (object));
    return;
  }
  flow = gst_vlm_events_send_buffer (
      self, attach (self, GST_BUFFER_CAST (object), time));
  /* Upstream gets this with its next buffer, and reports it to applications. */
  if (flow != GST_FLOW_OK) {
    GST_DEBUG_OBJECT (self, "pausing: %s", gst_flow_get_name (flow));
    gst_vlm_delay_set_flow (self->delay, flow);
    gst_pad_pause_task (pad);
  }
}

static gboolean
activate_mode (GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (self->delay == NULL)
    return TRUE;
  gst_vlm_delay_set_flow (
      self->delay, active ? GST_FLOW_OK : GST_FLOW_FLUSHING);
  return active ? gst_pad_start_task (pad, task, pad, NULL)
                : gst_pad_stop_task (pad);
}

void
gst_vlm_events_flush_delay (GstVlmEvents *self)
{
  if (self->delay != NULL)
    gst_pad_pause_task (self->srcpad);
}

void
gst_vlm_events_resume_delay (GstVlmEvents *self)
{
  GstEvent *event;

  if (self->delay == NULL)
    return;
  while ((event = g_queue_pop_head (&self->kept_events)) != NULL) {
    gst_vlm_events_note_event (self, event);
    gst_pad_store_sticky_event (self->srcpad, event);
    gst_event_unref (event);
  }
  gst_vlm_delay_set_flow (self->delay, GST_FLOW_OK);
  gst_pad_start_task (self->srcpad, task, self->srcpad, NULL);
}

/* --- queries ------------------------------------------------------------- */

static gboolean
src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstVlmEvents *self = GST_VLM_EVENTS (parent);
  GstClockTime latency;
  GstClockTime min;
  GstClockTime max;
  gboolean live;

  if (!gst_pad_query_default (pad, parent, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY || self->delay == NULL)
    return TRUE;
  gst_query_parse_latency (query, &live, &min, &max);
  if (!live)
    return TRUE;
  latency = get_latency (self);
  min = gst_vlm_time_end (min, latency);
  if (GST_CLOCK_TIME_IS_VALID (max))
    max = gst_vlm_time_end (max, latency);
  gst_query_set_latency (query, TRUE, min, max);
  return TRUE;
}

void
gst_vlm_events_init_delay (GstVlmEvents *self)
{
  self->placer = gst_vlm_placer_new ();
  g_queue_init (&self->kept_events);
  gst_video_info_init (&self->out_info);
  gst_pad_set_activatemode_function (self->srcpad, activate_mode);
  gst_pad_set_query_function (self->srcpad, src_query);
}
