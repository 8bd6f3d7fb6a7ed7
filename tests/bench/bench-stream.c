/* gst-vlm: what overlapping windows cost, with and without reuse
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-stream --config CONFIG.json [--tokenizer DIR] [--layers N] ...
 *
 * One cycle of a stream in the steady state: from a window that begins a new
 * video to the last one that is appended to it. In the same run, for comparison,
 * what windows cost from nothing, and what the same videos cost. Weights are
 * random unless they are beside the configuration. */
#include <string.h>
#include <time.h>

#include "engine/device.h"
#include "analyzer/kinds.h"
#include "events/history.h"
#include "engine/model.h"
#include "engine/prompt.h"
#include "engine/session.h"
#include "media/window.h"
#include "tools/tool.h"
#include "vision-cost.h"
#include "work.h"
#include "vk/device.h"

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
  gboolean count;
} Options;

/* Seconds (or operations, when they are only counted) and work of some windows.
 */
typedef struct
{
  double vision, prefill, decode;
  double n_slices; /* through the vision tower */
  double n_tokens; /* through the decoder, without the answer */
  double n_windows;
} Cost;

typedef struct
{
  const Options *options;
  VlmModel *model;   /* NULL when nothing is run */
  double slice_flop; /* of the vision tower, when nothing is run */
  VlmConfig *config;
  VlmTokenizer *tokenizer;
  guint64 random;
  GPtrArray *frames; /* all that there were so far */
  guint per_window;  /* frames */
  guint per_hop;
  clockid_t clock;
} Bench;

/* On a software device the processor time of the process, which does not depend
 * on others that share the cores; else the time that passed. */
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

  for (gsize i = 0; i < (gsize) width * height * 3; i++) {
    bench->random = bench->random * G_GUINT64_CONSTANT (6364136223846793005) +
        G_GUINT64_CONSTANT (1442695040888963407);
    pixels[i] = (guint8) (bench->random >> 56);
  }
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

typedef struct
{
  const VlmAnswerKind *kind;
  const char *about;
  int answer; /* tokens */
} Question;

static VlmPrompt *
make_prompt (const VlmWindow *window, const Question *question)
{
  VlmPrompt *prompt = vlm_prompt_new ();
  g_autofree char *text =
      vlm_answer_kind_make_question (question->kind, question->about, TRUE);

  vlm_prompt_add_window (prompt, window);
  vlm_prompt_add_text (prompt, text);
  return prompt;
}

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

/* A prompt as it is laid out: the tokens before and after the cells. */
static gboolean
count_prompt (Bench *bench, const VlmPrompt *prompt, guint *n_before,
    guint *n_cells, guint *n_behind, GError **error)
{
  g_autoptr (VlmLayout) layout =
      vlm_layout_new (prompt, bench->config, bench->tokenizer, error);

  if (layout == NULL)
    return FALSE;
  *n_cells = layout->n_vision_tokens;
  *n_before = 0;
  while (g_array_index (layout->ids, gint32, *n_before) >= 0)
    (*n_before)++;
  *n_behind = layout->ids->len - *n_cells - *n_before;
  return TRUE;
}

/* What a session has cached of a video when a question about it comes. */
typedef struct
{
  gboolean has_start; /* the tokens before the video */
  guint n_encoded;    /* slices: features */
  guint n_held;       /* slices: keys and values */
  guint n_behind;     /* likewise: tokens after the video */
} There;

