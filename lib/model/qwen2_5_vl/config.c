/* gst-vlm: config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config.h"

#include <string.h>

#include "model/qwen2_5_vl/config-private.h"
#include "io/model-dir.h"

/* Bounds of what is plausible: a hundred times the largest release, and small
 * enough that every product of two of them and a type's size fits 64 bits. */
#define MAX_WIDTH (1u << 20)
#define MAX_LAYERS 1024u
#define MAX_HEADS 1024u
#define MAX_VOCAB (1u << 24)
#define MAX_VIDEO_SECONDS (1u << 24)

/* Where the text keys are: in text_config when it has them, else at the top. */
typedef struct
{
  VlmJson root;
  VlmJson nested;
  gboolean has_nested;
} Layout;

static const VlmJson *
place_of (const Layout *layout, const char *key)
{
  return layout->has_nested && vlm_json_has (&layout->nested, key)
      ? &layout->nested
      : &layout->root;
}

static gboolean
get_text_uint (const Layout *layout, const char *key, guint min, guint max,
    guint *value, GError **error)
{
  return vlm_json_read_uint (
      place_of (layout, key), key, min, max, value, error);
}

static gboolean
open_layout (const VlmJsonDocument *document, Layout *layout, GError **error)
{
  const char *type;

  if (!vlm_json_root (document, &layout->root, error) ||
      !vlm_json_read_string (&layout->root, "model_type", &type, error))
    return FALSE;
  if (!g_str_equal (type, "qwen2_5_vl"))
    return vlm_json_fail (error, &layout->root, "model_type",
        VLM_LOAD_ERROR_UNSUPPORTED, "\"%s\" is not qwen2_5_vl", type);
  layout->has_nested = vlm_json_has (&layout->root, "text_config");
  return !layout->has_nested ||
      vlm_json_read_object (
          &layout->root, "text_config", &layout->nested, error);
}

static gboolean
check_silu (const VlmJson *at, GError **error)
{
  const char *act;

  if (!vlm_json_read_string (at, "hidden_act", &act, error))
    return FALSE;
  if (!g_str_equal (act, "silu"))
    return vlm_json_fail (error, at, "hidden_act", VLM_LOAD_ERROR_UNSUPPORTED,
        "\"%s\" is not silu", act);
  return TRUE;
}

/* Rotation pairs, and kernels that read 8 elements at once. */
static gboolean
check_head_dim (const VlmJson *at, guint hidden_size, guint n_heads,
    guint *head_dim, GError **error)
{
  if (hidden_size % n_heads != 0)
    return vlm_json_fail (error, at, "hidden_size", VLM_LOAD_ERROR_CORRUPT,
        "%u is not divisible by the %u heads", hidden_size, n_heads);
  *head_dim = hidden_size / n_heads;
  if (*head_dim % 8 != 0)
    return vlm_json_fail (error, at, "hidden_size", VLM_LOAD_ERROR_UNSUPPORTED,
        "a head of %u is not a multiple of 8", *head_dim);
  return TRUE;
}

static gboolean
read_mrope_section (const VlmJson *rope, VlmTextConfig *text, GError **error)
{
  VlmJson section;
  guint n;
  guint sum = 0;

  if (!vlm_json_read_list (rope, "mrope_section", &section, &n, error))
    return FALSE;
  if (n != G_N_ELEMENTS (text->mrope_section))
    return vlm_json_fail (error, &section, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 3 numbers, not %u", n);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&section, i);

    if (!vlm_json_read_uint (
            &element, NULL, 0, MAX_WIDTH, &text->mrope_section[i], error))
      return FALSE;
    sum += text->mrope_section[i];
  }
  if (sum != text->head_dim / 2)
    return vlm_json_fail (error, &section, NULL, VLM_LOAD_ERROR_CORRUPT,
        "the sum is %u, not half of the head size %u", sum, text->head_dim);
  return TRUE;
}

/* "mrope" and "default" both mean that frequencies are not scaled. */
static gboolean
check_rope_type (const VlmJson *rope, const char *key, GError **error)
{
  const char *type;

  if (!vlm_json_has (rope, key))
    return TRUE;
  if (!vlm_json_read_string (rope, key, &type, error))
    return FALSE;
  if (!g_str_equal (type, "mrope") && !g_str_equal (type, "default"))
    return vlm_json_fail (error, rope, key, VLM_LOAD_ERROR_UNSUPPORTED,
        "\"%s\" is neither mrope nor default", type);
  return TRUE;
}

