/* gst-vlm: the configuration in the keys of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Values without a key are those of the published models: the conversion left
 * it out because it never changes. */
#include "model/qwen2_5_vl/config-private.h"

#include <string.h>

#include "io/gguf-files.h"

#define ARCHITECTURE "qwen2vl"
#define TEXT(key) ARCHITECTURE "." key
#define VISION(key) "clip.vision." key
#define TOKENIZER(key) "tokenizer.ggml." key
#define SAMPLING(key) "general.sampling." key
#define PROJECTOR "qwen2.5vl_merger"

#define MAX_VOCAB (1u << 24)

static gboolean
check_text_key (const VlmGguf *gguf, const char *key, const char *expected,
    const char *advice, GError **error)
{
  g_autofree char *value = NULL;

  if (!vlm_gguf_read_string (gguf, key, &value, error))
    return FALSE;
  if (g_str_equal (value, expected))
    return TRUE;
  return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
      "\"%s\" is not %s%s", value, expected, advice);
}

/* An optional key must have the value that is assumed without it. */
static gboolean
check_fixed (
    const VlmGguf *gguf, const char *key, guint expected, GError **error)
{
  guint value;

  if (!vlm_gguf_has (gguf, key))
    return TRUE;
  if (!vlm_gguf_read_uint (gguf, key, 0, G_MAXUINT, &value, error))
    return FALSE;
  if (value == expected)
    return TRUE;
  return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
      "%u is not %u", value, expected);
}

static gboolean
check_flag (
    const VlmGguf *gguf, const char *key, gboolean expected, GError **error)
{
  gboolean value;

  if (!vlm_gguf_has (gguf, key))
    return TRUE;
  if (!vlm_gguf_read_boolean (gguf, key, &value, error))
    return FALSE;
  if (value == expected)
    return TRUE;
  return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
      "only %s is supported", expected ? "true" : "false");
}

/* Rotation pairs, and what kernels read at once. */
static gboolean
read_heads (const VlmGguf *gguf, const char *key, guint hidden_size,
    guint *n_heads, guint *head_dim, GError **error)
{
  if (!vlm_gguf_read_uint (gguf, key, 1, VLM_CONFIG_MAX_HEADS, n_heads, error))
    return FALSE;
  if (hidden_size % *n_heads != 0)
    return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_CORRUPT, error,
        "%u does not divide the embedding_length %u", *n_heads, hidden_size);
  *head_dim = hidden_size / *n_heads;
  if (*head_dim % VLM_NN_HEAD_STEP != 0)
    return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "a head of %u is not a multiple of %u", *head_dim, VLM_NN_HEAD_STEP);
  return TRUE;
}

/* Three numbers and, since the format has room for four, a zero. */
static gboolean
read_sections (const VlmGguf *gguf, VlmTextConfig *text, GError **error)
{
  static const char key[] = TEXT ("rope.dimension_sections");
  const guint n_sections = G_N_ELEMENTS (text->mrope_section);
  g_autofree gint64 *values = NULL;
  guint n, sum = 0;

  if (!vlm_gguf_read_int_list (gguf, key, n_sections + 1, &values, &n, error))
    return FALSE;
  if (n < n_sections || (n > n_sections && values[n_sections] != 0))
    return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_CORRUPT, error,
        "not three numbers and a zero");
  for (guint i = 0; i < n_sections; i++) {
    if (values[i] < 0 || values[i] > VLM_CONFIG_MAX_WIDTH)
      return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_CORRUPT, error,
          "%" G_GINT64_FORMAT " is not a number of rotations", values[i]);
    text->mrope_section[i] = (guint) values[i];
    sum += text->mrope_section[i];
  }
  if (sum != text->head_dim / 2)
    return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_CORRUPT, error,
        "the sum is %u, not half of the head size %u", sum, text->head_dim);
  return TRUE;
}

