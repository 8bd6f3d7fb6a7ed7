/* gst-vlm: vlmevents, properties and statistics
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#define DEFAULT_WINDOW 10.0
#define DEFAULT_HOP 0.0
#define DEFAULT_MAX_QUEUE 2
#define DEFAULT_EOS_DRAIN_TIMEOUT 30.0

/* Longer than any context. */
#define MAX_WINDOW 86400.0

enum
{
  PROP_MODEL = 1,
  PROP_DEVICE,
  PROP_STREAM_LABEL,
  PROP_WINDOW,
  PROP_HOP,
  PROP_CONTEXT,
  PROP_POLICY,
  PROP_MAX_QUEUE,
  PROP_ON_ERROR,
  PROP_EOS_DRAIN_TIMEOUT,
  PROP_ANALYZER,
  PROP_STATS,
};

GType
gst_vlm_policy_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
    { GST_VLM_POLICY_AUTO, "drop-oldest on live streams, else block", "auto" },
    { GST_VLM_POLICY_BLOCK, "Hold the video up until there is room", "block" },
    { GST_VLM_POLICY_DROP_OLDEST, "Give up the window that waited longest",
        "drop-oldest" },
    { GST_VLM_POLICY_DROP_NEWEST, "Give up the window that just closed",
        "drop-newest" },
    { GST_VLM_POLICY_LATEST_ONLY, "Let nothing wait but the newest window",
        "latest-only" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstVlmPolicy", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_vlm_on_error_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
    { GST_VLM_ON_ERROR_WARN, "Post a warning, pass the video on", "warn" },
    { GST_VLM_ON_ERROR_FAIL, "Post an error, stop the pipeline", "fail" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstVlmOnError", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

static GstStructure *
make_stats (GstVlmEvents *self)
{
  GstVlmWorkerStats stats = { 0 };
  GstStructure *structure = gst_structure_new_empty ("vlm-events-stats");
  guint64 n_buffers;
  guint64 n_sampled;

  g_mutex_lock (&self->lock);
  stats = self->last_stats;
  if (self->worker != NULL)
    gst_vlm_worker_get_stats (self->worker, &stats);
  n_buffers = self->n_buffers;
  n_sampled = self->n_sampled;
  stats.unwatched_ns += self->unwatched_ns;
  gst_vlm_events_add_rate (self, structure);
  g_mutex_unlock (&self->lock);

  gst_structure_set (structure, "buffers", G_TYPE_UINT64, n_buffers,
      "frames-sampled", G_TYPE_UINT64, n_sampled, "windows-analysed",
      G_TYPE_UINT64, stats.n_analysed, "windows-dropped", G_TYPE_UINT64,
      stats.n_dropped, "windows-failed", G_TYPE_UINT64, stats.n_failed,
      "windows-skipped", G_TYPE_UINT64, stats.n_skipped, "reloads",
      G_TYPE_UINT64, stats.n_reloads, "events", G_TYPE_UINT64, stats.n_events,
      "watched", G_TYPE_UINT64, (guint64) stats.watched_ns, "unwatched",
      G_TYPE_UINT64, (guint64) stats.unwatched_ns, "skipped", G_TYPE_UINT64,
      (guint64) stats.skipped_ns, "inference-seconds", G_TYPE_DOUBLE,
      stats.inference_s, "seconds-per-second", G_TYPE_DOUBLE,
      stats.seconds_per_second, "queue-level", G_TYPE_UINT, stats.queue_level,
      NULL);
  return structure;
}

static void
set_string (char **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

/* With the object lock. */
static gboolean
set_text (GstVlmEventsSettings *s, guint id, const GValue *value)
{
  switch (id) {
  case PROP_MODEL:
    set_string (&s->model, value);
    return TRUE;
  case PROP_DEVICE:
    set_string (&s->device, value);
    return TRUE;
  case PROP_STREAM_LABEL:
    set_string (&s->stream_label, value);
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
set_number (GstVlmEventsSettings *s, guint id, const GValue *value)
{
  switch (id) {
  case PROP_WINDOW:
    s->window = g_value_get_double (value);
    return TRUE;
  case PROP_HOP:
    s->hop = g_value_get_double (value);
    return TRUE;
  case PROP_CONTEXT:
    s->context = g_value_get_double (value);
    return TRUE;
  case PROP_POLICY:
    s->policy = (GstVlmPolicy) g_value_get_enum (value);
    return TRUE;
  case PROP_MAX_QUEUE:
    s->max_queue = g_value_get_uint (value);
    return TRUE;
  case PROP_ON_ERROR:
    s->on_error = (GstVlmOnError) g_value_get_enum (value);
    return TRUE;
  case PROP_EOS_DRAIN_TIMEOUT:
    s->eos_drain_timeout = g_value_get_double (value);
    return TRUE;
  default:
    return FALSE;
  }
}

/* What is set comes out in messages and as JSON, which are UTF-8; the name of a
 * file may be anything. */
static gboolean
is_text (guint id, const GValue *value)
{
  const char *text =
      G_VALUE_HOLDS_STRING (value) ? g_value_get_string (value) : NULL;

  return id == PROP_MODEL || text == NULL || g_utf8_validate (text, -1, NULL);
}

static void
gst_vlm_events_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstVlmEvents *self = GST_VLM_EVENTS (object);
  VlmAnalyzer *replaced = NULL;
  guint64 version;
  gboolean asks_anew;
  gboolean known;

  if (!is_text (id, value)) {
    g_warning ("%s of vlmevents is not UTF-8 and stays as it was", spec->name);
    return;
  }
  GST_OBJECT_LOCK (self);
  version = self->questions.version;
  known = set_text (&self->settings, id, value) ||
      set_number (&self->settings, id, value) ||
      gst_vlm_events_set_rate (self, id, value) ||
      gst_vlm_events_set_question (self, id, value);
  asks_anew = version != self->questions.version;
  if (id == PROP_ANALYZER) {
    replaced = self->analyzer;
    self->analyzer = g_value_dup_object (value);
    known = TRUE;
  }
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&replaced);
  if (asks_anew)
    gst_vlm_events_update_questions (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static gboolean
get_text (const GstVlmEventsSettings *s, guint id, GValue *value)
{
  switch (id) {
  case PROP_MODEL:
    g_value_set_string (value, s->model);
    return TRUE;
  case PROP_DEVICE:
    g_value_set_string (value, s->device);
    return TRUE;
  case PROP_STREAM_LABEL:
    g_value_set_string (value, s->stream_label);
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
get_number (const GstVlmEventsSettings *s, guint id, GValue *value)
{
  switch (id) {
  case PROP_WINDOW:
    g_value_set_double (value, s->window);
    return TRUE;
  case PROP_HOP:
    g_value_set_double (value, s->hop);
    return TRUE;
  case PROP_CONTEXT:
    g_value_set_double (value, s->context);
    return TRUE;
  case PROP_POLICY:
    g_value_set_enum (value, s->policy);
    return TRUE;
  case PROP_MAX_QUEUE:
    g_value_set_uint (value, s->max_queue);
    return TRUE;
  case PROP_ON_ERROR:
    g_value_set_enum (value, s->on_error);
    return TRUE;
  case PROP_EOS_DRAIN_TIMEOUT:
    g_value_set_double (value, s->eos_drain_timeout);
    return TRUE;
  default:
    return FALSE;
  }
}

static void
gst_vlm_events_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstVlmEvents *self = GST_VLM_EVENTS (object);
  gboolean known;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  known = get_text (&self->settings, id, value) ||
      get_number (&self->settings, id, value) ||
      gst_vlm_events_get_rate (self, id, value) ||
      gst_vlm_events_get_question (self, id, value);
  if (id == PROP_ANALYZER) {
    g_value_set_object (value, self->analyzer);
    known = TRUE;
  }
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

#define FLAGS_READY                                                            \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define FLAGS_PLAYING                                                          \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_model_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Directory of a Qwen2.5-VL checkpoint (config.json, tokenizer.json, "
          "*.safetensors); unset for the small one that ships",
          NULL, FLAGS_READY));
  g_object_class_install_property (klass, PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "Index, part of the name, or UUID of the Vulkan device; unset for "
          "the best",
          NULL, FLAGS_READY));
  g_object_class_install_property (klass, PROP_ANALYZER,
      g_param_spec_object ("analyzer", "Analyzer",
          "What turns windows into events, for applications that bring their "
          "own; unset for the model",
          VLM_TYPE_ANALYZER, FLAGS_READY));
}

static void
install_sampling_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_WINDOW,
      g_param_spec_double ("window", "Window",
          "Length of video that is analysed at once, in seconds (0 = the whole "
          "stream)",
          0.0, MAX_WINDOW, DEFAULT_WINDOW, FLAGS_READY));
  g_object_class_install_property (klass, PROP_HOP,
      g_param_spec_double ("hop", "Hop",
          "From the start of a window to the start of the next, in seconds; "
          "less than `window` makes windows overlap (0 = `window`)",
          0.0, MAX_WINDOW, DEFAULT_HOP, FLAGS_READY));
  g_object_class_install_property (klass, PROP_CONTEXT,
      g_param_spec_double ("context", "Context",
          "Longest video that overlapping windows are answered from, in "
          "seconds; no more than `window` looks at each one alone (0 = four "
          "windows)",
          0.0, MAX_WINDOW, 0.0, FLAGS_READY));
  g_object_class_install_property (klass, PROP_STREAM_LABEL,
      g_param_spec_string ("stream-label", "Stream label",
          "Name of this stream, said in every event", NULL, FLAGS_PLAYING));
}

static void
install_queue_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_POLICY,
      g_param_spec_enum ("policy", "Policy",
          "What happens to windows for which the device is too slow",
          GST_VLM_TYPE_POLICY, GST_VLM_POLICY_AUTO, FLAGS_PLAYING));
  g_object_class_install_property (klass, PROP_MAX_QUEUE,
      g_param_spec_uint ("max-queue", "Max. queue",
          "How many windows may wait for the device", 1, 1024,
          DEFAULT_MAX_QUEUE, FLAGS_PLAYING));
  g_object_class_install_property (klass, PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What happens when a window cannot be analysed",
          GST_VLM_TYPE_ON_ERROR, GST_VLM_ON_ERROR_WARN, FLAGS_PLAYING));
  g_object_class_install_property (klass, PROP_EOS_DRAIN_TIMEOUT,
      g_param_spec_double ("eos-drain-timeout", "EOS drain timeout",
          "How long the end of the stream waits for windows that are not yet "
          "analysed, in seconds; with `policy=block` as long as it takes",
          0.0, MAX_WINDOW, DEFAULT_EOS_DRAIN_TIMEOUT, FLAGS_PLAYING));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "buffers, frames-sampled, windows-analysed, windows-dropped, "
          "windows-failed, windows-skipped, reloads, events, watched, "
          "unwatched "
          "and skipped (ns of stream time), inference-seconds, "
          "seconds-per-second (inference for a second of new video, last "
          "window), queue-level, fps, fps-reason, width, height",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_vlm_events_install_properties (GObjectClass *klass)
{
  klass->set_property = gst_vlm_events_set_property;
  klass->get_property = gst_vlm_events_get_property;
  install_model_properties (klass);
  gst_vlm_events_install_questions (klass);
  install_sampling_properties (klass);
  gst_vlm_events_install_rate (klass);
  install_queue_properties (klass);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_POLICY, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_ON_ERROR, 0);
}

void
gst_vlm_events_init_settings (GstVlmEvents *self)
{
  self->settings = (GstVlmEventsSettings){
    .window = DEFAULT_WINDOW,
    .hop = DEFAULT_HOP,
    .policy = GST_VLM_POLICY_AUTO,
    .max_queue = DEFAULT_MAX_QUEUE,
    .on_error = GST_VLM_ON_ERROR_WARN,
    .eos_drain_timeout = DEFAULT_EOS_DRAIN_TIMEOUT,
  };
  self->questions.version = 1;
  gst_vlm_events_init_rate (self);
}

void
gst_vlm_events_clear_settings (GstVlmEvents *self)
{
  g_free (self->settings.model);
  g_free (self->settings.device);
  g_free (self->settings.stream_label);
  gst_vlm_events_clear_questions (self);
  gst_vlm_events_clear_rate (self);
  g_clear_object (&self->analyzer);
}