static gboolean
read_rope (const Layout *layout, VlmTextConfig *text, GError **error)
{
  /* Since transformers 5 rope_parameters holds both. */
  const VlmJson *at = place_of (layout, "rope_parameters");
  gboolean is_new = vlm_json_has (at, "rope_parameters");
  const char *key = is_new ? "rope_parameters" : "rope_scaling";
  VlmJson rope;

  if (!is_new)
    at = place_of (layout, key);
  if (!vlm_json_read_object (at, key, &rope, error) ||
      !check_rope_type (&rope, "type", error) ||
      !check_rope_type (&rope, "rope_type", error))
    return FALSE;
  return vlm_json_read_double (is_new ? &rope : place_of (layout, "rope_theta"),
             "rope_theta", 1.0, 1e12, &text->rope_theta, error) &&
      read_mrope_section (&rope, text, error);
}

static gboolean
check_sliding_window (const Layout *layout, GError **error)
{
  static const char key[] = "use_sliding_window";
  const VlmJson *at = place_of (layout, key);
  gboolean use = FALSE;

  if (vlm_json_has (at, key) && !vlm_json_read_boolean (at, key, &use, error))
    return FALSE;
  if (use)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_UNSUPPORTED,
        "sliding windows of the decoder");
  return TRUE;
}

/* When no one says so the head has weights of its own, and their absence is an
 * error of its own. */
static gboolean
read_tied (const Layout *layout, VlmTextConfig *text, GError **error)
{
  static const char key[] = "tie_word_embeddings";
  const VlmJson *at = vlm_json_has (&layout->root, key)
      ? &layout->root
      : place_of (layout, key);

  text->tied = FALSE;
  return !vlm_json_has (at, key) ||
      vlm_json_read_boolean (at, key, &text->tied, error);
}

static gboolean
read_text_heads (const Layout *layout, VlmTextConfig *text, GError **error)
{
  const VlmJson *at = place_of (layout, "hidden_size");
  guint stated;

  if (!check_head_dim (
          at, text->hidden_size, text->n_heads, &text->head_dim, error))
    return FALSE;
  if (text->n_heads % text->n_kv_heads != 0)
    return vlm_json_fail (error, at, "num_key_value_heads",
        VLM_LOAD_ERROR_CORRUPT, "%u does not divide the %u heads",
        text->n_kv_heads, text->n_heads);
  at = place_of (layout, "head_dim");
  if (!vlm_json_has (at, "head_dim"))
    return TRUE;
  if (!vlm_json_read_uint (at, "head_dim", 1, MAX_WIDTH, &stated, error))
    return FALSE;
  if (stated != text->head_dim)
    return vlm_json_fail (error, at, "head_dim", VLM_LOAD_ERROR_UNSUPPORTED,
        "%u is not hidden_size / num_attention_heads = %u", stated,
        text->head_dim);
  return TRUE;
}

static gboolean
read_text (const Layout *layout, VlmTextConfig *text, GError **error)
{
  return get_text_uint (
             layout, "hidden_size", 8, MAX_WIDTH, &text->hidden_size, error) &&
      get_text_uint (
          layout, "num_hidden_layers", 1, MAX_LAYERS, &text->n_layers, error) &&
      get_text_uint (
          layout, "num_attention_heads", 1, MAX_HEADS, &text->n_heads, error) &&
      get_text_uint (layout, "num_key_value_heads", 1, MAX_HEADS,
          &text->n_kv_heads, error) &&
      get_text_uint (layout, "intermediate_size", 1, MAX_WIDTH,
          &text->intermediate_size, error) &&
      get_text_uint (
          layout, "vocab_size", 1, MAX_VOCAB, &text->vocab_size, error) &&
      get_text_uint (layout, "max_position_embeddings", 1, G_MAXINT32,
          &text->max_positions, error) &&
      vlm_json_read_double (place_of (layout, "rms_norm_eps"), "rms_norm_eps",
          1e-12, 1.0, &text->rms_norm_eps, error) &&
      check_silu (place_of (layout, "hidden_act"), error) &&
      check_sliding_window (layout, error) && read_tied (layout, text, error) &&
      read_text_heads (layout, text, error) && read_rope (layout, text, error);
}

static gboolean
read_full_blocks (const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  VlmJson list;

  if (!vlm_json_read_list (
          at, "fullatt_block_indexes", &list, &vision->n_full_blocks, error))
    return FALSE;
  if (vision->n_full_blocks > VLM_MAX_FULL_BLOCKS)
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_TOO_LARGE,
        "%u blocks, the limit is %u", vision->n_full_blocks,
        VLM_MAX_FULL_BLOCKS);
  for (guint i = 0; i < vision->n_full_blocks; i++) {
    VlmJson element = vlm_json_element (&list, i);

    if (!vlm_json_read_uint (&element, NULL, 0, vision->depth - 1,
            &vision->full_blocks[i], error))
      return FALSE;
  }
  return TRUE;
}

