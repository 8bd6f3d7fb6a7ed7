/* gst-vlm: the files beside config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config-private.h"

#include <string.h>

#define MAX_PIXELS (G_GINT64_CONSTANT (1) << 32)

void
vlm_config_set_defaults (VlmConfig *config)
{
  /* The released files; mean and deviation are CLIP's. */
  config->preprocess = (VlmPreprocessConfig){
    .min_pixels = 3136,
    .max_pixels = 12845056,
    .mean = { 0.48145466f, 0.4578275f, 0.40821073f },
    .std = { 0.26862954f, 0.26130258f, 0.27577711f },
  };
  config->generation = (VlmGenerationConfig){
    .do_sample = TRUE,
    .temperature = 1e-6,
    .top_p = 1.0,
    .top_k = 50,
    .repetition_penalty = 1.05,
  };
}

static gboolean
append_eos (const VlmJson *at, const char *key, guint vocab_size,
    VlmGenerationConfig *generation, GError **error)
{
  gint64 id;

  if (!vlm_json_read_int64 (at, key, 0, (gint64) vocab_size - 1, &id, error))
    return FALSE;
  for (guint i = 0; i < generation->n_eos; i++)
    if (generation->eos[i] == id)
      return TRUE;
  if (generation->n_eos == VLM_MAX_EOS)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_TOO_LARGE,
        "more than %d tokens that end a text", VLM_MAX_EOS);
  generation->eos[generation->n_eos++] = (gint32) id;
  return TRUE;
}

gboolean
vlm_config_read_eos (const VlmJson *at, const char *key, guint vocab_size,
    VlmGenerationConfig *generation, GError **error)
{
  VlmJson list;
  guint n;

  if (!vlm_json_read_list (at, key, &list, &n, NULL))
    return append_eos (at, key, vocab_size, generation, error);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);

    if (!append_eos (&element, NULL, vocab_size, generation, error))
      return FALSE;
  }
  return TRUE;
}

/* Files before transformers 4.53 say min_pixels and max_pixels, later ones put
 * the same numbers into size. */
static gboolean
read_pixels (
    const VlmJson *at, guint64 *min_pixels, guint64 *max_pixels, GError **error)
{
  static const struct
  {
    const char *old_key;
    const char *new_key;
  } keys[] = { { "min_pixels", "shortest_edge" },
    { "max_pixels", "longest_edge" } };
  guint64 *const limits[] = { min_pixels, max_pixels };
  VlmJson size = { 0 };

  if (vlm_json_has (at, "size") &&
      !vlm_json_read_object (at, "size", &size, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const VlmJson *place = at;
    const char *key = keys[i].old_key;
    gint64 value;

    if (!vlm_json_has (at, key) && size.node != NULL) {
      place = &size;
      key = keys[i].new_key;
    }
    if (!vlm_json_has (place, key))
      continue;
    if (!vlm_json_read_int64 (place, key, 1, MAX_PIXELS, &value, error))
      return FALSE;
    *limits[i] = (guint64) value;
  }
  if (*max_pixels != 0 && *min_pixels > *max_pixels)
    return vlm_json_fail (error, at, NULL, VLM_LOAD_ERROR_CORRUPT,
        "min_pixels %" G_GUINT64_FORMAT " is above max_pixels "
        "%" G_GUINT64_FORMAT,
        *min_pixels, *max_pixels);
  return TRUE;
}

static gboolean
read_channels (const VlmJson *at, const char *key, double min, double max,
    float values[3], GError **error)
{
  VlmJson list;
  guint n;

  if (!vlm_json_has (at, key))
    return TRUE;
  if (!vlm_json_read_list (at, key, &list, &n, error))
    return FALSE;
  if (n != 3)
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 3 numbers, not %u", n);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    double value;

    if (!vlm_json_read_double (&element, NULL, min, max, &value, error))
      return FALSE;
    values[i] = (float) value;
  }
  return TRUE;
}

