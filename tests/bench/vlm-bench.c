/* gst-vlm: how fast the engine is on a device, stage by stage
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vlm-bench --config CONFIG.json [--random] [--layers N] [--json]
 *
 * Needs no checkpoint: weights are random, of the shapes of the configuration.
 * Each figure is the median of several runs after a warm-up, with its share of
 * the ceilings that the same process measured. */
#include <sys/resource.h>
#include <unistd.h>

#include "ceilings.h"
#include "model/context.h"
#include "model/stepper.h"
#include "model/qwen2_5_vl/decoder.h"
#include "model/qwen2_5_vl/vision-private.h"
#include "model/qwen2_5_vl/weights.h"
#include "tests/support/figures.h"
#include "tools/tool.h"
#include "vision-cost.h"
#include "work.h"
#include "vk/device.h"

typedef struct
{
  char *config;
  char *device;
  char *weights;
  char *kv_cache;
  char *precision;
  VlmKvCache cache;
  gboolean random;
  gboolean json;
  int layers;
  int runs;
  int image;     /* side of the picture, pixels */
  int prefill;   /* tokens */
  int decode;    /* steps */
  int sequences; /* that decode together */
} Options;

/* What one stage took and did. */
typedef struct
{
  const char *name;
  double first_s; /* with the pipelines made */
  double median_s;
  double flop;    /* 0 where the bound is memory */
  double bytes;   /* 0 where the bound is arithmetic */
  double n_items; /* tokens or patches */
  const char *item;
} Stage;

typedef struct
{
  const Options *options;
  VlmVkDevice *device;
  VlmNet *net;
  VlmNn *nn;
  gboolean is_random; /* weights that were made, not read */
  Ceilings ceilings;
  GArray *stages; /* Stage */
} Bench;

/* What every step of the decoder reads. */
static double
decoder_bytes (const VlmNet *net)
{
  static const VlmQwenWeight weights[] = { VLM_QWEN_TEXT_QKV, VLM_QWEN_TEXT_OUT,
    VLM_QWEN_TEXT_GATE_UP, VLM_QWEN_TEXT_DOWN };
  guint64 n_bytes = vlm_nn_matrix_get_n_bytes (vlm_qwen_head (net));

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    for (guint layer = 0; layer < net->config.text.n_layers; layer++)
      n_bytes +=
          vlm_nn_matrix_get_n_bytes (vlm_net_matrix (net, weights[i], layer));
  return (double) n_bytes;
}

static double
now (void)
{
  return (double) g_get_monotonic_time () / G_USEC_PER_SEC;
}

typedef gboolean (*RunFunc) (Bench *bench, gpointer data, GError **error);

/* Once to make the pipelines, then as often as requested. */
static gboolean
time_stage (
    Bench *bench, Stage stage, RunFunc run, gpointer data, GError **error)
{
  guint n_runs = (guint) bench->options->runs;
  g_autofree double *seconds = g_new (double, n_runs);
  double start = now ();

  if (!run (bench, data, error))
    return FALSE;
  stage.first_s = now () - start;
  for (guint i = 0; i < n_runs; i++) {
    start = now ();
    if (!run (bench, data, error))
      return FALSE;
    seconds[i] = now () - start;
    if (isatty (STDERR_FILENO))
      g_printerr ("\r\033[K%s: run %u of %u, %.3f s", stage.name, i + 1, n_runs,
          seconds[i]);
  }
  if (isatty (STDERR_FILENO))
    g_printerr ("\r\033[K");
  stage.median_s = figures_median (seconds, n_runs);
  g_array_append_val (bench->stages, stage);
  return TRUE;
}

/* --- the stages ----------------------------------------------------------- */

typedef struct
{
  VlmVision *vision;
  VlmGrid grid;
  float *patches;
  VlmNnTensor features;
} VisionJob;

static gboolean
run_vision (Bench *bench, gpointer data, GError **error)
{
  VisionJob *job = data;

  return vlm_vision_encode (
      job->vision, job->patches, &job->grid, 1, &job->features, 0, NULL, error);
}

