/* gst-vlm: vlmevents, properties and statistics
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#include <math.h>

#include <vlm/vlm-remote.h>

/* Longer than any context. */
#define MAX_WINDOW 86400.0

typedef enum
{
  KIND_TEXT,  /* comes out in messages and as JSON, which are UTF-8 */
  KIND_PATH,  /* may be any bytes */
  KIND_MODEL, /* a path or an address, of which no secret is kept */
  KIND_DOUBLE,
  KIND_UINT,
  KIND_UINT64,
  KIND_BOOLEAN,
  KIND_FRACTION, /* guint[2] */
  KIND_ENUM,
  KIND_FLAGS,
} Kind;

typedef enum
{
  AT_START, /* read on the way to PAUSED */
  AT_ANY_TIME,
  LABEL,    /* at any time; announced downstream of the events pads */
  QUESTION, /* at any time; a change makes a new version of the questions */
  REGION,   /* at any time; counts from the next frame */
} When;

typedef struct
{
  const char *name;
  const char *nick;
  const char *blurb;
  When when;
  Kind kind;
  gsize offset; /* in GstVlmEventsSettings */
  double minimum;
  double maximum;
  double initial;
  const char *initial_text;
  guint initial_fraction[2];
  GType (*type) (void);
} Property;

#define AT(field) .offset = G_STRUCT_OFFSET (GstVlmEventsSettings, field)

