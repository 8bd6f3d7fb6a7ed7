/* gst-vlm: vlmevents, from buffers to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmframe.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* Not felt, and enough to look at the files of a model. */
#define FIRST_SIGHT_US (G_USEC_PER_SEC / 10)

/* UTC that leaves the stream's time by more than this from one frame to the
 * next was set anew, or comes from another clock: slewing does less, and an
 * event at a wrong second is not worth a whole window. */
#define MAX_UTC_STEP VLM_SECOND
/* A hole in video that passes unwatched; longer, it is a span of its own. */
#define MAX_UNWATCHED_HOLE (VLM_SECOND / 2)

static const VlmInstant no_instant = VLM_INSTANT_NONE;

static VlmAnalyzer *
ref_analyzer (GstVlmEvents *self)
{
  VlmAnalyzer *analyzer;

  GST_OBJECT_LOCK (self);
  analyzer = self->analyzer != NULL ? g_object_ref (self->analyzer) : NULL;
  GST_OBJECT_UNLOCK (self);
  return analyzer != NULL ? analyzer : vlm_engine_analyzer_new ();
}

/* Loading takes long and goes on beside the state change. The message tells
 * applications to wait for its end; a stream that is not live waits anyway. But
 * what is wrong at first sight fails the state change. */
gboolean
gst_vlm_events_start_worker (GstVlmEvents *self)
{
  g_autoptr (VlmAnalyzer) analyzer = ref_analyzer (self);
  GstVlmEventsSettings *s = &self->settings;
  g_autofree char *model = NULL;
  g_autofree char *device = NULL;
  VlmAnalyzerParams params = { 0 };
  GstVlmWorker *worker;

  if (!gst_vlm_events_check_rate (self))
    return FALSE;
  GST_OBJECT_LOCK (self);
  params.model.path = model = g_strdup (s->model);
  params.model.device = device = g_strdup (s->device);
  params.max_context = (gint64) (s->context * GST_SECOND);
  self->questions.version = 1;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), GST_PROGRESS_TYPE_START,
          "load", "Loading the model"));
  worker = gst_vlm_worker_new (
      analyzer, &params, self->generation, &gst_vlm_events_worker_funcs, self);
  g_mutex_lock (&self->lock);
  self->worker = worker;
  g_mutex_unlock (&self->lock);
  gst_vlm_events_update_questions (self);

  if (gst_vlm_worker_wait_loaded (worker, FIRST_SIGHT_US) !=
      GST_VLM_WORKER_FAILED)
    return TRUE;
  gst_vlm_events_end_worker (self);
  return FALSE;
}

void
gst_vlm_events_end_worker (GstVlmEvents *self)
{
  GstVlmWorker *worker;

  g_mutex_lock (&self->lock);
  worker = g_steal_pointer (&self->worker);
  if (worker != NULL)
    gst_vlm_worker_get_stats (worker, &self->last_stats);
  g_mutex_unlock (&self->lock);
  if (worker == NULL)
    return;
  gst_vlm_worker_join (worker);
  gst_vlm_worker_unref (worker);
}

