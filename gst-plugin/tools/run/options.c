/* gst-vlm: the command line of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/options.h"

#include <math.h>
#include <unistd.h>

#include <gst/gst.h>

#include "tools/run/prompts.h"
#include "tools/source.h"
#include "tools/tool.h"

#define DESCRIPTION                                                            \
  "Examples:\n"                                                                \
  "  vlm-run --image cat.jpg \"What is in the picture?\"\n"                    \
  "  vlm-run --video gate.mp4 --start 1:30 --end 2:00 --task events \"a "      \
  "car\"\n"                                                                    \
  "  vlm-run --image shelf/ --json --prompt-file questions.txt\n"              \
  "  vlm-run --model http://gpu:8000/v1 --image cat.jpg \"What is it?\"\n"     \
  "\n"                                                                         \
  "Pictures come first, then videos, then the question; a FILE is a name, "    \
  "an\n"                                                                       \
  "address, or - for standard input. The answers go to standard output, all\n" \
  "else to standard error. Ctrl-C stops it.\n"                                 \
  "\n"                                                                         \
  "Exit status: 0, 1 for what failed, 2 for wrong usage, 130 after Ctrl-C."

/* As they were written. */
typedef struct
{
  char *weights;
  char *kv_cache;
  char *precision;
  char *server;
  char *box_space;
  char *fps;
  char *start;
  char *end;
  char *task;
  char *format;
  char *schema; /* a file */
  int max_tokens;
  char *temperature;
  char *top_p;
  char *top_k;
  char *penalty;
  gint64 seed;
  gboolean no_stream;
  PromptSources prompts;
} Written;

static void
written_clear (Written *written)
{
  g_free (written->weights);
  g_free (written->kv_cache);
  g_free (written->precision);
  g_free (written->server);
  g_free (written->box_space);
  g_free (written->fps);
  g_free (written->start);
  g_free (written->end);
  g_free (written->task);
  g_free (written->format);
  g_free (written->schema);
  g_free (written->temperature);
  g_free (written->top_p);
  g_free (written->top_k);
  g_free (written->penalty);
  g_strfreev (written->prompts.texts);
  g_strfreev (written->prompts.files);
  g_strfreev (written->prompts.words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Written, written_clear)

static gboolean
parse_words (RunOptions *o, Written *w, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o->model.path,
        "a Qwen2.5-VL checkpoint: a directory or a GGUF file (the small one "
        "that ships); or one on another machine: http://HOST:8000/v1#MODEL",
        "PATH" },
    TOOL_MMPROJ (&o->model.mmproj),
    TOOL_DEVICE (&o->model.device),
    TOOL_WEIGHTS (&w->weights),
    TOOL_KV_CACHE (&w->kv_cache),
    TOOL_PRECISION (&w->precision),
    { "server", 0, 0, G_OPTION_ARG_STRING, &w->server,
        "of a model on another machine: auto, vllm, sglang, llama, ollama, "
        "lmstudio or openai (auto)",
        "SERVER" },
    { "api-key-file", 0, 0, G_OPTION_ARG_FILENAME, &o->model.api_key_file,
        "likewise: file whose first line is the key (else the key in "
        "VLM_API_KEY)",
        "FILE" },
    { "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &o->model.ca_file,
        "likewise: PEM file with trusted certificates (those of the system)",
        "FILE" },
    { "box-space", 0, 0, G_OPTION_ARG_STRING, &w->box_space,
        "likewise: unit of its boxes: auto, pixels or thousandths (auto)",
        "SPACE" },
    { "image", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->images,
        "a picture, or a folder of them (may be given again)", "FILE" },
    { "video", 'v', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->videos,
        "a video (may be given again)", "FILE" },
    { "fps", 'f', 0, G_OPTION_ARG_STRING, &w->fps,
        "frames sampled per second, such as 2 (default) or 1/2; at most 768 in "
        "all",
        "N" },
    { "start", 0, 0, G_OPTION_ARG_STRING, &w->start,
        "start position in the videos: seconds or mm:ss", "TIME" },
    { "end", 0, 0, G_OPTION_ARG_STRING, &w->end, "end position", "TIME" },
    { "prompt", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &w->prompts.texts,
        "a question (may be given again: one answer each)", "TEXT" },
    { "prompt-file", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &w->prompts.files,
        "a file with a question (may be given again)", "FILE" },
    { "task", 0, 0, G_OPTION_ARG_STRING, &w->task,
        "use the prompt and answer format of a task: events, boxes, points, "
        "ocr, document, describe, count …; the question is what to look for",
        "TASK" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &w->format,
        "older name of --task that uses the text as the whole question "
        "(deprecated: use --task or --schema)",
        "TASK" },
    { "schema", 0, 0, G_OPTION_ARG_FILENAME, &w->schema,
        "force the answer to match a JSON schema", "FILE" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &o->json,
        "print one JSON object per answer, with usage and times", NULL },
    { "html", 0, 0, G_OPTION_ARG_NONE, &o->html,
        "print locations as HTML: of documents, boxes, points and text", NULL },
    { "draw", 0, 0, G_OPTION_ARG_FILENAME, &o->draw,
        "draw the locations in the answer on the picture", "PNG" },
    { "no-stream", 0, 0, G_OPTION_ARG_NONE, &w->no_stream,
        "print each answer when it is complete", NULL },
    { "stream", 0, G_OPTION_FLAG_REVERSE, G_OPTION_ARG_NONE, &w->no_stream,
        "print free text as it is generated (the default)", NULL },
    { "max-tokens", 'n', 0, G_OPTION_ARG_INT, &w->max_tokens,
        "maximum length of an answer, in tokens (256)", "N" },
    { "temperature", 't', 0, G_OPTION_ARG_STRING, &w->temperature,
        "sampling temperature; 0 is greedy (default: from the checkpoint)",
        "T" },
    { "top-p", 0, 0, G_OPTION_ARG_STRING, &w->top_p,
        "nucleus sampling threshold (default: from the checkpoint)", "P" },
    { "top-k", 0, 0, G_OPTION_ARG_STRING, &w->top_k,
        "sample from the K most probable tokens; 0 for all (default: from the "
        "checkpoint)",
        "K" },
    { "repetition-penalty", 0, 0, G_OPTION_ARG_STRING, &w->penalty,
        "repetition penalty; 1 for none (default: from the checkpoint)", "R" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &w->seed, "seed for sampling (0)",
        "N" },
    { "system", 0, 0, G_OPTION_ARG_FILENAME, &o->system, "system prompt",
        "TEXT" },
    { "dump-attention", 0, 0, G_OPTION_ARG_FILENAME, &o->attention,
        "write attention maps, as arrays and pictures, to a new or empty "
        "folder",
        "DIR" },
    { "list-devices", 0, 0, G_OPTION_ARG_NONE, &o->list_devices,
        "list the Vulkan devices", NULL },
    { "fit", 0, 0, G_OPTION_ARG_NONE, &o->fit,
        "show how much memory the model, or each published size, needs on each "
        "device",
        NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "print only the answers",
        NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &w->prompts.words,
        NULL, NULL },
    { NULL },
  };
  const Tool tool = { "QUESTION - query a model about pictures and video",
    DESCRIPTION, entries, gst_init_get_option_group () };

  return tool_parse (&tool, argc, argv, error);
}

