/* gst-vlm: which models fit on which devices
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-fit.h>

#include "engine/device.h"
#include "engine/model.h"
#include "model/arch.h"
#include "model/checkpoint.h"
#include "model/context.h"
#include "model/memory.h"

/* Default pixels of a frame of video: 768 tokens. */
#define FRAME_PIXELS (768 * 28 * 28)

static const guint contexts[] = { 2048, 8192, 32768 };

static const struct
{
  VlmModelWeights weights;
  const char *name;
} formats[] = {
  { VLM_MODEL_WEIGHTS_NATIVE, "native" },
  { VLM_MODEL_WEIGHTS_INT8, "int8" },
  { VLM_MODEL_WEIGHTS_INT4, "int4" },
};

/* A model, whether its files are there or not. */
typedef struct
{
  const char *name;
  const VlmConfig *config;
  const VlmWeightList *list;
  const char *native; /* what the table calls its own weights */
} Model;

/* The device that a table is about. */
typedef struct
{
  VlmNnDevice *nn;
  VlmDType cache_type;
  guint64 left;
  int name_width; /* of the column with the names of models */
} Place;

static void
add_row (GString *text, const Model *model, const Place *place, guint format)
{
  const guint64 weights = vlm_weight_list_get_device_bytes_as (
      model->list, formats[format].weights);
  const guint64 pixels = model->config->preprocess.video_max_pixels;

  g_string_append_printf (text, "  %-*s %-7s", place->name_width, model->name,
      format == 0 ? model->native : formats[format].name);
  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++) {
    const VlmMemoryUse use = { contexts[i], pixels > 0 ? pixels : FRAME_PIXELS,
      place->cache_type, vlm_weight_list_get_ordered_width (model->list) };
    const VlmMemoryPlan plan =
        vlm_memory_plan (model->config, weights, &use, place->nn);
    const guint64 n = vlm_memory_plan_total (&plan);

    g_string_append_printf (
        text, n <= place->left ? "%9.1f " : "  (%6.1f)", (double) n / 1e9);
  }
  g_string_append_c (text, '\n');
}

static void
add_model (GString *text, const Model *model, const Place *place)
{
  guint64 before = 0;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    const guint64 n =
        vlm_weight_list_get_device_bytes_as (model->list, formats[i].weights);

    /* Weights that are already quantised stay as they are. */
    if (n != before)
      add_row (text, model, place, i);
    before = n;
  }
}

/* The same model as a pair of GGUF files. */
static void
add_mixtures (GString *text, const VlmArchSize *size, const Place *place)
{
  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (&size->config, VLM_TENSOR_NAMES_GGUF);

  const VlmGgufMixture *mixture;

  for (guint i = 0; (mixture = vlm_gguf_mixture_get (i)) != NULL; i++) {
    const Model model = { size->name, &size->config, list,
      vlm_gguf_mixture_get_name (mixture) };

    vlm_weight_list_set_mixture (list, &size->config, mixture);
    add_row (text, &model, place, 0);
  }
}

static void
add_sizes (GString *text, const Place *place)
{
  const VlmArch *arch = vlm_arch_find (NULL);

  for (guint i = 0; i < arch->n_sizes; i++) {
    const VlmArchSize *size = &arch->sizes[i];
    g_autoptr (VlmWeightList) list =
        vlm_weight_list_new (&size->config, VLM_TENSOR_NAMES_HUGGING_FACE);
    const Model model = { size->name, &size->config, list, "bf16" };

    vlm_weight_list_set_type (list, VLM_DTYPE_BF16);
    add_model (text, &model, place);
    add_mixtures (text, size, place);
  }
}

static void
add_device (GString *text, VlmDevice *device, VlmKvCache kv_cache,
    const VlmCheckpoint *checkpoint)
{
  VlmNnDevice *nn = vlm_device_get_nn (device);
  const char *name = checkpoint != NULL ? checkpoint->config->name : "";
  Place place = { nn, vlm_context_cache_type (kv_cache, nn), 0,
    (int) MAX (g_utf8_strlen (name, -1), 10) };
  const char *limit;
  gboolean is_sure = vlm_nn_device_get_left (nn, &place.left, &limit);

  g_string_append_printf (text, "%s: %s is %.1f GB%s; cache of %s\n  %-*s %-7s",
      vlm_device_get_name (device), is_sure ? limit : "its memory",
      (double) place.left / 1e9,
      is_sure ? "" : ", but what others have of it is not known",
      vlm_dtype_name (place.cache_type), place.name_width, "model", "weights");
  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    g_string_append_printf (text, "%9u ", contexts[i]);
  g_string_append (text, "tokens of context\n");
  if (checkpoint != NULL) {
    const Model model = { checkpoint->config->name, checkpoint->config,
      checkpoint->weights, "native" };

    add_model (text, &model, &place);
  } else {
    add_sizes (text, &place);
  }
}

static gboolean
has_text (const char *text)
{
  return text != NULL && text[0] != '\0';
}

/* All devices, or the named one. (transfer full) */
static GPtrArray *
open_devices (const char *selector, GError **error)
{
  g_autoptr (GPtrArray) devices =
      g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) lines = NULL;

  if (has_text (selector)) {
    VlmDevice *device = vlm_device_open (selector, error);

    if (device == NULL)
      return NULL;
    g_ptr_array_add (devices, device);
    return g_steal_pointer (&devices);
  }
  lines = vlm_device_list (error);
  if (lines == NULL)
    return NULL;
  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *index = g_strdup_printf ("%u", i);
    VlmDevice *device = vlm_device_open (index, error);

    /* A device that cannot be used is left out; if there is no other, the last
     * reason is the error. */
    if (device == NULL && lines[i + 1] == NULL && devices->len == 0)
      return NULL;
    g_clear_error (error);
    if (device != NULL)
      g_ptr_array_add (devices, device);
  }
  return g_steal_pointer (&devices);
}

/**
 * vlm_fit_describe:
 * @params: (nullable): a model, a device and what its context is kept in;
 *   without a model the published sizes, without a device all that can be used
 * @error: return location
 *
 * Says what models take of the memory of devices, with weights of several
 * formats and contexts of several lengths, before anything is loaded: weights,
 * keys and values, features of pictures, scratch, staging. What does not fit is
 * in parentheses.
 *
 * Returns: (transfer full): a table for each device, or %NULL with a
 *   #VlmLoadError or #VlmDeviceError
 *
 * Since: 0.1
 */
char *
vlm_fit_describe (const VlmModelParams *params, GError **error)
{
  static const VlmModelParams none;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  g_autoptr (GPtrArray) devices = NULL;
  g_autofree char *path = NULL, *mmproj = NULL;
  GString *text;

  if (params == NULL)
    params = &none;
  if (has_text (params->path)) {
    path = vlm_model_find (params->path, error);
    if (path == NULL || !vlm_model_find_mmproj (params->mmproj, &mmproj, error))
      return NULL;
    checkpoint = vlm_checkpoint_open (path, mmproj, error);
    if (checkpoint == NULL)
      return NULL;
  }
  devices = open_devices (params->device, error);
  if (devices == NULL)
    return NULL;
  text = g_string_new ("GB of device memory; (in parentheses): does not fit\n");
  for (guint i = 0; i < devices->len; i++)
    add_device (text, devices->pdata[i], params->kv_cache, checkpoint);
  return g_string_free (text, FALSE);
}