static gboolean
read_rope (const VlmGguf *gguf, VlmTextConfig *text, GError **error)
{
  static const char scaling[] = TEXT ("rope.scaling.type");

  if (vlm_gguf_has (gguf, scaling) &&
      !check_text_key (gguf, scaling, "none",
          ": positions are not scaled; use a file without", error))
    return FALSE;
  return vlm_gguf_read_double (gguf, TEXT ("rope.freq_base"), 1.0, 1e12,
             &text->rope_theta, error) &&
      read_sections (gguf, text, error);
}

static gboolean
read_text (const VlmGgufFiles *files, VlmTextConfig *text, GError **error)
{
  const VlmGguf *gguf = vlm_gguf_files_get_head (files);

  if (!check_text_key (gguf, "general.architecture", ARCHITECTURE,
          ", the architecture of Qwen2.5-VL", error) ||
      !vlm_gguf_read_uint (gguf, TEXT ("embedding_length"),
          VLM_CONFIG_MIN_WIDTH, VLM_CONFIG_MAX_WIDTH, &text->hidden_size,
          error) ||
      !vlm_gguf_read_uint (gguf, TEXT ("block_count"), 1, VLM_CONFIG_MAX_LAYERS,
          &text->n_layers, error) ||
      !read_heads (gguf, TEXT ("attention.head_count"), text->hidden_size,
          &text->n_heads, &text->head_dim, error) ||
      !vlm_gguf_read_uint (gguf, TEXT ("attention.head_count_kv"), 1,
          VLM_CONFIG_MAX_HEADS, &text->n_kv_heads, error) ||
      !vlm_gguf_read_uint (gguf, TEXT ("feed_forward_length"), 1,
          VLM_CONFIG_MAX_WIDTH, &text->intermediate_size, error) ||
      !vlm_gguf_read_uint (gguf, TEXT ("context_length"), 1, G_MAXINT32,
          &text->max_positions, error) ||
      !vlm_gguf_read_double (gguf, TEXT ("attention.layer_norm_rms_epsilon"),
          1e-12, 1.0, &text->rms_norm_eps, error))
    return FALSE;
  if (text->n_heads % text->n_kv_heads != 0)
    return vlm_gguf_fail (gguf, TEXT ("attention.head_count_kv"),
        VLM_LOAD_ERROR_CORRUPT, error, "%u does not divide the %u heads",
        text->n_kv_heads, text->n_heads);
  text->tied = !vlm_gguf_files_find (files, "output.weight", NULL);
  return check_fixed (
             gguf, TEXT ("attention.key_length"), text->head_dim, error) &&
      check_fixed (
          gguf, TEXT ("attention.value_length"), text->head_dim, error) &&
      check_fixed (
          gguf, TEXT ("rope.dimension_count"), text->head_dim, error) &&
      read_rope (gguf, text, error);
}

/* One block in so many attends to everything, the last of each run. */
static gboolean
read_full_blocks (const VlmGguf *gguf, VlmVisionConfig *vision, GError **error)
{
  static const char key[] = VISION ("n_wa_pattern");
  guint pattern;

  if (!vlm_gguf_read_uint (
          gguf, key, 1, VLM_CONFIG_MAX_LAYERS, &pattern, error))
    return FALSE;
  for (guint block = pattern - 1; block < vision->depth; block += pattern) {
    if (vision->n_full_blocks == VLM_MAX_FULL_BLOCKS)
      return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_TOO_LARGE, error,
          "more than %u blocks", VLM_MAX_FULL_BLOCKS);
    vision->full_blocks[vision->n_full_blocks++] = block;
  }
  return TRUE;
}

/* All published models have these values, and no keys for them. */
static void
set_fixed (VlmVisionConfig *vision)
{
  vision->in_channels = 3;
  vision->temporal_patch_size = 2;
  vision->spatial_merge_size = 2;
  vision->window_size = 112;
  vision->tokens_per_second = 2;
}