static gboolean
parse_numbers (RunOptions *o, const Written *w, GError **error)
{
  double top_k = -1.0;

  o->params.temperature = o->params.top_p = -1.0;
  o->params.max_tokens = (guint) MAX (0, w->max_tokens);
  o->params.seed = (guint64) w->seed;
  if (w->max_tokens < 0)
    return tool_check ("--max-tokens is not negative", error);
  if (!tool_parse_number ("--fps", w->fps, 0.001, 1000.0, &o->fps, error) ||
      !tool_parse_number ("--temperature", w->temperature, 0.0, 1000.0,
          &o->params.temperature, error) ||
      !tool_parse_number (
          "--top-p", w->top_p, 0.0, 1.0, &o->params.top_p, error) ||
      !tool_parse_number ("--top-k", w->top_k, 0.0, 1e9, &top_k, error) ||
      !tool_parse_number ("--repetition-penalty", w->penalty, 0.001, 1000.0,
          &o->params.repetition_penalty, error) ||
      !tool_parse_time ("--start", w->start, &o->span.start, error) ||
      !tool_parse_time ("--end", w->end, &o->span.end, error))
    return FALSE;
  if (top_k != floor (top_k))
    return tool_check ("--top-k is a whole number", error);
  o->params.top_k = (int) top_k;
  if (w->end != NULL && o->span.end <= o->span.start)
    return tool_check ("--end is behind --start", error);
  return TRUE;
}

/* @kind: NULL for none */
static gboolean
parse_kind (const char *option, const char *name, const VlmAnswerKind **kind,
    GError **error)
{
  g_autofree char *names = NULL;

  if (name == NULL)
    return TRUE;
  *kind = vlm_answer_kind_lookup (name);
  if (*kind != NULL)
    return TRUE;
  names = g_strjoinv (", ", (char **) vlm_answer_kind_get_names ());
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s must be one of %s, not \"%s\"", option, names, name);
  return FALSE;
}

static guint
count_stdin (char **words)
{
  guint n = 0;

  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    n += g_str_equal (words[i], "-") ? 1 : 0;
  return n;
}

