/* gst-vlm: measures how good a model is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gst/gst.h>

#include "tools/eval/tasks.h"
#include "tools/eval/video.h"
#include "tools/interrupt.h"
#include "tools/result-file.h"
#include "tools/source.h"
#include "tools/tool.h"
#include "util/gstvlmlog.h"

/* Short enough for 30 frames a second on a processor. */
#define LONGEST_OF_RATES_S 8.0

#define DESCRIPTION                                                            \
  "Renders generated scenes with known events, samples them as vlmevents\n"    \
  "does, and compares the answers of the model with the truth. Or runs\n"      \
  "vlmevents on videos that somebody labelled.\n"                              \
  "docs/evaluation.md describes the metrics.\n"                                \
  "\n"                                                                         \
  "Examples:\n"                                                                \
  "  vlm-eval --scenes 300 --json scores.json\n"                               \
  "  vlm-eval --hard\n"                                                        \
  "  vlm-eval --fps-consistency --scenes 40\n"                                 \
  "  vlm-eval --video gate.mp4 --events gate.json --reliability\n"             \
  "  vlm-eval --video gate.mp4 --events gate.json --hop 2 --set context=10"

typedef struct
{
  char *model;
  char *mmproj;
  char *device;
  char *weights;
  char *kv_cache;
  char *precision;
  gint64 first_seed;
  int n_scenes;
  char *fps;
  int bystanders;
  double duration;
  double perspective;
  gboolean exposure;
  gboolean hard;
  gint64 min_pixels;
  gint64 max_pixels;
  gboolean rates;
  char **videos;
  char **events;
  char **settings;
  char *query;
  double window;
  double hop;
  gboolean reliability;
  char *json;
  gboolean verbose;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->model);
  g_free (o->mmproj);
  g_free (o->device);
  g_free (o->weights);
  g_free (o->kv_cache);
  g_free (o->precision);
  g_free (o->fps);
  g_strfreev (o->videos);
  g_strfreev (o->events);
  g_strfreev (o->settings);
  g_free (o->query);
  g_free (o->json);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
on_progress (guint i, guint n)
{
  static guint last;
  guint tenth = i * 10 / n;

  if (isatty (STDERR_FILENO)) {
    fprintf (stderr, "\r\033[K%u of %u%s", i, n, i == n ? "\r\033[K" : "");
    fflush (stderr);
  } else if (tenth != last) {
    fprintf (stderr, "%u of %u\n", i, n);
  }
  last = tenth;
}

static guint
count (char *const *strings)
{
  return strings != NULL ? g_strv_length ((char **) strings) : 0;
}

/* These have options of their own, because the report names them. */
static gboolean
names_model (char *const *settings)
{
  for (guint i = 0; i < count (settings); i++)
    if (g_str_has_prefix (settings[i], "model=") ||
        g_str_has_prefix (settings[i], "device="))
      return TRUE;
  return FALSE;
}

static gboolean
check_options (const Options *o, GError **error)
{
  const char *why = NULL;

  if (o->n_scenes < 1 || o->n_scenes > 1000000)
    why = "--scenes is from 1 to 1000000";
  else if (o->first_seed < 0)
    why = "--first-seed is not negative";
  else if (o->bystanders < 0 || o->bystanders > VLM_SCENE_MAX_BYSTANDERS)
    why = "--bystanders is from 0 to " G_STRINGIFY (VLM_SCENE_MAX_BYSTANDERS);
  else if (!(o->perspective >= 0.0 &&
               o->perspective <= VLM_SCENE_MAX_PERSPECTIVE))
    why = "--perspective is from 0 to " G_STRINGIFY (VLM_SCENE_MAX_PERSPECTIVE);
  else if (o->duration != 0.0 && !(o->duration >= 1.0 && o->duration <= 3600.0))
    why = "--duration is from 1 to 3600";
  else if (o->min_pixels < 0 || o->max_pixels < 0)
    why = "--min-pixels and --max-pixels are not negative";
  else if (count (o->videos) != count (o->events))
    why = "each --video needs its --events, in the same order";
  else if (o->settings != NULL && o->videos == NULL)
    why = "--set is about vlmevents, which runs with --video only";
  else if (names_model (o->settings))
    why = "model and device are set by --model and --device";
  else if (!(o->window >= 1.0 && o->window <= 3600.0))
    why = "--window is from 1 to 3600";
  else if (!(o->hop >= 0.0 && o->hop <= o->window))
    why = "--hop is from 0 to the window";
  return tool_check (why, error);
}

/* Of videos, rates, or scenes, whichever was requested. */
typedef struct
{
  EvalScores scores;
  EvalScores baseline;
  GArray *rates;
  GPtrArray *videos; /* EvalVideo */
} Results;

static void
results_clear (Results *results)
{
  eval_scores_clear (&results->scores);
  eval_scores_clear (&results->baseline);
  g_array_unref (results->rates);
  g_ptr_array_unref (results->videos);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Results, results_clear)

