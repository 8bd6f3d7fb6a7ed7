/* gst-vlm: vlmevents, from video to windows and their analysis
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * On the streaming thread, but for starting and stopping. */
#include "elements/gstvlmevents-private.h"

#include <unistd.h>

#include <vlm/vlm-engine-analyzer.h>

#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* Too short to be noticed, and enough to check the files of a model. */
#define FIRST_SIGHT_US (G_USEC_PER_SEC / 10)
/* Frames of one time that are a fault of the source. */
#define STANDING_FRAMES 300

static VlmAnalyzer *
ref_analyzer (GstVlmEvents *self)
{
  VlmAnalyzer *analyzer;

  GST_OBJECT_LOCK (self);
  analyzer = self->analyzer != NULL ? g_object_ref (self->analyzer) : NULL;
  GST_OBJECT_UNLOCK (self);
  return analyzer != NULL ? analyzer : vlm_engine_analyzer_new ();
}

/* A forked child has the locks of its parent's threads, but not the threads: it
 * would wait forever for those of GLib's pools, of GStreamer and of the Vulkan
 * driver. */
static gboolean
check_process (GstVlmEvents *self)
{
  static gint used_in;
  gint own = (gint) getpid ();

  if (g_atomic_int_compare_and_exchange (&used_in, 0, own) ||
      g_atomic_int_get (&used_in) == own)
    return TRUE;
  GST_ELEMENT_ERROR (self, LIBRARY, INIT,
      ("This process was forked from one in which vlmevents had run, and "
       "cannot use it. Fork before the first pipeline starts, or run the child "
       "as a separate program (exec, g_spawn_async, multiprocessing's "
       "\"spawn\")."),
      ("forked from process %d", g_atomic_int_get (&used_in)));
  return FALSE;
}

/* Loading takes long and continues after the state change. The progress messages
 * let applications wait for its end; a stream that is not live waits anyway. An
 * error that is found soon fails the state change. */
gboolean
gst_vlm_events_start_analysis (GstVlmEvents *self)
{
  g_autoptr (VlmAnalyzer) analyzer = ref_analyzer (self);
  GstVlmEventsSettings *s = &self->settings;
  GstVlmWindowerParams windows = { 0 };
  VlmAnalyzerParams settings = { 0 };
  g_autoptr (VlmAnalyzerParams) params = NULL;
  GstVlmWorker *worker;
  gboolean refines;

  if (!check_process (self) || !gst_vlm_events_check_settings (self, &windows))
    return FALSE;
  gst_vlm_events_read_schema (self);
  GST_OBJECT_LOCK (self);
  settings.model = gst_vlm_events_get_model (s);
  settings.max_context = gst_vlm_time_from_seconds (s->context);
  params = vlm_analyzer_params_copy (&settings);
  refines = gst_vlm_events_refines (s);
  self->query_version = 1;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), GST_PROGRESS_TYPE_START,
          "load", "Loading the model"));
  self->windower = gst_vlm_windower_new (&windows);
  self->refiner = refines ? gst_vlm_refiner_new () : NULL;
  gst_vlm_events_start_trigger (self);
  gst_vlm_events_start_delay (self);
  gst_vlm_events_start_regions (self);
  gst_vlm_events_init_camera (self);
  worker =
      gst_vlm_worker_new (analyzer, params, gst_vlm_events_get_questions (self),
          self->generation, &gst_vlm_events_worker_funcs, self);
  g_mutex_lock (&self->lock);
  self->worker = worker;
  g_mutex_unlock (&self->lock);
  gst_vlm_events_update_questions (self);

  if (gst_vlm_worker_wait_loaded (worker, FIRST_SIGHT_US) !=
      GST_VLM_WORKER_FAILED)
    return TRUE;
  gst_vlm_events_end_analysis (self);
  return FALSE;
}

void
gst_vlm_events_stop_analysis (GstVlmEvents *self)
{
  g_autoptr (GPtrArray) outputs = gst_vlm_events_ref_outputs (self);

  gst_vlm_worker_join (self->worker);
  for (guint i = 0; i < outputs->len; i++)
    gst_vlm_event_pad_hand_on (outputs->pdata[i]);
}

