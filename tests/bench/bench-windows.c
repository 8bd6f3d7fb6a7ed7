/* gst-vlm: what window attention saves in the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-windows --config CONFIG.json --sides 16,32,64 [--measure 16,32]
 *
 * Counts the multiply-adds of square pictures by the plans that the engine
 * would run, and times a part of the tower with random weights in three
 * variants: no block full, the blocks of the configuration full, all full.
 * Prints JSON. */
#include <time.h>

#include "model/qwen2_5_vl/vision-private.h"
#include "tests/support/figures.h"
#include "tools/tool.h"
#include "vision-cost.h"
#include "vk/device.h"

#define MAX_SIDE 512

typedef struct
{
  char *config;
  char *device;
  char *sides;
  char *measure;
  int blocks;
  int runs;
} Options;

enum
{
  NONE_FULL,
  AS_CONFIGURED,
  ALL_FULL,
  N_VARIANTS
};

static const char *const variant_names[] = { "windows", "real", "full" };

typedef struct
{
  const Options *options;
  VlmConfig *config;
  VlmVkDevice *device;
  VlmNn *nn;
  VlmNet *nets[N_VARIANTS];
  VlmVision *visions[N_VARIANTS];
  JsonBuilder *json;
  gboolean is_warm;
} Bench;

/* "16,32": patches a side, whole cells. */
static GArray *
parse_sides (const char *text, GError **error)
{
  g_autoptr (GArray) sides = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) words = g_strsplit (text != NULL ? text : "", ",", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    guint64 value;
    guint side;

    if (!g_ascii_string_to_unsigned (words[i], 10, 2, MAX_SIDE, &value, error))
      return NULL;
    side = (guint) value;
    if (side % 2 != 0) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "a side of %u patches is not a number of cells", side);
      return NULL;
    }
    g_array_append_val (sides, side);
  }
  return g_steal_pointer (&sides);
}

/* --- counted ------------------------------------------------------------- */

static gboolean
count_side (Bench *bench, guint side, GError **error)
{
  const VlmVisionConfig *c = &bench->config->vision;
  const VlmGrid grid = { 1, side, side };
  g_autoptr (VlmVisionPlan) plan = vlm_vision_plan_new (c, &grid, 1, error);
  VisionCost cost;

  if (plan == NULL || !vision_cost_count (bench->nn, c, plan, &cost, error))
    return FALSE;
  json_builder_begin_object (bench->json);
  figures_put (bench->json, "side", side);
  figures_put (bench->json, "n_patches", plan->n_patches);
  figures_put (bench->json, "n_tokens", plan->n_cells);
  figures_put (bench->json, "n_windows", plan->n_windows);
  figures_put (bench->json, "linear_macs", (double) cost.linear);
  figures_put (bench->json, "window_macs", (double) cost.window);
  figures_put (bench->json, "full_macs", (double) cost.full);
  figures_put (bench->json, "ends_macs", (double) cost.ends);
  figures_put (
      bench->json, "total_macs", (double) vision_cost_total (&cost, c));
  json_builder_end_object (bench->json);
  return TRUE;
}

/* --- measured ------------------------------------------------------------ */

/* The tower alone: the rest of the configuration is made small. */
static VlmConfig *
cut_config (const Bench *bench, guint variant)
{
  VlmConfig *config = vlm_config_copy (bench->config);
  VlmVisionConfig *c = &config->vision;

  config->text.n_layers = 1;
  config->text.vocab_size = 64;
  config->text.intermediate_size = 64;
  c->depth = MIN (c->depth, (guint) bench->options->blocks);
  if (variant == NONE_FULL)
    c->n_full_blocks = 0;
  if (variant == ALL_FULL) {
    c->n_full_blocks = c->depth;
    for (guint i = 0; i < c->depth; i++)
      c->full_blocks[i] = i;
  }
  return config;
}

