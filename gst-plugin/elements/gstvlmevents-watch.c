/* gst-vlm: vlmevents, from buffers to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmframe.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

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
 * applications to wait for its end; a stream that is not live waits anyway. */
void
gst_vlm_events_start_watch (GstVlmEvents *self)
{
  g_autoptr (VlmAnalyzer) analyzer = ref_analyzer (self);
  GstVlmEventsSettings *s = &self->settings;
  g_autofree char *model = NULL;
  g_autofree char *device = NULL;
  g_autofree char *prompt = NULL;
  g_autofree char *query = NULL;
  VlmAnalyzerParams params;
  GstVlmWatch *watch;

  GST_OBJECT_LOCK (self);
  params.model = model = g_strdup (s->model);
  params.device = device = g_strdup (s->device);
  params.prompt = prompt = g_strdup (s->prompt);
  params.query = query = g_strdup (s->query);
  params.max_tokens = s->max_tokens;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), GST_PROGRESS_TYPE_START,
          "load", "Loading the model"));
  watch = gst_vlm_watch_new (
      analyzer, &params, self->generation, &gst_vlm_events_watch_funcs, self);
  g_mutex_lock (&self->lock);
  self->watch = watch;
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_events_end_watch (GstVlmEvents *self)
{
  GstVlmWatch *watch;

  g_mutex_lock (&self->lock);
  watch = g_steal_pointer (&self->watch);
  if (watch != NULL)
    gst_vlm_watch_get_stats (watch, &self->last_stats);
  g_mutex_unlock (&self->lock);
  if (watch == NULL)
    return;
  gst_vlm_watch_join (watch);
  gst_vlm_watch_unref (watch);
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

static void
make_sampler (GstVlmEvents *self)
{
  VlmSamplerParams params = { 0 };

  gst_vlm_watch_get_geometry (self->watch, &self->geometry);
  GST_OBJECT_LOCK (self);
  params.fps_n = (guint) self->settings.fps_n;
  params.fps_d = (guint) self->settings.fps_d;
  params.window = gst_vlm_time_from_seconds (self->settings.window);
  params.hop = gst_vlm_time_from_seconds (self->settings.hop);
  GST_OBJECT_UNLOCK (self);
  params.frames_per_slice = self->geometry.temporal_patch_size;
  self->sampler = vlm_sampler_new (&params);
}

void
gst_vlm_events_end_unwatched (GstVlmEvents *self)
{
  const VlmInstant *since = &self->unwatched_since;

  if (!VLM_TIME_IS_VALID (since->stream_time))
    return;
  g_mutex_lock (&self->lock);
  self->loading_ns += MAX (0, self->last.stream_time - since->stream_time);
  g_mutex_unlock (&self->lock);
  gst_vlm_events_report_gap (
      self, GST_VLM_GAP_LOADING, since, &self->last, self->generation);
  self->unwatched_since = no_instant;
}

/* Waits for the model, or lets a live stream pass without it. @ready tells
 * which; GST_FLOW_OK in both cases. */
static GstFlowReturn
get_ready (GstVlmEvents *self, gboolean *ready)
{
  GstVlmWatchState state = gst_vlm_watch_get_state (self->watch);
  GstFlowReturn flow;

  *ready = FALSE;
  if (state == GST_VLM_WATCH_LOADING &&
      gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK) {
    if (!VLM_TIME_IS_VALID (self->unwatched_since.stream_time))
      self->unwatched_since = self->last;
    return GST_FLOW_OK;
  }
  flow = gst_vlm_watch_wait_ready (self->watch);
  if (flow != GST_FLOW_OK)
    return flow;

  gst_vlm_events_end_unwatched (self);
  if (self->sampler == NULL)
    make_sampler (self);
  *ready = TRUE;
  return GST_FLOW_OK;
}

/* The size of the small copies, planned for the budget of a whole window. */
static gboolean
plan_size (GstVlmEvents *self, GError **error)
{
  VlmVideoLimits limits = { 0 };
  double n_frames;

  if (self->frame_width > 0)
    return TRUE;
  GST_OBJECT_LOCK (self);
  limits.min_pixels = self->settings.min_pixels;
  limits.max_pixels = self->settings.max_pixels;
  n_frames = self->settings.window * self->settings.fps_n /
      (double) self->settings.fps_d;
  GST_OBJECT_UNLOCK (self);
  if (!vlm_video_plan_size (&self->geometry, &limits,
          (guint) CLAMP (n_frames + 0.5, 2.0, 1e6),
          (guint) GST_VIDEO_INFO_WIDTH (&self->info),
          (guint) GST_VIDEO_INFO_HEIGHT (&self->info), &self->frame_width,
          &self->frame_height, error))
    return FALSE;
  GST_DEBUG_OBJECT (self, "frames are sampled at %ux%u", self->frame_width,
      self->frame_height);
  return TRUE;
}

static VlmFrame *
sample (GstVlmEvents *self, GstBuffer *buffer, const VlmInstant *time,
    VlmTimeSource source, GError **error)
{
  VlmFrame *frame;

  if (!plan_size (self, error))
    return NULL;
  frame = gst_vlm_frame_new (
      buffer, &self->info, self->frame_width, self->frame_height, error);
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
  guint max_queue;

  GST_OBJECT_LOCK (self);
  max_queue = self->settings.max_queue;
  GST_OBJECT_UNLOCK (self);
  return gst_vlm_watch_push (
      self->watch, window, gst_vlm_events_get_policy (self), max_queue);
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
watch_frame (GstVlmEvents *self, GstBuffer *buffer, const VlmInstant *time,
    VlmTimeSource source)
{
  gint64 duration = duration_of (self, buffer);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmFrame) frame = NULL;

  if (!vlm_sampler_wants (self->sampler, time->stream_time, duration))
    return push_windows (self);
  frame = sample (self, buffer, time, source, &error);
  if (frame != NULL) {
    vlm_sampler_add (self->sampler, frame, duration);
    self->is_open = TRUE;
    return push_windows (self);
  }
  self->cannot_sample = TRUE;
  if (gst_vlm_events_report_failure (
          self, "The video cannot be sampled", error))
    return GST_FLOW_OK;
  return GST_FLOW_ERROR;
}

/* Windows grow forward in time: neither reverse playback nor a stream without
 * times can be watched. */
static gboolean
can_watch (GstVlmEvents *self, const VlmInstant *time)
{
  return self->has_info && !self->cannot_sample && self->segment.rate > 0.0 &&
      self->segment.applied_rate > 0.0 && VLM_TIME_IS_VALID (time->stream_time);
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
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT)) {
    flow = gst_vlm_events_cut (self);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  if (!can_watch (self, &time))
    return GST_FLOW_OK;
  self->last = time;
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

  if (!self->is_open)
    return GST_FLOW_OK;
  while (flow == GST_FLOW_OK &&
      (window = vlm_sampler_finish (self->sampler)) != NULL)
    flow = push_window (self, window);
  gst_vlm_events_forget (self);
  gst_vlm_watch_cut (self->watch);
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
  return gst_vlm_watch_drain (self->watch, timeout_us);
}

void
gst_vlm_events_forget (GstVlmEvents *self)
{
  VlmWindow *window;

  self->is_open = FALSE;
  if (self->sampler == NULL)
    return;
  while ((window = vlm_sampler_finish (self->sampler)) != NULL)
    vlm_window_unref (window);
}
