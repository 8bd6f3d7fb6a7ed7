/* gst-vlm: ask a model about pictures and videos
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <unistd.h>

#include <gst/gst.h>

#include <vlm/vlm.h>

#include "tools/attention.h"
#include "tools/interrupt.h"
#include "tools/reader.h"
#include "tools/tool.h"

#define DESCRIPTION                                                            \
  "Example:\n"                                                                 \
  "  vlm-run --model DIR --image cat.jpg \"What is in the picture?\"\n"        \
  "  vlm-run --model DIR --video gate.mp4 --format events \"Who enters?\"\n"   \
  "\n"                                                                         \
  "Pictures come first, then videos, then the question. The answer goes to\n"  \
  "standard output, all else to standard error. Ctrl-C ends it early."

typedef struct
{
  char *model;
  char *mmproj;
  char *device;
  char *weights;
  char **images;
  char **videos;
  double fps;
  char *system;
  char *format;
  int max_tokens;
  double temperature;
  double top_p;
  int top_k;
  double penalty;
  gint64 seed;
  gboolean list_devices;
  char *attention;
  gboolean quiet;
  char **rest;
} Options;

/* One line on the terminal that is written over; nothing when there is none. */
typedef struct
{
  gboolean visible;
  char *stage;
  int percent;
} Progress;

static void
on_progress (const char *stage, double fraction, gpointer user_data)
{
  Progress *progress = user_data;
  int percent = (int) (fraction * 100.0);

  if (!progress->visible ||
      (percent == progress->percent && g_strcmp0 (stage, progress->stage) == 0))
    return;
  g_free (progress->stage);
  progress->stage = g_strdup (stage);
  progress->percent = percent;
  fprintf (stderr, "\r\033[K%s %d %%", stage, percent);
  fflush (stderr);
}

static void
end_progress (Progress *progress)
{
  if (progress->visible && progress->stage != NULL)
    fprintf (stderr, "\r\033[K");
  g_clear_pointer (&progress->stage, g_free);
}

static void
on_text (const char *text, gpointer user_data)
{
  end_progress (user_data);
  fputs (text, stdout);
  fflush (stdout);
}

/* @kind: NULL for any text */
static gboolean
parse_format (const char *name, const VlmAnswerKind **kind, GError **error)
{
  g_autofree char *names = NULL;

  *kind = name != NULL ? vlm_answer_kind_lookup (name) : NULL;
  if (name == NULL || *kind != NULL)
    return TRUE;
  names = g_strjoinv (", ", (char **) vlm_answer_kind_get_names ());
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--format is one of %s, not \"%s\"", names, name);
  return FALSE;
}

static gboolean
add_video (VlmPrompt *prompt, const char *path, const VlmGeometry *geometry,
    double fps, GCancellable *cancellable, Progress *progress, GError **error)
{
  g_autoptr (VlmWindow) window = reader_load_video (
      path, geometry, fps, cancellable, on_progress, progress, error);

  if (window == NULL)
    return FALSE;
  vlm_prompt_add_window (prompt, window);
  return TRUE;
}

/* Pictures, then videos, then the question. */
static VlmPrompt *
build_prompt (const Options *options, VlmModel *model,
    GCancellable *cancellable, Progress *progress, GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question = g_strjoinv (" ", options->rest);
  VlmGeometry geometry;

  vlm_model_get_geometry (model, &geometry);
  if (options->system != NULL)
    vlm_prompt_set_system (prompt, options->system);
  for (guint i = 0; options->images != NULL && options->images[i] != NULL;
       i++) {
    g_autoptr (VlmFrame) frame =
        reader_load_image (options->images[i], &geometry, cancellable, error);

    if (frame == NULL)
      return NULL;
    vlm_prompt_add_image (prompt, frame);
  }
  for (guint i = 0; options->videos != NULL && options->videos[i] != NULL; i++)
    if (!add_video (prompt, options->videos[i], &geometry, options->fps,
            cancellable, progress, error))
      return NULL;
  vlm_prompt_add_text (prompt, question);
  return g_steal_pointer (&prompt);
}

static void
print_summary (const VlmAnswer *answer, double load_s)
{
  fprintf (stderr,
      "\n%u prompt tokens (%u of pictures), %u written%s\n"
      "load %.2f s, vision %.2f s, prefill %.2f s (%.1f tokens/s), "
      "decode %.2f s (%.1f tokens/s), confidence %.3f\n",
      answer->n_prompt_tokens, answer->n_vision_tokens, answer->n_tokens,
      answer->stopped ? "" : " (cut off by --max-tokens)", load_s,
      answer->vision_s, answer->prefill_s,
      answer->n_prompt_tokens / MAX (answer->prefill_s, 1e-9), answer->decode_s,
      answer->n_tokens / MAX (answer->decode_s, 1e-9), answer->confidence);
}

static gboolean
write_attention (VlmSession *session, const VlmAnswer *answer,
    const char *folder, GError **error)
{
  g_autoptr (VlmAttention) attention = vlm_session_steal_attention (session);

  return attention_write (attention, answer->text, folder, error);
}

