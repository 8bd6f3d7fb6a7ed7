/* gst-vlm: config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config.h"

#include <string.h>

#include "model/qwen2_5_vl/config-private.h"

#define MAX_VIDEO_SECONDS (1u << 24)
#define MAX_CONTEXT_WINDOWS 64

const VlmJson *
vlm_config_place_of (const VlmConfigLayout *layout, const char *key)
{
  return layout->has_nested && vlm_json_has (&layout->nested, key)
      ? &layout->nested
      : &layout->root;
}

gboolean
vlm_config_check_silu (const VlmJson *at, GError **error)
{
  static const char key[] = "hidden_act";
  const char *act;

  if (!vlm_json_has (at, key))
    return TRUE;
  if (!vlm_json_read_string (at, key, &act, error))
    return FALSE;
  if (!g_str_equal (act, "silu") && !g_str_equal (act, "swish"))
    return vlm_json_fail (
        error, at, key, VLM_LOAD_ERROR_UNSUPPORTED, "\"%s\" is not silu", act);
  return TRUE;
}

gboolean
vlm_config_check_heads (const VlmJson *at, guint hidden_size, guint n_heads,
    guint *head_dim, GError **error)
{
  if (hidden_size % n_heads != 0)
    return vlm_json_fail (error, at, "hidden_size", VLM_LOAD_ERROR_CORRUPT,
        "%u is not divisible by the %u heads", hidden_size, n_heads);
  *head_dim = hidden_size / n_heads;
  if (*head_dim % VLM_NN_HEAD_STEP != 0)
    return vlm_json_fail (error, at, "hidden_size", VLM_LOAD_ERROR_UNSUPPORTED,
        "a head of %u is not a multiple of %u", *head_dim, VLM_NN_HEAD_STEP);
  return TRUE;
}

/* Files that lost model_type still name the class that wrote them. */
static gboolean
check_model_type (const VlmJson *root, GError **error)
{
  static const char key[] = "model_type";
  VlmJson list, element;
  const char *name;
  guint n;

  if (vlm_json_has (root, key)) {
    if (!vlm_json_read_string (root, key, &name, error))
      return FALSE;
    return g_str_equal (name, "qwen2_5_vl") ||
        vlm_json_fail (error, root, key, VLM_LOAD_ERROR_UNSUPPORTED,
            "\"%s\" is not qwen2_5_vl: only Qwen2.5-VL is supported", name);
  }
  if (!vlm_json_read_list (root, "architectures", &list, &n, NULL) || n == 0)
    return vlm_json_fail (error, root, key, VLM_LOAD_ERROR_CORRUPT, "missing");
  element = vlm_json_element (&list, 0);
  if (!vlm_json_read_string (&element, NULL, &name, error))
    return FALSE;
  return g_str_has_prefix (name, "Qwen2_5_VL") ||
      vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
          "\"%s\": only Qwen2.5-VL is supported", name);
}

static gboolean
open_layout (
    const VlmJsonDocument *document, VlmConfigLayout *layout, GError **error)
{
  if (!vlm_json_root (document, &layout->root, error) ||
      !check_model_type (&layout->root, error))
    return FALSE;
  layout->has_nested = vlm_json_has (&layout->root, "text_config");
  return !layout->has_nested ||
      vlm_json_read_object (
          &layout->root, "text_config", &layout->nested, error);
}

/* Absent: as the class has it, if the vocabulary has it. */
static gboolean
read_token_id (const VlmConfigLayout *layout, const char *key, guint fallback,
    const VlmConfig *config, gint32 *id, GError **error)
{
  const VlmJson *at = vlm_json_has (&layout->root, key)
      ? &layout->root
      : vlm_config_place_of (layout, key);
  const guint last = config->text.vocab_size - 1;
  guint value;

  if (fallback > last && !vlm_json_has (at, key))
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_CORRUPT, "missing");
  if (!vlm_json_read_uint_or (at, key, 0, last, fallback, &value, error))
    return FALSE;
  *id = (gint32) value;
  return TRUE;
}

static gboolean
read_token_ids (
    const VlmConfigLayout *layout, VlmConfig *config, GError **error)
{
  if (!read_token_id (layout, "image_token_id", 151655, config,
          &config->image_token_id, error) ||
      !read_token_id (layout, "video_token_id", 151656, config,
          &config->video_token_id, error) ||
      !read_token_id (layout, "vision_start_token_id", 151652, config,
          &config->vision_start_token_id, error) ||
      !read_token_id (layout, "vision_end_token_id", 151653, config,
          &config->vision_end_token_id, error))
    return FALSE;
  if (config->image_token_id == config->video_token_id)
    return vlm_json_fail (error, &layout->root, "video_token_id",
        VLM_LOAD_ERROR_CORRUPT, "the same as image_token_id");
  return TRUE;
}