static gboolean
check_patches (
    const VlmGguf *gguf, const VlmVisionConfig *vision, GError **error)
{
  static const char key[] = VISION ("patch_size");
  guint cell = vision->patch_size * vision->spatial_merge_size;

  if (vision->window_size % cell != 0)
    return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "windows of %u are not whole cells of %u", vision->window_size, cell);
  return check_fixed (gguf, VISION ("spatial_merge_size"),
             vision->spatial_merge_size, error) &&
      check_fixed (gguf, VISION ("window_size"), vision->window_size, error);
}

static gboolean
read_vision (const VlmGguf *gguf, const VlmGguf *text_gguf,
    const VlmTextConfig *text, VlmVisionConfig *vision, GError **error)
{
  set_fixed (vision);
  if (!check_text_key (gguf, "general.architecture", "clip",
          ": this is not a vision tower (mmproj)", error) ||
      !check_text_key (gguf, "clip.projector_type", PROJECTOR,
          ", the one of Qwen2.5-VL", error) ||
      !check_flag (gguf, "clip.has_vision_encoder", TRUE, error) ||
      !check_flag (gguf, "clip.use_silu", TRUE, error) ||
      !check_flag (gguf, "clip.use_gelu", FALSE, error) ||
      !vlm_gguf_read_uint (gguf, VISION ("block_count"), 1,
          VLM_CONFIG_MAX_LAYERS, &vision->depth, error) ||
      !vlm_gguf_read_uint (gguf, VISION ("embedding_length"),
          VLM_CONFIG_MIN_WIDTH, VLM_CONFIG_MAX_WIDTH, &vision->hidden_size,
          error) ||
      !read_heads (gguf, VISION ("attention.head_count"), vision->hidden_size,
          &vision->n_heads, &vision->head_dim, error) ||
      !vlm_gguf_read_uint (gguf, VISION ("feed_forward_length"), 1,
          VLM_CONFIG_MAX_WIDTH, &vision->intermediate_size, error) ||
      !vlm_gguf_read_uint (gguf, VISION ("projection_dim"),
          VLM_CONFIG_MIN_WIDTH, VLM_CONFIG_MAX_WIDTH, &vision->out_hidden_size,
          error) ||
      !vlm_gguf_read_uint (gguf, VISION ("patch_size"), 1, VLM_CONFIG_MAX_SIDE,
          &vision->patch_size, error) ||
      !check_patches (gguf, vision, error) ||
      !read_full_blocks (gguf, vision, error))
    return FALSE;
  if (vision->out_hidden_size == text->hidden_size)
    return TRUE;
  return vlm_gguf_fail (gguf, VISION ("projection_dim"),
      VLM_LOAD_ERROR_MISMATCH, error,
      "%u is not the embedding_length %u of %s: this vision tower is another "
      "model's",
      vision->out_hidden_size, text->hidden_size,
      vlm_gguf_get_path (text_gguf));
}

static gboolean
read_colours (
    const VlmGguf *gguf, VlmPreprocessConfig *preprocess, GError **error)
{
  const guint n = G_N_ELEMENTS (preprocess->mean);
  double mean[G_N_ELEMENTS (preprocess->mean)];
  double std[G_N_ELEMENTS (preprocess->std)];

  if (!vlm_gguf_read_doubles (
          gguf, VISION ("image_mean"), n, -1000.0, 1000.0, mean, error) ||
      !vlm_gguf_read_doubles (
          gguf, VISION ("image_std"), n, 1e-6, 1000.0, std, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    preprocess->mean[i] = (float) mean[i];
    preprocess->std[i] = (float) std[i];
  }
  return TRUE;
}

/* The id of the token spelled @text, or -1. */
static gint32
find_token (char *const *tokens, const char *text)
{
  for (gint32 i = 0; tokens[i] != NULL; i++)
    if (g_str_equal (tokens[i], text))
      return i;
  return -1;
}

/* The end that the file names, and those of the published model. */
static gboolean
read_eos (const VlmGguf *gguf, char *const *tokens, guint n_tokens,
    VlmGenerationConfig *generation, GError **error)
{
  static const char *const keys[] = { TOKENIZER ("eos_token_id"),
    TOKENIZER ("eot_token_id") };
  static const char *const texts[] = { "<|im_end|>", "<|endoftext|>" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    guint id;

    if (!vlm_gguf_has (gguf, keys[i]))
      continue;
    if (!vlm_gguf_read_uint (gguf, keys[i], 0, n_tokens - 1, &id, error))
      return FALSE;
    vlm_config_add_eos (generation, (gint32) id);
  }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    gint32 id = find_token (tokens, texts[i]);

    if (id >= 0)
      vlm_config_add_eos (generation, id);
  }
  if (generation->n_eos == 0)
    return vlm_gguf_fail (gguf, keys[0], VLM_LOAD_ERROR_CORRUPT, error,
        "missing, and there is no token %s", texts[0]);
  return TRUE;
}