/* Asked once per stream, when it flows: upstream knows by then. */
static gboolean
is_live (GstVlmEvents *self)
{
  g_autoptr (GstQuery) query = NULL;
  gboolean live = FALSE;

  if (self->knows_live)
    return self->is_live;
  query = gst_query_new_latency ();
  if (gst_pad_peer_query (self->sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  g_atomic_int_set (&self->is_live, live);
  self->knows_live = TRUE;
  GST_DEBUG_OBJECT (self, "upstream is %slive", live ? "" : "not ");
  return live;
}

GstVlmPolicy
gst_vlm_events_get_policy (GstVlmEvents *self)
{
  GstVlmPolicy policy;

  GST_OBJECT_LOCK (self);
  policy = self->settings.policy;
  GST_OBJECT_UNLOCK (self);
  if (policy == GST_VLM_POLICY_AUTO)
    return is_live (self) ? GST_VLM_POLICY_DROP_OLDEST : GST_VLM_POLICY_BLOCK;
  return policy;
}

/* Windows grow forward in time. */
static gboolean
runs_backwards (GstVlmEvents *self)
{
  return self->segment.rate < 0.0 || self->segment.applied_rate < 0.0;
}

/* Where the newest frame ends, as far as it is known. */
static VlmInstant
end_of_last (GstVlmEvents *self)
{
  VlmInstant end = self->last;
  gint64 duration = MAX (0, self->last_duration);

  end.pts += duration;
  end.stream_time += duration;
  if (VLM_TIME_IS_VALID (end.running_time))
    end.running_time += (gint64) ((double) duration /
        ABS (self->segment.rate * self->segment.applied_rate));
  if (VLM_TIME_IS_VALID (end.utc))
    end.utc += duration;
  return end;
}

/* @end: (nullable): the frame from which on it is watched */
static void
end_unwatched (GstVlmEvents *self, const VlmInstant *end)
{
  VlmInstant from = self->unwatched_since;
  VlmInstant to;

  if (!VLM_TIME_IS_VALID (from.stream_time))
    return;
  self->unwatched_since = no_instant;
  if (end != NULL)
    to = *end;
  else
    to = runs_backwards (self) ? self->last : end_of_last (self);
  if (to.stream_time < from.stream_time) {
    VlmInstant later = from;

    from = to;
    to = later;
  }
  g_mutex_lock (&self->lock);
  self->unwatched_ns += to.stream_time - from.stream_time;
  g_mutex_unlock (&self->lock);
  gst_vlm_events_report_gap (
      self, self->unwatched_reason, &from, &to, self->generation);
}

/* The newest frame passes without being watched. */
static void
pass_unwatched (GstVlmEvents *self, GstVlmGapReason reason)
{
  if (VLM_TIME_IS_VALID (self->unwatched_since.stream_time) &&
      self->unwatched_reason == reason)
    return;
  end_unwatched (self, &self->last);
  self->unwatched_since =
      runs_backwards (self) ? end_of_last (self) : self->last;
  self->unwatched_reason = reason;
}

/* Waits for the model, or lets a live stream pass without it. @ready tells
 * which; GST_FLOW_OK in both cases. */
static GstFlowReturn
get_ready (GstVlmEvents *self, gboolean *ready)
{
  GstVlmWorkerState state = gst_vlm_worker_get_state (self->worker);
  GstFlowReturn flow;

  *ready = FALSE;
  if (state == GST_VLM_WORKER_LOADING &&
      gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK) {
    pass_unwatched (self, GST_VLM_GAP_LOADING);
    return GST_FLOW_OK;
  }
  flow = gst_vlm_worker_wait_ready (self->worker);
  if (flow != GST_FLOW_OK)
    return flow;

  end_unwatched (self, &self->last);
  *ready = TRUE;
  return GST_FLOW_OK;
}

static VlmFrame *
sample (GstVlmEvents *self, GstBuffer *buffer, const VlmInstant *time,
    VlmTimeSource source, GError **error)
{
  VlmFrame *frame;

  frame = gst_vlm_frame_new (buffer, &self->info, self->frame_width,
      self->frame_height, VLM_RESAMPLE_VIDEO, error);
  if (frame == NULL)
    return NULL;
  frame->time = *time;
  frame->time_source = source;
  g_mutex_lock (&self->lock);
  self->n_sampled++;
  g_mutex_unlock (&self->lock);
  return frame;
}

static GstFlowReturn
push_window (GstVlmEvents *self, VlmWindow *window)
{
  gboolean skip_still;
  guint max_queue;

  GST_OBJECT_LOCK (self);
  max_queue = self->settings.max_queue;
  skip_still = self->rate.skip_still;
  GST_OBJECT_UNLOCK (self);
  self->next_epoch = window->epoch + 1;
  if (skip_still && window->still)
    return gst_vlm_worker_skip (self->worker, window);
  return gst_vlm_worker_push (
      self->worker, window, gst_vlm_events_get_policy (self), max_queue);
}

static GstFlowReturn
push_windows (GstVlmEvents *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  VlmWindow *window;

  while (
      flow == GST_FLOW_OK && (window = vlm_sampler_pop (self->sampler)) != NULL)
    flow = push_window (self, window);
  return flow;
}

/* Of the buffer in stream time; one frame of the caps' rate where the buffer
 * does not say. */
static gint64
duration_of (GstVlmEvents *self, GstBuffer *buffer)
{
  GstClockTime duration = GST_BUFFER_DURATION (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (duration)) {
    if (GST_VIDEO_INFO_FPS_N (&self->info) <= 0)
      return VLM_TIME_NONE;
    duration = gst_util_uint64_scale_int (GST_SECOND,
        GST_VIDEO_INFO_FPS_D (&self->info), GST_VIDEO_INFO_FPS_N (&self->info));
  }
  return (gint64) ((double) duration * ABS (self->segment.applied_rate));
}

static GstFlowReturn
fail_to_sample (GstVlmEvents *self, const GError *error)
{
  self->cannot_sample = TRUE;
  pass_unwatched (self, GST_VLM_GAP_FAILED);
  return gst_vlm_events_report_failure (
             self, "The video cannot be sampled", error)
      ? GST_FLOW_OK
      : GST_FLOW_ERROR;
}

static GstFlowReturn
watch_frame (GstVlmEvents *self, GstBuffer *buffer, const VlmInstant *time,
    VlmTimeSource source)
{
  gint64 duration = self->last_duration;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmFrame) frame = NULL;
  float motion;

  if (self->frame_width == 0 && !gst_vlm_events_plan_rate (self, &error))
    return fail_to_sample (self, error);
  if (gst_vlm_events_wants (
          self, buffer, time->stream_time, duration, &motion, &error)) {
    frame = sample (self, buffer, time, source, &error);
    if (frame != NULL) {
      frame->motion = motion;
      if (self->motion != NULL)
        vlm_motion_keep (self->motion);
      vlm_sampler_add (self->sampler, frame, duration);
      self->is_open = TRUE;
    }
  }
  return error != NULL ? fail_to_sample (self, error) : push_windows (self);
}

static gboolean
is_too_far (GstClockTime time)
{
  return GST_CLOCK_TIME_IS_VALID (time) && time > VLM_SAMPLER_MAX_TIME;
}

/* A frame without a place in stream time cannot be watched. One outside of its
 * segment has none, and that is well. */
static void
tell_no_time (GstVlmEvents *self, GstBuffer *buffer)
{
  gboolean in_time = self->segment.format == GST_FORMAT_TIME;
  gboolean too_far = is_too_far (GST_BUFFER_PTS (buffer));

  if (self->told_no_time ||
      (in_time && GST_BUFFER_PTS_IS_VALID (buffer) && !too_far))
    return;
  self->told_no_time = TRUE;
  if (in_time && too_far)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A frame has a timestamp of more than 73 years and is not watched. "
         "What makes the frames must count from the start of the stream."),
        ("PTS %" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (buffer))));
  else if (in_time)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A frame has no timestamp and is not watched. What makes the frames "
         "must stamp them (appsrc: set the PTS or do-timestamp=true)."),
        (NULL));
  else
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The video is not in time format and is not watched. What makes it "
         "must say when frames are shown (appsrc: format=time)."),
        ("segment in %s", gst_format_get_name (self->segment.format)));
}