static gboolean
bench_vision (Bench *bench, GError **error)
{
  const VlmVisionConfig *c = &vlm_net_get_config (bench->net)->vision;
  guint side = (guint) bench->options->image / c->patch_size;
  VisionJob job = { .grid = { 1, side, side } };
  g_autoptr (VlmVisionPlan) plan = vlm_vision_plan_new (c, &job.grid, 1, error);
  g_autoptr (VlmVision) vision = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  VisionCost cost;
  gsize n;
  gboolean good;

  if (plan == NULL || !vision_cost_count (bench->nn, c, plan, &cost, error))
    return FALSE;
  n = (gsize) plan->n_patches * vlm_vision_patch_floats (c);
  job.patches = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    job.patches[i] = (float) g_rand_double_range (random, -2.0, 2.0);
  vision = vlm_vision_new (bench->net, bench->nn);
  job.vision = vision;
  good = vlm_nn_tensor_init (&job.features, bench->nn, plan->n_cells,
             c->out_hidden_size, error) &&
      time_stage (bench,
          (Stage){ .name = "vision",
              .flop = 2.0 * (double) vision_cost_total (&cost, c),
              .n_items = plan->n_patches,
              .item = "patches" },
          run_vision, &job, error);
  vlm_nn_tensor_clear (&job.features);
  g_free (job.patches);
  return good;
}

typedef struct
{
  VlmContext *context;
  GArray *ids;
  VlmPositions positions;
  guint n_prefill;
} TextJob;

static gboolean
run_prefill (Bench *bench, gpointer data, GError **error)
{
  TextJob *job = data;
  VlmChoose choose = { .penalty = 1.0f };
  VlmNnChoice choice;

  vlm_context_truncate (job->context, 0, 0);
  return vlm_context_append (job->context,
      &(const VlmTokenSpan){ (gint32 *) (gpointer) job->ids->data,
          &job->positions, 0, job->n_prefill },
      &choose, &choice, NULL, error);
}

/* One step after the prefilled tokens, again and again. */
static gboolean
run_decode (Bench *bench, gpointer data, GError **error)
{
  TextJob *job = data;
  VlmChoose choose = { .penalty = 1.0f };
  VlmNnChoice choice;

  vlm_context_truncate (job->context, job->n_prefill, (gint32) job->n_prefill);
  for (int i = 0; i < bench->options->decode; i++)
    if (!vlm_context_append (job->context,
            &(const VlmTokenSpan){ (gint32 *) (gpointer) job->ids->data,
                &job->positions, job->n_prefill + (guint) i, 1 },
            &choose, &choice, NULL, error))
      return FALSE;
  return TRUE;
}

/* Several sequences that write together. */
typedef struct
{
  VlmStepper *stepper;
  TextJob *job;
  VlmContext **contexts;
  guint n;
} BatchJob;

static gboolean
run_batch_step (BatchJob *batch, guint first, GError **error)
{
  const TextJob *job = batch->job;
  const VlmChoose choose = { .penalty = 1.0f };
  g_autofree VlmStep *steps = g_new0 (VlmStep, batch->n);
  g_autofree VlmStep **pointers = g_new0 (VlmStep *, batch->n);
  gboolean good = TRUE;

  for (guint i = 0; good && i < batch->n; i++) {
    pointers[i] = &steps[i];
    good = vlm_step_init (&steps[i], batch->contexts[i],
        &(const VlmTokenSpan){
            (gint32 *) (gpointer) job->ids->data, &job->positions, first, 1 },
        &choose, error);
  }
  good = good && vlm_stepper_run (batch->stepper, pointers, batch->n, error);
  for (guint i = 0; i < batch->n; i++)
    vlm_step_clear (&steps[i]);
  return good;
}

static gboolean
run_batch (Bench *bench, gpointer data, GError **error)
{
  BatchJob *batch = data;
  guint n_prefill = batch->job->n_prefill;

  for (guint i = 0; i < batch->n; i++)
    vlm_context_truncate (batch->contexts[i], n_prefill, (gint32) n_prefill);
  for (int i = 0; i < bench->options->decode; i++)
    if (!run_batch_step (batch, n_prefill + (guint) i, error))
      return FALSE;
  return TRUE;
}