/* What a session would do, by its own rules. */
static gboolean
count (Bench *bench, const VlmPrompt *prompt, const VlmWindow *window,
    const There *there, int answer, Cost *cost, GError **error)
{
  const VlmTextConfig *c = &bench->config->text;
  guint n_slices = window->n_samples / 2;
  guint n_before, n_cells, n_behind;
  double n_kept, n_new;

  if (!count_prompt (bench, prompt, &n_before, &n_cells, &n_behind, error))
    return FALSE;
  n_kept = there->has_start
      ? n_before + (double) n_cells / n_slices * there->n_held + there->n_behind
      : 0.0;
  n_new = n_before + n_cells + n_behind - n_kept;
  cost->vision += (n_slices - there->n_encoded) * bench->slice_flop;
  cost->prefill += work_prefill_flop (c, n_new, n_kept);
  for (int i = 0; i + 1 < answer; i++)
    cost->decode += work_prefill_flop (c, 1, n_kept + n_new + i);
  cost->n_slices += n_slices - there->n_encoded;
  cost->n_tokens += n_new;
  cost->n_windows += 1;
  return TRUE;
}

static gboolean
measure (Bench *bench, VlmSession *session, const VlmPrompt *prompt, int n,
    Cost *cost, GError **error)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmAnswer) answer = NULL;
  Ends ends = { .bench = bench };
  VlmReuse before, after;
  double start;

  params.max_tokens = (guint) n;
  params.temperature = 0.0;
  vlm_session_get_reuse (session, &before);
  start = now (bench);
  answer = vlm_session_generate (session, prompt, &params,
      &(const VlmWork){ .progress = note_end, .user_data = &ends }, error);
  if (answer == NULL)
    return FALSE;
  vlm_session_get_reuse (session, &after);
  cost->vision += ends.vision - start;
  cost->prefill += ends.prefill - ends.vision;
  cost->decode += now (bench) - ends.prefill;
  cost->n_slices += (double) (after.n_slices_encoded - before.n_slices_encoded);
  cost->n_tokens +=
      (double) (after.n_tokens_computed - before.n_tokens_computed);
  cost->n_windows += 1;
  return TRUE;
}

static gboolean
ask (Bench *bench, VlmSession *session, const VlmWindow *window,
    const Question *question, const There *there, Cost *cost, GError **error)
{
  g_autoptr (VlmPrompt) prompt = make_prompt (window, question);

  return bench->options->count
      ? count (bench, prompt, window, there, question->answer, cost, error)
      : measure (bench, session, prompt, question->answer, cost, error);
}

static Question
list_of_events (const Bench *bench)
{
  return (Question){ &vlm_kind_events, NULL, bench->options->answer };
}

static VlmSession *
new_session (Bench *bench)
{
  return bench->model != NULL ? vlm_session_new (bench->model) : NULL;
}

/* From nothing: nothing is cached. */
static gboolean
ask_cold (Bench *bench, const VlmWindow *window, Cost *cost, GError **error)
{
  g_autoptr (VlmSession) session = new_session (bench);
  const Question question = list_of_events (bench);
  const There nothing = { 0 };

  return ask (bench, session, window, &question, &nothing, cost, error);
}

/* The mean cost of a window when nothing is cached, with all the video that the
 * incremental question was about. The cost is quadratic in the length, so three
 * lengths give the mean (Simpson). */