void
gst_vlm_events_end_analysis (GstVlmEvents *self)
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
  g_clear_pointer (&self->windower, gst_vlm_windower_free);
  g_clear_pointer (&self->refiner, gst_vlm_refiner_free);
  gst_vlm_events_end_trigger (self);
  gst_vlm_events_end_delay (self);
  gst_vlm_events_clear_camera (self);
}

/* Queried once per stream, when it flows: upstream knows by then. */
gboolean
gst_vlm_events_is_live (GstVlmEvents *self)
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
    return gst_vlm_events_is_live (self) ? GST_VLM_POLICY_DROP_OLDEST
                                         : GST_VLM_POLICY_BLOCK;
  return policy;
}

/* --- from the windower to the worker -------------------------------------- */

static void
report_gap (GstVlmEvents *self, const GstVlmWindowerItem *item)
{
  if (item->reason != GST_VLM_GAP_NO_VIDEO) {
    g_mutex_lock (&self->lock);
    self->unwatched_ns +=
        vlm_time_distance (item->end.stream_time, item->start.stream_time);
    g_mutex_unlock (&self->lock);
  }
  gst_vlm_events_report_gap (
      self, item->reason, &item->start, &item->end, self->generation);
}

/* @details: (nullable): where @window is an overview of these */
static GstFlowReturn
push_window (GstVlmEvents *self, VlmWindow *window, GPtrArray *details)
{
  guint64 ticket = gst_vlm_events_delay_window (self, window);
  GstFlowReturn flow;
  guint max_queue;

  GST_OBJECT_LOCK (self);
  max_queue = self->settings.max_queue;
  GST_OBJECT_UNLOCK (self);
  flow = gst_vlm_worker_push (self->worker, window, details, ticket,
      gst_vlm_events_get_policy (self), max_queue);
  if (flow != GST_FLOW_OK && self->delay != NULL)
    gst_vlm_delay_done (self->delay, ticket);
  return flow;
}

static GstFlowReturn
skip_window (GstVlmEvents *self, VlmWindow *window, GstVlmSkipReason reason)
{
  return gst_vlm_worker_skip (
      self->worker, window, gst_vlm_events_delay_window (self, window), reason);
}

static gboolean
next_refined (GstVlmEvents *self, GstVlmWindowerItem *item)
{
  while (gst_vlm_windower_pop (self->windower, item))
    gst_vlm_refiner_put (self->refiner, item, self->frames_per_slice);
  return gst_vlm_refiner_pop (self->refiner, item);
}

/* The next item of the windower, by way of the refiner or the trigger. */
static gboolean
next_item (GstVlmEvents *self, GstVlmWindowerItem *item)
{
  if (self->refiner != NULL)
    return next_refined (self, item);
  if (self->trigger == NULL)
    return gst_vlm_windower_pop (self->windower, item);
  while (gst_vlm_windower_pop (self->windower, item))
    gst_vlm_trigger_put (self->trigger, item);
  return gst_vlm_trigger_pop (self->trigger, item);
}

static GstFlowReturn
hand_window_over (GstVlmEvents *self, const GstVlmWindowerItem *item)
{
  switch (item->kind) {
  case GST_VLM_WINDOWER_ITEM_STILL:
    return skip_window (self, item->window, GST_VLM_SKIP_STILL);
  case GST_VLM_WINDOWER_ITEM_UNTRIGGERED:
    return skip_window (self, item->window, GST_VLM_SKIP_UNTRIGGERED);
  default:
    return push_window (self, item->window, item->details);
  }
}

/* Once the worker refuses a window, as in a flush, the others are dropped. */
static GstFlowReturn
hand_over (GstVlmEvents *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GstVlmWindowerItem item;

  while (next_item (self, &item)) {
    switch (item.kind) {
    case GST_VLM_WINDOWER_ITEM_GAP:
      report_gap (self, &item);
      break;
    case GST_VLM_WINDOWER_ITEM_CUT:
      gst_vlm_worker_cut (self->worker,
          self->delay != NULL ? gst_vlm_delay_cut (self->delay) : 0);
      break;
    default:
      if (flow == GST_FLOW_OK) {
        flow = hand_window_over (self, &item);
        break;
      }
      vlm_window_unref (item.window);
      g_clear_pointer (&item.details, g_ptr_array_unref);
    }
  }
  return flow;
}

