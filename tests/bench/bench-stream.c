/* gst-vlm: what overlapping windows cost, with and without reuse
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-stream --config CONFIG.json [--tokenizer DIR] [--layers N] ...
 *
 * One cycle of a stream in the steady state: from a window that begins a new
 * video to the last one that is appended to it. Beside it, in the same run, what
 * windows cost from nothing, and what the same videos do. Weights are random
 * unless they lie beside the configuration. */
#include <string.h>
#include <time.h>

#include "engine/device.h"
#include "engine/event-question.h"
#include "engine/history.h"
#include "engine/model.h"
#include "engine/session.h"
#include "media/window.h"

#define MAX_TOKENS_HELD 1000000

typedef struct
{
  char *config;
  char *tokenizer;
  char *device;
  int layers;
  int width;
  int height;
  double fps;
  double window;
  double hop;
  double context;
  int answer;
  gboolean no_recompute;
} Options;

/* Seconds and work of some windows. */
typedef struct
{
  double vision_s, prefill_s, decode_s;
  double n_slices; /* through the vision tower */
  double n_tokens; /* through the decoder, without the answer */
  double n_windows;
} Cost;

typedef struct
{
  const Options *options;
  VlmModel *model;
  GRand *random;
  GPtrArray *frames; /* all that there were so far */
  guint per_window;  /* frames */
  guint per_hop;
  clockid_t clock;
} Bench;

/* On a software device the processor time of the process, which others that
 * share the cores do not move; else the time that passed. */
static double
now (const Bench *bench)
{
  struct timespec time;

  clock_gettime (bench->clock, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* --- a stream ------------------------------------------------------------- */

static VlmFrame *
make_frame (Bench *bench)
{
  guint width = (guint) bench->options->width;
  guint height = (guint) bench->options->height;
  g_autofree guint8 *pixels = g_malloc ((gsize) width * height * 3);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, width, height, { pixels }, { (int) width * 3 } };

  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    pixels[i] = (guint8) g_rand_int (bench->random);
  return vlm_frame_new (&view, width, height, VLM_RESAMPLE_VIDEO, NULL);
}

static gint64
slot_time (const Bench *bench, guint i)
{
  return (gint64) (i / bench->options->fps * VLM_SECOND);
}

static VlmWindow *
make_window (Bench *bench, guint number)
{
  guint first = number * bench->per_hop;
  VlmWindow *window = vlm_window_new (bench->per_window);

  while (bench->frames->len < first + bench->per_window)
    g_ptr_array_add (bench->frames, make_frame (bench));
  window->start = slot_time (bench, first);
  window->end = slot_time (bench, first + bench->per_window);
  window->slot_duration = slot_time (bench, 1);
  for (guint i = 0; i < window->n_samples; i++) {
    window->samples[i].frame = vlm_frame_ref (bench->frames->pdata[first + i]);
    window->samples[i].slot_time = slot_time (bench, first + i);
  }
  return window;
}

/* --- questions ------------------------------------------------------------ */

/* When the stages of an answer ended. */
typedef struct
{
  const Bench *bench;
  double vision, prefill;
} Ends;

static void
note_end (const char *stage, double fraction, gpointer user_data)
{
  Ends *ends = user_data;

  ends->prefill = now (ends->bench);
  if (g_str_equal (stage, "vision"))
    ends->vision = ends->prefill;
}

static gboolean
ask (Bench *bench, VlmSession *session, const VlmWindow *window, Cost *cost,
    GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question = vlm_event_question (NULL);
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmAnswer) answer = NULL;
  Ends ends = { .bench = bench };
  VlmReuse before, after;
  double start;

  params.max_tokens = (guint) bench->options->answer;
  params.temperature = 0.0;
  vlm_prompt_add_window (prompt, window);
  vlm_prompt_add_text (prompt, question);
  vlm_session_get_reuse (session, &before);
  start = now (bench);
  answer = vlm_session_generate (
      session, prompt, &params, NULL, NULL, note_end, &ends, error);
  if (answer == NULL)
    return FALSE;
  vlm_session_get_reuse (session, &after);
  cost->vision_s += ends.vision - start;
  cost->prefill_s += ends.prefill - ends.vision;
  cost->decode_s += now (bench) - ends.prefill;
  cost->n_slices += (double) (after.n_slices_encoded - before.n_slices_encoded);
  cost->n_tokens +=
      (double) (after.n_tokens_computed - before.n_tokens_computed);
  cost->n_windows += 1;
  return TRUE;
}

/* From nothing: nothing is cached. */
static gboolean
ask_anew (Bench *bench, const VlmWindow *window, Cost *cost, GError **error)
{
  g_autoptr (VlmSession) session = vlm_session_new (bench->model);

  return ask (bench, session, window, cost, error);
}

