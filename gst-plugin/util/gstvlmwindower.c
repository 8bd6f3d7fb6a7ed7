/* gst-vlm: from buffers to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmwindower.h"

#include <vlm/vlm-blackout.h>
#include <vlm/vlm-motion.h>
#include <vlm/vlm-plan.h>

#include "gstvlmframe.h"
#include "gstvlmtime.h"

GST_DEBUG_CATEGORY_STATIC (windower_debug);
#define GST_CAT_DEFAULT windower_debug

/* UTC that leaves the stream's time by more than this from one frame to the
 * next was set, or comes from another clock: slewing does less, and an event
 * at a wrong second is not worth a whole window. */
#define MAX_UTC_STEP VLM_SECOND
/* The longest hole in the stream's running time that is not reported: after a
 * cut, and without one, where frames may just be far apart. */
#define MIN_MISSING VLM_SECOND
#define MAX_APART (5 * VLM_SECOND)
/* A hole in video that is not analysed; after a longer one a new span begins. */
#define MAX_UNWATCHED_HOLE (VLM_SECOND / 2)
/* No frame is shown for longer, whatever its duration. */
#define MAX_DURATION (86400 * VLM_SECOND)

static const VlmInstant no_instant = VLM_INSTANT_NONE;

struct _GstVlmWindower
{
  GstVlmWindowerParams params;
  GstSegment segment;
  GstVideoInfo info;
  gboolean has_info;
  GQueue items; /* GstVlmWindowerItem */

  VlmRegions *mask;
  VlmRegions *zone;      /* the first of them */
  VlmBlackout *blackout; /* of the mask */
  char *zone_name;       /* GRefString */
  VlmRect part;          /* of the picture, that is analysed */

  VlmSampler *sampler;
  guint64 next_epoch; /* of the sampler after this one */
  VlmMotion *motion;  /* NULL where motion does not matter */
  VlmGeometry geometry;
  VlmVideoBudget budget;
  VlmVideoPlan plan;
  gboolean is_planned;
  gboolean cannot_sample; /* until the caps change */
  gboolean is_open;       /* something was sampled since the last cut */
  guint frame_width;      /* of the small copies */
  guint frame_height;
  VlmRateDecision decision;
  guint64 n_sampled;
  VlmFrame *frame; /* of the buffer that was taken last */

  /* Since this frame none is analysed, for this reason. */
  VlmInstant unwatched_since;
  GstVlmGapReason unwatched_reason;
  /* The newest frame, and the newest one with UTC since the last cut. */
  VlmInstant last;
  VlmTimeSource last_source;
  gint64 last_duration;
  VlmInstant last_utc;
  VlmInstant missing_until; /* no video up to here, according to GAP events */
  /* Of the newest window, not valid before the first one since a cut. */
  VlmInstant covered_until;
  guint64 covered_epoch;
};

GstVlmWindower *
gst_vlm_windower_new (const GstVlmWindowerParams *params)
{
  GstVlmWindower *self = g_new0 (GstVlmWindower, 1);

  GST_DEBUG_CATEGORY_INIT (
      windower_debug, "vlmwindower", 0, "from buffers to windows");
  self->params = *params;
  self->unwatched_since = no_instant;
  self->last = no_instant;
  self->last_utc = no_instant;
  self->missing_until = no_instant;
  self->covered_until = no_instant;
  g_queue_init (&self->items);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  return self;
}

void
gst_vlm_windower_item_free (GstVlmWindowerItem *item)
{
  g_clear_pointer (&item->window, vlm_window_unref);
  g_clear_pointer (&item->details, g_ptr_array_unref);
  g_free (item);
}

void
gst_vlm_windower_free (GstVlmWindower *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (
      &self->items, (GDestroyNotify) gst_vlm_windower_item_free);
  g_clear_pointer (&self->sampler, vlm_sampler_free);
  g_clear_pointer (&self->motion, vlm_motion_free);
  g_clear_pointer (&self->frame, vlm_frame_unref);
  g_clear_pointer (&self->mask, vlm_regions_unref);
  g_clear_pointer (&self->zone, vlm_regions_unref);
  g_clear_pointer (&self->blackout, vlm_blackout_free);
  g_clear_pointer (&self->zone_name, g_ref_string_release);
  g_free (self);
}

/* --- items ---------------------------------------------------------------- */

static void
put_item (GstVlmWindower *self, const GstVlmWindowerItem *item)
{
  g_queue_push_tail (&self->items, g_memdup2 (item, sizeof *item));
}

