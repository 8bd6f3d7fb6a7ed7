/* gst-vlm: vlmevents, external triggers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With trigger=external an upstream detector decides, by the metadata on
 * buffers, or the sender of an event vlm-trigger from either side. */
#include "config.h"

#include "elements/gstvlmevents-private.h"

#include "util/gstvlmanalytics.h"
#include "util/gstvlmtime.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

#define TRIGGER_EVENT "vlm-trigger"
#define TIME_FIELD "running-time"

GType
gst_vlm_trigger_mode_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
    { GST_VLM_TRIGGER_ALWAYS, "Analyse all windows", "always" },
    { GST_VLM_TRIGGER_EXTERNAL,
        "Analyse windows around triggers of a detector or an application",
        "external" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstVlmTriggerMode", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

/* --- with the analysis ---------------------------------------------------- */

void
gst_vlm_events_start_trigger (GstVlmEvents *self)
{
  const GstVlmEventsSettings *s = &self->settings;
  GstVlmTrigger *trigger = NULL;
  g_autoptr (GStrvBuilder) labels = g_strv_builder_new ();
  g_auto (GStrv) parts = NULL;

  GST_OBJECT_LOCK (self);
  self->trigger_before = s->trigger == GST_VLM_TRIGGER_EXTERNAL
      ? gst_vlm_time_from_seconds (s->trigger_before)
      : 0;
  if (s->trigger == GST_VLM_TRIGGER_EXTERNAL)
    trigger = gst_vlm_trigger_new (
        self->trigger_before, gst_vlm_time_from_seconds (s->trigger_after));
  parts = g_strsplit (s->trigger_label != NULL ? s->trigger_label : "", ";", 0);
  GST_OBJECT_UNLOCK (self);
  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_strv_builder_add (labels, *part);
  self->trigger_labels = g_strv_builder_end (labels);
  g_mutex_lock (&self->lock);
  self->trigger = trigger;
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_events_end_trigger (GstVlmEvents *self)
{
  GstVlmTrigger *trigger;

  g_mutex_lock (&self->lock);
  trigger = g_steal_pointer (&self->trigger);
  g_mutex_unlock (&self->lock);
  gst_vlm_trigger_free (trigger);
  g_clear_pointer (&self->trigger_labels, g_strfreev);
}

/* --- events --------------------------------------------------------------- */

/* VLM_TIME_NONE if there is none. FALSE if the field is not a time. */
static gboolean
read_time (const GstStructure *structure, gint64 *time)
{
  const GValue *value = gst_structure_get_value (structure, TIME_FIELD);
  g_auto (GValue) number = G_VALUE_INIT;
  guint64 unsigned_time;

  *time = VLM_TIME_NONE;
  if (value == NULL ||
      (gst_structure_get_uint64 (structure, TIME_FIELD, &unsigned_time) &&
          !GST_CLOCK_TIME_IS_VALID (unsigned_time)))
    return TRUE;
  g_value_init (&number, G_TYPE_INT64);
  if (!g_value_transform (value, &number))
    return FALSE;
  *time = g_value_get_int64 (&number);
  return *time >= 0 && *time <= VLM_SAMPLER_MAX_TIME;
}

gboolean
gst_vlm_events_take_trigger (GstVlmEvents *self, GstEvent *event)
{
  gboolean is_time;
  gint64 time;

  if (!gst_event_has_name (event, TRIGGER_EVENT))
    return FALSE;
  is_time = read_time (gst_event_get_structure (event), &time);
  g_mutex_lock (&self->lock);
  if (is_time && self->trigger != NULL)
    gst_vlm_trigger_fire (self->trigger, time);
  else if (is_time)
    GST_DEBUG_OBJECT (self, "%" GST_PTR_FORMAT " has no effect", event);
  g_mutex_unlock (&self->lock);
  if (!is_time)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("An event %s is ignored: its %s must be a time in nanoseconds, from 0 "
         "to 73 years.",
            TRIGGER_EVENT, TIME_FIELD),
        ("%" GST_PTR_FORMAT, event));
  return TRUE;
}

/* --- buffers -------------------------------------------------------------- */

static gboolean
is_label (gpointer user_data, const char *text)
{
  char **labels = user_data;

  for (; text != NULL && *labels != NULL; labels++)
    if (g_ascii_strcasecmp (*labels, text) == 0)
      return TRUE;
  return FALSE;
}

/* By the type of the region, or by a label among its parameters: detectors use
 * either. */
static gboolean
is_wanted_region (GstVlmEvents *self, const GstVideoRegionOfInterestMeta *roi)
{
  if (is_label (self->trigger_labels, g_quark_to_string (roi->roi_type)))
    return TRUE;
  for (GList *l = roi->params; l != NULL; l = l->next)
    if (is_label (
            self->trigger_labels, gst_structure_get_string (l->data, "label")))
      return TRUE;
  return FALSE;
}

static gboolean
has_label (GstVlmEvents *self, GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;

  if (self->trigger_labels[0] == NULL)
    return FALSE;
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL)
    if (is_wanted_region (self, (GstVideoRegionOfInterestMeta *) meta))
      return TRUE;
#ifdef HAVE_GST_ANALYTICS
  if (gst_vlm_analytics_has_object (buffer, is_label, self->trigger_labels))
    return TRUE;
#endif
  return FALSE;
}

void
gst_vlm_events_look_for_trigger (GstVlmEvents *self, GstBuffer *buffer)
{
  VlmInstant time;

  if (self->trigger == NULL)
    return;
  gst_vlm_windower_get_time (self->windower, &time);
  if (has_label (self, buffer))
    gst_vlm_trigger_fire (self->trigger, time.running_time);
  gst_vlm_trigger_advance (self->trigger, time.running_time);
}