static gboolean
make_nets (Bench *bench, GError **error)
{
  for (guint i = 0; i < N_VARIANTS; i++) {
    g_autoptr (VlmConfig) config = cut_config (bench, i);

    bench->nets[i] = vlm_net_new_random (
        bench->device, config, 0, 1, VLM_MODEL_WEIGHTS_AUTO, error);
    if (bench->nets[i] == NULL)
      return FALSE;
    bench->visions[i] = vlm_vision_new (bench->nets[i], bench->nn);
  }
  return TRUE;
}

typedef struct
{
  VlmGrid grid;
  float *patches;
  VlmNnTensor features;
} Job;

/* Seconds of all processors together: on a software device, this is the work,
 * whatever else the machine does. */
static double
processor_seconds (void)
{
  return (double) clock () / CLOCKS_PER_SEC;
}

static gboolean
run_variant (Bench *bench, Job *job, guint variant, double *wall_s,
    double *processor_s, GError **error)
{
  double processor = processor_seconds ();
  gint64 start = g_get_monotonic_time ();

  if (!vlm_vision_encode (bench->visions[variant], job->patches, &job->grid, 1,
          &job->features, 0, NULL, error))
    return FALSE;
  *wall_s = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  *processor_s = processor_seconds () - processor;
  return TRUE;
}

/* The variants take turns, so that what disturbs them disturbs all. */
static gboolean
time_job (Bench *bench, Job *job, GError **error)
{
  guint n = (guint) bench->options->runs;
  g_autofree double *wall = g_new (double, n *N_VARIANTS);
  g_autofree double *processor = g_new (double, n *N_VARIANTS);

  for (guint run = 0; run < n; run++)
    for (guint i = 0; i < N_VARIANTS; i++)
      if (!run_variant (bench, job, i, &wall[i * n + run],
              &processor[i * n + run], error))
        return FALSE;
  json_builder_begin_object (bench->json);
  figures_put (bench->json, "side", job->grid.h);
  figures_put (bench->json, "n_patches", job->grid.h * job->grid.w);
  for (guint i = 0; i < N_VARIANTS; i++) {
    json_builder_set_member_name (bench->json, variant_names[i]);
    json_builder_begin_object (bench->json);
    figures_put (bench->json, "wall_s", figures_median (wall + i * n, n));
    figures_put (
        bench->json, "processor_s", figures_median (processor + i * n, n));
    json_builder_end_object (bench->json);
  }
  json_builder_end_object (bench->json);
  return TRUE;
}

/* So that no pipeline is made while time is taken. */
static gboolean
warm_up (Bench *bench, Job *job, GError **error)
{
  double wall_s, processor_s;

  for (guint i = 0; i < N_VARIANTS && !bench->is_warm; i++)
    if (!run_variant (bench, job, i, &wall_s, &processor_s, error))
      return FALSE;
  bench->is_warm = TRUE;
  return TRUE;
}

static gboolean
measure_side (Bench *bench, guint side, GError **error)
{
  const VlmVisionConfig *c = &bench->config->vision;
  Job job = { .grid = { 1, side, side } };
  gsize n = (gsize) side * side * vlm_vision_patch_floats (c);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  gboolean good;

  job.patches = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    job.patches[i] = (float) g_rand_double_range (random, -2.0, 2.0);
  good = vlm_nn_tensor_init (&job.features, bench->nn, side * side / 4,
             c->out_hidden_size, error) &&
      warm_up (bench, &job, error) && time_job (bench, &job, error);
  vlm_nn_tensor_clear (&job.features);
  g_free (job.patches);
  return good;
}

/* --- the whole ----------------------------------------------------------- */

typedef gboolean (*SideFunc) (Bench *bench, guint side, GError **error);

static gboolean
put_sides (Bench *bench, const char *name, const GArray *sides, SideFunc func,
    GError **error)
{
  json_builder_set_member_name (bench->json, name);
  json_builder_begin_array (bench->json);
  for (guint i = 0; i < sides->len; i++)
    if (!func (bench, g_array_index (sides, guint, i), error))
      return FALSE;
  json_builder_end_array (bench->json);
  return TRUE;
}