/* --- a buffer ------------------------------------------------------------- */

static void
warn_no_time (GstVlmEvents *self, GstBuffer *buffer, GstVlmArrival arrival)
{
  if (self->warned_no_time)
    return;
  self->warned_no_time = TRUE;
  if (arrival == GST_VLM_ARRIVAL_TOO_FAR)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A frame has a timestamp of more than 73 years and is not analysed. "
         "Upstream must count timestamps from the start of the stream."),
        ("PTS %" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (buffer))));
  else if (arrival == GST_VLM_ARRIVAL_NO_TIMESTAMP)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A frame has no timestamp and is not analysed. Upstream must set "
         "timestamps (appsrc: set the PTS or do-timestamp=true)."),
        (NULL));
  else
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The video is not in time format and is not analysed. Upstream must "
         "send a segment in time format (appsrc: format=time)."),
        ("segment in %s",
            gst_format_get_name (
                gst_vlm_windower_get_segment (self->windower)->format)));
}

/* Some demuxers repeat an animation for ever, without a new timestamp: the stream
 * would never end, and nobody would know why. */
static void
check_time_passes (GstVlmEvents *self, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (pts) || pts != self->standing_at) {
    self->standing_at = pts;
    self->n_standing = 0;
  } else if (++self->n_standing == STANDING_FRAMES) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("Time stands still: %u frames have the timestamp of the one before "
         "and are not analysed. The stream may never end, as that of a GIF.",
            self->n_standing),
        ("PTS %" GST_TIME_FORMAT, GST_TIME_ARGS (pts)));
  }
}

/* Waits for the model, or lets a live stream pass without it. @ready says
 * which; GST_FLOW_OK in both cases. */
static GstFlowReturn
get_ready (GstVlmEvents *self, gboolean *ready)
{
  GstVlmWorkerState state = gst_vlm_worker_get_state (self->worker);
  GstFlowReturn flow;

  *ready = FALSE;
  if (state == GST_VLM_WORKER_LOADING &&
      gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK) {
    gst_vlm_windower_pass (self->windower, GST_VLM_GAP_LOADING);
    return GST_FLOW_OK;
  }
  flow = gst_vlm_worker_wait_ready (self->worker);
  *ready = flow == GST_FLOW_OK;
  return flow;
}

/* The remaining duration of the stream, 0 if it is not known. */
static gint64
get_duration (GstVlmEvents *self)
{
  const GstSegment *segment = gst_vlm_windower_get_segment (self->windower);
  gint64 duration = 0;

  if (GST_CLOCK_TIME_IS_VALID (segment->stop) && segment->stop > segment->start)
    duration =
        vlm_time_scale (gst_vlm_time_from_gst (segment->stop - segment->start),
            ABS (segment->applied_rate));
  else if (gst_pad_peer_query_duration (
               self->sinkpad, GST_FORMAT_TIME, &duration) &&
      duration > 0)
    duration -= (gint64) MIN ((guint64) duration, segment->time);
  return MAX (0, duration);
}

/* Only if the video does not wait for the device: the frames sampled from a
 * file must not depend on its speed. */
static void
take_measurement (GstVlmEvents *self)
{
  VlmRateMeasurement measurement;

  if (gst_vlm_windower_adapts (self->windower) &&
      gst_vlm_worker_take_measurement (self->worker, &measurement) &&
      gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK)
    gst_vlm_windower_measure (self->windower, &measurement);
}