static const Property properties[] = {
  { "model", "Model",
      "A Qwen2.5-VL checkpoint: a directory (config.json, tokenizer.json, "
      "*.safetensors) or a GGUF file; unset for the small one that ships. Or a "
      "model on another machine: http://HOST:8000/v1#MODEL",
      AT_START, KIND_MODEL, AT (model) },
  { "mmproj", "Vision tower",
      "GGUF file of the vision tower, needed if there are several beside "
      "`model`; unset for the only one",
      AT_START, KIND_PATH, AT (mmproj) },
  { "device", "Device",
      "Index, part of the name, or UUID of the Vulkan device; unset for the "
      "best",
      AT_START, KIND_TEXT, AT (device) },
  { "weights", "Weights",
      "Precision of the weights on the device: as in the files, or quantised "
      "to 8 or 4 bits when they are loaded",
      AT_START, KIND_ENUM, AT (weights), .type = vlm_model_weights_get_type,
      .initial = VLM_MODEL_WEIGHTS_AUTO },
  { "kv-cache", "KV cache",
      "Precision of the context on the device: floats of 32 or 16 bits",
      AT_START, KIND_ENUM, AT (kv_cache), .type = vlm_kv_cache_get_type,
      .initial = VLM_KV_CACHE_AUTO },
  { "precision", "Precision",
      "How matrix products are computed: in floats of 32 bits, or by the "
      "device's matrix units from floats of 16 bits",
      AT_START, KIND_ENUM, AT (precision), .type = vlm_precision_get_type,
      .initial = VLM_PRECISION_AUTO },
  { "server", "Server", "Of a model on another machine: which server has it",
      AT_START, KIND_ENUM, AT (server), .type = vlm_remote_server_get_type,
      .initial = VLM_REMOTE_SERVER_AUTO },
  { "api-key-file", "API key file",
      "Of a model on another machine: a file whose first line is the key that "
      "the server wants; unset for the environment variable VLM_API_KEY",
      AT_START, KIND_PATH, AT (api_key_file) },
  { "ca-file", "CA file",
      "Of a model on another machine: what its certificate is checked against; "
      "unset for the system's",
      AT_START, KIND_PATH, AT (ca_file) },
  { "box-space", "Box space",
      "Of a model on another machine: what its boxes count in; `auto` goes by "
      "its name, and asks the server whether it keeps the size of pictures",
      AT_START, KIND_ENUM, AT (box_space), .type = vlm_box_space_get_type,
      .initial = VLM_BOX_SPACE_AUTO },
  { "max-requests", "Max. requests",
      "Of a model on another machine: how many requests go to the server at a "
      "time, from all elements of the process",
      AT_START, KIND_UINT, AT (max_requests), .minimum = 1, .maximum = 1024,
      .initial = 16 },
  { "request-timeout", "Request timeout",
      "Of a model on another machine: longest time for one question, in "
      "seconds, with all that is tried again",
      AT_START, KIND_DOUBLE, AT (request_timeout), .minimum = 0.1,
      .maximum = 3600.0, .initial = 120.0 },
  { "prompt", "Prompt",
      "Question to the model, instead of the default one; {query} is replaced "
      "by each query in turn",
      QUESTION, KIND_TEXT, AT (prompt) },
  { "query", "Query",
      "What to look for, in plain words; unset for everything that happens",
      QUESTION, KIND_TEXT, AT (query) },
  { "queries", "Queries",
      "Several queries, separated by ;. Each is a separate question", QUESTION,
      KIND_TEXT, AT (queries) },
  { "max-tokens", "Max. tokens",
      "Longest answer to one question, in tokens (0 = default of the model)",
      QUESTION, KIND_UINT, AT (max_tokens), .maximum = G_MAXUINT16 },
  { "ground", "Ground",
      "Locate each event that begins: an extra question about one of its "
      "frames returns the bounding box",
      QUESTION, KIND_BOOLEAN, AT (ground) },
  { "conditions", "Conditions",
      "Statements that the model answers with yes or no for each window, "
      "separated by ;, each with an optional name (gate=the gate is open). A "
      "statement that holds is an event. Without queries or a prompt, these "
      "are the only questions",
      QUESTION, KIND_TEXT, AT (conditions) },
  { "task", "Task",
      "What the model reports of each window. Results other than events are "
      "records of the type `answer`; boxes, points and text are also regions "
      "on the buffers. Queries name what to look for",
      QUESTION, KIND_ENUM, AT (task), .type = gst_vlm_task_get_type },
  { "system-prompt", "System prompt",
      "What the system's turn says, instead of what the task does", QUESTION,
      KIND_TEXT, AT (system_prompt) },
  { "language", "Language",
      "In which language answers are written, in plain words (German)",
      QUESTION, KIND_TEXT, AT (language) },
  { "temperature", "Temperature",
      "Of the sampling of answers: 0 always takes the likeliest token (-1 = "
      "what the checkpoint says)",
      QUESTION, KIND_DOUBLE, AT (temperature), .minimum = -1.0,
      .maximum = 100.0, .initial = -1.0 },
  { "seed", "Seed", "Of the sampling of answers", QUESTION, KIND_UINT64,
      AT (seed), .maximum = G_MAXINT64 },
  { "schema-file", "Schema file",
      "JSON schema that the answer about each window must match. The answer is "
      "reported as a record of the type `answer`, instead of events; `prompt` "
      "or `query` is the question",
      AT_START, KIND_PATH, AT (schema_file) },
  { "answers", "Answers",
      "Report every question and its answer as a record of the type `answer`: "
      "prompt, text, tokens and times",
      AT_ANY_TIME, KIND_BOOLEAN, AT (answers) },
  { "on-threshold", "On threshold",
      "A condition starts to hold when its probability is above this value",
      QUESTION, KIND_DOUBLE, AT (on_threshold), .minimum = 0.001,
      .maximum = 1.0, .initial = 0.6 },
  { "off-threshold", "Off threshold",
      "A condition stops holding when its probability is below this value",
      QUESTION, KIND_DOUBLE, AT (off_threshold), .minimum = 0.001,
      .maximum = 1.0, .initial = 0.4 },
  { "confirm", "Confirm",
      "Number of consecutive windows above `on-threshold` before a condition "
      "holds",
      QUESTION, KIND_UINT, AT (confirm), .minimum = 1, .maximum = 1000,
      .initial = 1 },
  { "cooldown", "Cooldown",
      "Minimum time between the end of a condition and its next start, in "
      "seconds",
      QUESTION, KIND_DOUBLE, AT (cooldown), .maximum = MAX_WINDOW },
  { "locate", "Locate",
      "Find the time within a window at which a condition begins or ends, with "
      "an extra question; otherwise it begins and ends with windows",
      QUESTION, KIND_BOOLEAN, AT (locate) },
  { "window", "Window",
      "Length of the video that is analysed at once, in seconds (0 = the whole "
      "stream)",
      AT_START, KIND_DOUBLE, AT (window), .maximum = MAX_WINDOW,
      .initial = 10.0 },
  { "hop", "Hop",
      "Time from the start of one window to the start of the next, in seconds; "
      "less than `window` makes windows overlap, more leaves gaps (0 = "
      "`window`)",
      AT_START, KIND_DOUBLE, AT (hop), .maximum = MAX_WINDOW },
  { "context", "Context",
      "Longest video that the model sees at once when windows overlap, in "
      "seconds; up to `window`, each window is analysed alone (0 = what suits "
      "the model)",
      AT_START, KIND_DOUBLE, AT (context), .maximum = MAX_WINDOW },
  { "stream-label", "Stream label", "Name of this stream, part of every record",
      LABEL, KIND_TEXT, AT (stream_label) },
  { "fps", "Frames per second",
      "Number of frames sampled per second of stream time: a number or "
      "fraction (2, 1/2), or `auto` to follow motion, the budget and the speed "
      "of the device",
      AT_START, KIND_TEXT, AT (fps), .initial_text = "auto" },
  { "min-fps", "Min. frames per second",
      "Lowest sampling rate with `fps=auto`, when the picture is still",
      AT_START, KIND_FRACTION, AT (min_fps), .initial_fraction = { 1, 2 } },
  { "max-fps", "Max. frames per second",
      "Highest sampling rate with `fps=auto`, when there is motion", AT_START,
      KIND_FRACTION, AT (max_fps), .initial_fraction = { 4, 1 } },
  { "min-pixels", "Min. pixels",
      "Smallest area of a sampled frame (0 = default of the model)", AT_START,
      KIND_UINT64, AT (min_pixels), .maximum = G_MAXINT32 },
  { "max-pixels", "Max. pixels",
      "Largest area of a sampled frame (0 = default of the model)", AT_START,
      KIND_UINT64, AT (max_pixels), .maximum = G_MAXINT32 },
  { "max-frames", "Max. frames",
      "Maximum number of frames in a window; the sampling rate is reduced to "
      "stay within it",
      AT_START, KIND_UINT, AT (max_frames), .minimum = 2, .maximum = 65536,
      .initial = 768 },
  { "max-video-tokens", "Max. video tokens",
      "Maximum number of tokens for the frames of a window; to stay within it, "
      "the frames are made smaller, down to `min-pixels`, and then fewer",
      AT_START, KIND_UINT, AT (max_video_tokens), .minimum = 1,
      .maximum = 1 << 20, .initial = 24576 },
  { "skip-still", "Skip still windows", "Do not analyse windows without motion",
      AT_START, KIND_BOOLEAN, AT (skip_still) },
  { "refine", "Refine",
      "For long videos: only glance at windows without motion, half a minute "
      "with a few frames at once, and analyse those in which there seems to be "
      "something; with `window=0`, in windows of 10 seconds every 5",
      AT_START, KIND_BOOLEAN, AT (refine) },
  { "trigger", "Trigger",
      "Which windows are analysed: all, or those around the triggers of an "
      "upstream detector or the application",
      AT_START, KIND_ENUM, AT (trigger), .type = gst_vlm_trigger_mode_get_type,
      .initial = GST_VLM_TRIGGER_ALWAYS },
  { "trigger-label", "Trigger label",
      "With `trigger=external`: labels of the regions and detected objects on "
      "buffers that are triggers, separated by ; (unset: only events named "
      "vlm-trigger are triggers)",
      AT_START, KIND_TEXT, AT (trigger_label) },
  { "trigger-before", "Trigger before",
      "With `trigger=external`: how much video before a trigger is analysed, "
      "in seconds; windows are held for this time",
      AT_START, KIND_DOUBLE, AT (trigger_before), .maximum = 120.0,
      .initial = 2.0 },
  { "trigger-after", "Trigger after",
      "With `trigger=external`: how much video after a trigger is analysed, in "
      "seconds",
      AT_START, KIND_DOUBLE, AT (trigger_after), .maximum = MAX_WINDOW,
      .initial = 5.0 },
  { "mask", "Mask",
      "Polygons that are blacked out for the analysis, not in the video: "
      "points x,y separated by spaces, polygons separated by ;. Coordinates "
      "are fractions of the picture if all of them are at most 1, otherwise "
      "pixels",
      REGION, KIND_TEXT, AT (mask) },
  { "zone", "Zone",
      "Polygon to which the analysis is limited: the picture is cropped around "
      "it. An optional name in front (gate: 0.1,0.5 0.4,0.5 0.4,0.9) is part "
      "of the events. Same syntax as `mask`",
      REGION, KIND_TEXT, AT (zone) },
  { "camera-events", "Camera events",
      "Report when the picture of the camera is unusable, without using the "
      "model: black, overexposed, covered, frozen, no-signal",
      AT_START, KIND_FLAGS, AT (camera_events),
      .type = gst_vlm_camera_states_get_type },
  { "snapshots", "Snapshots",
      "Save a picture of the start of each event and refer to it in the "
      "records",
      AT_ANY_TIME, KIND_BOOLEAN, AT (snapshots) },
  { "snapshot-location", "Snapshot location",
      "Folder for the pictures (unset: the records contain them)", AT_ANY_TIME,
      KIND_PATH, AT (snapshot_location) },
  { "snapshot-boxes", "Snapshot boxes",
      "Draw the bounding box of the event, if it has one, on the frame in "
      "which it was found",
      AT_ANY_TIME, KIND_BOOLEAN, AT (snapshot_boxes) },
  { "delay-video", "Delay video",
      "Hold each frame until the first window that contains it is analysed, so "
      "that events are attached to the frames in which they happen",
      AT_START, KIND_BOOLEAN, AT (delay_video) },
  { "delay-margin", "Delay margin",
      "With `delay-video` on live streams: time allowed for the analysis of a "
      "window, in seconds; it is added to the latency",
      AT_START, KIND_DOUBLE, AT (delay_margin), .maximum = 3600.0,
      .initial = 2.0 },
  { "delay-bytes", "Delay bytes",
      "With `delay-video`: maximum size of the frames that are held, in bytes",
      AT_START, KIND_UINT64, AT (delay_bytes), .maximum = G_MAXINT64,
      .initial = 1 << 30 },
  { "policy", "Policy", "What to do with windows when the device is too slow",
      AT_ANY_TIME, KIND_ENUM, AT (policy), .type = gst_vlm_policy_get_type,
      .initial = GST_VLM_POLICY_AUTO },
  { "max-queue", "Max. queue",
      "Maximum number of windows that wait for the device", AT_ANY_TIME,
      KIND_UINT, AT (max_queue), .minimum = 1, .maximum = 1024, .initial = 2 },
  { "on-error", "On error", "What to do when a window cannot be analysed",
      AT_ANY_TIME, KIND_ENUM, AT (on_error), .type = gst_vlm_on_error_get_type,
      .initial = GST_VLM_ON_ERROR_WARN },
  { "min-confidence", "Min. confidence",
      "Events of less are not reported, but counted as `events-unsure` (-1 = "
      "what the model says of itself, 0 if nothing)",
      AT_ANY_TIME, KIND_DOUBLE, AT (min_confidence), .minimum = -1.0,
      .maximum = 1.0, .initial = -1.0 },
  { "eos-drain-timeout", "EOS drain timeout",
      "How long EOS waits for windows that are not yet analysed, in seconds; "
      "with `policy=block` it waits for all of them",
      AT_ANY_TIME, KIND_DOUBLE, AT (eos_drain_timeout), .maximum = MAX_WINDOW,
      .initial = 30.0 },
};