gboolean
gst_vlm_windower_pop (GstVlmWindower *self, GstVlmWindowerItem *item)
{
  GstVlmWindowerItem *first = g_queue_pop_head (&self->items);

  if (first == NULL)
    return FALSE;
  *item = *first;
  g_free (first);
  return TRUE;
}

static void
put_gap (GstVlmWindower *self, GstVlmGapReason reason, const VlmInstant *start,
    const VlmInstant *end)
{
  put_item (self,
      &(GstVlmWindowerItem){
          .kind = GST_VLM_WINDOWER_ITEM_GAP,
          .reason = reason,
          .start = *start,
          .end = *end,
      });
}

/* The gap from the end of the last window to @start, if there is one. */
static void
put_between (GstVlmWindower *self, guint64 epoch, const VlmInstant *start)
{
  if (VLM_TIME_IS_VALID (self->covered_until.stream_time) &&
      self->covered_epoch == epoch &&
      self->covered_until.stream_time < start->stream_time)
    put_gap (self, GST_VLM_GAP_BETWEEN, &self->covered_until, start);
}

static void
put_window (GstVlmWindower *self, VlmWindow *window)
{
  GstVlmWindowerItem item = {
    .kind = self->params.finds_still && window->still
        ? GST_VLM_WINDOWER_ITEM_STILL
        : GST_VLM_WINDOWER_ITEM_WINDOW,
    .window = window,
  };

  gst_vlm_time_of_window (window, &item.start, &item.end);
  put_between (self, window->epoch, &item.start);
  self->next_epoch = window->epoch + 1;
  self->covered_until = item.end;
  self->covered_epoch = window->epoch;
  put_item (self, &item);
}

/* --- frames that pass ----------------------------------------------------- */

/* Windows only grow forward in time. */
static gboolean
runs_backwards (const GstVlmWindower *self)
{
  return self->segment.rate < 0.0 || self->segment.applied_rate < 0.0;
}

/* Where the newest frame ends, as far as it is known. */
static VlmInstant
end_of_last (const GstVlmWindower *self)
{
  VlmInstant end = self->last;
  gint64 duration = MAX (0, self->last_duration);
  double rate = ABS (self->segment.rate * self->segment.applied_rate);

  end.pts = vlm_time_add (end.pts, duration);
  end.stream_time = vlm_time_add (end.stream_time, duration);
  end.running_time =
      vlm_time_add (end.running_time, vlm_time_scale (duration, 1.0 / rate));
  end.utc = vlm_time_add (end.utc, duration);
  return end;
}

/* @end: (nullable): the frame from which on video is analysed */
static void
end_unwatched (GstVlmWindower *self, const VlmInstant *end)
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
  if (to.stream_time < from.stream_time)
    put_gap (self, self->unwatched_reason, &to, &from);
  else
    put_gap (self, self->unwatched_reason, &from, &to);
}

void
gst_vlm_windower_pass (GstVlmWindower *self, GstVlmGapReason reason)
{
  if (VLM_TIME_IS_VALID (self->unwatched_since.stream_time) &&
      self->unwatched_reason == reason)
    return;
  end_unwatched (self, &self->last);
  self->unwatched_since =
      runs_backwards (self) ? end_of_last (self) : self->last;
  self->unwatched_reason = reason;
}

/* There was no video from the newest frame to @end, if that is long. By running
 * time, because stream time may restart when a camera comes back. */
static void
report_missing (GstVlmWindower *self, const VlmInstant *end)
{
  VlmInstant start = end_of_last (self);
  gint64 hole;

  if (!VLM_TIME_IS_VALID (start.running_time) ||
      !VLM_TIME_IS_VALID (end->running_time) || runs_backwards (self))
    return;
  hole = vlm_time_since (end->running_time, start.running_time);
  if (hole > (self->is_open ? MAX_APART : MIN_MISSING))
    put_gap (self, GST_VLM_GAP_NO_VIDEO, &start, end);
}

