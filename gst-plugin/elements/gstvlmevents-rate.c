/* gst-vlm: vlmevents, how many frames of which size are sampled
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * On the streaming thread, but for the properties and gst_vlm_events_add_rate().
 * The properties are read when the element goes to PAUSED. */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmframe.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

enum
{
  PROP_FPS = GST_VLM_EVENTS_FIRST_RATE_PROP,
  PROP_MIN_FPS,
  PROP_MAX_FPS,
  PROP_MIN_PIXELS,
  PROP_MAX_PIXELS,
  PROP_MAX_FRAMES,
  PROP_MAX_VIDEO_TOKENS,
  PROP_SKIP_STILL,
};

#define AUTO "auto"
#define DEFAULT_MIN_FPS_N 1
#define DEFAULT_MIN_FPS_D 2
#define DEFAULT_MAX_FPS_N 4
#define DEFAULT_MAX_FPS_D 1
#define DEFAULT_MAX_FRAMES 768
#define DEFAULT_MAX_VIDEO_TOKENS 24576

/* --- properties ----------------------------------------------------------- */

void
gst_vlm_events_init_rate (GstVlmEvents *self)
{
  self->rate = (GstVlmEventsRate){
    .fps = g_strdup (AUTO),
    .min_fps = { DEFAULT_MIN_FPS_N, DEFAULT_MIN_FPS_D },
    .max_fps = { DEFAULT_MAX_FPS_N, DEFAULT_MAX_FPS_D },
    .max_frames = DEFAULT_MAX_FRAMES,
    .max_tokens = DEFAULT_MAX_VIDEO_TOKENS,
  };
}

void
gst_vlm_events_clear_rate (GstVlmEvents *self)
{
  g_clear_pointer (&self->rate.fps, g_free);
  g_clear_pointer (&self->motion, vlm_motion_free);
}

static void
get_fraction (const GValue *value, guint fraction[2])
{
  fraction[0] = (guint) gst_value_get_fraction_numerator (value);
  fraction[1] = (guint) gst_value_get_fraction_denominator (value);
}