/* What a window costs in the mean when each is asked about from nothing, with
 * all that the incremental one looked at. The cost is quadratic in the length,
 * so three lengths give the mean (Simpson). */
static gboolean
recompute_videos (
    Bench *bench, const GPtrArray *seen, Cost *mean, GError **error)
{
  static const double weights[] = { 1.0 / 6, 4.0 / 6, 1.0 / 6 };

  for (guint i = 0; i < 3; i++) {
    Cost cost = { 0 };

    if (!ask_anew (bench, seen->pdata[i * (seen->len - 1) / 2], &cost, error))
      return FALSE;
    mean->vision_s += weights[i] * cost.vision_s;
    mean->prefill_s += weights[i] * cost.prefill_s;
    mean->decode_s += weights[i] * cost.decode_s;
    mean->n_slices += weights[i] * cost.n_slices;
    mean->n_tokens += weights[i] * cost.n_tokens;
  }
  mean->n_windows = 1;
  return TRUE;
}

/* Two windows first: they make the pipelines and leave the features that a
 * stream would have. Then from one anchor to the next. */
static gboolean
run_cycle (Bench *bench, Cost *cost, GPtrArray *seen, GError **error)
{
  const VlmHistoryLimits limits = {
    .max_ns = (gint64) (bench->options->context * VLM_SECOND),
    .max_tokens = MAX_TOKENS_HELD,
  };
  g_autoptr (VlmSession) session = vlm_session_new (bench->model);
  g_autoptr (VlmHistory) history = NULL;
  VlmGeometry geometry;

  vlm_model_get_geometry (bench->model, &geometry);
  history = vlm_history_new (&geometry, &limits);
  for (guint i = 0;; i++) {
    g_autoptr (VlmWindow) window = make_window (bench, i);
    g_autoptr (VlmWindow) video = NULL;
    Cost warm_up = { 0 };

    if (i == 2)
      vlm_history_restart (history);
    video = vlm_history_push (history, window);
    if (i > 2 && video->n_samples == window->n_samples)
      return TRUE; /* the next cycle */
    if (!ask (bench, session, video, i < 2 ? &warm_up : cost, error))
      return FALSE;
    if (i >= 2)
      g_ptr_array_add (seen, g_steal_pointer (&video));
  }
}

/* --- the report ----------------------------------------------------------- */

static void
print_cost (const Bench *bench, const char *name, const Cost *cost)
{
  double seconds = cost->n_windows * bench->options->hop;

  g_print ("%-22s %9.4f %9.4f %9.4f %9.4f %9.2f %9.1f\n", name,
      cost->vision_s / seconds, cost->prefill_s / seconds,
      cost->decode_s / seconds,
      (cost->vision_s + cost->prefill_s + cost->decode_s) / seconds,
      cost->n_slices / cost->n_windows, cost->n_tokens / cost->n_windows);
}

static void
print_ratio (const char *name, const Cost *much, const Cost *little)
{
  double share = little->n_windows / much->n_windows;
  double all = much->vision_s + much->prefill_s + much->decode_s;
  double few = little->vision_s + little->prefill_s + little->decode_s;

  g_print ("%-22s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f\n", name,
      much->vision_s / little->vision_s * share,
      much->prefill_s / little->prefill_s * share,
      much->decode_s / little->decode_s * share, all / few * share,
      much->n_slices / little->n_slices * share,
      much->n_tokens / little->n_tokens * share);
}

static gboolean
run (Bench *bench, GError **error)
{
  const Options *o = bench->options;
  g_autoptr (GPtrArray) seen =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_window_unref);
  Cost incremental = { 0 }, window = { 0 }, videos = { 0 };
  const VlmWindow *last;

  if (!run_cycle (bench, &incremental, seen, error))
    return FALSE;
  last = seen->pdata[seen->len - 1];
  g_print ("window %g s, hop %g s, %g fps, %dx%d, answers of %d tokens, on %s\n"
           "%u windows a cycle, videos of %u to %u frames\n\n",
      o->window, o->hop, o->fps, o->width, o->height, o->answer,
      vlm_device_get_name (vlm_model_get_device (bench->model)), seen->len,
      bench->per_window, last->n_samples);
  g_print ("%-22s %-39s %s\n", "",
      bench->clock == CLOCK_MONOTONIC
          ? "seconds for a second of video"
          : "processor seconds for a second of video",
      "for a window");
  g_print ("%-22s %9s %9s %9s %9s %9s %9s\n", "", "vision", "prefill", "decode",
      "all", "slices", "tokens");
  print_cost (bench, "incremental", &incremental);
  if (o->no_recompute)
    return TRUE;
  if (!ask_anew (bench, seen->pdata[0], &window, error) ||
      !recompute_videos (bench, seen, &videos, error))
    return FALSE;
  print_cost (bench, "each window anew", &window);
  print_cost (bench, "the same videos anew", &videos);
  print_ratio ("  window / incremental", &window, &incremental);
  print_ratio ("  videos / incremental", &videos, &incremental);
  return TRUE;
}