/* The others have their index + 1. */
enum
{
  PROP_ANALYZER = G_N_ELEMENTS (properties) + 1,
  PROP_QUERY_VERSION,
  PROP_STATS,
};

GType
gst_vlm_policy_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
    { GST_VLM_POLICY_AUTO, "drop-oldest on live streams, else block", "auto" },
    { GST_VLM_POLICY_BLOCK, "Block the video until there is room", "block" },
    { GST_VLM_POLICY_DROP_OLDEST, "Drop the window that has waited longest",
        "drop-oldest" },
    { GST_VLM_POLICY_DROP_NEWEST, "Drop the window that has just closed",
        "drop-newest" },
    { GST_VLM_POLICY_LATEST_ONLY, "Keep only the newest window waiting",
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
    { GST_VLM_ON_ERROR_WARN, "Post a warning and keep the video running",
        "warn" },
    { GST_VLM_ON_ERROR_FAIL, "Post an error, which stops the pipeline",
        "fail" },
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
  guint64 unwatched_ns;
  guint64 n_triggers = 0;
  guint64 n_late = 0;
  guint64 n_unsure;
  guint64 n_events;
  GstStructure *structure = gst_structure_new_empty ("vlm-events-stats");

  g_mutex_lock (&self->lock);
  stats = self->last_stats;
  if (self->worker != NULL)
    gst_vlm_worker_get_stats (self->worker, &stats);
  n_unsure = gst_vlm_gate_get_n_events (self->gate);
  n_events = stats.n_events;
  n_events -= MIN (n_events, gst_vlm_gate_get_n_records (self->gate));
  if (self->trigger != NULL)
    gst_vlm_trigger_get_counts (self->trigger, &n_triggers, &n_late);
  unwatched_ns = self->unwatched_ns + (guint64) stats.unwatched_ns;
  gst_structure_set (structure, "buffers", G_TYPE_UINT64, self->n_buffers,
      "frames-sampled", G_TYPE_UINT64, self->n_sampled, "fps", G_TYPE_DOUBLE,
      self->decision.fps, "fps-reason", G_TYPE_STRING,
      vlm_rate_reason_to_string (self->decision.reason), "width", G_TYPE_UINT,
      self->decided_width, "height", G_TYPE_UINT, self->decided_height,
      "delayed-bytes", G_TYPE_UINT64,
      self->delay != NULL ? gst_vlm_delay_get_level (self->delay) : 0, NULL);
  g_mutex_unlock (&self->lock);

  gst_structure_set (structure, "questions", G_TYPE_UINT64, stats.n_questions,
      "prompt-tokens", G_TYPE_UINT64, stats.n_prompt_tokens, "answer-tokens",
      G_TYPE_UINT64, stats.n_answer_tokens, "forced-tokens", G_TYPE_UINT64,
      stats.n_forced_tokens, NULL);
  gst_structure_set (structure, "windows-analysed", G_TYPE_UINT64,
      stats.n_analysed, "windows-dropped", G_TYPE_UINT64, stats.n_dropped,
      "windows-failed", G_TYPE_UINT64, stats.n_failed, "windows-skipped",
      G_TYPE_UINT64, stats.n_skipped, "glances", G_TYPE_UINT64, stats.n_glances,
      "windows-untriggered", G_TYPE_UINT64, stats.n_untriggered, "triggers",
      G_TYPE_UINT64, n_triggers, "triggers-late", G_TYPE_UINT64, n_late,
      "reloads", G_TYPE_UINT64, stats.n_reloads, "events", G_TYPE_UINT64,
      n_events, "events-unsure", G_TYPE_UINT64, n_unsure, "reports-cut",
      G_TYPE_UINT64, stats.n_cut, "reports-repeated", G_TYPE_UINT64,
      stats.n_repeated, "watched", G_TYPE_UINT64, (guint64) stats.watched_ns,
      "unwatched", G_TYPE_UINT64, unwatched_ns, "skipped", G_TYPE_UINT64,
      (guint64) stats.skipped_ns, "untriggered", G_TYPE_UINT64,
      (guint64) stats.untriggered_ns, "inference-seconds", G_TYPE_DOUBLE,
      stats.inference_s, "seconds-per-second", G_TYPE_DOUBLE,
      stats.seconds_per_second, "queue-level", G_TYPE_UINT, stats.queue_level,
      NULL);
  return structure;
}