gboolean
gst_vlm_events_set_rate (GstVlmEvents *self, guint id, const GValue *value)
{
  GstVlmEventsRate *rate = &self->rate;

  switch (id) {
  case PROP_FPS:
    g_free (rate->fps);
    rate->fps = g_value_dup_string (value);
    return TRUE;
  case PROP_MIN_FPS:
    get_fraction (value, rate->min_fps);
    return TRUE;
  case PROP_MAX_FPS:
    get_fraction (value, rate->max_fps);
    return TRUE;
  case PROP_MIN_PIXELS:
    rate->min_pixels = g_value_get_uint64 (value);
    return TRUE;
  case PROP_MAX_PIXELS:
    rate->max_pixels = g_value_get_uint64 (value);
    return TRUE;
  case PROP_MAX_FRAMES:
    rate->max_frames = g_value_get_uint (value);
    return TRUE;
  case PROP_MAX_VIDEO_TOKENS:
    rate->max_tokens = g_value_get_uint (value);
    return TRUE;
  case PROP_SKIP_STILL:
    rate->skip_still = g_value_get_boolean (value);
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean
gst_vlm_events_get_rate (GstVlmEvents *self, guint id, GValue *value)
{
  const GstVlmEventsRate *rate = &self->rate;

  switch (id) {
  case PROP_FPS:
    g_value_set_string (value, rate->fps);
    return TRUE;
  case PROP_MIN_FPS:
    gst_value_set_fraction (
        value, (gint) rate->min_fps[0], (gint) rate->min_fps[1]);
    return TRUE;
  case PROP_MAX_FPS:
    gst_value_set_fraction (
        value, (gint) rate->max_fps[0], (gint) rate->max_fps[1]);
    return TRUE;
  case PROP_MIN_PIXELS:
    g_value_set_uint64 (value, rate->min_pixels);
    return TRUE;
  case PROP_MAX_PIXELS:
    g_value_set_uint64 (value, rate->max_pixels);
    return TRUE;
  case PROP_MAX_FRAMES:
    g_value_set_uint (value, rate->max_frames);
    return TRUE;
  case PROP_MAX_VIDEO_TOKENS:
    g_value_set_uint (value, rate->max_tokens);
    return TRUE;
  case PROP_SKIP_STILL:
    g_value_set_boolean (value, rate->skip_still);
    return TRUE;
  default:
    return FALSE;
  }
}

#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_budget (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MIN_PIXELS,
      g_param_spec_uint64 ("min-pixels", "Min. pixels",
          "Smallest area of a sampled frame (0 = default of the model)", 0,
          G_MAXINT32, 0, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_PIXELS,
      g_param_spec_uint64 ("max-pixels", "Max. pixels",
          "Largest area of a sampled frame (0 = default of the model)", 0,
          G_MAXINT32, 0, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_FRAMES,
      g_param_spec_uint ("max-frames", "Max. frames",
          "Most frames in a window; the rate is lowered where they would be "
          "more",
          2, 65536, DEFAULT_MAX_FRAMES, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_VIDEO_TOKENS,
      g_param_spec_uint ("max-video-tokens", "Max. video tokens",
          "Most tokens that the frames of a window become; first the frames "
          "get smaller, down to `min-pixels`, then fewer",
          1, 1 << 20, DEFAULT_MAX_VIDEO_TOKENS, FLAGS));
}

void
gst_vlm_events_install_rate (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_FPS,
      g_param_spec_string ("fps", "Frames per second",
          "How many frames are sampled from a second of stream time: a number "
          "or fraction (2, 1/2), or `auto` for as many as motion, budget and "
          "device ask for",
          AUTO, FLAGS));
  g_object_class_install_property (klass, PROP_MIN_FPS,
      gst_param_spec_fraction ("min-fps", "Min. frames per second",
          "With `fps=auto`: while nothing moves", 1, 3600, 1000, 1,
          DEFAULT_MIN_FPS_N, DEFAULT_MIN_FPS_D, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_FPS,
      gst_param_spec_fraction ("max-fps", "Max. frames per second",
          "With `fps=auto`: while something moves", 1, 3600, 1000, 1,
          DEFAULT_MAX_FPS_N, DEFAULT_MAX_FPS_D, FLAGS));
  install_budget (klass);
  g_object_class_install_property (klass, PROP_SKIP_STILL,
      g_param_spec_boolean ("skip-still", "Skip still windows",
          "Do not analyse windows in which nothing moves", FALSE, FLAGS));
}

/* --- settings ------------------------------------------------------------- */

/* @fps: 0/1 for auto */
static gboolean
parse_fps (const char *text, guint fps[2])
{
  g_auto (GValue) value = G_VALUE_INIT;
  double number;
  char *end;

  fps[0] = 0;
  fps[1] = 1;
  if (text == NULL || g_ascii_strcasecmp (text, AUTO) == 0)
    return TRUE;
  g_value_init (&value, GST_TYPE_FRACTION);
  number = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0' && number >= 1e-9 && number <= 1e6) {
    gint n;
    gint d;

    gst_util_double_to_fraction (number, &n, &d);
    gst_value_set_fraction (&value, n, d);
  } else if (!gst_value_deserialize (&value, text)) {
    return FALSE;
  }
  if (gst_value_get_fraction_numerator (&value) <= 0)
    return FALSE;
  get_fraction (&value, fps);
  return fps[0] <= (guint64) 1000 * fps[1] && fps[1] <= (guint64) 3600 * fps[0];
}

gboolean
gst_vlm_events_check_rate (GstVlmEvents *self)
{
  GstVlmEventsRate *rate = &self->rate;
  g_autofree char *why = NULL;

  GST_OBJECT_LOCK (self);
  if (!parse_fps (rate->fps, rate->fixed_fps))
    why = g_strdup_printf ("fps=%s: this is `auto`, or a number or fraction "
                           "from 1/3600 to 1000",
        rate->fps);
  else if (rate->fixed_fps[0] == 0 &&
      (guint64) rate->min_fps[0] * rate->max_fps[1] >
          (guint64) rate->max_fps[0] * rate->min_fps[1])
    why = g_strdup_printf ("min-fps=%u/%u is more than max-fps=%u/%u",
        rate->min_fps[0], rate->min_fps[1], rate->max_fps[0], rate->max_fps[1]);
  GST_OBJECT_UNLOCK (self);
  if (why == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS, ("%s", why), (NULL));
  return FALSE;
}

/* --- plan ----------------------------------------------------------------- */

/* What is left of the stream to play, 0 when nobody knows. */
static gint64
get_duration (GstVlmEvents *self)
{
  const GstSegment *segment = &self->segment;
  gint64 duration = 0;

  if (GST_CLOCK_TIME_IS_VALID (segment->stop) && segment->stop > segment->start)
    duration = (gint64) ((double) (segment->stop - segment->start) *
        ABS (segment->applied_rate));
  else if (gst_pad_peer_query_duration (
               self->sinkpad, GST_FORMAT_TIME, &duration) &&
      duration > 0)
    duration -= MIN (duration, (gint64) segment->time);
  return MAX (0, duration);
}

static VlmVideoBudget
get_budget (const GstVlmEventsRate *rate, gboolean is_auto)
{
  const guint *fps = is_auto ? rate->max_fps : rate->fixed_fps;

  return (VlmVideoBudget){
    .fps_n = fps[0],
    .fps_d = fps[1],
    .max_frames = rate->max_frames,
    .max_tokens = rate->max_tokens,
    .min_pixels = rate->min_pixels,
    .max_pixels = rate->max_pixels,
  };
}

/* The size for a device that is too slow; FALSE when there is no smaller one. */
static gboolean
get_size (GstVlmEvents *self, guint step, guint *width, guint *height)
{
  return vlm_video_plan_smaller (&self->geometry, &self->budget,
      (guint) GST_VIDEO_INFO_WIDTH (&self->info),
      (guint) GST_VIDEO_INFO_HEIGHT (&self->info), &self->plan, step, width,
      height);
}

static void
replace_sampler (GstVlmEvents *self, const VlmSamplerParams *params)
{
  guint n_steps = 0;
  guint width;
  guint height;

  /* What the old one held was cut off. */
  g_clear_pointer (&self->sampler, vlm_sampler_free);
  self->sampler = vlm_sampler_new (params);
  if (params->min_fps_n == 0)
    return;
  while (get_size (self, n_steps + 1, &width, &height))
    n_steps++;
  vlm_sampler_set_budget (
      self->sampler, self->plan.is_lowered ? self->plan.n_frames : 0, n_steps);
}

/* The caps are known, and the model is. */
gboolean
gst_vlm_events_plan_rate (GstVlmEvents *self, GError **error)
{
  VlmSamplerParams params = { .epoch = self->next_epoch };
  gboolean is_auto;
  gboolean looks;

  gst_vlm_worker_get_geometry (self->worker, &self->geometry);
  GST_OBJECT_LOCK (self);
  is_auto = self->rate.fixed_fps[0] == 0;
  self->budget = get_budget (&self->rate, is_auto);
  params.window = gst_vlm_time_from_seconds (self->settings.window);
  params.hop = gst_vlm_time_from_seconds (self->settings.hop);
  params.min_fps_n = is_auto && params.window > 0 ? self->rate.min_fps[0] : 0;
  params.min_fps_d = self->rate.min_fps[1];
  looks = params.window > 0 && (is_auto || self->rate.skip_still);
  GST_OBJECT_UNLOCK (self);

  self->budget.duration =
      params.window > 0 ? params.window : get_duration (self);
  if (!vlm_video_plan (&self->geometry, &self->budget,
          (guint) GST_VIDEO_INFO_WIDTH (&self->info),
          (guint) GST_VIDEO_INFO_HEIGHT (&self->info), &self->plan, error))
    return FALSE;
  /* A rate that varies keeps to the budget by itself. */
  params.fps_n = params.min_fps_n > 0 ? self->budget.fps_n : self->plan.fps_n;
  params.fps_d = params.min_fps_n > 0 ? self->budget.fps_d : self->plan.fps_d;
  params.frames_per_slice = self->geometry.temporal_patch_size;
  params.max_frames = self->plan.n_frames;
  replace_sampler (self, &params);
  g_clear_pointer (&self->motion, vlm_motion_free);
  if (looks)
    self->motion = vlm_motion_new ();
  self->frame_width = self->plan.width;
  self->frame_height = self->plan.height;
  GST_DEBUG_OBJECT (self, "up to %u/%u frames a second of %ux%u%s",
      params.fps_n, params.fps_d, self->frame_width, self->frame_height,
      self->plan.is_lowered ? ", bounded by the budget" : "");
  return TRUE;
}

/* --- decisions ------------------------------------------------------------ */

/* Takes up what the sampler has decided, and lets it be seen. */
static void
follow_decision (GstVlmEvents *self)
{
  VlmRateDecision decision;

  vlm_sampler_get_decision (self->sampler, &decision);
  if (decision.reason == VLM_RATE_REASON_FIXED && self->plan.is_lowered)
    decision.reason = VLM_RATE_REASON_BUDGET;
  get_size (self, decision.pixel_step, &self->frame_width, &self->frame_height);
  if (decision.reason != self->decision.reason ||
      decision.level != self->decision.level ||
      decision.pixel_step != self->decision.pixel_step)
    GST_INFO_OBJECT (self, "%.3f frames a second of %ux%u: %s", decision.fps,
        self->frame_width, self->frame_height,
        vlm_rate_reason_to_string (decision.reason));
  g_mutex_lock (&self->lock);
  self->decision = decision;
  self->told_width = self->frame_width;
  self->told_height = self->frame_height;
  g_mutex_unlock (&self->lock);
}

/* Only where nobody waits for the device: what is seen of a file must not depend
 * on how fast it is. */
static void
take_measurement (GstVlmEvents *self)
{
  VlmRateMeasurement measurement;

  if (gst_vlm_worker_take_measurement (self->worker, &measurement) &&
      gst_vlm_events_get_policy (self) != GST_VLM_POLICY_BLOCK)
    vlm_sampler_measure (self->sampler, &measurement);
}

gboolean
gst_vlm_events_wants (GstVlmEvents *self, GstBuffer *buffer, gint64 stream_time,
    gint64 duration, float *motion, GError **error)
{
  gboolean wants;
  gboolean looked = FALSE;

  *motion = -1.0f;
  if (self->motion != NULL &&
      vlm_sampler_looks (self->sampler, stream_time, duration)) {
    take_measurement (self);
    if (!gst_vlm_frame_look (buffer, &self->info, self->motion, motion, error))
      return FALSE;
    vlm_sampler_see (self->sampler, *motion);
    looked = TRUE;
  }
  wants = vlm_sampler_wants (self->sampler, stream_time, duration);
  if (looked || wants)
    follow_decision (self);
  return wants;
}

void
gst_vlm_events_add_rate (GstVlmEvents *self, GstStructure *stats)
{
  gst_structure_set (stats, "fps", G_TYPE_DOUBLE, self->decision.fps,
      "fps-reason", G_TYPE_STRING,
      vlm_rate_reason_to_string (self->decision.reason), "width", G_TYPE_UINT,
      self->told_width, "height", G_TYPE_UINT, self->told_height, NULL);
}