gboolean
gst_vlm_events_goes_on (GstVlmEvents *self, gint64 stream_time)
{
  gint64 hole;

  if (!VLM_TIME_IS_VALID (stream_time))
    return FALSE;
  if (self->is_open)
    return vlm_sampler_continues (self->sampler, stream_time);
  if (!VLM_TIME_IS_VALID (self->last.stream_time))
    return FALSE;
  hole = stream_time - end_of_last (self).stream_time;
  return ABS (hole) <= MAX_UNWATCHED_HOLE;
}

static guint64
distance (gint64 a, gint64 b)
{
  return a > b ? (guint64) a - (guint64) b : (guint64) b - (guint64) a;
}

/* UTC comes from the sender's clock, or from ours: it may go with either of the
 * stream's times. */
static gboolean
clock_was_set (const VlmInstant *before, const VlmInstant *now)
{
  gint64 elapsed;

  if (!VLM_TIME_IS_VALID (before->utc) || !VLM_TIME_IS_VALID (now->utc))
    return FALSE;
  elapsed = now->utc - before->utc;
  return distance (elapsed, now->stream_time - before->stream_time) >
      MAX_UTC_STEP &&
      (!VLM_TIME_IS_VALID (now->running_time) ||
          distance (elapsed, now->running_time - before->running_time) >
              MAX_UTC_STEP);
}