/* @job has prefilled its context: the first of the sequences. */
static gboolean
bench_batch (Bench *bench, TextJob *job, GError **error)
{
  const VlmTextConfig *c = &vlm_net_get_config (bench->net)->text;
  guint n_decode = (guint) bench->options->decode;
  guint n = MIN ((guint) bench->options->sequences,
      vlm_stepper_get_max_steps (bench->net));
  g_autofree VlmContext **contexts = g_new0 (VlmContext *, n);
  g_autoptr (VlmStepper) stepper = vlm_stepper_new (bench->net, error);
  TextJob other = *job;
  BatchJob batch = { stepper, job, contexts, n };
  gboolean good = stepper != NULL;

  contexts[0] = job->context;
  for (guint i = 1; good && i < n; i++) {
    other.context = contexts[i] = vlm_context_new (bench->net, bench->nn);
    vlm_context_set_cache (contexts[i], bench->options->cache);
    good = run_prefill (bench, &other, error);
  }
  good = good &&
      time_stage (bench,
          (Stage){ .name = "together",
              .bytes = n_decode *
                  work_decode_bytes (c, decoder_bytes (bench->net), n,
                      job->n_prefill + n_decode / 2.0),
              .n_items = (double) n_decode * n,
              .item = "tokens" },
          run_batch, &batch, error);
  for (guint i = 1; i < n; i++)
    vlm_context_free (contexts[i]);
  return good;
}

static gboolean
bench_text (Bench *bench, GError **error)
{
  const VlmTextConfig *c = &vlm_net_get_config (bench->net)->text;
  guint n_prefill = (guint) bench->options->prefill;
  guint n_decode = (guint) bench->options->decode;
  g_autoptr (VlmContext) context = vlm_context_new (bench->net, bench->nn);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  TextJob job = { .context = context, .ids = ids, .n_prefill = n_prefill };
  gboolean good;

  vlm_context_set_cache (context, bench->options->cache);
  for (guint i = 0; i < n_prefill + n_decode; i++) {
    gint32 id = g_rand_int_range (random, 0, (gint32) c->vocab_size);

    g_array_append_val (ids, id);
  }
  vlm_positions_init (&job.positions);
  vlm_positions_add_text (&job.positions, n_prefill + n_decode);
  good = time_stage (bench,
             (Stage){ .name = "prefill",
                 .flop = work_prefill_flop (c, n_prefill, 0),
                 .n_items = n_prefill,
                 .item = "tokens" },
             run_prefill, &job, error) &&
      time_stage (bench,
          (Stage){ .name = "decode",
              .bytes = n_decode *
                  work_decode_bytes (c, decoder_bytes (bench->net), 1,
                      n_prefill + n_decode / 2.0),
              .n_items = n_decode,
              .item = "tokens" },
          run_decode, &job, error) &&
      bench_batch (bench, &job, error);
  vlm_positions_clear (&job.positions);
  return good;
}

/* Before anything that takes time. */
static gboolean
check_config (Bench *bench, GError **error)
{
  g_autoptr (VlmConfig) config =
      vlm_config_load_file (bench->options->config, error);

  if (config == NULL)
    return FALSE;
  if (bench->options->prefill + (gint64) bench->options->decode <=
      config->text.max_positions)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--prefill and --decode are more than the model's %u positions",
      config->text.max_positions);
  return FALSE;
}

/* A published configuration without its weights is enough to measure with. */
static gboolean
has_weights (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".safetensors"))
      return TRUE;
  return FALSE;
}

static gboolean
bench_load (Bench *bench, GError **error)
{
  const Options *options = bench->options;
  g_autofree char *directory = g_path_get_dirname (options->config);
  g_autoptr (VlmConfig) config = NULL;
  double start = now ();
  Stage stage = { .name = "load", .item = "bytes" };
  VlmModelWeights weights;
  VlmPrecision precision;

  if (!tool_parse_weights (options->weights, &weights, error) ||
      !tool_parse_precision (options->precision, &precision, error))
    return FALSE;
  bench->is_random =
      options->random || options->layers > 0 || !has_weights (directory);
  if (bench->is_random) {
    config = vlm_config_load_file (options->config, error);
    if (config == NULL)
      return FALSE;
    bench->net = vlm_net_new_random (
        bench->device, config, (guint) options->layers, 1, weights, error);
  } else {
    g_autoptr (VlmCheckpoint) checkpoint =
        vlm_checkpoint_open (directory, NULL, error);

    if (checkpoint == NULL)
      return FALSE;
    vlm_weight_list_quantise (checkpoint->weights, weights);
    bench->net = vlm_net_load (bench->device, checkpoint, NULL, error);
  }
  if (bench->net == NULL)
    return FALSE;
  stage.first_s = stage.median_s = now () - start;
  stage.bytes = stage.n_items = (double) vlm_net_get_n_bytes (bench->net);
  g_array_append_val (bench->stages, stage);
  bench->nn = vlm_nn_new (bench->device, error);
  if (bench->nn == NULL)
    return FALSE;
  vlm_nn_set_fast (bench->nn,
      precision == VLM_PRECISION_FAST ||
          (precision == VLM_PRECISION_AUTO &&
              !vlm_nn_device_is_cpu (bench->device)));
  return TRUE;
}