/* --- values --------------------------------------------------------------- */

/* The numbers have no padding that could differ. */
static gsize
size_of (Kind kind)
{
  switch (kind) {
  case KIND_DOUBLE:
    return sizeof (double);
  case KIND_UINT64:
    return sizeof (guint64);
  case KIND_FRACTION:
    return 2 * sizeof (guint);
  default:
    return sizeof (guint);
  }
}

typedef union
{
  double number;
  guint64 uint64;
  guint uint;
  guint fraction[2];
  gint enumeration;
  gboolean boolean;
} Number;

static Number
get_number (Kind kind, const GValue *value)
{
  switch (kind) {
  case KIND_DOUBLE:
    return (Number){ .number = g_value_get_double (value) };
  case KIND_UINT64:
    return (Number){ .uint64 = g_value_get_uint64 (value) };
  case KIND_UINT:
    return (Number){ .uint = g_value_get_uint (value) };
  case KIND_BOOLEAN:
    return (Number){ .boolean = g_value_get_boolean (value) };
  case KIND_ENUM:
    return (Number){ .enumeration = g_value_get_enum (value) };
  case KIND_FLAGS:
    return (Number){ .uint = g_value_get_flags (value) };
  default:
    return (
        Number){ .fraction = { (guint) gst_value_get_fraction_numerator (value),
                     (guint) gst_value_get_fraction_denominator (value) } };
  }
}