static gboolean
run (const Options *options, GError **error)
{
  Progress progress = { !options->quiet && isatty (STDERR_FILENO), NULL, -1 };
  VlmGenerateParams params = { NULL, (guint) options->max_tokens,
    options->temperature, options->top_k, options->top_p, options->penalty,
    (guint64) options->seed };
  VlmModelParams from = {
    .path = options->model, .device = options->device, .mmproj = options->mmproj
  };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const VlmWork work = { cancellable, on_progress, on_text, &progress };
  g_autoptr (VlmModel) model = NULL;
  g_autoptr (VlmSession) session = NULL;
  g_autoptr (VlmPrompt) prompt = NULL;
  g_autoptr (VlmAnswer) answer = NULL;
  gint64 start = g_get_monotonic_time ();
  double load_s;

  if (!parse_format (options->format, &params.kind, error) ||
      !tool_parse_weights (options->weights, &from.weights, error) ||
      (options->attention != NULL &&
          !attention_make_folder (options->attention, error)))
    return FALSE;
  interrupt_watch (cancellable);
  model = vlm_model_load (&from, NULL, &work, error);
  load_s = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (model != NULL)
    prompt = build_prompt (options, model, cancellable, &progress, error);
  if (prompt != NULL) {
    session = vlm_session_new (model);
    vlm_session_set_record_attention (session, options->attention != NULL);
    answer = vlm_session_generate (session, prompt, &params, &work, error);
  }
  end_progress (&progress);
  if (answer == NULL)
    return FALSE;
  putchar ('\n');
  if (options->attention != NULL &&
      !write_attention (session, answer, options->attention, error))
    return FALSE;
  if (!options->quiet)
    print_summary (answer, load_s);
  return TRUE;
}

static gboolean
list_devices (GError **error)
{
  g_auto (GStrv) devices = vlm_device_list (error);

  for (guint i = 0; devices != NULL && devices[i] != NULL; i++)
    puts (devices[i]);
  return devices != NULL;
}

/* Negative and NaN included, where they are no numbers to work with. */
static gboolean
check_numbers (const Options *options, GError **error)
{
  const char *why = NULL;

  if (!(options->fps >= 0.001 && options->fps <= 1000.0))
    why = "--fps is from 0.001 to 1000";
  else if (options->max_tokens < 0)
    why = "--max-tokens is not negative";
  else if (!(options->temperature == -1.0 || options->temperature >= 0.0))
    why = "--temperature is not negative";
  else if (!(options->top_p == -1.0 ||
               (options->top_p >= 0.0 && options->top_p <= 1.0)))
    why = "--top-p is from 0 to 1";
  else if (options->top_k < -1)
    why = "--top-k is not negative";
  else if (!(options->penalty >= 0.0 && options->penalty <= 1000.0))
    why = "--repetition-penalty is above 0 and at most 1000";
  return tool_check (why, error);
}

/* Words are taken as the bytes they came in: the model reads UTF-8, whatever
 * the locale is. */
static gboolean
check_words (const Options *options, GError **error)
{
  gboolean good =
      options->system == NULL || g_utf8_validate (options->system, -1, NULL);

  for (guint i = 0; good && options->rest[i] != NULL; i++)
    good = g_utf8_validate (options->rest[i], -1, NULL);
  return tool_check (
      good ? NULL : "the question and --system must be UTF-8", error);
}

static gboolean
check_options (const Options *options, GError **error)
{
  if (options->list_devices)
    return TRUE;
  if (options->rest == NULL)
    return tool_check ("a question is needed; see --help", error);
  return check_numbers (options, error) && check_words (options, error);
}

int
main (int argc, char **argv)
{
  Options options = {
    .fps = 2.0, .temperature = -1.0, .top_p = -1.0, .top_k = -1
  };
  const GOptionEntry entries[] = {
    TOOL_MODEL (&options.model),
    TOOL_MMPROJ (&options.mmproj),
    { "image", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.images,
        "a picture (may be given again)", "FILE" },
    { "video", 'v', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.videos,
        "a video (may be given again)", "FILE" },
    { "fps", 'f', 0, G_OPTION_ARG_DOUBLE, &options.fps,
        "sampled frames a second (2); fewer where they would be over 768",
        "N" },
    TOOL_DEVICE (&options.device),
    TOOL_WEIGHTS (&options.weights),
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.format,
        "hold the answer to a grammar: free, events or boxes", "FORMAT" },
    { "max-tokens", 'n', 0, G_OPTION_ARG_INT, &options.max_tokens,
        "longest answer (256)", "N" },
    { "temperature", 't', 0, G_OPTION_ARG_DOUBLE, &options.temperature,
        "0 always takes the likeliest; default: what the checkpoint says",
        "T" },
    { "top-p", 0, 0, G_OPTION_ARG_DOUBLE, &options.top_p,
        "default: what the checkpoint says", "P" },
    { "top-k", 0, 0, G_OPTION_ARG_INT, &options.top_k,
        "default: what the checkpoint says", "K" },
    { "repetition-penalty", 0, 0, G_OPTION_ARG_DOUBLE, &options.penalty,
        "1 is none; default: what the checkpoint says", "R" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "of the sampling (0)",
        "N" },
    { "system", 0, 0, G_OPTION_ARG_FILENAME, &options.system,
        "the system's words", "TEXT" },
    { "dump-attention", 0, 0, G_OPTION_ARG_FILENAME, &options.attention,
        "write where the model looked, as arrays and pictures", "DIR" },
    { "list-devices", 0, 0, G_OPTION_ARG_NONE, &options.list_devices,
        "say which Vulkan devices there are", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
        "the answer and nothing else", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest,
        NULL, NULL },
    { NULL },
  };
  const Tool tool = { "QUESTION - ask a model about pictures and video",
    DESCRIPTION, entries, gst_init_get_option_group () };
  g_autoptr (GError) error = NULL;

  if (tool_parse (&tool, &argc, &argv, &error) &&
      check_options (&options, &error)) {
    if (options.list_devices)
      list_devices (&error);
    else
      run (&options, &error);
  }
  return tool_end ("vlm-run", error);
}