/* Whether no window may hold both @buffer and what was before it. A lossy
 * camera marks every lost frame: it is the time that counts. */
static gboolean
is_interrupted (GstVlmEvents *self, GstBuffer *buffer, const VlmInstant *time)
{
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT) &&
      !gst_vlm_events_goes_on (self, time->stream_time))
    return TRUE;
  return VLM_TIME_IS_VALID (time->stream_time) &&
      clock_was_set (&self->last_utc, time);
}

GstFlowReturn
gst_vlm_events_watch_buffer (GstVlmEvents *self, GstBuffer *buffer)
{
  GstElement *clocked = is_live (self) ? GST_ELEMENT (self) : NULL;
  GstFlowReturn flow;
  VlmTimeSource source;
  VlmInstant time;
  gboolean ready;

  source = gst_vlm_time_of_buffer (buffer, &self->segment, clocked, &time);
  if (is_interrupted (self, buffer, &time)) {
    flow = gst_vlm_events_cut (self);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  if (!VLM_TIME_IS_VALID (time.stream_time) ||
      time.stream_time > VLM_SAMPLER_MAX_TIME) {
    tell_no_time (self, buffer);
    return GST_FLOW_OK;
  }
  if (!self->has_info)
    return GST_FLOW_OK;
  self->last = time;
  self->last_duration = duration_of (self, buffer);
  if (VLM_TIME_IS_VALID (time.utc))
    self->last_utc = time;
  if (self->cannot_sample || runs_backwards (self)) {
    pass_unwatched (
        self, self->cannot_sample ? GST_VLM_GAP_FAILED : GST_VLM_GAP_BACKWARDS);
    return GST_FLOW_OK;
  }
  flow = get_ready (self, &ready);
  if (flow != GST_FLOW_OK || !ready)
    return flow;
  return watch_frame (self, buffer, &time, source);
}

GstFlowReturn
gst_vlm_events_cut (GstVlmEvents *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  VlmWindow *window;

  end_unwatched (self, NULL);
  self->last_utc = no_instant;
  if (!self->is_open)
    return GST_FLOW_OK;
  while (flow == GST_FLOW_OK &&
      (window = vlm_sampler_finish (self->sampler)) != NULL)
    flow = push_window (self, window);
  gst_vlm_events_forget (self);
  gst_vlm_worker_cut (self->worker);
  return flow;
}

GstFlowReturn
gst_vlm_events_drain (GstVlmEvents *self)
{
  gint64 timeout_us = -1;

  /* Nothing was sampled: nothing to wait for. */
  if (self->sampler == NULL)
    return GST_FLOW_OK;
  if (gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK) {
    GST_OBJECT_LOCK (self);
    timeout_us =
        gst_vlm_time_from_seconds (self->settings.eos_drain_timeout) / 1000;
    GST_OBJECT_UNLOCK (self);
  }
  return gst_vlm_worker_drain (self->worker, timeout_us);
}

void
gst_vlm_events_forget (GstVlmEvents *self)
{
  VlmWindow *window;

  self->is_open = FALSE;
  self->last_utc = no_instant;
  if (self->sampler == NULL)
    return;
  while ((window = vlm_sampler_finish (self->sampler)) != NULL)
    vlm_window_unref (window);
}