static gboolean
is_string (Kind kind)
{
  return kind == KIND_TEXT || kind == KIND_PATH || kind == KIND_MODEL;
}

/* Nothing and an empty text are the same. TRUE if it is another one. */
static gboolean
replace_text (char **field, const char *text)
{
  if (text != NULL && text[0] == '\0')
    text = NULL;
  if (g_strcmp0 (*field, text) == 0)
    return FALSE;
  g_free (*field);
  *field = g_strdup (text);
  return TRUE;
}

/* With the object lock. TRUE if it is another value. */
static gboolean
replace (GstVlmEventsSettings *settings, const Property *property,
    const GValue *value)
{
  void *field = G_STRUCT_MEMBER_P (settings, property->offset);
  const char *text =
      is_string (property->kind) ? g_value_get_string (value) : NULL;
  g_autofree char *shown = NULL;
  Number number;

  if (property->kind == KIND_MODEL && text != NULL)
    text = shown = vlm_remote_hide_secrets (text);
  if (is_string (property->kind))
    return replace_text (field, text);
  number = get_number (property->kind, value);
  if (memcmp (field, &number, size_of (property->kind)) == 0)
    return FALSE;
  memcpy (field, &number, size_of (property->kind));
  return TRUE;
}

static void
read_value (const GstVlmEventsSettings *settings, const Property *property,
    GValue *value)
{
  const void *field = G_STRUCT_MEMBER_P (settings, property->offset);
  const guint *fraction = field;

  switch (property->kind) {
  case KIND_TEXT:
  case KIND_PATH:
  case KIND_MODEL:
    g_value_set_string (value, *(char *const *) field);
    break;
  case KIND_DOUBLE:
    g_value_set_double (value, *(const double *) field);
    break;
  case KIND_UINT:
    g_value_set_uint (value, *(const guint *) field);
    break;
  case KIND_UINT64:
    g_value_set_uint64 (value, *(const guint64 *) field);
    break;
  case KIND_BOOLEAN:
    g_value_set_boolean (value, *(const gboolean *) field);
    break;
  case KIND_FRACTION:
    gst_value_set_fraction (value, (gint) fraction[0], (gint) fraction[1]);
    break;
  case KIND_ENUM:
    g_value_set_enum (value, *(const gint *) field);
    break;
  case KIND_FLAGS:
    g_value_set_flags (value, *(const guint *) field);
    break;
  default:
    g_assert_not_reached ();
  }
}