/* --- the report ----------------------------------------------------------- */

static guint64
peak_host_bytes (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (guint64) usage.ru_maxrss * 1024;
}

static double
stage_share (const Bench *bench, const Stage *stage)
{
  return stage->flop > 0
      ? stage->flop / stage->median_s / bench->ceilings.flop_per_s
      : stage->bytes / stage->median_s / bench->ceilings.read_bytes_per_s;
}

static void
print_table (const Bench *bench, guint64 host, guint64 device)
{
  const VlmVkCaps *caps = vlm_vk_device_get_caps (bench->device);

  g_print ("device    %s, subgroups of %u\n", caps->name, caps->subgroup_size);
  g_print ("ceilings  %.1f GFLOP/s (%s)\n          %.1f GB/s (%s)\n",
      bench->ceilings.flop_per_s / 1e9, bench->ceilings.flop_method,
      bench->ceilings.read_bytes_per_s / 1e9, bench->ceilings.read_method);
  g_print ("weights   %.2f GB, %s\n",
      (double) vlm_net_get_n_bytes (bench->net) / 1e9,
      bench->is_random ? "random (load makes them)" : "of the checkpoint");
  g_print ("%-9s %10s %10s %14s %12s %8s\n", "stage", "first s", "median s",
      "rate", "", "share");
  for (guint i = 0; i < bench->stages->len; i++) {
    const Stage *stage = &g_array_index (bench->stages, Stage, i);
    double rate =
        (stage->flop > 0 ? stage->flop : stage->bytes) / stage->median_s / 1e9;

    g_print ("%-9s %10.3f %10.3f %8.1f %s %8.1f %s/s %7.0f %%\n", stage->name,
        stage->first_s, stage->median_s, rate,
        stage->flop > 0 ? "GFLOP/s" : "GB/s   ",
        stage->n_items / stage->median_s, stage->item,
        100.0 * stage_share (bench, stage));
  }
  g_print ("peak memory: %.2f GB of the process%s, %.2f GB of the device\n",
      (double) host / 1e9, caps->is_cpu ? " (which holds the device's)" : "",
      (double) device / 1e9);
}

static void
print_json (const Bench *bench, guint64 host, guint64 device)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "device");
  json_builder_add_string_value (
      json, vlm_vk_device_get_caps (bench->device)->name);
  json_builder_set_member_name (json, "random_weights");
  json_builder_add_boolean_value (json, bench->is_random);
  figures_put (
      json, "n_layers", vlm_net_get_config (bench->net)->text.n_layers);
  figures_put (json, "ceiling_flop_per_s", bench->ceilings.flop_per_s);
  figures_put (json, "ceiling_bytes_per_s", bench->ceilings.read_bytes_per_s);
  figures_put (json, "weight_bytes", (double) vlm_net_get_n_bytes (bench->net));
  figures_put (json, "peak_host_bytes", (double) host);
  figures_put (json, "peak_device_bytes", (double) device);
  json_builder_set_member_name (json, "host_holds_device");
  json_builder_add_boolean_value (
      json, vlm_vk_device_get_caps (bench->device)->is_cpu);
  for (guint i = 0; i < bench->stages->len; i++) {
    const Stage *stage = &g_array_index (bench->stages, Stage, i);

    json_builder_set_member_name (json, stage->name);
    json_builder_begin_object (json);
    figures_put (json, "first_s", stage->first_s);
    figures_put (json, "median_s", stage->median_s);
    figures_put (json, "items_per_s", stage->n_items / stage->median_s);
    if (stage->flop > 0)
      figures_put (json, "flop_per_s", stage->flop / stage->median_s);
    else
      figures_put (json, "bytes_per_s", stage->bytes / stage->median_s);
    figures_put (json, "share_of_ceiling", stage_share (bench, stage));
    json_builder_end_object (json);
  }
  json_builder_end_object (json);
  figures_print (json, TRUE);
}

