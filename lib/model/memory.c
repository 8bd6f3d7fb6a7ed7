/* gst-vlm: how much memory of a device a model takes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/memory.h"

#include <vlm/vlm-error.h>

#include "base/checked.h"
#include "model/context.h"
#include "model/decoder.h"
#include "model/stepper.h"
#include "model/vision.h"

#define MEGABYTE 1000000u

/* Answers that are written at the same time: see lib/engine/scheduler.h. */
#define SEQUENCES 8
/* A first small question. */
#define FIRST_TOKENS 1024
#define FIRST_PIXELS (448 * 448)
/* Kernels, and their compiler, if the device uses the machine's memory. */
#define COMPILER_BYTES ((guint64) 128 << 20)

VlmMemoryPlan
vlm_memory_plan (const VlmConfig *config, guint64 weight_bytes,
    const VlmMemoryUse *use, VlmNnDevice *device)
{
  const VlmTextConfig *text = &config->text;
  const VlmVisionConfig *vision = &config->vision;
  const guint64 patch_pixels =
      (guint64) vision->patch_size * vision->patch_size;
  const guint n_together = MIN (use->n_tokens, VLM_CONTEXT_CHUNK);

  return (VlmMemoryPlan){
    .weights = weight_bytes,
    .cache = text->n_layers *
        vlm_nn_kv_bytes (use->cache_type, text->n_kv_heads, text->head_dim,
            (guint) vlm_align_up (use->n_tokens, VLM_NN_KV_SEGMENT)),
    .features = vlm_nn_tensor_bytes (use->n_tokens, vision->out_hidden_size),
    .scratch = vlm_decoder_bytes (config, n_together, 1, 1) +
        vlm_decoder_bytes (config, VLM_STEP_MAX_TOKENS, SEQUENCES, SEQUENCES) +
        vlm_vision_bytes (config, (guint) (use->slice_pixels / patch_pixels)) +
        vlm_nn_tensor_bytes (n_together, use->ordered_width) +
        vlm_nn_attention_plan_bytes (
            text->n_heads, text->head_dim, n_together, use->n_tokens),
    .staging = device != NULL ? vlm_nn_device_get_staging_bytes (device) : 0,
  };
}

guint64
vlm_memory_plan_total (const VlmMemoryPlan *plan)
{
  return plan->weights + plan->cache + plan->features + plan->scratch +
      plan->staging;
}

static guint64
megabytes (guint64 n_bytes)
{
  return vlm_div_round_up (n_bytes, MEGABYTE);
}

static guint64
first_need (VlmNnDevice *device, const VlmConfig *config,
    const VlmWeightList *list, VlmModelWeights weights)
{
  const VlmMemoryUse use = { FIRST_TOKENS, FIRST_PIXELS, VLM_DTYPE_F32,
    vlm_weight_list_get_ordered_width (list) };
  const VlmMemoryPlan plan = vlm_memory_plan (config,
      vlm_weight_list_get_device_bytes_as (list, weights), &use, device);

  return vlm_memory_plan_total (&plan) +
      (vlm_nn_device_is_cpu (device) ? COMPILER_BYTES : 0);
}

/* The first of them that fits, or what the smallest would take. */
static char *
find_way_out (VlmNnDevice *device, const VlmConfig *config,
    const VlmWeightList *list, guint64 need, guint64 left)
{
  static const struct
  {
    VlmModelWeights weights;
    const char *name;
  } ways[] = { { VLM_MODEL_WEIGHTS_INT8, "int8" },
    { VLM_MODEL_WEIGHTS_INT4, "int4" } };
  guint64 smallest = need;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    const guint64 n = first_need (device, config, list, ways[i].weights);

    if (n <= left)
      return g_strdup_printf ("; weights=%s would fit (%" G_GUINT64_FORMAT
                              " MB)",
          ways[i].name, megabytes (n));
    smallest = MIN (smallest, n);
  }
  if (smallest < need)
    return g_strdup_printf ("; even weights=int4 needs %" G_GUINT64_FORMAT
                            " MB: a smaller model may fit",
        megabytes (smallest));
  return g_strdup ("; a smaller model may fit");
}

gboolean
vlm_memory_check_weights (VlmNnDevice *device, const VlmConfig *config,
    const VlmWeightList *list, const char *name, GError **error)
{
  const guint64 need =
      first_need (device, config, list, VLM_MODEL_WEIGHTS_NATIVE);
  g_autofree char *way_out = NULL;
  const char *limit;
  guint64 left;

  if (!vlm_nn_device_get_left (device, &left, &limit) || need <= left)
    return TRUE;
  way_out = find_way_out (device, config, list, need, left);
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
      "not enough memory: %s needs %" G_GUINT64_FORMAT
      " MB on %s, and %s leaves "
      "%" G_GUINT64_FORMAT " MB%s",
      name, megabytes (need), vlm_nn_device_get_name (device), limit,
      left / MEGABYTE, way_out);
  return FALSE;
}

gboolean
vlm_memory_check_context (
    VlmNnDevice *device, guint64 n_bytes, guint n_tokens, GError **error)
{
  const char *limit;
  guint64 left;

  if (!vlm_nn_device_get_left (device, &left, &limit) || n_bytes <= left)
    return TRUE;
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
      "not enough memory: a context of %u tokens needs %" G_GUINT64_FORMAT
      " MB more on %s, and %s leaves %" G_GUINT64_FORMAT
      " MB; kv-cache=f16, a shorter context or window, a smaller max-pixels "
      "or weights of fewer bits take less",
      n_tokens, megabytes (n_bytes), vlm_nn_device_get_name (device), limit,
      left / MEGABYTE);
  return FALSE;
}