static gboolean
is_text (const Property *property, const GValue *value)
{
  const char *text =
      property->kind == KIND_TEXT ? g_value_get_string (value) : NULL;

  return text == NULL || g_utf8_validate (text, -1, NULL);
}

/* A property that is read at the start has no effect while the element runs,
 * which is probably not what was intended. */
static void
warn_too_late (GstVlmEvents *self, const char *name)
{
  g_autofree char *error = NULL;
  gboolean runs;

  g_mutex_lock (&self->lock);
  runs = self->worker != NULL;
  g_mutex_unlock (&self->lock);
  if (!runs)
    return;
  error = gst_vlm_events_find_error (self);
  GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
      ("`%s` was set while the element is running. It takes effect at the next "
       "start (READY to PAUSED)%s%s.",
          name, error != NULL ? ", which will fail: " : "",
          error != NULL ? error : ""),
      (NULL));
}

static void
set_setting (GstVlmEvents *self, const Property *property, const GValue *value)
{
  gboolean changed;

  if (!is_text (property, value)) {
    g_warning ("%s of vlmevents must be UTF-8; its value is unchanged",
        property->name);
    return;
  }
  GST_OBJECT_LOCK (self);
  changed = replace (&self->settings, property, value);
  self->query_version += changed && property->when == QUESTION;
  if (changed && property->when == REGION)
    g_atomic_int_inc (&self->regions_version);
  GST_OBJECT_UNLOCK (self);
  if (changed && property->when == QUESTION)
    gst_vlm_events_update_questions (self);
  else if (changed && property->when == LABEL)
    gst_vlm_events_update_subjects (self);
  else if (changed && property->when == AT_START)
    warn_too_late (self, property->name);
}