static guint
count_full (const VlmVisionConfig *c)
{
  guint n = 0;

  for (guint i = 0; i < c->depth; i++)
    n += vlm_vision_config_is_full (c, i);
  return n;
}

static gboolean
run (Bench *bench, GError **error)
{
  const Options *options = bench->options;
  g_autoptr (GArray) sides = parse_sides (options->sides, error);
  g_autoptr (GArray) measured = NULL;

  if (sides == NULL)
    return FALSE;
  measured = parse_sides (options->measure, error);
  if (measured == NULL)
    return FALSE;
  bench->config = vlm_config_load_file (options->config, error);
  if (bench->config == NULL)
    return FALSE;
  bench->device = vlm_vk_device_open (options->device, error);
  if (bench->device == NULL)
    return FALSE;
  bench->nn = vlm_nn_new (bench->device, error);
  if (bench->nn == NULL || (measured->len > 0 && !make_nets (bench, error)))
    return FALSE;
  json_builder_begin_object (bench->json);
  json_builder_set_member_name (bench->json, "device");
  json_builder_add_string_value (
      bench->json, vlm_vk_device_get_caps (bench->device)->name);
  figures_put (bench->json, "depth", bench->config->vision.depth);
  figures_put (bench->json, "n_full", count_full (&bench->config->vision));
  figures_put (bench->json, "blocks_measured",
      MIN (bench->config->vision.depth, (guint) options->blocks));
  if (!put_sides (bench, "counted", sides, count_side, error) ||
      !put_sides (bench, "measured", measured, measure_side, error))
    return FALSE;
  json_builder_end_object (bench->json);
  figures_print (bench->json, TRUE);
  return TRUE;
}

static gboolean
check_options (const Options *options, GError **error)
{
  gboolean good =
      options->config != NULL && options->blocks > 0 && options->runs > 0;

  return tool_check (good
          ? NULL
          : "--config CONFIG.json and counts above 0 are needed; see --help",
      error);
}

int
main (int argc, char **argv)
{
  Options options = { .blocks = 8, .runs = 3 };
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config,
        "config.json of a checkpoint", "FILE" },
    { "sides", 's', 0, G_OPTION_ARG_STRING, &options.sides,
        "count the work for pictures with N patches a side", "N,N,…" },
    { "measure", 'm', 0, G_OPTION_ARG_STRING, &options.measure,
        "measure these as well", "N,N,…" },
    { "blocks", 'b', 0, G_OPTION_ARG_INT, &options.blocks,
        "number of blocks of the tower to measure (8)", "N" },
    { "runs", 'r', 0, G_OPTION_ARG_INT, &options.runs,
        "number of runs, of which the median is reported (3)", "N" },
    TOOL_DEVICE (&options.device),
    { NULL },
  };
  const Tool tool = { "- what window attention saves", NULL, entries };
  g_autoptr (GError) error = NULL;
  Bench bench = { .options = &options };

  bench.json = json_builder_new ();
  if (tool_parse (&tool, &argc, &argv, &error) &&
      check_options (&options, &error))
    run (&bench, &error);
  for (guint i = 0; i < N_VARIANTS; i++) {
    g_clear_pointer (&bench.visions[i], vlm_vision_free);
    g_clear_pointer (&bench.nets[i], vlm_net_unref);
  }
  g_clear_pointer (&bench.nn, vlm_nn_free);
  g_clear_pointer (&bench.device, vlm_vk_device_unref);
  g_clear_pointer (&bench.config, vlm_config_free);
  g_object_unref (bench.json);
  g_free (options.config);
  g_free (options.device);
  g_free (options.sides);
  g_free (options.measure);
  return tool_end ("bench-windows", error);
}