/* What stands in config.json as well must be the same. */
static gboolean
check_same (const VlmJson *at, const char *key, guint expected, GError **error)
{
  guint value;

  if (!vlm_json_has (at, key))
    return TRUE;
  if (!vlm_json_read_uint (at, key, 0, G_MAXINT32, &value, error))
    return FALSE;
  if (value != expected)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_MISMATCH,
        "%u, but config.json says %u", value, expected);
  return TRUE;
}

gboolean
vlm_config_read_preprocessor (
    VlmConfig *config, const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  VlmPreprocessConfig *preprocess = &config->preprocess;
  VlmJson root, at;

  if (document == NULL || !vlm_json_root (document, &root, error))
    return FALSE;
  at = root;
  /* processor_config.json of transformers 5 */
  if (vlm_json_has (&root, "image_processor") &&
      !vlm_json_read_object (&root, "image_processor", &at, error))
    return FALSE;
  return read_pixels (
             &at, &preprocess->min_pixels, &preprocess->max_pixels, error) &&
      read_channels (
          &at, "image_mean", -1000.0, 1000.0, preprocess->mean, error) &&
      read_channels (&at, "image_std", 1e-6, 1000.0, preprocess->std, error) &&
      check_same (&at, "patch_size", config->vision.patch_size, error) &&
      check_same (
          &at, "merge_size", config->vision.spatial_merge_size, error) &&
      check_same (&at, "temporal_patch_size",
          config->vision.temporal_patch_size, error);
}

/* How large the frames of a video are; pictures and video share the rest. */
gboolean
vlm_config_read_video_preprocessor (
    VlmConfig *config, const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  VlmPreprocessConfig *preprocess = &config->preprocess;
  VlmJson root;

  return document != NULL && vlm_json_root (document, &root, error) &&
      read_pixels (&root, &preprocess->video_min_pixels,
          &preprocess->video_max_pixels, error);
}

static gboolean
read_optional_double (const VlmJson *at, const char *key, double min,
    double max, double *value, GError **error)
{
  return !vlm_json_has (at, key) ||
      vlm_json_read_double (at, key, min, max, value, error);
}

static gboolean
read_sampling (
    const VlmJson *at, VlmGenerationConfig *generation, GError **error)
{
  if (vlm_json_has (at, "do_sample") &&
      !vlm_json_read_boolean (at, "do_sample", &generation->do_sample, error))
    return FALSE;
  if (vlm_json_has (at, "top_k") &&
      !vlm_json_read_uint (
          at, "top_k", 0, G_MAXINT32, &generation->top_k, error))
    return FALSE;
  return read_optional_double (
             at, "temperature", 0.0, 1000.0, &generation->temperature, error) &&
      read_optional_double (at, "top_p", 0.0, 1.0, &generation->top_p, error) &&
      read_optional_double (at, "repetition_penalty", 1e-3, 1000.0,
          &generation->repetition_penalty, error);
}

gboolean
vlm_config_read_generation (VlmConfig *config, const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  /* Absent keys: the neutral values of transformers' GenerationConfig. */
  VlmGenerationConfig generation = {
    .do_sample = FALSE,
    .temperature = 1.0,
    .top_p = 1.0,
    .top_k = 50,
    .repetition_penalty = 1.0,
  };
  VlmJson root;

  if (document == NULL || !vlm_json_root (document, &root, error) ||
      !read_sampling (&root, &generation, error))
    return FALSE;
  if (vlm_json_has (&root, "eos_token_id")) {
    if (!vlm_config_read_eos (
            &root, "eos_token_id", config->text.vocab_size, &generation, error))
      return FALSE;
  } else {
    generation.n_eos = config->generation.n_eos;
    memcpy (generation.eos, config->generation.eos, sizeof generation.eos);
  }
  config->generation = generation;
  return TRUE;
}