void
gst_vlm_windower_miss (GstVlmWindower *self, GstClockTime end)
{
  VlmInstant last = end_of_last (self);
  VlmInstant *until = &self->missing_until;

  if (self->segment.format != GST_FORMAT_TIME)
    return;
  until->pts = gst_vlm_time_from_gst (end);
  until->stream_time = gst_vlm_time_from_gst (
      gst_segment_to_stream_time (&self->segment, GST_FORMAT_TIME, end));
  until->running_time = gst_vlm_time_from_gst (
      gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME, end));
  until->utc = VLM_TIME_NONE;
  if (VLM_TIME_IS_VALID (last.running_time) &&
      VLM_TIME_IS_VALID (until->running_time))
    until->utc = vlm_time_add (
        last.utc, vlm_time_since (until->running_time, last.running_time));
}

void
gst_vlm_windower_end (GstVlmWindower *self)
{
  report_missing (self, &self->missing_until);
  self->missing_until = no_instant;
}

/* --- interruptions -------------------------------------------------------- */

static void
forget (GstVlmWindower *self)
{
  VlmWindow *window;

  self->is_open = FALSE;
  g_clear_pointer (&self->frame, vlm_frame_unref);
  self->last_utc = no_instant;
  self->covered_until = no_instant;
  while (self->sampler != NULL &&
      (window = vlm_sampler_finish (self->sampler)) != NULL)
    vlm_window_unref (window);
}

void
gst_vlm_windower_cut (GstVlmWindower *self)
{
  VlmInstant end = end_of_last (self);
  VlmWindow *window;

  end_unwatched (self, NULL);
  self->last_utc = no_instant;
  if (!self->is_open)
    return;
  while ((window = vlm_sampler_finish (self->sampler)) != NULL)
    put_window (self, window);
  /* If windows do not leave holes, all that was sampled is in a window. */
  if (self->params.hop > self->params.window)
    put_between (self, self->covered_epoch, &end);
  forget (self);
  put_item (self, &(GstVlmWindowerItem){ .kind = GST_VLM_WINDOWER_ITEM_CUT });
}

void
gst_vlm_windower_flush (GstVlmWindower *self)
{
  forget (self);
  g_queue_clear_full (
      &self->items, (GDestroyNotify) gst_vlm_windower_item_free);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  self->unwatched_since = no_instant;
  self->last = no_instant;
  self->missing_until = no_instant;
}

gboolean
gst_vlm_windower_set_info (GstVlmWindower *self, const GstVideoInfo *info)
{
  if (self->has_info && gst_video_info_is_equal (info, &self->info))
    return FALSE;
  gst_vlm_windower_cut (self);
  self->info = *info;
  self->has_info = TRUE;
  self->is_planned = FALSE;
  self->cannot_sample = FALSE;
  return TRUE;
}

void
gst_vlm_windower_set_mask (GstVlmWindower *self, VlmRegions *mask)
{
  g_clear_pointer (&self->blackout, vlm_blackout_free);
  g_clear_pointer (&self->mask, vlm_regions_unref);
  if (mask == NULL)
    return;
  self->mask = vlm_regions_ref (mask);
  self->blackout = vlm_blackout_new (mask);
}

void
gst_vlm_windower_set_zone (GstVlmWindower *self, VlmRegions *zone)
{
  const char *name = zone != NULL ? vlm_regions_get_name (zone, 0) : NULL;

  gst_vlm_windower_cut (self);
  g_clear_pointer (&self->zone, vlm_regions_unref);
  g_clear_pointer (&self->zone_name, g_ref_string_release);
  if (zone != NULL)
    self->zone = vlm_regions_ref (zone);
  if (name != NULL)
    self->zone_name = g_ref_string_new (name);
  self->is_planned = FALSE;
  self->cannot_sample = FALSE;
}

gboolean
gst_vlm_windower_set_segment (GstVlmWindower *self, const GstSegment *segment)
{
  gboolean differs = self->segment.format != GST_FORMAT_UNDEFINED &&
      !gst_segment_is_equal (segment, &self->segment);

  if (differs)
    gst_vlm_windower_cut (self);
  self->segment = *segment;
  return differs;
}

const GstSegment *
gst_vlm_windower_get_segment (const GstVlmWindower *self)
{
  return &self->segment;
}

const GstVideoInfo *
gst_vlm_windower_get_info (const GstVlmWindower *self)
{
  return self->has_info ? &self->info : NULL;
}

gboolean
gst_vlm_windower_continues (GstVlmWindower *self, gint64 stream_time)
{
  gint64 end = end_of_last (self).stream_time;

  if (!VLM_TIME_IS_VALID (stream_time))
    return FALSE;
  if (self->is_open)
    return vlm_sampler_continues (self->sampler, stream_time);
  return VLM_TIME_IS_VALID (end) &&
      vlm_time_distance (stream_time, end) <= MAX_UNWATCHED_HOLE;
}

