/* gst-vlm: the files beside config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config-private.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

#define MAX_PIXELS (G_GINT64_CONSTANT (1) << 32)
/* Of the released models' images */
#define IMAGE_MIN_PIXELS 3136
#define IMAGE_MAX_PIXELS 12845056
/* Of a frame of video, as lib/media/size.c has them */
#define VIDEO_MIN_TOKENS 128
#define VIDEO_MAX_TOKENS 768

void
vlm_config_set_defaults (VlmConfig *config)
{
  /* The released files; mean and deviation are CLIP's. */
  config->preprocess = (VlmPreprocessConfig){
    .min_pixels = IMAGE_MIN_PIXELS,
    .max_pixels = IMAGE_MAX_PIXELS,
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

gboolean
vlm_config_add_eos (VlmGenerationConfig *generation, gint32 id)
{
  for (guint i = 0; i < generation->n_eos; i++)
    if (generation->eos[i] == id)
      return TRUE;
  if (generation->n_eos == VLM_MAX_EOS)
    return FALSE;
  generation->eos[generation->n_eos++] = id;
  return TRUE;
}

/* An id that no token has can never be generated: -1 means none. */
static gboolean
append_eos (const VlmJson *at, const char *key, guint vocab_size,
    VlmGenerationConfig *generation, GError **error)
{
  gint64 id;

  if (!vlm_json_read_int64 (at, key, -1, G_MAXINT32, &id, error))
    return FALSE;
  if (id < 0 || id >= vocab_size)
    return TRUE;
  if (!vlm_config_add_eos (generation, (gint32) id))
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_TOO_LARGE,
        "more than %d tokens that end a text", VLM_MAX_EOS);
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

/* How an image processor specifies one of its two limits: on its own in files
 * before transformers 4.53, in size since then, under one of two names. */
typedef struct
{
  const char *key;
  const char *edge; /* an area, in spite of its name */
} PixelKeys;

static const PixelKeys min_keys = { "min_pixels", "shortest_edge" };
static const PixelKeys max_keys = { "max_pixels", "longest_edge" };

/* Leaves *pixels unchanged if it is not set; -1 is not set. */
static gboolean
read_limit (const VlmJson *at, const VlmJson *size, const PixelKeys *keys,
    guint64 *pixels, GError **error)
{
  const VlmJson *const places[] = { at, size, size };
  const char *const names[] = { keys->key, keys->edge, keys->key };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    gint64 value;

    if (places[i]->node == NULL || !vlm_json_has (places[i], names[i]))
      continue;
    if (!vlm_json_read_int64 (
            places[i], names[i], -1, MAX_PIXELS, &value, error))
      return FALSE;
    if (value == 0)
      return vlm_json_fail (error, places[i], names[i], VLM_LOAD_ERROR_CORRUPT,
          "0 is not within 1 to %" G_GINT64_FORMAT, MAX_PIXELS);
    if (value > 0) {
      *pixels = (guint64) value;
      return TRUE;
    }
  }
  return TRUE;
}

/* A size of another kind of processor has no effect, unless it is the only one:
 * then the model was made for other pictures than those that it would get. */
static gboolean
check_size (const VlmJson *at, const VlmJson *size, GError **error)
{
  static const char *const foreign[] = { "height", "width", "max_height",
    "max_width" };

  for (guint i = 0; size->node != NULL && i < G_N_ELEMENTS (foreign); i++) {
    if (!vlm_json_has (size, foreign[i]))
      continue;
    if (!vlm_json_has (at, min_keys.key) && !vlm_json_has (at, max_keys.key) &&
        !vlm_json_has (size, min_keys.edge) &&
        !vlm_json_has (size, max_keys.edge) &&
        !vlm_json_has (size, min_keys.key) &&
        !vlm_json_has (size, max_keys.key))
      return vlm_json_fail (error, size, foreign[i], VLM_LOAD_ERROR_UNSUPPORTED,
          "Qwen2.5-VL has no fixed picture size: set shortest_edge and "
          "longest_edge, both areas in pixels");
    vlm_warning ("%s: size.%s: has no effect: Qwen2.5-VL accepts pictures of "
                 "any size between two areas",
        at->source, foreign[i]);
    return TRUE;
  }
  return TRUE;
}

static gboolean
read_pixels (
    const VlmJson *at, guint64 *min_pixels, guint64 *max_pixels, GError **error)
{
  VlmJson size = { 0 };

  if (vlm_json_has (at, "size") &&
      !vlm_json_read_object (at, "size", &size, error))
    return FALSE;
  if (!check_size (at, &size, error) ||
      !read_limit (at, &size, &min_keys, min_pixels, error) ||
      !read_limit (at, &size, &max_keys, max_pixels, error))
    return FALSE;
  if (*max_pixels != 0 && *min_pixels > *max_pixels)
    return vlm_json_fail (error, at, NULL, VLM_LOAD_ERROR_CORRUPT,
        "min_pixels %" G_GUINT64_FORMAT " is above max_pixels "
        "%" G_GUINT64_FORMAT,
        *min_pixels, *max_pixels);
  return TRUE;
}

/* One number for all channels, or one for each. */
static gboolean
read_channels (const VlmJson *at, const char *key, double min, double max,
    float values[3], GError **error)
{
  VlmJson list;
  double all;
  guint n;

  if (!vlm_json_has (at, key))
    return TRUE;
  if (vlm_json_read_double (at, key, min, max, &all, NULL)) {
    values[0] = values[1] = values[2] = (float) all;
    return TRUE;
  }
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

/* A value that is also in config.json must be the same. */
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

/* Steps that can be switched off: pixels become (x / 255 - mean) / std, or values
 * that the model does not know. */
static gboolean
read_steps (const VlmJson *at, VlmPreprocessConfig *preprocess, GError **error)
{
  gboolean rescale, normalise;
  double factor;

  if (!vlm_json_read_boolean_or (at, "do_rescale", TRUE, &rescale, error) ||
      !vlm_json_read_boolean_or (at, "do_normalize", TRUE, &normalise, error) ||
      !vlm_json_read_double_or (
          at, "rescale_factor", 0.0, 1e6, 1.0 / 255.0, &factor, error))
    return FALSE;
  if (!rescale || fabs (factor * 255.0 - 1.0) > 1e-6)
    return vlm_json_fail (error, at, rescale ? "rescale_factor" : "do_rescale",
        VLM_LOAD_ERROR_UNSUPPORTED, "pixels are always divided by 255");
  for (guint i = 0; !normalise && i < 3; i++) {
    preprocess->mean[i] = 0.0f;
    preprocess->std[i] = 1.0f;
  }
  return TRUE;
}

/* Where the keys are: in a part of processor_config.json, which need not have
 * it, or at the top of a file of their own. */
static gboolean
find_part (const VlmJson *root, const char *part, VlmJson *at, GError **error)
{
  *at = *root;
  if (vlm_json_has (root, part))
    return vlm_json_read_object (root, part, at, error);
  if (g_str_has_suffix (root->source, "processor_config.json") &&
      !g_str_has_suffix (root->source, "preprocessor_config.json"))
    at->node = NULL;
  return TRUE;
}

gboolean
vlm_config_read_preprocessor (
    VlmConfig *config, const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  VlmPreprocessConfig *preprocess = &config->preprocess;
  VlmJson root, at;

  if (document == NULL || !vlm_json_root (document, &root, error) ||
      !find_part (&root, "image_processor", &at, error))
    return FALSE;
  if (at.node == NULL)
    return TRUE;
  return read_pixels (
             &at, &preprocess->min_pixels, &preprocess->max_pixels, error) &&
      read_channels (
          &at, "image_mean", -1000.0, 1000.0, preprocess->mean, error) &&
      read_channels (&at, "image_std", 1e-6, 1000.0, preprocess->std, error) &&
      read_steps (&at, preprocess, error) &&
      check_same (&at, "patch_size", config->vision.patch_size, error) &&
      check_same (
          &at, "merge_size", config->vision.spatial_merge_size, error) &&
      check_same (&at, "temporal_patch_size",
          config->vision.temporal_patch_size, error);
}

/* From 4.52 on transformers uses the limits of images for videos if there is no
 * file for these, and saves them as such. They are far wider than those of
 * video, so they change nothing there: a copied limit counts only if it is the
 * stricter one. 0: not set. */
static void
set_video_limits (VlmConfig *config, guint64 min_pixels, guint64 max_pixels)
{
  VlmPreprocessConfig *preprocess = &config->preprocess;
  const guint64 side =
      config->vision.patch_size * config->vision.spatial_merge_size;
  const guint64 usual_min = VIDEO_MIN_TOKENS * side * side;
  const guint64 usual_max = VIDEO_MAX_TOKENS * side * side;
  gboolean min_is_copy =
      min_pixels == preprocess->min_pixels || min_pixels == IMAGE_MIN_PIXELS;
  gboolean max_is_copy =
      max_pixels == preprocess->max_pixels || max_pixels == IMAGE_MAX_PIXELS;

  preprocess->video_min_pixels =
      min_is_copy && min_pixels < usual_min ? 0 : min_pixels;
  preprocess->video_max_pixels =
      max_is_copy && max_pixels > usual_max ? 0 : max_pixels;
  /* The limit that counts must not contradict the other, usual one. */
  if (preprocess->video_min_pixels == 0 && max_pixels != 0 &&
      max_pixels < usual_min)
    preprocess->video_min_pixels =
        MIN (min_pixels != 0 ? min_pixels : IMAGE_MIN_PIXELS, max_pixels);
  if (preprocess->video_max_pixels == 0 && min_pixels > usual_max)
    preprocess->video_max_pixels = MAX (max_pixels, min_pixels);
}

/* How large the frames of a video are; pictures and video share the rest. */
gboolean
vlm_config_read_video_preprocessor (
    VlmConfig *config, const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  guint64 min_pixels = 0, max_pixels = 0;
  VlmJson root, at;

  if (document == NULL || !vlm_json_root (document, &root, error) ||
      !find_part (&root, "video_processor", &at, error))
    return FALSE;
  if (at.node == NULL)
    return TRUE;
  if (!read_pixels (&at, &min_pixels, &max_pixels, error))
    return FALSE;
  set_video_limits (config, min_pixels, max_pixels);
  return TRUE;
}

/* -1, as in other programs, and 0 switch the choice among few tokens off. */
static gboolean
read_sampling (
    const VlmJson *at, VlmGenerationConfig *generation, GError **error)
{
  gint64 top_k = generation->top_k;

  if (!vlm_json_read_boolean_or (
          at, "do_sample", FALSE, &generation->do_sample, error))
    return FALSE;
  if (vlm_json_has (at, "top_k") &&
      !vlm_json_read_int64 (at, "top_k", -1, G_MAXINT32, &top_k, error))
    return FALSE;
  generation->top_k = (guint) MAX (top_k, 0);
  return vlm_json_read_double_or (at, "temperature", 0.0, 1000.0,
             generation->temperature, &generation->temperature, error) &&
      vlm_json_read_double_or (at, "top_p", 0.0, 1.0, generation->top_p,
          &generation->top_p, error) &&
      vlm_json_read_double_or (at, "repetition_penalty", 1e-3, 1000.0,
          generation->repetition_penalty, &generation->repetition_penalty,
          error);
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
  if (vlm_json_has (&root, "eos_token_id") &&
      !vlm_config_read_eos (
          &root, "eos_token_id", config->text.vocab_size, &generation, error))
    return FALSE;
  if (generation.n_eos == 0) {
    generation.n_eos = config->generation.n_eos;
    memcpy (generation.eos, config->generation.eos, sizeof generation.eos);
  }
  config->generation = generation;
  return TRUE;
}