static void
results_init (Results *results)
{
  static const double rates[] = { 2.0, 1.0, 4.0, 8.0, 30.0 };

  eval_scores_init (&results->scores);
  eval_scores_init (&results->baseline);
  results->rates = g_array_new (FALSE, TRUE, sizeof (EvalRate));
  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    EvalRate rate = { .fps = rates[i] };

    g_array_append_val (results->rates, rate);
  }
  results->videos =
      g_ptr_array_new_with_free_func ((GDestroyNotify) eval_video_free);
}

/* --- through the element -------------------------------------------------- */

static void
add_setting (GStrvBuilder *builder, const char *name, const char *value)
{
  g_autofree char *setting = NULL;

  if (value == NULL)
    return;
  setting = g_strdup_printf ("%s=%s", name, value);
  g_strv_builder_add (builder, setting);
}

static void
add_number (GStrvBuilder *builder, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  add_setting (builder, name, g_ascii_dtostr (text, sizeof text, value));
}

static void
add_pixels (GStrvBuilder *builder, const char *name, gint64 n)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, n);

  if (n > 0)
    add_setting (builder, name, text);
}

/* Of vlmevents: the others keep their defaults. (transfer full) */
static char **
make_settings (const Options *o)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  add_setting (builder, "model", o->model);
  add_setting (builder, "mmproj", o->mmproj);
  add_setting (builder, "device", o->device);
  add_setting (builder, "weights", o->weights);
  add_setting (builder, "kv-cache", o->kv_cache);
  add_setting (builder, "precision", o->precision);
  add_setting (builder, "query", o->query);
  add_setting (builder, "fps", o->fps);
  add_number (builder, "window", o->window);
  add_number (builder, "hop", o->hop);
  add_pixels (builder, "min-pixels", o->min_pixels);
  add_pixels (builder, "max-pixels", o->max_pixels);
  if (o->settings != NULL)
    g_strv_builder_addv (builder, (const char **) o->settings);
  return g_strv_builder_end (builder);
}

static gboolean
run_videos (const Options *o, GCancellable *cancellable, GPtrArray *videos,
    GError **error)
{
  g_auto (GStrv) settings = make_settings (o);

  for (guint i = 0; i < videos->len; i++)
    if (!eval_video_run (videos->pdata[i], settings, cancellable, error))
      return FALSE;
  return TRUE;
}

/* --- all ------------------------------------------------------------------ */

static gboolean
measure (const Options *o, EvalAsker *asker, const EvalRun *run,
    Results *results, GError **error)
{
  if (o->videos != NULL)
    return run_videos (o, run->cancellable, results->videos, error);
  if (o->rates)
    return eval_run_rates (
        asker, run, LONGEST_OF_RATES_S, results->rates, error);
  return eval_run_scenes (
      asker, run, &results->scores, &results->baseline, error);
}

static gboolean
report (const Options *o, const EvalAsker *asker, const EvalRun *run,
    const Results *results, double seconds, ResultFile *file, GError **error)
{
  g_autofree char *json = NULL;
  EvalReport report = {
    .model = vlm_model_get_name (asker->model),
    .device = vlm_device_get_name (vlm_model_get_device (asker->model)),
    .first_seed = run->first_seed,
    .n_scenes = run->n_scenes,
    .fps = run->fps,
    .camera = run->camera,
    .seconds = seconds,
    .n_answers = asker->n_answers,
    .n_rejected = asker->n_rejected,
    .n_unreadable = asker->n_unreadable,
    .n_unfit = asker->n_unfit,
    .has_reliability = o->reliability,
  };

  if (o->videos != NULL) {
    report.videos = results->videos;
  } else if (o->rates) {
    report.rates = results->rates;
  } else {
    report.scores = &results->scores;
    report.baseline = &results->baseline;
  }
  eval_report_print (&report);
  json = eval_report_to_json (&report);
  return o->json == NULL ||
      result_file_finish (file, json, strlen (json), error);
}

/* Errors in files come before a model is loaded. */
static gboolean
open_files (
    const Options *o, Results *results, ResultFile *file, GError **error)
{
  for (guint i = 0; i < count (o->videos); i++) {
    EvalVideo *video =
        eval_video_new (o->videos[i], o->events[i], o->query, error);

    if (video == NULL)
      return FALSE;
    g_ptr_array_add (results->videos, video);
    if (!source_check (o->videos[i], error))
      return FALSE;
  }
  return o->json == NULL ||
      (source_check_result (o->videos, o->json, error) &&
          source_check_result (o->events, o->json, error) &&
          result_file_open (file, o->json, error));
}