static gboolean
sample (GstVlmEvents *self, GstBuffer *buffer, GError **error)
{
  const VlmFrame *frame;
  VlmGeometry geometry;

  if (gst_vlm_windower_needs_plan (self->windower)) {
    gst_vlm_worker_get_geometry (self->worker, &geometry);
    self->frames_per_slice = geometry.temporal_patch_size;
    if (!gst_vlm_windower_plan (
            self->windower, &geometry, get_duration (self), error))
      return FALSE;
  }
  take_measurement (self);
  if (!gst_vlm_windower_take (self->windower, buffer, error))
    return FALSE;
  frame = gst_vlm_windower_get_frame (self->windower);
  if (frame != NULL)
    gst_vlm_events_show_camera (self, frame);
  g_mutex_lock (&self->lock);
  self->n_sampled = gst_vlm_windower_get_n_sampled (self->windower);
  gst_vlm_windower_get_decision (self->windower, &self->decision,
      &self->decided_width, &self->decided_height);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

GstFlowReturn
gst_vlm_events_see_buffer (GstVlmEvents *self, GstBuffer *buffer)
{
  GstElement *clocked =
      gst_vlm_events_is_live (self) ? GST_ELEMENT (self) : NULL;
  g_autoptr (GError) error = NULL;
  GstVlmArrival arrival;
  GstFlowReturn flow;
  gboolean ready = FALSE;

  check_time_passes (self, buffer);
  gst_vlm_events_follow_regions (self);
  arrival = gst_vlm_windower_announce (self->windower, buffer, clocked);
  if (arrival == GST_VLM_ARRIVAL_SAMPLE) {
    gst_vlm_events_note_arrival (self);
    gst_vlm_events_look_for_trigger (self, buffer);
  }
  flow = hand_over (self);
  if (flow == GST_FLOW_OK)
    flow = gst_vlm_events_delay_buffer (self, buffer);
  if (flow != GST_FLOW_OK)
    return flow;
  if (self->delay != NULL && arrival != GST_VLM_ARRIVAL_SAMPLE)
    gst_vlm_delay_release (self->delay);
  if (arrival == GST_VLM_ARRIVAL_PASS)
    return GST_FLOW_OK;
  if (arrival != GST_VLM_ARRIVAL_SAMPLE) {
    warn_no_time (self, buffer, arrival);
    return GST_FLOW_OK;
  }
  flow = get_ready (self, &ready);
  if (self->delay != NULL && !ready)
    gst_vlm_delay_release (self->delay);
  if (flow != GST_FLOW_OK)
    return flow;
  if (ready && !sample (self, buffer, &error) &&
      !gst_vlm_events_report_failure (
          self, "The video cannot be sampled", error))
    flow = GST_FLOW_ERROR;
  if (self->delay != NULL && error != NULL)
    gst_vlm_delay_release (self->delay);
  return flow == GST_FLOW_OK ? hand_over (self) : flow;
}

/* --- the ends of what is sampled ------------------------------------------ */

/* No window that is still to come contains what was put in so far. */
static void
settle (GstVlmEvents *self)
{
  if (self->delay != NULL)
    gst_vlm_delay_settle (self->delay);
}

GstFlowReturn
gst_vlm_events_cut (GstVlmEvents *self)
{
  GstFlowReturn flow;

  gst_vlm_windower_cut (self->windower);
  flow = hand_over (self);
  settle (self);
  return flow;
}

gboolean
gst_vlm_events_set_info (GstVlmEvents *self, const GstVideoInfo *info)
{
  gboolean changed = gst_vlm_windower_set_info (self->windower, info);

  hand_over (self);
  if (changed)
    settle (self);
  return changed;
}

gboolean
gst_vlm_events_set_segment (GstVlmEvents *self, const GstSegment *segment)
{
  gboolean changed = gst_vlm_windower_set_segment (self->windower, segment);

  hand_over (self);
  if (changed)
    settle (self);
  return changed;
}

GstFlowReturn
gst_vlm_events_drain (GstVlmEvents *self)
{
  gint64 timeout_us = -1;

  /* Nothing was sampled: nothing to wait for. */
  if (gst_vlm_windower_get_n_sampled (self->windower) == 0)
    return GST_FLOW_OK;
  if (gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK) {
    GST_OBJECT_LOCK (self);
    timeout_us =
        gst_vlm_time_from_seconds (self->settings.eos_drain_timeout) / 1000;
    GST_OBJECT_UNLOCK (self);
  }
  return gst_vlm_worker_drain (self->worker, timeout_us);
}