/* The released generation_config.json ends at eos and at bos, which is
 * <|endoftext|>. Nowhere: as the class has them. */
static gboolean
read_eos (const VlmConfigLayout *layout, VlmConfig *config, GError **error)
{
  static const struct
  {
    const char *key;
    guint fallback;
  } ends[] = { { "eos_token_id", 151645 }, { "bos_token_id", 151643 } };
  VlmGenerationConfig *generation = &config->generation;

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    const char *key = ends[i].key;
    const VlmJson *at = vlm_json_has (&layout->root, key)
        ? &layout->root
        : vlm_config_place_of (layout, key);

    if (vlm_json_has (at, key)) {
      if (!vlm_config_read_eos (
              at, key, config->text.vocab_size, generation, error))
        return FALSE;
    } else if (ends[i].fallback < config->text.vocab_size) {
      vlm_config_add_eos (generation, (gint32) ends[i].fallback);
    }
  }
  return TRUE;
}

/* NULL without the key. */
static gboolean
read_text_or (const VlmConfigLayout *layout, const char *key, char **value,
    GError **error)
{
  const char *text = NULL;

  if (vlm_json_has (&layout->root, key) &&
      !vlm_json_read_string (&layout->root, key, &text, error))
    return FALSE;
  *value = g_strdup (text);
  return TRUE;
}

/* Keys of this project: a small model only knows the questions and the lengths
 * of video that it was trained on, and may be better at single windows than at
 * a video that grows. */
static gboolean
read_limits (const VlmConfigLayout *layout, VlmConfig *config, GError **error)
{
  static const char seconds[] = "max_video_seconds";
  static const char windows[] = "max_context_windows";

  return read_text_or (layout, "trained_for", &config->trained_for, error) &&
      (!vlm_json_has (&layout->root, seconds) ||
          vlm_json_read_uint (&layout->root, seconds, 1, MAX_VIDEO_SECONDS,
              &config->max_video_seconds, error)) &&
      (!vlm_json_has (&layout->root, windows) ||
          vlm_json_read_uint (&layout->root, windows, 1, MAX_CONTEXT_WINDOWS,
              &config->max_context_windows, error));
}

/* Keys of this project with measured values: confidence is only used if it
 * ranks events well. */
static gboolean
read_measured (const VlmConfigLayout *layout, VlmConfig *config, GError **error)
{
  double auc;
  double least;

  if (!vlm_json_read_double_or (
          &layout->root, "confidence_auc", 0.0, 1.0, 0.0, &auc, error) ||
      !vlm_json_read_double_or (
          &layout->root, "min_confidence", 0.0, 1.0, 0.0, &least, error))
    return FALSE;
  config->min_confidence = auc >= VLM_MIN_CONFIDENCE_AUC ? least : 0.0;
  return vlm_json_read_boolean_or (&layout->root, "boxes_follow_motion", FALSE,
             &config->boxes_follow_motion, error) &&
      read_text_or (
          layout, "times_follow_motion", &config->times_follow_motion, error);
}

static gboolean
read_companions (VlmConfig *config, const VlmModelDir *dir, GError **error)
{
  return (dir->preprocessor == NULL ||
             vlm_config_read_preprocessor (config, dir->preprocessor, error)) &&
      (dir->processor == NULL ||
          vlm_config_read_preprocessor (config, dir->processor, error)) &&
      (dir->video_preprocessor == NULL ||
          vlm_config_read_video_preprocessor (
              config, dir->video_preprocessor, error)) &&
      (dir->processor == NULL ||
          vlm_config_read_video_preprocessor (config, dir->processor, error)) &&
      (dir->generation == NULL ||
          vlm_config_read_generation (config, dir->generation, error));
}

VlmConfig *
vlm_qwen_config_read (
    const VlmJsonDocument *document, const VlmModelDir *dir, GError **error)
{
  g_autoptr (VlmConfig) config = g_new0 (VlmConfig, 1);
  VlmConfigLayout layout = { 0 };

  vlm_config_set_defaults (config);
  if (!open_layout (document, &layout, error) ||
      !vlm_config_read_text (&layout, &config->text, error) ||
      !vlm_config_read_vision (
          &layout, &config->text, &config->vision, error) ||
      !read_token_ids (&layout, config, error) ||
      !read_eos (&layout, config, error) ||
      !read_limits (&layout, config, error) ||
      !read_measured (&layout, config, error) ||
      (dir != NULL && !read_companions (config, dir, error)))
    return NULL;
  return g_steal_pointer (&config);
}