/* UTC comes from the sender's clock, or from ours: it may run with either of the
 * stream's times. */
static gboolean
clock_was_set (const VlmInstant *before, const VlmInstant *now)
{
  gint64 elapsed;

  if (!VLM_TIME_IS_VALID (before->utc) || !VLM_TIME_IS_VALID (now->utc))
    return FALSE;
  elapsed = vlm_time_since (now->utc, before->utc);
  return vlm_time_distance (
             elapsed, vlm_time_since (now->stream_time, before->stream_time)) >
      MAX_UTC_STEP &&
      (!VLM_TIME_IS_VALID (now->running_time) ||
          !VLM_TIME_IS_VALID (before->running_time) ||
          vlm_time_distance (elapsed,
              vlm_time_since (now->running_time, before->running_time)) >
              MAX_UTC_STEP);
}

/* Whether no window may contain both @buffer and the one before it. A lossy
 * camera marks every lost frame, so only the time counts. */
static gboolean
is_interrupted (GstVlmWindower *self, GstBuffer *buffer, const VlmInstant *time)
{
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT) &&
      !gst_vlm_windower_continues (self, time->stream_time))
    return TRUE;
  return VLM_TIME_IS_VALID (time->stream_time) &&
      clock_was_set (&self->last_utc, time);
}

/* Of the buffer in stream time; one frame of the caps' rate if the buffer has
 * no duration. */
static gint64
duration_of (const GstVlmWindower *self, GstBuffer *buffer)
{
  GstClockTime duration = GST_BUFFER_DURATION (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (duration)) {
    if (GST_VIDEO_INFO_FPS_N (&self->info) <= 0)
      return VLM_TIME_NONE;
    duration = gst_util_uint64_scale_int (GST_SECOND,
        GST_VIDEO_INFO_FPS_D (&self->info), GST_VIDEO_INFO_FPS_N (&self->info));
  }
  return MIN (MAX_DURATION,
      vlm_time_scale ((gint64) MIN (duration, G_MAXINT64),
          ABS (self->segment.applied_rate)));
}

/* A frame without a stream time cannot be analysed. One outside its segment
 * has none, which is no error. */
static GstVlmArrival
why_no_time (const GstVlmWindower *self, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (self->segment.format != GST_FORMAT_TIME)
    return GST_VLM_ARRIVAL_NOT_TIME;
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return GST_VLM_ARRIVAL_NO_TIMESTAMP;
  return pts > VLM_SAMPLER_MAX_TIME ? GST_VLM_ARRIVAL_TOO_FAR
                                    : GST_VLM_ARRIVAL_PASS;
}

GstVlmArrival
gst_vlm_windower_announce (
    GstVlmWindower *self, GstBuffer *buffer, GstElement *clocked)
{
  VlmTimeSource source;
  VlmInstant time;

  source = gst_vlm_time_of_buffer (buffer, &self->segment, clocked, &time);
  if (is_interrupted (self, buffer, &time))
    gst_vlm_windower_cut (self);
  if (!VLM_TIME_IS_VALID (time.stream_time) ||
      time.stream_time > VLM_SAMPLER_MAX_TIME)
    return why_no_time (self, buffer);
  if (!self->has_info)
    return GST_VLM_ARRIVAL_PASS;
  report_missing (self, &time);
  self->missing_until = no_instant;
  self->last = time;
  self->last_source = source;
  self->last_duration = duration_of (self, buffer);
  if (VLM_TIME_IS_VALID (time.utc))
    self->last_utc = time;
  if (!self->cannot_sample && !runs_backwards (self))
    return GST_VLM_ARRIVAL_SAMPLE;
  gst_vlm_windower_pass (
      self, self->cannot_sample ? GST_VLM_GAP_FAILED : GST_VLM_GAP_BACKWARDS);
  return GST_VLM_ARRIVAL_PASS;
}

/* --- plan ----------------------------------------------------------------- */

/* The size for a device that is too slow; FALSE when there is no smaller one. */
static gboolean
get_size (GstVlmWindower *self, guint step, guint *width, guint *height)
{
  return vlm_video_plan_smaller (&self->geometry, &self->budget,
      (guint) self->part.width, (guint) self->part.height, &self->plan, step,
      width, height);
}

