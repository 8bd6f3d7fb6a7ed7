/* gst-vlm: vlmoverlay, properties
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmoverlay-private.h"

#include "util/gstvlmtime.h"

#define DEFAULT_TOLERANCE 0.5
#define DEFAULT_HISTORY 60.0
#define DEFAULT_FONT "Sans"
#define MAX_SECONDS 86400.0

enum
{
  PROP_DRAW_BOXES = 1,
  PROP_DRAW_LABELS,
  PROP_DRAW_CONFIDENCE,
  PROP_DRAW_AGE,
  PROP_DRAW_STRIP,
  PROP_DRAW_PICTURES,
  PROP_REGIONS,
  PROP_TOLERANCE,
  PROP_HOLD,
  PROP_HISTORY,
  PROP_FONT,
  PROP_SCALE,
  PROP_OPACITY,
};

static gboolean *
find_switch (GstVlmShown *shown, guint id)
{
  switch (id) {
  case PROP_DRAW_BOXES:
    return &shown->boxes;
  case PROP_DRAW_LABELS:
    return &shown->labels;
  case PROP_DRAW_CONFIDENCE:
    return &shown->confidence;
  case PROP_DRAW_AGE:
    return &shown->age;
  case PROP_DRAW_STRIP:
    return &shown->strip;
  case PROP_DRAW_PICTURES:
    return &shown->pictures;
  case PROP_REGIONS:
    return &shown->regions;
  default:
    return NULL;
  }
}

static void
gst_vlm_overlay_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (object);
  GstVlmOverlaySettings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  self->altered |= id != PROP_OPACITY;
  self->restyled |= id == PROP_FONT || id == PROP_SCALE;
  switch (id) {
  case PROP_TOLERANCE:
  case PROP_HOLD:
    s->shown.tolerance = gst_vlm_time_from_seconds (g_value_get_double (value));
    break;
  case PROP_HISTORY:
    s->shown.history = gst_vlm_time_from_seconds (g_value_get_double (value));
    break;
  case PROP_FONT:
    g_free (s->font);
    s->font = g_value_dup_string (value);
    break;
  case PROP_SCALE:
    s->scale = g_value_get_double (value);
    break;
  case PROP_OPACITY:
    s->opacity = g_value_get_double (value);
    break;
  default:
    if (find_switch (&s->shown, id) != NULL)
      *find_switch (&s->shown, id) = g_value_get_boolean (value);
    else
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vlm_overlay_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (object);
  GstVlmOverlaySettings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_TOLERANCE:
  case PROP_HOLD:
    g_value_set_double (value, (double) s->shown.tolerance / GST_SECOND);
    break;
  case PROP_HISTORY:
    g_value_set_double (value, (double) s->shown.history / GST_SECOND);
    break;
  case PROP_FONT:
    g_value_set_string (value, s->font);
    break;
  case PROP_SCALE:
    g_value_set_double (value, s->scale);
    break;
  case PROP_OPACITY:
    g_value_set_double (value, s->opacity);
    break;
  default:
    if (find_switch (&s->shown, id) != NULL)
      g_value_set_boolean (value, *find_switch (&s->shown, id));
    else
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)
#define FLAGS_CONTROLLABLE (FLAGS | GST_PARAM_CONTROLLABLE)

static void
install_switches (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_DRAW_BOXES,
      g_param_spec_boolean ("draw-boxes", "Draw boxes",
          "Outline events and other regions of interest, with a dashed line if "
          "the box was found in an earlier frame",
          TRUE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_DRAW_LABELS,
      g_param_spec_boolean ("draw-labels", "Draw labels",
          "Write the label at each box", TRUE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_DRAW_CONFIDENCE,
      g_param_spec_boolean ("draw-confidence", "Draw confidence",
          "Write the confidence of the model at the box and in the strip", TRUE,
          FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_DRAW_AGE,
      g_param_spec_boolean ("draw-age", "Draw age",
          "Write the age of an event, or the time since its end, at the box "
          "and in the strip",
          TRUE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_DRAW_STRIP,
      g_param_spec_boolean ("draw-strip", "Draw strip",
          "Draw a strip at the bottom with the recent events and their times",
          TRUE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_DRAW_PICTURES,
      g_param_spec_boolean ("draw-pictures", "Draw pictures",
          "Show a small picture in the strip of the frame in which a box was "
          "found, if that frame had passed before the box was known",
          TRUE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_REGIONS,
      g_param_spec_boolean ("regions", "Regions",
          "Draw the mask and the zone of vlmevents", FALSE,
          FLAGS_CONTROLLABLE));
}

void
gst_vlm_overlay_install_properties (GObjectClass *klass)
{
  klass->set_property = gst_vlm_overlay_set_property;
  klass->get_property = gst_vlm_overlay_get_property;
  install_switches (klass);
  g_object_class_install_property (klass, PROP_TOLERANCE,
      g_param_spec_double ("tolerance", "Tolerance",
          "A box is drawn on frames that are no more than this before or after "
          "the one in which it was found, in seconds",
          0.0, MAX_SECONDS, DEFAULT_TOLERANCE, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_HOLD,
      g_param_spec_double ("hold", "Hold", "Same as `tolerance`", 0.0,
          MAX_SECONDS, DEFAULT_TOLERANCE,
          FLAGS_CONTROLLABLE | G_PARAM_DEPRECATED));
  g_object_class_install_property (klass, PROP_HISTORY,
      g_param_spec_double ("history", "History",
          "Time span of the strip, in seconds", 1.0, MAX_SECONDS,
          DEFAULT_HISTORY, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_FONT,
      g_param_spec_string ("font", "Font",
          "Font family and style as a Pango font description (Sans Bold); the "
          "size follows from the frame and `scale`",
          DEFAULT_FONT, FLAGS));
  g_object_class_install_property (klass, PROP_SCALE,
      g_param_spec_double ("scale", "Scale",
          "Scale of text and lines, relative to a size that suits the frame",
          0.25, 8.0, 1.0, FLAGS_CONTROLLABLE));
  g_object_class_install_property (klass, PROP_OPACITY,
      g_param_spec_double ("opacity", "Opacity",
          "Opacity of everything that is drawn (0 = invisible)", 0.0, 1.0, 1.0,
          FLAGS_CONTROLLABLE));
}

void
gst_vlm_overlay_init_settings (GstVlmOverlay *self)
{
  self->settings = (GstVlmOverlaySettings){
    .shown = { .boxes = TRUE,
        .labels = TRUE,
        .confidence = TRUE,
        .age = TRUE,
        .strip = TRUE,
        .pictures = TRUE,
        .tolerance = gst_vlm_time_from_seconds (DEFAULT_TOLERANCE),
        .history = gst_vlm_time_from_seconds (DEFAULT_HISTORY) },
    .font = g_strdup (DEFAULT_FONT),
    .scale = 1.0,
    .opacity = 1.0,
  };
  self->restyled = TRUE;
}

void
gst_vlm_overlay_clear_settings (GstVlmOverlay *self)
{
  g_free (self->settings.font);
}
