/* gst-vlm: vlmevents, checks of settings
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settings that cannot work are an error at the start. A setting that has no
 * effect together with the others is a warning. */
#include "elements/gstvlmevents-private.h"

#include <string.h>

#include <vlm/vlm-remote.h>

#include "util/gstvlmtime.h"

#define AUTO "auto"
#define QUERY_MARK "{query}"
/* Seconds, with window=0 and refine=true: all models are trained on this, and an
 * event of up to five seconds is in one window as a whole. */
#define REFINED_WINDOW 10.0
#define REFINED_HOP 5.0

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
  fps[0] = (guint) gst_value_get_fraction_numerator (&value);
  fps[1] = (guint) gst_value_get_fraction_denominator (&value);
  return fps[0] <= (guint64) 1000 * fps[1] && fps[1] <= (guint64) 3600 * fps[0];
}

static gboolean
is_more (const guint a[2], const guint b[2])
{
  return (guint64) a[0] * b[1] > (guint64) b[0] * a[1];
}

/* The first setting that cannot work, and why; NULL if all can. */
static char *
find_error (const GstVlmEventsSettings *s, guint fps[2])
{
  char *error;

  if (!parse_fps (s->fps, fps))
    return g_strdup_printf (
        "fps=%s: must be `auto`, or a number or fraction from 1/3600 to 1000",
        s->fps);
  if (fps[0] == 0 && is_more (s->min_fps, s->max_fps))
    return g_strdup_printf ("min-fps=%u/%u is more than max-fps=%u/%u",
        s->min_fps[0], s->min_fps[1], s->max_fps[0], s->max_fps[1]);
  if (s->max_pixels != 0 && s->min_pixels > s->max_pixels)
    return g_strdup_printf ("min-pixels=%" G_GUINT64_FORMAT
                            " is more than max-pixels=%" G_GUINT64_FORMAT,
        s->min_pixels, s->max_pixels);
  if (s->delay_video && s->window == 0.0)
    return g_strdup ("delay-video=true does not work with window=0: the whole "
                     "video would be held until its end");
  if (s->delay_video && s->refine)
    return g_strdup ("delay-video=true does not work with refine=true: still "
                     "windows are looked at together, half a minute later");
  if (s->off_threshold > s->on_threshold)
    return g_strdup_printf ("off-threshold=%g is more than on-threshold=%g",
        s->off_threshold, s->on_threshold);
  error = gst_vlm_events_find_task_error (s);
  if (error == NULL)
    error = gst_vlm_events_find_region_error (s);
  return error != NULL ? error : gst_vlm_events_find_snapshot_error (s);
}

VlmModelParams
gst_vlm_events_get_model (const GstVlmEventsSettings *s)
{
  return (VlmModelParams){
    .path = s->model,
    .mmproj = s->mmproj,
    .device = s->device,
    .weights = s->weights,
    .kv_cache = s->kv_cache,
    .precision = s->precision,
    .server = s->server,
    .api_key_file = s->api_key_file,
    .ca_file = s->ca_file,
    .box_space = s->box_space,
    .max_requests = s->max_requests,
    .timeout = gst_vlm_time_from_seconds (s->request_timeout),
  };
}

static gboolean
is_changed (GstVlmEvents *self, const char *name)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (self), name);
  g_auto (GValue) value = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (self), name, &value);
  return !g_param_value_defaults (spec, &value);
}

/* A setting that is for the other kind of model; NULL if there is none. */
static char *
find_other_kind (GstVlmEvents *self)
{
  static const char *const of_here[] = { "mmproj", "device", "weights",
    "kv-cache", "precision", NULL };
  static const char *const of_elsewhere[] = { "server", "api-key-file",
    "ca-file", "box-space", "max-requests", "request-timeout", NULL };
  const char *const *names;
  VlmModelParams model;
  gboolean is_remote;

  GST_OBJECT_LOCK (self);
  model = gst_vlm_events_get_model (&self->settings);
  is_remote = vlm_remote_is_meant (&model);
  GST_OBJECT_UNLOCK (self);
  names = is_remote ? of_here : of_elsewhere;
  for (guint i = 0; names[i] != NULL; i++)
    if (is_changed (self, names[i]))
      return g_strdup_printf ("`%s` has no effect: `model` is %s machine",
          names[i], is_remote ? "on another" : "on this");
  return NULL;
}