/* The box around the zone, or all of the picture. */
static gboolean
find_part (GstVlmWindower *self, GError **error)
{
  gint width = GST_VIDEO_INFO_WIDTH (&self->info);
  gint height = GST_VIDEO_INFO_HEIGHT (&self->info);

  self->part = (VlmRect){ 0, 0, width, height };
  if (self->zone == NULL ||
      vlm_regions_get_bounds (
          self->zone, 0, (guint) width, (guint) height, &self->part, error))
    return TRUE;
  g_prefix_error (error, "zone: ");
  return FALSE;
}

/* The old one is empty since the last cut. */
static void
replace_sampler (GstVlmWindower *self, const VlmSamplerParams *params)
{
  guint n_steps = 0;
  guint width;
  guint height;

  g_clear_pointer (&self->sampler, vlm_sampler_free);
  self->sampler = vlm_sampler_new (params);
  if (params->min_fps_n == 0)
    return;
  while (get_size (self, n_steps + 1, &width, &height))
    n_steps++;
  vlm_sampler_set_budget (
      self->sampler, self->plan.is_lowered ? self->plan.n_frames : 0, n_steps);
}

static gboolean
make_plan (GstVlmWindower *self, gint64 duration, GError **error)
{
  const GstVlmWindowerParams *p = &self->params;
  gboolean is_auto = p->fps[0] == 0;
  const guint *fps = is_auto ? p->max_fps : p->fps;

  self->budget = (VlmVideoBudget){
    .duration = p->window > 0 ? p->window : duration,
    .fps_n = fps[0],
    .fps_d = fps[1],
    .max_frames = p->max_frames,
    .max_tokens = p->max_tokens,
    .min_pixels = p->min_pixels,
    .max_pixels = p->max_pixels,
  };
  return find_part (self, error) &&
      vlm_video_plan (&self->geometry, &self->budget, (guint) self->part.width,
          (guint) self->part.height, &self->plan, error);
}

gboolean
gst_vlm_windower_needs_plan (const GstVlmWindower *self)
{
  return !self->is_planned;
}

static void
fail (GstVlmWindower *self)
{
  self->cannot_sample = TRUE;
  gst_vlm_windower_pass (self, GST_VLM_GAP_FAILED);
}

gboolean
gst_vlm_windower_plan (GstVlmWindower *self, const VlmGeometry *geometry,
    gint64 duration, GError **error)
{
  const GstVlmWindowerParams *p = &self->params;
  gboolean varies = p->fps[0] == 0 && p->window > 0;
  VlmSamplerParams params = {
    .window = p->window,
    .hop = p->hop,
    .frames_per_slice = geometry->temporal_patch_size,
    .min_fps_n = varies ? p->min_fps[0] : 0,
    .min_fps_d = p->min_fps[1],
    .epoch = self->next_epoch,
  };

  self->geometry = *geometry;
  if (!make_plan (self, duration, error)) {
    fail (self);
    return FALSE;
  }
  /* A rate that varies keeps to the budget by itself. */
  params.fps_n = varies ? self->budget.fps_n : self->plan.fps_n;
  params.fps_d = varies ? self->budget.fps_d : self->plan.fps_d;
  params.max_frames = self->plan.n_frames;
  replace_sampler (self, &params);
  g_clear_pointer (&self->motion, vlm_motion_free);
  if (p->window > 0 && (varies || p->finds_still))
    self->motion = vlm_motion_new ();
  self->frame_width = self->plan.width;
  self->frame_height = self->plan.height;
  self->is_planned = TRUE;
  GST_DEBUG ("up to %u/%u frames per second of %ux%u%s", params.fps_n,
      params.fps_d, self->frame_width, self->frame_height,
      self->plan.is_lowered ? ", limited by the budget" : "");
  return TRUE;
}

/* --- sampling ------------------------------------------------------------- */

/* Applies what the sampler has decided. */
static void
follow_decision (GstVlmWindower *self)
{
  VlmRateDecision decision;

  vlm_sampler_get_decision (self->sampler, &decision);
  if (decision.reason == VLM_RATE_REASON_FIXED && self->plan.is_lowered)
    decision.reason = VLM_RATE_REASON_BUDGET;
  get_size (self, decision.pixel_step, &self->frame_width, &self->frame_height);
  if (decision.reason != self->decision.reason ||
      decision.level != self->decision.level ||
      decision.pixel_step != self->decision.pixel_step)
    GST_INFO ("%.3f frames per second of %ux%u: %s", decision.fps,
        self->frame_width, self->frame_height,
        vlm_rate_reason_to_string (decision.reason));
  self->decision = decision;
}