static gboolean
read_tokens (const VlmGguf *gguf, VlmConfig *config, GError **error)
{
  static const char key[] = TOKENIZER ("tokens");
  const struct
  {
    const char *text;
    gint32 *id;
  } special[] = {
    { "<|image_pad|>", &config->image_token_id },
    { "<|video_pad|>", &config->video_token_id },
    { "<|vision_start|>", &config->vision_start_token_id },
    { "<|vision_end|>", &config->vision_end_token_id },
  };
  g_auto (GStrv) tokens = NULL;

  if (!vlm_gguf_read_string_list (
          gguf, key, MAX_VOCAB, &tokens, &config->text.vocab_size, error))
    return FALSE;
  if (config->text.vocab_size == 0)
    return vlm_gguf_fail (
        gguf, key, VLM_LOAD_ERROR_CORRUPT, error, "an empty list");
  for (guint i = 0; i < G_N_ELEMENTS (special); i++) {
    *special[i].id = find_token (tokens, special[i].text);
    if (*special[i].id < 0)
      return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
          "no token %s: this is not a vision model", special[i].text);
  }
  return read_eos (
      gguf, tokens, config->text.vocab_size, &config->generation, error);
}

/* What came from generation_config.json. */
static gboolean
read_sampling (
    const VlmGguf *gguf, VlmGenerationConfig *generation, GError **error)
{
  const struct
  {
    const char *key;
    double min, max;
    double *value;
  } numbers[] = {
    { SAMPLING ("temp"), 0.0, 1000.0, &generation->temperature },
    { SAMPLING ("top_p"), 0.0, 1.0, &generation->top_p },
    { SAMPLING ("penalty_repeat"), 1e-3, 1000.0,
        &generation->repetition_penalty },
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (vlm_gguf_has (gguf, numbers[i].key) &&
        !vlm_gguf_read_double (gguf, numbers[i].key, numbers[i].min,
            numbers[i].max, numbers[i].value, error))
      return FALSE;
  return !vlm_gguf_has (gguf, SAMPLING ("top_k")) ||
      vlm_gguf_read_uint (
          gguf, SAMPLING ("top_k"), 0, G_MAXINT32, &generation->top_k, error);
}

VlmConfig *
vlm_qwen_config_read_gguf (
    const VlmGgufFiles *text, const VlmGgufFiles *mmproj, GError **error)
{
  const VlmGguf *head = vlm_gguf_files_get_head (text);
  const VlmGguf *tower = vlm_gguf_files_get_head (mmproj);
  g_autoptr (VlmConfig) config = g_new0 (VlmConfig, 1);

  vlm_config_set_defaults (config);
  if (!read_text (text, &config->text, error) ||
      !read_tokens (head, config, error) ||
      !read_sampling (head, &config->generation, error) ||
      !read_vision (tower, head, &config->text, &config->vision, error) ||
      !read_colours (tower, &config->preprocess, error))
    return NULL;
  return g_steal_pointer (&config);
}
