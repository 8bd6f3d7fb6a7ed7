/* gst-vlm: vlmtestsrc, properties
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmtestsrc-private.h"

#define DEFAULT_DURATION 10.0
#define MIN_DURATION 0.001
#define MAX_DURATION 86400.0
#define DEFAULT_MIN_OBJECTS 1
#define DEFAULT_MAX_OBJECTS 3

enum
{
  PROP_SEED = 1,
  PROP_DURATION,
  PROP_NUM_SCENES,
  PROP_MIN_OBJECTS,
  PROP_MAX_OBJECTS,
  PROP_MAX_BYSTANDERS,
  PROP_PERSPECTIVE,
  PROP_KIND,
  PROP_BACKGROUND,
  PROP_EFFECTS,
  PROP_TROUBLES,
  PROP_IS_LIVE,
  PROP_ADD_META,
  PROP_TRUTH_LOCATION,
};

GType
gst_vlm_test_src_kind_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
    { VLM_SCENE_KIND_NAMED,
        "Plain shapes in plain colours, named by shape and colour", "named" },
    { VLM_SCENE_KIND_ANY, "Objects of any look, all called \"object\"", "any" },
    { VLM_SCENE_KIND_MIXED, "Both", "mixed" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstVlmTestSrcKind", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_vlm_test_src_background_get_type (void)
{
  static GType type;
  static const GFlagsValue values[] = {
    { VLM_SCENE_BACKGROUND_FLAT, "One colour", "flat" },
    { VLM_SCENE_BACKGROUND_GRADIENT, "From one colour to another", "gradient" },
    { VLM_SCENE_BACKGROUND_TEXTURE, "Stripes, checks or bricks", "texture" },
    { VLM_SCENE_BACKGROUND_NOISE, "Soft noise", "noise" },
    { VLM_SCENE_BACKGROUND_CLUTTER, "A horizon and objects that never move",
        "clutter" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered =
        g_flags_register_static ("GstVlmTestSrcBackground", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_vlm_test_src_effects_get_type (void)
{
  static GType type;
  static const GFlagsValue values[] = {
    { VLM_SCENE_EFFECT_SHADOWS, "Objects cast soft shadows", "shadows" },
    { VLM_SCENE_EFFECT_LIGHT, "The light changes slowly", "light" },
    { VLM_SCENE_EFFECT_SHAKE, "The camera shakes", "shake" },
    { VLM_SCENE_EFFECT_NOISE, "The sensor is noisy", "noise" },
    { VLM_SCENE_EFFECT_BLOCKS, "The picture has compression artefacts",
        "blocks" },
    { VLM_SCENE_EFFECT_EXPOSURE, "Exposure follows light and dark objects",
        "exposure" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_flags_register_static ("GstVlmTestSrcEffects", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_vlm_test_src_troubles_get_type (void)
{
  static GType type;
  static const GFlagsValue values[] = {
    { VLM_SCENE_TROUBLE_STANDING, "Walls, signs and parked objects",
        "standing" },
    { VLM_SCENE_TROUBLE_DRIFT, "The exposure drifts", "drift" },
    { VLM_SCENE_TROUBLE_FOCUS, "The focus hunts", "focus" },
    { VLM_SCENE_TROUBLE_SWAY, "Leaves sway or water flows", "sway" },
    { VLM_SCENE_TROUBLE_SHADES, "Shadows of objects outside the picture pass",
        "shades" },
    { VLM_SCENE_TROUBLE_FIGURES, "Dark figures and objects with limbs",
        "figures" },
    { VLM_SCENE_TROUBLE_STAYS, "Long stays with small motion", "stays" },
    { VLM_SCENE_TROUBLE_EDGES, "Small objects at the edge", "edges" },
    { VLM_SCENE_TROUBLE_BRIEF, "Objects in view for 0.5 to 2 s", "brief" },
    { VLM_SCENE_TROUBLE_ANGLE, "The camera is tilted", "angle" },
    { VLM_SCENE_TROUBLE_FAINT, "Objects with low contrast", "faint" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered =
        g_flags_register_static ("GstVlmTestSrcTroubles", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

static void
gst_vlm_test_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (object);
  GstVlmTestSrcSettings *s = &self->settings;

  if (GST_BASE_SRC_IS_STARTED (self))
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`%s` was set while the element is running. It takes effect at the "
         "next start (READY to PAUSED).",
            spec->name),
        (NULL));
  if (id == PROP_IS_LIVE) {
    gst_base_src_set_live (GST_BASE_SRC (self), g_value_get_boolean (value));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_SEED:
    s->seed = g_value_get_uint64 (value);
    break;
  case PROP_DURATION:
    s->duration = g_value_get_double (value);
    break;
  case PROP_NUM_SCENES:
    s->num_scenes = g_value_get_int (value);
    break;
  case PROP_MIN_OBJECTS:
    s->min_objects = g_value_get_uint (value);
    break;
  case PROP_MAX_OBJECTS:
    s->max_objects = g_value_get_uint (value);
    break;
  case PROP_MAX_BYSTANDERS:
    s->max_bystanders = g_value_get_uint (value);
    break;
  case PROP_PERSPECTIVE:
    s->perspective = g_value_get_double (value);
    break;
  case PROP_KIND:
    s->kind = (VlmSceneKind) g_value_get_enum (value);
    break;
  case PROP_BACKGROUND:
    s->background = g_value_get_flags (value);
    break;
  case PROP_EFFECTS:
    s->effects = g_value_get_flags (value);
    break;
  case PROP_TROUBLES:
    s->troubles = g_value_get_flags (value);
    break;
  case PROP_ADD_META:
    s->add_meta = g_value_get_boolean (value);
    break;
  case PROP_TRUTH_LOCATION:
    g_free (s->truth_location);
    s->truth_location = g_value_dup_string (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vlm_test_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (object);
  GstVlmTestSrcSettings *s = &self->settings;

  if (id == PROP_IS_LIVE) {
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (self)));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_SEED:
    g_value_set_uint64 (value, s->seed);
    break;
  case PROP_DURATION:
    g_value_set_double (value, s->duration);
    break;
  case PROP_NUM_SCENES:
    g_value_set_int (value, s->num_scenes);
    break;
  case PROP_MIN_OBJECTS:
    g_value_set_uint (value, s->min_objects);
    break;
  case PROP_MAX_OBJECTS:
    g_value_set_uint (value, s->max_objects);
    break;
  case PROP_MAX_BYSTANDERS:
    g_value_set_uint (value, s->max_bystanders);
    break;
  case PROP_PERSPECTIVE:
    g_value_set_double (value, s->perspective);
    break;
  case PROP_KIND:
    g_value_set_enum (value, (gint) s->kind);
    break;
  case PROP_BACKGROUND:
    g_value_set_flags (value, s->background);
    break;
  case PROP_EFFECTS:
    g_value_set_flags (value, s->effects);
    break;
  case PROP_TROUBLES:
    g_value_set_flags (value, s->troubles);
    break;
  case PROP_ADD_META:
    g_value_set_boolean (value, s->add_meta);
    break;
  case PROP_TRUTH_LOCATION:
    g_value_set_string (value, s->truth_location);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_stream_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_SEED,
      g_param_spec_uint64 ("seed", "Seed",
          "Seed of the first scene; each following scene uses the next number",
          0, G_MAXUINT64, 0, FLAGS));
  g_object_class_install_property (klass, PROP_DURATION,
      g_param_spec_double ("duration", "Duration",
          "Length of a scene, in seconds", MIN_DURATION, MAX_DURATION,
          DEFAULT_DURATION, FLAGS));
  g_object_class_install_property (klass, PROP_NUM_SCENES,
      g_param_spec_int ("num-scenes", "Number of scenes",
          "Number of scenes before EOS (-1 = no limit)", -1, G_MAXINT, -1,
          FLAGS));
  g_object_class_install_property (klass, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is live",
          "Push each frame at its time, as a live camera does", FALSE, FLAGS));
  g_object_class_install_property (klass, PROP_ADD_META,
      g_param_spec_boolean ("add-meta", "Add metadata",
          "Attach the true events and boxes to the buffers", TRUE, FLAGS));
  g_object_class_install_property (klass, PROP_TRUTH_LOCATION,
      g_param_spec_string ("truth-location", "Location of the truth",
          "File to which the true events are written when they end, one JSON "
          "object per line; unset for none",
          NULL, FLAGS));
}

static void
install_scene_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MIN_OBJECTS,
      g_param_spec_uint ("min-objects", "Min. objects",
          "Minimum number of objects in a scene, at most `max-objects`", 0,
          VLM_SCENE_MAX_OBJECTS, DEFAULT_MIN_OBJECTS, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_OBJECTS,
      g_param_spec_uint ("max-objects", "Max. objects",
          "Maximum number of objects in a scene", 0, VLM_SCENE_MAX_OBJECTS,
          DEFAULT_MAX_OBJECTS, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_BYSTANDERS,
      g_param_spec_uint ("max-bystanders", "Max. bystanders",
          "Maximum number of static objects in a scene, which look like "
          "unnamed "
          "objects but never move and are not events",
          0, VLM_SCENE_MAX_BYSTANDERS, 0, FLAGS));
  g_object_class_install_property (klass, PROP_PERSPECTIVE,
      g_param_spec_double ("perspective", "Perspective",
          "Fraction by which objects at the top of the picture are smaller "
          "than at the bottom, as seen by a camera that looks down",
          0.0, VLM_SCENE_MAX_PERSPECTIVE, 0.0, FLAGS));
  g_object_class_install_property (klass, PROP_KIND,
      g_param_spec_enum ("kind", "Kind", "What the objects look like",
          GST_VLM_TYPE_TEST_SRC_KIND, VLM_SCENE_KIND_MIXED, FLAGS));
  g_object_class_install_property (klass, PROP_BACKGROUND,
      g_param_spec_flags ("background", "Background",
          "Possible backgrounds, one of which is chosen at random for each "
          "scene (0 = any)",
          GST_VLM_TYPE_TEST_SRC_BACKGROUND, VLM_SCENE_BACKGROUND_ALL, FLAGS));
  g_object_class_install_property (klass, PROP_EFFECTS,
      g_param_spec_flags ("effects", "Effects",
          "Possible image degradations; each applies to a random part of the "
          "scenes",
          GST_VLM_TYPE_TEST_SRC_EFFECTS, VLM_SCENE_EFFECT_ALL, FLAGS));
  g_object_class_install_property (klass, PROP_TROUBLES,
      g_param_spec_flags ("troubles", "Troubles",
          "Possible difficulties; each scene has at least one of them (0 = "
          "none)",
          GST_VLM_TYPE_TEST_SRC_TROUBLES, 0, FLAGS));
}

void
gst_vlm_test_src_install_properties (GObjectClass *klass)
{
  klass->set_property = gst_vlm_test_src_set_property;
  klass->get_property = gst_vlm_test_src_get_property;
  install_stream_properties (klass);
  install_scene_properties (klass);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TEST_SRC_KIND, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TEST_SRC_BACKGROUND, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TEST_SRC_EFFECTS, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TEST_SRC_TROUBLES, 0);
}

void
gst_vlm_test_src_init_settings (GstVlmTestSrc *self)
{
  self->settings = (GstVlmTestSrcSettings){
    .duration = DEFAULT_DURATION,
    .num_scenes = -1,
    .min_objects = DEFAULT_MIN_OBJECTS,
    .max_objects = DEFAULT_MAX_OBJECTS,
    .kind = VLM_SCENE_KIND_MIXED,
    .background = VLM_SCENE_BACKGROUND_ALL,
    .effects = VLM_SCENE_EFFECT_ALL,
    .add_meta = TRUE,
  };
}

void
gst_vlm_test_src_clear_settings (GstVlmTestSrcSettings *settings)
{
  g_clear_pointer (&settings->truth_location, g_free);
}