/* @view: of the part that is analysed */
static gboolean
map_part (GstVlmWindower *self, GstBuffer *buffer, GstVlmMapped *mapped,
    VlmImageView *view, GError **error)
{
  if (!gst_vlm_mapped_map (mapped, buffer, &self->info, error))
    return FALSE;
  vlm_image_view_crop (&mapped->view, &self->part, view);
  return TRUE;
}

/* Whether to sample the buffer. @motion: what it shows, -1 when that is not
 * known. FALSE also upon an error. */
static gboolean
wants (GstVlmWindower *self, GstBuffer *buffer, GstVlmMapped *mapped,
    VlmImageView *view, float *motion, GError **error)
{
  gint64 stream_time = self->last.stream_time;
  gint64 duration = self->last_duration;
  gboolean looks = self->motion != NULL &&
      vlm_sampler_looks (self->sampler, stream_time, duration);
  gboolean wants;

  *motion = -1.0f;
  if (looks) {
    if (!map_part (self, buffer, mapped, view, error) ||
        !vlm_motion_look (self->motion, view, motion, error))
      return FALSE;
    vlm_sampler_see (self->sampler, *motion);
  }
  wants = vlm_sampler_wants (self->sampler, stream_time, duration);
  if (looks || wants)
    follow_decision (self);
  return wants && map_part (self, buffer, mapped, view, error);
}

static gboolean
sample (GstVlmWindower *self, const VlmImageView *view, float motion,
    GError **error)
{
  g_autoptr (VlmFrame) frame = vlm_frame_new (
      view, self->frame_width, self->frame_height, VLM_RESAMPLE_VIDEO, error);

  if (frame == NULL)
    return FALSE;
  frame->source_x = (guint) self->part.x;
  frame->source_y = (guint) self->part.y;
  if (self->zone_name != NULL)
    frame->zone = g_ref_string_acquire (self->zone_name);
  if (self->blackout != NULL)
    vlm_blackout_apply (self->blackout, frame,
        (guint) GST_VIDEO_INFO_WIDTH (&self->info),
        (guint) GST_VIDEO_INFO_HEIGHT (&self->info));
  frame->time = self->last;
  frame->time_source = self->last_source;
  frame->motion = motion;
  if (self->motion != NULL)
    vlm_motion_keep (self->motion);
  self->frame = vlm_frame_ref (frame);
  vlm_sampler_add (self->sampler, frame, self->last_duration);
  self->n_sampled++;
  self->is_open = TRUE;
  return TRUE;
}

gboolean
gst_vlm_windower_take (GstVlmWindower *self, GstBuffer *buffer, GError **error)
{
  g_auto (GstVlmMapped) mapped = { 0 };
  GError *failure = NULL;
  VlmWindow *window;
  VlmImageView view;
  float motion;

  end_unwatched (self, &self->last);
  g_clear_pointer (&self->frame, vlm_frame_unref);
  if (wants (self, buffer, &mapped, &view, &motion, &failure))
    sample (self, &view, motion, &failure);
  if (failure != NULL) {
    fail (self);
    g_propagate_error (error, failure);
    return FALSE;
  }
  while ((window = vlm_sampler_pop (self->sampler)) != NULL)
    put_window (self, window);
  return TRUE;
}

VlmTimeSource
gst_vlm_windower_get_time (const GstVlmWindower *self, VlmInstant *time)
{
  *time = self->last;
  return self->last_source;
}

const VlmFrame *
gst_vlm_windower_get_frame (const GstVlmWindower *self)
{
  return self->frame;
}

const VlmBlackout *
gst_vlm_windower_get_blackout (const GstVlmWindower *self)
{
  return self->blackout;
}

gboolean
gst_vlm_windower_adapts (const GstVlmWindower *self)
{
  return self->motion != NULL;
}

void
gst_vlm_windower_measure (
    GstVlmWindower *self, const VlmRateMeasurement *measurement)
{
  vlm_sampler_measure (self->sampler, measurement);
}

void
gst_vlm_windower_get_decision (const GstVlmWindower *self,
    VlmRateDecision *decision, guint *width, guint *height)
{
  *decision = self->decision;
  *width = self->frame_width;
  *height = self->frame_height;
}

guint64
gst_vlm_windower_get_n_sampled (const GstVlmWindower *self)
{
  return self->n_sampled;
}