/* What all releases share and the kernels rely on. */
static gboolean
check_fixed (const VlmJson *at, const char *key, guint value, guint expected,
    GError **error)
{
  if (value != expected)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_UNSUPPORTED,
        "%u is not %u", value, expected);
  return TRUE;
}

/* The key is in_chans in the releases, in_channels in files written by
 * transformers. */
static gboolean
read_channels (const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  const char *key = vlm_json_has (at, "in_chans") ? "in_chans" : "in_channels";

  return vlm_json_read_uint (at, key, 1, 1024, &vision->in_channels, error) &&
      check_fixed (at, key, vision->in_channels, 3, error);
}

static gboolean
read_patches (const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  guint cell;

  if (!vlm_json_read_uint (
          at, "patch_size", 1, 256, &vision->patch_size, error) ||
      !vlm_json_read_uint (at, "temporal_patch_size", 1, 256,
          &vision->temporal_patch_size, error) ||
      !vlm_json_read_uint (at, "spatial_merge_size", 1, 256,
          &vision->spatial_merge_size, error) ||
      !vlm_json_read_uint (
          at, "window_size", 1, 1u << 16, &vision->window_size, error) ||
      !check_fixed (
          at, "temporal_patch_size", vision->temporal_patch_size, 2, error) ||
      !check_fixed (
          at, "spatial_merge_size", vision->spatial_merge_size, 2, error))
    return FALSE;
  cell = vision->patch_size * vision->spatial_merge_size;
  if (vision->window_size % cell != 0)
    return vlm_json_fail (error, at, "window_size", VLM_LOAD_ERROR_CORRUPT,
        "%u is not a multiple of %u, the side of a merged patch",
        vision->window_size, cell);
  return TRUE;
}

static gboolean
read_vision (const Layout *layout, const VlmTextConfig *text,
    VlmVisionConfig *vision, GError **error)
{
  VlmJson at;

  if (!vlm_json_read_object (&layout->root, "vision_config", &at, error) ||
      !vlm_json_read_uint (
          &at, "depth", 1, MAX_LAYERS, &vision->depth, error) ||
      !vlm_json_read_uint (
          &at, "hidden_size", 8, MAX_WIDTH, &vision->hidden_size, error) ||
      !vlm_json_read_uint (
          &at, "num_heads", 1, MAX_HEADS, &vision->n_heads, error) ||
      !vlm_json_read_uint (&at, "intermediate_size", 1, MAX_WIDTH,
          &vision->intermediate_size, error) ||
      !vlm_json_read_uint (&at, "out_hidden_size", 8, MAX_WIDTH,
          &vision->out_hidden_size, error) ||
      !vlm_json_read_uint (&at, "tokens_per_second", 1, 1000,
          &vision->tokens_per_second, error) ||
      !check_silu (&at, error) || !read_channels (&at, vision, error) ||
      !read_patches (&at, vision, error) ||
      !read_full_blocks (&at, vision, error) ||
      !check_head_dim (
          &at, vision->hidden_size, vision->n_heads, &vision->head_dim, error))
    return FALSE;
  if (vision->out_hidden_size != text->hidden_size)
    return vlm_json_fail (error, &at, "out_hidden_size", VLM_LOAD_ERROR_CORRUPT,
        "%u is not the decoder's hidden_size %u", vision->out_hidden_size,
        text->hidden_size);
  return TRUE;
}

static gboolean
read_token_id (const Layout *layout, const char *key, const VlmConfig *config,
    gint32 *id, GError **error)
{
  const VlmJson *at = vlm_json_has (&layout->root, key)
      ? &layout->root
      : place_of (layout, key);
  gint64 wide;

  if (!vlm_json_read_int64 (
          at, key, 0, config->text.vocab_size - 1, &wide, error))
    return FALSE;
  *id = (gint32) wide;
  return TRUE;
}

static gboolean
read_token_ids (const Layout *layout, VlmConfig *config, GError **error)
{
  if (!read_token_id (
          layout, "image_token_id", config, &config->image_token_id, error) ||
      !read_token_id (
          layout, "video_token_id", config, &config->video_token_id, error) ||
      !read_token_id (layout, "vision_start_token_id", config,
          &config->vision_start_token_id, error) ||
      !read_token_id (layout, "vision_end_token_id", config,
          &config->vision_end_token_id, error))
    return FALSE;
  if (config->image_token_id == config->video_token_id)
    return vlm_json_fail (error, &layout->root, "video_token_id",
        VLM_LOAD_ERROR_CORRUPT, "the same as image_token_id");
  return TRUE;
}