static gboolean
run_all (const Options *o, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (EvalAsker) asker = { 0 };
  g_auto (Results) results;
  g_auto (ResultFile) file = { 0 };
  EvalRun run = { (guint64) o->first_seed, (guint) o->n_scenes, 2.0,
    { (guint) o->bystanders, o->perspective, o->exposure, o->hard,
        o->duration },
    cancellable, on_progress };
  VlmModelParams params = {
    .path = o->model, .device = o->device, .mmproj = o->mmproj
  };
  gint64 start;

  results_init (&results);
  asker.verbose = o->verbose;
  asker.limits.min_pixels = (guint64) o->min_pixels;
  asker.limits.max_pixels = (guint64) o->max_pixels;
  gst_vlm_log_init ();
  if ((o->videos == NULL &&
          !tool_parse_number ("--fps", o->fps, 0.1, 60.0, &run.fps, error)) ||
      !open_files (o, &results, &file, error) ||
      !interrupt_watch (cancellable, error) ||
      !tool_parse_weights (o->weights, &params.weights, error) ||
      !tool_parse_kv_cache (o->kv_cache, &params.kv_cache, error) ||
      !tool_parse_precision (o->precision, &params.precision, error) ||
      !eval_asker_init (&asker, &params, cancellable, error))
    return FALSE;
  start = g_get_monotonic_time ();
  return measure (o, &asker, &run, &results, error) &&
      report (o, &asker, &run, &results,
          (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC, &file,
          error);
}

int
main (int argc, char **argv)
{
  g_auto (Options) o = { .first_seed = (gint64) EVAL_FIRST_SEED,
    .n_scenes = 300,
    .window = 10.0,
    .hop = 5.0 };
  const GOptionEntry entries[] = {
    TOOL_MODEL (&o.model),
    TOOL_MMPROJ (&o.mmproj),
    TOOL_DEVICE (&o.device),
    TOOL_WEIGHTS (&o.weights),
    TOOL_KV_CACHE (&o.kv_cache),
    TOOL_PRECISION (&o.precision),
    { "scenes", 'n', 0, G_OPTION_ARG_INT, &o.n_scenes, "number of scenes (300)",
        "N" },
    { "first-seed", 0, 0, G_OPTION_ARG_INT64, &o.first_seed,
        "seed of the first one (2^40; smaller ones are for training)", "N" },
    { "fps", 'f', 0, G_OPTION_ARG_STRING, &o.fps,
        "frames sampled per second (2; of videos, what vlmevents does)", "N" },
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &o.duration,
        "length of each scene (4 to 20; with --fps-consistency up to 8)", "S" },
    { "bystanders", 0, 0, G_OPTION_ARG_INT, &o.bystanders,
        "maximum number of static objects in a scene, which are not events (0)",
        "N" },
    { "perspective", 0, 0, G_OPTION_ARG_DOUBLE, &o.perspective,
        "fraction by which objects at the top are smaller than at the bottom "
        "(0)",
        "P" },
    { "exposure", 0, 0, G_OPTION_ARG_NONE, &o.exposure,
        "the exposure may follow light and dark objects", NULL },
    { "hard", 0, 0, G_OPTION_ARG_NONE, &o.hard,
        "up to 5 objects, up to 3 bystanders, exposure, and all difficulties",
        NULL },
    { "min-pixels", 0, 0, G_OPTION_ARG_INT64, &o.min_pixels,
        "smallest area of a frame (from the checkpoint)", "N" },
    { "max-pixels", 0, 0, G_OPTION_ARG_INT64, &o.max_pixels,
        "largest area of a frame (from the checkpoint)", "N" },
    { "fps-consistency", 0, 0, G_OPTION_ARG_NONE, &o.rates,
        "the same scenes at 1, 2, 4, 8 and 30 frames per second", NULL },
    { "video", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.videos,
        "run vlmevents on a video instead of scenes; may be repeated", "FILE" },
    { "events", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.events,
        "what happens in it: JSON with \"events\", or records of events such "
        "as vlmtestsrc writes; one for each video",
        "FILE" },
    { "query", 0, 0, G_OPTION_ARG_STRING, &o.query,
        "what to look for in the video (everything)", "TEXT" },
    { "window", 0, 0, G_OPTION_ARG_DOUBLE, &o.window,
        "seconds of video that are analysed at once (10)", "S" },
    { "hop", 0, 0, G_OPTION_ARG_DOUBLE, &o.hop,
        "time from the start of one window to the next (5)", "S" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.settings,
        "set another property of vlmevents; may be repeated",
        "PROPERTY=VALUE" },
    { "reliability", 0, 0, G_OPTION_ARG_NONE, &o.reliability,
        "print how well the confidence tells right from wrong", NULL },
    { "json", 'j', 0, G_OPTION_ARG_FILENAME, &o.json,
        "also write the results to a file", "FILE" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o.verbose,
        "print the truth and the answers of each scene", NULL },
    { NULL },
  };
  const Tool tool = { "- measure how well a model detects events", DESCRIPTION,
    entries, gst_init_get_option_group () };
  g_autoptr (GError) error = NULL;

  if (tool_parse (&tool, &argc, &argv, &error) && check_options (&o, &error))
    run_all (&o, &error);
  return tool_end ("vlm-eval", error);
}