static gboolean
recompute_videos (
    Bench *bench, const GPtrArray *seen, Cost *mean, GError **error)
{
  static const double weights[] = { 1.0 / 6, 4.0 / 6, 1.0 / 6 };

  for (guint i = 0; i < 3; i++) {
    Cost cost = { 0 };

    if (!ask_cold (bench, seen->pdata[i * (seen->len - 1) / 2], &cost, error))
      return FALSE;
    mean->vision += weights[i] * cost.vision;
    mean->prefill += weights[i] * cost.prefill;
    mean->decode += weights[i] * cost.decode;
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
  g_autoptr (VlmSession) session = new_session (bench);
  g_autoptr (VlmHistory) history = NULL;
  const Question question = list_of_events (bench);
  VlmGeometry geometry;

  vlm_config_get_geometry (bench->config, &geometry);
  history = vlm_history_new (&geometry, &limits);
  for (guint i = 0;; i++) {
    g_autoptr (VlmWindow) window = make_window (bench, i);
    g_autoptr (VlmWindow) video = NULL;
    There there = { .has_start = i > 0 };
    Cost warm_up = { 0 };
    gboolean is_new;

    if (i == 2)
      vlm_history_restart (history);
    video = vlm_history_push (history, window);
    is_new = video->n_samples == window->n_samples;
    if (i > 2 && is_new)
      return TRUE; /* the next cycle */
    there.n_encoded = i > 0 ? (video->n_samples - bench->per_hop) / 2 : 0;
    there.n_held = is_new ? 0 : there.n_encoded;
    if (!ask (bench, session, video, &question, &there, i < 2 ? &warm_up : cost,
            error))
      return FALSE;
    if (i >= 2)
      g_ptr_array_add (seen, g_steal_pointer (&video));
  }
}

/* --- several questions about one window ----------------------------------- */

static const char *const conditions[] = { "the gate is open",
  "a person lies on the floor", "a car blocks the road", "it rains",
  "there is smoke", "a door stands open", "somebody climbs over the fence",
  "the light is on", "a dog is in the picture", "nobody is there" };

/* How many tokens after the video two questions have in common. */
static gboolean
count_common (Bench *bench, const VlmWindow *window, const Question *before,
    const Question *question, guint *n, GError **error)
{
  g_autoptr (VlmPrompt) a = make_prompt (window, before);
  g_autoptr (VlmPrompt) b = make_prompt (window, question);
  g_autoptr (VlmLayout) x =
      vlm_layout_new (a, bench->config, bench->tokenizer, error);
  g_autoptr (VlmLayout) y = x != NULL
      ? vlm_layout_new (b, bench->config, bench->tokenizer, error)
      : NULL;
  guint n_before, n_cells, n_behind;
  guint i = 0;

  if (y == NULL ||
      !count_prompt (bench, b, &n_before, &n_cells, &n_behind, error))
    return FALSE;
  while (i < x->ids->len && i < y->ids->len &&
      g_array_index (x->ids, gint32, i) == g_array_index (y->ids, gint32, i))
    i++;
  *n = i - n_before - n_cells;
  return TRUE;
}

/* Asks for a list of events in a window, then, for @costs, about one condition,
 * about all of them, and for the list again, each with the cache of the one
 * before. A condition is a prompt whose answer is read off its logits: one token,
 * without a step of decoding. */
static gboolean
run_conditions (
    Bench *bench, const VlmWindow *window, Cost costs[3], GError **error)
{
  g_autoptr (VlmSession) session = new_session (bench);
  const Question list = list_of_events (bench);
  const There nothing = { 0 };
  There there = { TRUE, window->n_samples / 2, window->n_samples / 2, 0 };
  Question before = list;
  Cost warm_up = { 0 };

  if (!ask (bench, session, window, &list, &nothing, &warm_up, error))
    return FALSE;
  for (guint i = 0; i <= G_N_ELEMENTS (conditions); i++) {
    gboolean is_list = i == G_N_ELEMENTS (conditions);
    Question question =
        is_list ? list : (Question){ &vlm_kind_yes_no, conditions[i], 1 };

    if (!count_common (
            bench, window, &before, &question, &there.n_behind, error) ||
        !ask (bench, session, window, &question, &there,
            is_list ? &costs[2] : &costs[1], error))
      return FALSE;
    if (i == 0)
      costs[0] = costs[1];
    before = question;
  }
  costs[1].n_windows = 1;
  return TRUE;
}

/* --- the report ----------------------------------------------------------- */

static void
print_cost (const Bench *bench, const char *name, const Cost *cost)
{
  double seconds = cost->n_windows * bench->options->hop *
      (bench->options->count ? 1e12 : 1.0);

  g_print ("%-22s %9.4f %9.4f %9.4f %9.4f %9.2f %9.1f\n", name,
      cost->vision / seconds, cost->prefill / seconds, cost->decode / seconds,
      (cost->vision + cost->prefill + cost->decode) / seconds,
      cost->n_slices / cost->n_windows, cost->n_tokens / cost->n_windows);
}

static void
print_ratio (const char *name, const Cost *much, const Cost *little)
{
  double share = little->n_windows / much->n_windows;
  double all = much->vision + much->prefill + much->decode;
  double few = little->vision + little->prefill + little->decode;

  g_print ("%-22s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f\n", name,
      much->vision / little->vision * share,
      much->prefill / little->prefill * share,
      much->decode / little->decode * share, all / few * share,
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
  Cost more[3] = { 0 };
  const char *unit = "seconds for a second of video";
  const VlmWindow *last;

  if (o->count)
    unit = "TFLOP for a second of video";
  else if (bench->clock != CLOCK_MONOTONIC)
    unit = "processor seconds for a second of video";
  if (!run_cycle (bench, &incremental, seen, error))
    return FALSE;
  last = seen->pdata[seen->len - 1];
  g_print ("window %g s, hop %g s, %g fps, %dx%d, answers of %d tokens%s%s\n"
           "%u windows a cycle, videos of %u to %u frames\n\n",
      o->window, o->hop, o->fps, o->width, o->height, o->answer,
      bench->model != NULL ? ", on " : "",
      bench->model != NULL
          ? vlm_device_get_name (vlm_model_get_device (bench->model))
          : "",
      seen->len, bench->per_window, last->n_samples);
  g_print ("%-22s %-39s %s\n", "", unit, "for a window");
  g_print ("%-22s %9s %9s %9s %9s %9s %9s\n", "", "vision", "prefill", "decode",
      "all", "slices", "tokens");
  print_cost (bench, "incremental", &incremental);
  if (!ask_cold (bench, seen->pdata[0], &window, error) ||
      !recompute_videos (bench, seen, &videos, error))
    return FALSE;
  print_cost (bench, "each window from scratch", &window);
  print_cost (bench, "same videos from scratch", &videos);
  print_ratio ("  window / incremental", &window, &incremental);
  print_ratio ("  videos / incremental", &videos, &incremental);
  if (!run_conditions (bench, seen->pdata[0], more, error))
    return FALSE;
  g_print ("\nfurther questions about the same window\n");
  print_cost (bench, "1 condition", &more[0]);
  print_cost (bench, "10 conditions", &more[1]);
  print_cost (bench, "a list of events", &more[2]);
  return TRUE;
}

/* --- options -------------------------------------------------------------- */

static gboolean
load_model (Bench *bench, GError **error)
{
  const Options *o = bench->options;
  g_autofree char *directory = g_path_get_dirname (o->config);
  g_autoptr (VlmDevice) device = vlm_device_open (o->device, error);
  VlmNet *net;

  if (device == NULL)
    return FALSE;
  if (vlm_vk_device_get_caps (vlm_device_get_nn (device))->is_cpu)
    bench->clock = CLOCK_PROCESS_CPUTIME_ID;
  if (o->layers == 0 && o->tokenizer == NULL) {
    bench->model =
        vlm_model_load (&(const VlmModelParams){ .path = (char *) directory },
            device, NULL, error);
    return bench->model != NULL;
  }
  net = vlm_net_new_random (vlm_device_get_nn (device), bench->config,
      (guint) o->layers, 1, VLM_MODEL_WEIGHTS_AUTO, error);
  if (net == NULL)
    return FALSE;
  bench->model = vlm_model_new_from_parts (
      device, net, vlm_tokenizer_ref (bench->tokenizer));
  return TRUE;
}

/* Runs nothing on the device, but is planned for it. */
static gboolean
count_slice (Bench *bench, GError **error)
{
  const VlmVisionConfig *c = &bench->config->vision;
  const VlmGrid grid = { 1, (guint) bench->options->height / c->patch_size,
    (guint) bench->options->width / c->patch_size };
  g_autoptr (VlmVisionPlan) plan = vlm_vision_plan_new (c, &grid, 1, error);
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (VlmNn) nn = NULL;
  VisionCost cost;

  if (plan == NULL)
    return FALSE;
  device = vlm_vk_device_open (bench->options->device, error);
  if (device == NULL)
    return FALSE;
  nn = vlm_nn_new (device, error);
  if (nn == NULL || !vision_cost_count (nn, c, plan, &cost, error))
    return FALSE;
  bench->slice_flop = 2.0 * (double) vision_cost_total (&cost, c);
  return TRUE;
}

static gboolean
load (Bench *bench, GError **error)
{
  const Options *o = bench->options;
  g_autofree char *directory = g_path_get_dirname (o->config);

  bench->per_window = 2 * (guint) (o->window * o->fps / 2);
  bench->per_hop = 2 * (guint) (o->hop * o->fps / 2);
  bench->config = vlm_config_load_file (o->config, error);
  if (bench->config == NULL)
    return FALSE;
  bench->tokenizer = vlm_tokenizer_load (
      o->tokenizer != NULL ? o->tokenizer : directory, error);
  if (bench->tokenizer == NULL)
    return FALSE;
  return o->count ? count_slice (bench, error) : load_model (bench, error);
}

static gboolean
check_options (const Options *o, GError **error)
{
  const char *why = NULL;

  if (o->config == NULL)
    why = "--config CONFIG.json is needed; see --help";
  else if (o->width < 28 || o->height < 28 || o->width % 28 != 0 ||
      o->height % 28 != 0 || o->width > 4480 || o->height > 4480)
    why = "--width and --height must be multiples of 28 up to 4480";
  else if (!(o->fps > 0 && o->fps <= 60 && o->window * o->fps >= 2 &&
               o->window <= 3600 && o->hop * o->fps >= 2 &&
               o->hop <= o->window / 2 && o->context >= 0) ||
      o->layers < 0 || o->answer < 1)
    why = "a number is out of its range; --hop is at most half of --window";
  return tool_check (why, error);
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
        "use random weights and the tokenizer of this checkpoint", "DIR" },
    { "layers", 'l', 0, G_OPTION_ARG_INT, &o.layers,
        "use random weights and N layers of both towers", "N" },
    TOOL_DEVICE (&o.device),
    { "width", 0, 0, G_OPTION_ARG_INT, &o.width, "width of a frame (448)",
        "N" },
    { "height", 0, 0, G_OPTION_ARG_INT, &o.height, "height of a frame (448)",
        "N" },
    { "fps", 0, 0, G_OPTION_ARG_DOUBLE, &o.fps, "sampling rate (2)", "X" },
    { "window", 0, 0, G_OPTION_ARG_DOUBLE, &o.window,
        "length of a window, seconds (10)", "X" },
    { "hop", 0, 0, G_OPTION_ARG_DOUBLE, &o.hop,
        "time from one window to the next, seconds (2)", "X" },
    { "context", 0, 0, G_OPTION_ARG_DOUBLE, &o.context,
        "longest video, seconds (0: four windows)", "X" },
    { "answer", 0, 0, G_OPTION_ARG_INT, &o.answer,
        "length of an answer, tokens (16)", "N" },
    { "count", 0, 0, G_OPTION_ARG_NONE, &o.count,
        "only count the operations of all layers", NULL },
    { NULL },
  };
  const Tool tool = { "- measure overlapping windows", NULL, entries };
  g_autoptr (GError) error = NULL;
  Bench bench = { .options = &o, .clock = CLOCK_MONOTONIC };

  bench.frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  if (tool_parse (&tool, &argc, &argv, &error) && check_options (&o, &error) &&
      load (&bench, &error))
    run (&bench, &error);
  g_clear_object (&bench.model);
  g_ptr_array_unref (bench.frames);
  g_clear_pointer (&bench.tokenizer, vlm_tokenizer_unref);
  g_clear_pointer (&bench.config, vlm_config_free);
  g_free (o.config);
  g_free (o.tokenizer);
  g_free (o.device);
  return tool_end ("bench-stream", error);
}