/* The released generation_config.json ends at eos and at bos, which is
 * <|endoftext|>. */
static gboolean
read_eos (const Layout *layout, VlmConfig *config, GError **error)
{
  VlmGenerationConfig *generation = &config->generation;
  static const char *const keys[] = { "eos_token_id", "bos_token_id" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const VlmJson *at = vlm_json_has (&layout->root, keys[i])
        ? &layout->root
        : place_of (layout, keys[i]);

    if (vlm_json_has (at, keys[i]) &&
        !vlm_config_read_eos (
            at, keys[i], config->text.vocab_size, generation, error))
      return FALSE;
  }
  return TRUE;
}

/* A key of ours: a small model knows no longer videos than it was shown. */
static gboolean
read_max_video (const Layout *layout, VlmConfig *config, GError **error)
{
  static const char key[] = "max_video_seconds";

  return !vlm_json_has (&layout->root, key) ||
      vlm_json_read_uint (&layout->root, key, 1, MAX_VIDEO_SECONDS,
          &config->max_video_seconds, error);
}

static VlmConfig *
config_new (const VlmJsonDocument *document, const char *name, GError **error)
{
  g_autoptr (VlmConfig) config = g_new0 (VlmConfig, 1);
  Layout layout = { 0 };

  config->name = g_strdup (name);
  vlm_config_set_defaults (config);
  if (!open_layout (document, &layout, error) ||
      !read_text (&layout, &config->text, error) ||
      !read_vision (&layout, &config->text, &config->vision, error) ||
      !read_token_ids (&layout, config, error) ||
      !read_eos (&layout, config, error) ||
      !read_max_video (&layout, config, error))
    return NULL;
  return g_steal_pointer (&config);
}

static gboolean
check_eos (const VlmConfig *config, const char *path, GError **error)
{
  if (config->generation.n_eos > 0)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
      "%s: eos_token_id: missing", path);
  return FALSE;
}

VlmConfig *
vlm_config_load (const char *directory, GError **error)
{
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open_config (directory, error);

  if (dir == NULL)
    return NULL;

  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_load (dir->config, error);
  if (document == NULL)
    return NULL;

  g_autoptr (VlmConfig) config = config_new (document, dir->name, error);
  if (config == NULL ||
      (dir->preprocessor != NULL &&
          !vlm_config_read_preprocessor (config, dir->preprocessor, error)) ||
      (dir->video_preprocessor != NULL &&
          !vlm_config_read_video_preprocessor (
              config, dir->video_preprocessor, error)) ||
      (dir->generation != NULL &&
          !vlm_config_read_generation (config, dir->generation, error)) ||
      !check_eos (config, dir->config, error))
    return NULL;
  return g_steal_pointer (&config);
}

VlmConfig *
vlm_config_load_file (const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);

  if (document == NULL)
    return NULL;

  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *directory = g_path_get_dirname (absolute);
  g_autofree char *name = g_path_get_basename (directory);
  g_autoptr (VlmConfig) config = config_new (document, name, error);
  if (config == NULL || !check_eos (config, path, error))
    return NULL;
  return g_steal_pointer (&config);
}

VlmConfig *
vlm_config_new_from_data (
    const char *json, gsize n_bytes, const char *source, GError **error)
{
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (json, n_bytes, source, error);

  if (document == NULL)
    return NULL;

  g_autoptr (VlmConfig) config = config_new (document, source, error);
  if (config == NULL || !check_eos (config, source, error))
    return NULL;
  return g_steal_pointer (&config);
}

VlmConfig *
vlm_config_copy (const VlmConfig *config)
{
  VlmConfig *copy = g_memdup2 (config, sizeof *config);

  copy->name = g_strdup (config->name);
  return copy;
}

void
vlm_config_free (VlmConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->name);
  g_free (config);
}

gboolean
vlm_vision_config_is_full (const VlmVisionConfig *config, guint block)
{
  for (guint i = 0; i < config->n_full_blocks; i++)
    if (config->full_blocks[i] == block)
      return TRUE;
  return FALSE;
}

void
vlm_config_get_geometry (const VlmConfig *config, VlmGeometry *geometry)
{
  *geometry = (VlmGeometry){
    .patch_size = config->vision.patch_size,
    .merge_size = config->vision.spatial_merge_size,
    .temporal_patch_size = config->vision.temporal_patch_size,
    .image_min_pixels = config->preprocess.min_pixels,
    .image_max_pixels = config->preprocess.max_pixels,
    .video_min_pixels = config->preprocess.video_min_pixels,
    .video_max_pixels = config->preprocess.video_max_pixels,
  };
}