/* A setting that is part of something which is off; NULL if there is none. */
static char *
find_lonely (GstVlmEvents *self)
{
  static const struct
  {
    const char *name;
    const char *switched_by; /* off by default */
    const char *on;
  } settings[] = {
    { "trigger-label", "trigger", "trigger=external" },
    { "trigger-before", "trigger", "trigger=external" },
    { "trigger-after", "trigger", "trigger=external" },
    { "delay-margin", "delay-video", "delay-video=true" },
    { "delay-bytes", "delay-video", "delay-video=true" },
    { "snapshot-location", "snapshots", "snapshots=true" },
    { "snapshot-boxes", "snapshots", "snapshots=true" },
    { "on-threshold", "conditions", "`conditions`" },
    { "off-threshold", "conditions", "`conditions`" },
    { "confirm", "conditions", "`conditions`" },
    { "cooldown", "conditions", "`conditions`" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (is_changed (self, settings[i].name) &&
        !is_changed (self, settings[i].switched_by))
      return g_strdup_printf (
          "`%s` has no effect without %s", settings[i].name, settings[i].on);
  return NULL;
}

/* The first setting that has no effect beside the others, and why; NULL if all
 * have. @has_range: the range of fps=auto was set. */
static char *
find_idle (
    const GstVlmEventsSettings *s, const guint fps[2], gboolean has_range)
{
  gboolean refines = gst_vlm_events_refines (s);

  if (s->refine && !refines)
    return g_strdup ("`refine` has no effect: with trigger=external triggers "
                     "decide which windows are analysed");
  if (s->skip_still && refines)
    return g_strdup ("`skip-still` has no effect: with refine=true there is a "
                     "glance at windows in which nothing moves");
  if (s->window == 0.0 && s->hop != 0.0)
    return g_strdup_printf ("`hop` has no effect: with window=0 %s",
        refines ? "windows are as `refine` needs them" : "there is one window");
  if (s->window == 0.0 && s->skip_still)
    return g_strdup (
        "`skip-still` has no effect: with window=0 there is one window");
  if (s->context != 0.0 && !(refines && s->window == 0.0) &&
      (s->window == 0.0 || s->hop == 0.0 || s->hop >= s->window))
    return g_strdup ("`context` has no effect: windows do not overlap, which "
                     "needs a `hop` below `window`");
  if (fps[0] != 0 && has_range)
    return g_strdup_printf ("`min-fps` and `max-fps` have no effect: they are "
                            "for fps=auto, and it is fps=%s",
        s->fps);
  return NULL;
}

gboolean
gst_vlm_events_refines (const GstVlmEventsSettings *s)
{
  return s->refine && s->trigger == GST_VLM_TRIGGER_ALWAYS;
}

static void
fill_windows (const GstVlmEventsSettings *s, const guint fps[2],
    GstVlmWindowerParams *windows)
{
  gboolean refines = gst_vlm_events_refines (s);
  gboolean is_own = refines && s->window == 0.0;

  *windows = (GstVlmWindowerParams){
    .window = gst_vlm_time_from_seconds (is_own ? REFINED_WINDOW : s->window),
    .hop = gst_vlm_time_from_seconds (is_own ? REFINED_HOP : s->hop),
    .fps = { fps[0], fps[1] },
    .min_fps = { s->min_fps[0], s->min_fps[1] },
    .max_fps = { s->max_fps[0], s->max_fps[1] },
    .max_frames = s->max_frames,
    .max_tokens = s->max_video_tokens,
    .min_pixels = s->min_pixels,
    .max_pixels = s->max_pixels,
    .finds_still = s->skip_still || refines,
  };
}

gboolean
gst_vlm_events_check_settings (
    GstVlmEvents *self, GstVlmWindowerParams *windows)
{
  g_autofree char *error = NULL;
  g_autofree char *idle = NULL;
  gboolean has_range =
      is_changed (self, "min-fps") || is_changed (self, "max-fps");
  guint fps[2];

  GST_OBJECT_LOCK (self);
  error = find_error (&self->settings, fps);
  if (error == NULL) {
    idle = find_idle (&self->settings, fps, has_range);
    fill_windows (&self->settings, fps, windows);
  }
  GST_OBJECT_UNLOCK (self);
  if (error != NULL) {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS, ("%s", error), (NULL));
    return FALSE;
  }
  if (idle == NULL)
    idle = find_other_kind (self);
  if (idle == NULL)
    idle = find_lonely (self);
  if (idle != NULL)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS, ("%s.", idle), (NULL));
  return TRUE;
}

void
gst_vlm_events_check_questions (GstVlmEvents *self)
{
  const GstVlmEventsSettings *s = &self->settings;
  gboolean idle;
  gboolean crossed;
  gboolean lonely;
  gboolean coarse;

  GST_OBJECT_LOCK (self);
  crossed = s->off_threshold > s->on_threshold;
  lonely = s->locate && s->conditions == NULL;
  coarse = gst_vlm_events_refines (s) &&
      (s->conditions != NULL || s->task != 0 || s->schema_file != NULL);
  idle = s->prompt != NULL && (s->query != NULL || s->queries != NULL) &&
      strstr (s->prompt, QUERY_MARK) == NULL;
  GST_OBJECT_UNLOCK (self);
  if (idle)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`query` and `queries` have no effect: `prompt` replaces them, unless "
         "it has " QUERY_MARK " in the place of the query."),
        (NULL));
  if (lonely)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`locate` has no effect without `conditions`."), (NULL));
  if (coarse)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`refine` has no effect: `conditions`, `task` and `schema-file` are "
         "asked of each window."),
        (NULL));
  if (crossed)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`off-threshold` is more than `on-threshold`; the value of "
         "`on-threshold` is used for both."),
        (NULL));
}

char *
gst_vlm_events_find_error (GstVlmEvents *self)
{
  guint fps[2];
  char *error;

  GST_OBJECT_LOCK (self);
  error = find_error (&self->settings, fps);
  GST_OBJECT_UNLOCK (self);
  return error;
}