/* --- options -------------------------------------------------------------- */

static gboolean
load (Bench *bench, GError **error)
{
  const Options *o = bench->options;
  g_autofree char *directory = g_path_get_dirname (o->config);
  g_autoptr (VlmDevice) device = vlm_device_open (o->device, error);
  g_autoptr (VlmConfig) config = NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL;
  VlmNet *net;

  if (device == NULL)
    return FALSE;
  if (vlm_vk_device_get_caps (vlm_device_get_vk (device))->is_cpu)
    bench->clock = CLOCK_PROCESS_CPUTIME_ID;
  if (o->layers == 0 && o->tokenizer == NULL) {
    bench->model = vlm_model_load (device, directory, NULL, NULL, NULL, error);
    return bench->model != NULL;
  }
  config = vlm_config_load_file (o->config, error);
  if (config == NULL)
    return FALSE;
  tokenizer = vlm_tokenizer_load (
      o->tokenizer != NULL ? o->tokenizer : directory, error);
  if (tokenizer == NULL)
    return FALSE;
  net = vlm_net_new_random (
      vlm_device_get_vk (device), config, (guint) o->layers, 1, error);
  if (net == NULL)
    return FALSE;
  bench->model =
      vlm_model_new_from_parts (device, net, g_steal_pointer (&tokenizer));
  return TRUE;
}

static gboolean
check_options (const Options *o, GError **error)
{
  if (o->config == NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "--config CONFIG.json is needed; see --help");
  else if (o->width < 28 || o->height < 28 || o->width % 28 != 0 ||
      o->height % 28 != 0 || o->width > 4480 || o->height > 4480)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--width and --height must be multiples of 28 up to 4480");
  else if (!(o->fps > 0 && o->fps <= 60 && o->window * o->fps >= 2 &&
               o->window <= 3600 && o->hop * o->fps >= 2 &&
               o->hop <= o->window / 2 && o->context >= 0) ||
      o->layers < 0 || o->answer < 1)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "a number is out of its range; --hop is at most half of --window");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  Options o = {
    .width = 448, .height = 448, .fps = 2, .window = 10, .hop = 2, .answer = 16
  };
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &o.config,
        "config.json of a checkpoint", "FILE" },
    { "tokenizer", 't', 0, G_OPTION_ARG_FILENAME, &o.tokenizer,
        "random weights, and the tokenizer of this checkpoint", "DIR" },
    { "layers", 'l', 0, G_OPTION_ARG_INT, &o.layers,
        "random weights, only so many layers of both towers", "N" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device,
        "index, UUID or part of the name of the Vulkan device", "DEVICE" },
    { "width", 0, 0, G_OPTION_ARG_INT, &o.width, "of a frame (448)", "N" },
    { "height", 0, 0, G_OPTION_ARG_INT, &o.height, "of a frame (448)", "N" },
    { "fps", 0, 0, G_OPTION_ARG_DOUBLE, &o.fps, "sampling rate (2)", "X" },
    { "window", 0, 0, G_OPTION_ARG_DOUBLE, &o.window, "seconds (10)", "X" },
    { "hop", 0, 0, G_OPTION_ARG_DOUBLE, &o.hop, "seconds (2)", "X" },
    { "context", 0, 0, G_OPTION_ARG_DOUBLE, &o.context,
        "longest video, seconds (0: four windows)", "X" },
    { "answer", 0, 0, G_OPTION_ARG_INT, &o.answer, "tokens (16)", "N" },
    { "no-recompute", 0, 0, G_OPTION_ARG_NONE, &o.no_recompute,
        "only the incremental one", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- measure overlapping windows");
  g_autoptr (GError) error = NULL;
  Bench bench = { .options = &o, .clock = CLOCK_MONOTONIC };
  gboolean good;

  g_option_context_add_main_entries (context, entries, NULL);
  good = g_option_context_parse (context, &argc, &argv, &error) &&
      check_options (&o, &error);
  bench.random = g_rand_new_with_seed (1);
  bench.frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  bench.per_window = 2 * (guint) (o.window * o.fps / 2);
  bench.per_hop = 2 * (guint) (o.hop * o.fps / 2);
  if (!good || !load (&bench, &error) || !run (&bench, &error))
    g_printerr ("bench-stream: %s\n", error->message);
  g_clear_object (&bench.model);
  g_ptr_array_unref (bench.frames);
  g_rand_free (bench.random);
  return error == NULL ? 0 : 1;
}