static void
set_analyzer (GstVlmEvents *self, VlmAnalyzer *analyzer)
{
  VlmAnalyzer *replaced;

  GST_OBJECT_LOCK (self);
  replaced = self->analyzer;
  self->analyzer = analyzer;
  GST_OBJECT_UNLOCK (self);
  if (replaced != analyzer)
    warn_too_late (self, "analyzer");
  g_clear_object (&replaced);
}

static void
gst_vlm_events_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstVlmEvents *self = GST_VLM_EVENTS (object);

  if (id >= 1 && id <= G_N_ELEMENTS (properties))
    set_setting (self, &properties[id - 1], value);
  else if (id == PROP_ANALYZER)
    set_analyzer (self, g_value_dup_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
gst_vlm_events_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstVlmEvents *self = GST_VLM_EVENTS (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (id >= 1 && id <= G_N_ELEMENTS (properties))
    read_value (&self->settings, &properties[id - 1], value);
  else if (id == PROP_ANALYZER)
    g_value_set_object (value, self->analyzer);
  else if (id == PROP_QUERY_VERSION)
    g_value_set_uint64 (value, self->query_version);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  GST_OBJECT_UNLOCK (self);
}

/* --- specifications ------------------------------------------------------- */

static GParamSpec *
make_spec (const Property *p)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      (p->when == AT_START ? GST_PARAM_MUTABLE_READY
                           : GST_PARAM_MUTABLE_PLAYING);

  switch (p->kind) {
  case KIND_TEXT:
  case KIND_PATH:
  case KIND_MODEL:
    return g_param_spec_string (
        p->name, p->nick, p->blurb, p->initial_text, flags);
  case KIND_DOUBLE:
    return g_param_spec_double (
        p->name, p->nick, p->blurb, p->minimum, p->maximum, p->initial, flags);
  case KIND_UINT:
    return g_param_spec_uint (p->name, p->nick, p->blurb, (guint) p->minimum,
        (guint) p->maximum, (guint) p->initial, flags);
  case KIND_UINT64:
    return g_param_spec_uint64 (p->name, p->nick, p->blurb,
        (guint64) p->minimum, (guint64) p->maximum, (guint64) p->initial,
        flags);
  case KIND_BOOLEAN:
    return g_param_spec_boolean (
        p->name, p->nick, p->blurb, p->initial != 0.0, flags);
  case KIND_FRACTION:
    return gst_param_spec_fraction (p->name, p->nick, p->blurb, 1, 3600, 1000,
        1, (gint) p->initial_fraction[0], (gint) p->initial_fraction[1], flags);
  case KIND_ENUM:
    return g_param_spec_enum (
        p->name, p->nick, p->blurb, p->type (), (gint) p->initial, flags);
  case KIND_FLAGS:
    return g_param_spec_flags (
        p->name, p->nick, p->blurb, p->type (), (guint) p->initial, flags);
  default:
    g_assert_not_reached ();
  }
}