/* The ceilings come last: what measuring them takes is not the engine's. */
static gboolean
run (Bench *bench, GError **error)
{
  guint64 now_bytes;
  guint64 device_bytes;
  guint64 host_bytes;

  if (!check_config (bench, error))
    return FALSE;
  bench->device = vlm_vk_device_open (bench->options->device, error);
  if (bench->device == NULL || !bench_load (bench, error) ||
      !bench_vision (bench, error) || !bench_text (bench, error))
    return FALSE;
  vlm_vk_device_get_usage (bench->device, &now_bytes, &device_bytes);
  host_bytes = peak_host_bytes ();
  if (!ceilings_measure (bench->device, &bench->ceilings, error))
    return FALSE;
  if (bench->options->json)
    print_json (bench, host_bytes, device_bytes);
  else
    print_table (bench, host_bytes, device_bytes);
  return TRUE;
}

static gboolean
check_options (const Options *options, GError **error)
{
  const char *why = NULL;

  if (options->config == NULL)
    why = "--config CONFIG.json is needed; see --help";
  else if (options->layers < 0 || options->runs < 1 || options->prefill < 1 ||
      options->decode < 1 || options->sequences < 1 ||
      options->sequences > VLM_STEP_MAX_TOKENS || options->image < 28 ||
      options->image > 4480)
    why = "a count is out of its range";
  else if (options->image % 28 != 0)
    why = "--image must be a multiple of 28";
  return tool_check (why, error);
}

int
main (int argc, char **argv)
{
  Options options = {
    .runs = 7, .image = 448, .prefill = 512, .decode = 8, .sequences = 8
  };
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config,
        "config.json of a checkpoint, whose weights are used if they are there",
        "FILE" },
    { "random", 'r', 0, G_OPTION_ARG_NONE, &options.random,
        "use random weights in any case", NULL },
    { "layers", 'l', 0, G_OPTION_ARG_INT, &options.layers,
        "use random weights and N layers of both towers", "N" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "print JSON", NULL },
    TOOL_DEVICE (&options.device),
    TOOL_WEIGHTS (&options.weights),
    TOOL_KV_CACHE (&options.kv_cache),
    TOOL_PRECISION (&options.precision),
    { "runs", 0, 0, G_OPTION_ARG_INT, &options.runs,
        "number of runs, of which the median is reported (7)", "N" },
    { "image", 0, 0, G_OPTION_ARG_INT, &options.image,
        "side of the picture in pixels (448)", "N" },
    { "prefill", 0, 0, G_OPTION_ARG_INT, &options.prefill,
        "tokens of the prompt (512)", "N" },
    { "decode", 0, 0, G_OPTION_ARG_INT, &options.decode,
        "steps of decoding (8)", "N" },
    { "sequences", 0, 0, G_OPTION_ARG_INT, &options.sequences,
        "answers in a batch (8)", "N" },
    { NULL },
  };
  const Tool tool = { "- measure the engine, stage by stage", NULL, entries };
  g_autoptr (GError) error = NULL;
  Bench bench = { .options = &options };

  bench.stages = g_array_new (FALSE, FALSE, sizeof (Stage));
  if (tool_parse (&tool, &argc, &argv, &error) &&
      check_options (&options, &error) &&
      tool_parse_kv_cache (options.kv_cache, &options.cache, &error))
    run (&bench, &error);
  g_clear_pointer (&bench.nn, vlm_nn_free);
  g_clear_pointer (&bench.net, vlm_net_unref);
  g_clear_pointer (&bench.device, vlm_vk_device_unref);
  g_array_unref (bench.stages);
  g_free (options.config);
  g_free (options.device);
  g_free (options.weights);
  g_free (options.kv_cache);
  g_free (options.precision);
  return tool_end ("vlm-bench", error);
}