static const char *
find_contradiction (const RunOptions *o, const Written *w)
{
  gboolean reads_words = w->prompts.words != NULL &&
      w->prompts.words[1] == NULL && count_stdin (w->prompts.words) == 1;

  if ((w->task != NULL) + (w->format != NULL) + (w->schema != NULL) > 1)
    return "--task, --format and --schema exclude each other";
  if (g_strcmp0 (w->task, "json") == 0 || g_strcmp0 (w->format, "json") == 0)
    return "an answer of the kind json needs a JSON schema: use --schema FILE";
  if (count_stdin (o->images) + count_stdin (o->videos) +
          count_stdin (w->prompts.files) + (reads_words ? 1 : 0) >
      1)
    return "standard input (-) can be read once";
  if ((w->start != NULL || w->end != NULL) && o->videos == NULL)
    return "--start and --end are for --video";
  if (o->attention != NULL && vlm_remote_is_meant (&o->model))
    return "--dump-attention is for a model on this machine";
  if (w->box_space != NULL && !vlm_remote_is_meant (&o->model))
    return "--box-space is for a model on another machine";
  if (o->system != NULL && !g_utf8_validate (o->system, -1, NULL))
    return "--system must be UTF-8";
  return NULL;
}

/* Errors in a schema are reported before a model is loaded. */
static gboolean
read_schema (RunOptions *o, const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  o->params.kind = vlm_answer_kind_lookup ("json");
  if (!g_file_get_contents (path, &o->schema, NULL, error) ||
      !vlm_answer_kind_check (o->params.kind, o->schema, name, error))
    return FALSE;
  o->params.detail = o->schema;
  return TRUE;
}

static const char *
find_misuse (const RunOptions *o, guint n_prompts)
{
  const VlmAnswerKind *kind = o->params.kind;

  if (o->attention != NULL && n_prompts > 1)
    return "--dump-attention is for one question";
  if ((o->html || o->draw != NULL) &&
      !(vlm_answer_kind_is_of_picture (kind) &&
          vlm_answer_kind_has_places (kind)))
    return "--html and --draw are for places: --task boxes, points, ocr or "
           "document";
  if (o->html && o->json)
    return "--html and --json exclude each other";
  if (o->draw != NULL &&
      (n_prompts > 1 ||
          g_strv_length (o->images) +
                  (o->videos != NULL ? g_strv_length (o->videos) : 0) !=
              1))
    return "--draw is for one question about one picture";
  return NULL;
}

/* --format, the older option, uses the text as the whole question; without a text
 * it is --task. */
static gboolean
parse_task (const Written *w, VlmGenerateParams *params,
    const VlmAnswerKind **task, GError **error)
{
  const PromptSources *prompts = &w->prompts;

  if (!parse_kind ("--task", w->task, task, error) ||
      !parse_kind ("--format", w->format, &params->kind, error))
    return FALSE;
  if (w->format != NULL && prompts->words == NULL && prompts->texts == NULL &&
      prompts->files == NULL)
    *task = params->kind;
  if (*task != NULL)
    params->kind = *task;
  return TRUE;
}

static gboolean
finish (RunOptions *o, const Written *w, GError **error)
{
  const VlmAnswerKind *task = NULL;
  g_auto (GStrv) images = o->images;

  o->images = NULL;
  if (!parse_task (w, &o->params, &task, error) ||
      !tool_parse_weights (w->weights, &o->model.weights, error) ||
      !tool_parse_kv_cache (w->kv_cache, &o->model.kv_cache, error) ||
      !tool_parse_precision (w->precision, &o->model.precision, error) ||
      !tool_parse_server (w->server, &o->model.server, error) ||
      !tool_parse_box_space (w->box_space, &o->model.box_space, error))
    return FALSE;
  o->is_task = task != NULL;
  if (o->is_task && o->system == NULL)
    o->system = g_strdup (vlm_answer_kind_get_system (task));
  if (!(w->schema != NULL
              ? read_schema (o, w->schema, error)
              : vlm_answer_kind_check (o->params.kind, NULL,
                    w->task != NULL ? "--task" : "--format", error)))
    return FALSE;
  o->stream = !w->no_stream && !o->json;
  o->prompts = prompts_gather (&w->prompts, task, o->videos != NULL, error);
  if (o->prompts == NULL)
    return FALSE;
  o->images = source_expand (images, error);
  return o->images != NULL &&
      tool_check (find_misuse (o, g_strv_length (o->prompts)), error);
}

gboolean
run_options_parse (RunOptions *options, int *argc, char ***argv, GError **error)
{
  g_auto (Written) written = { 0 };

  *options = (RunOptions){ .fps = 2.0 };
  if (!parse_words (options, &written, argc, argv, error))
    return FALSE;
  if (options->list_devices)
    return TRUE;
  if (options->fit)
    return tool_parse_kv_cache (
        written.kv_cache, &options->model.kv_cache, error);
  return parse_numbers (options, &written, error) &&
      tool_check (find_contradiction (options, &written), error) &&
      finish (options, &written, error);
}

void
run_options_clear (RunOptions *options)
{
  g_free (options->model.path);
  g_free (options->model.mmproj);
  g_free (options->model.device);
  g_free (options->model.api_key_file);
  g_free (options->model.ca_file);
  g_strfreev (options->images);
  g_strfreev (options->videos);
  g_free (options->system);
  g_free (options->schema);
  g_free (options->draw);
  g_strfreev (options->prompts);
  g_free (options->attention);
}