void
gst_vlm_events_install_properties (GObjectClass *klass)
{
  klass->set_property = gst_vlm_events_set_property;
  klass->get_property = gst_vlm_events_get_property;
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    g_object_class_install_property (klass, i + 1, make_spec (&properties[i]));
  g_object_class_install_property (klass, PROP_ANALYZER,
      g_param_spec_object ("analyzer", "Analyzer",
          "Analyzer that an application provides instead of the model",
          VLM_TYPE_ANALYZER,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_QUERY_VERSION,
      g_param_spec_uint64 ("query-version", "Query version",
          "Version of the questions, increased by each change; events carry "
          "the version that they answer",
          0, G_MAXUINT64, 1, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "buffers, frames-sampled, windows-analysed, windows-dropped, "
          "windows-failed, windows-skipped, glances (at skipped windows, "
          "several at once), windows-untriggered, triggers, "
          "triggers-late, reloads, questions, prompt-tokens, answer-tokens, "
          "forced-tokens (written without a decoding step), events, "
          "events-unsure, reports-cut (to what moves), reports-repeated (left "
          "out after that), watched, unwatched, skipped and untriggered (ns of "
          "stream time), inference-seconds, seconds-per-second (inference time "
          "per second of new video, last window), queue-level, fps, "
          "fps-reason, width, height, delayed-bytes",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TASK, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_POLICY, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_ON_ERROR, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_CAMERA_STATES, 0);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_TRIGGER_MODE, 0);
}

void
gst_vlm_events_init_settings (GstVlmEvents *self)
{
  GParamSpec *spec;

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    spec = g_object_class_find_property (
        G_OBJECT_GET_CLASS (self), properties[i].name);
    replace (
        &self->settings, &properties[i], g_param_spec_get_default_value (spec));
  }
  self->query_version = 1;
}

void
gst_vlm_events_clear_settings (GstVlmEvents *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    if (is_string (properties[i].kind))
      g_free (G_STRUCT_MEMBER (char *, &self->settings, properties[i].offset));
  g_clear_object (&self->analyzer);
}
