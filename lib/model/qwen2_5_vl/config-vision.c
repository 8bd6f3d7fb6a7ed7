/* gst-vlm: the vision tower's part of config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config-private.h"
#include "base/log.h"

/* Qwen2_5_VLVisionConfig's; hidden sizes and tokens_per_second are those of no
 * released model. */
#define DEFAULT_DEPTH 32
#define DEFAULT_HIDDEN 3584
#define DEFAULT_INTERMEDIATE 3420
#define DEFAULT_HEADS 16
#define DEFAULT_CHANNELS 3
#define DEFAULT_PATCH 14
#define DEFAULT_MERGE 2
#define DEFAULT_TEMPORAL 2
#define DEFAULT_TOKENS_PER_SECOND 4 /* released: 2 */
#define DEFAULT_WINDOW 112
#define DEFAULT_OUT_HIDDEN 3584
static const guint default_full_blocks[] = { 7, 15, 23, 31 };

/* Blocks that do not exist are ignored: files of shortened towers keep the list
 * of the whole one. */
static void
add_full_block (VlmVisionConfig *vision, guint block)
{
  if (block < vision->depth)
    vision->full_blocks[vision->n_full_blocks++] = block;
}

static gboolean
read_full_blocks (const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  static const char key[] = "fullatt_block_indexes";
  VlmJson list;
  guint n;

  vision->n_full_blocks = 0;
  if (!vlm_json_has (at, key)) {
    for (guint i = 0; i < G_N_ELEMENTS (default_full_blocks); i++)
      add_full_block (vision, default_full_blocks[i]);
    return TRUE;
  }
  if (!vlm_json_read_list (at, key, &list, &n, error))
    return FALSE;
  if (n > VLM_MAX_FULL_BLOCKS)
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_TOO_LARGE,
        "%u blocks, the limit is %u", n, VLM_MAX_FULL_BLOCKS);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    guint block;

    if (!vlm_json_read_uint (
            &element, NULL, 0, VLM_CONFIG_MAX_LAYERS, &block, error))
      return FALSE;
    add_full_block (vision, block);
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
  static const char *const keys[] = { "in_chans", "in_channels" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!vlm_json_read_uint_or (at, keys[i], 1, 1024, DEFAULT_CHANNELS,
            &vision->in_channels, error) ||
        !check_fixed (at, keys[i], vision->in_channels, 3, error))
      return FALSE;
  return TRUE;
}

/* A number, or one for each axis: these must be the same. */
static gboolean
read_side (const VlmJson *at, const char *key, guint fallback, guint *value,
    GError **error)
{
  VlmJson list;
  guint n;

  if (!vlm_json_read_list (at, key, &list, &n, NULL))
    return vlm_json_read_uint_or (
        at, key, 1, VLM_CONFIG_MAX_SIDE, fallback, value, error);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    guint side;

    if (!vlm_json_read_uint (
            &element, NULL, 1, VLM_CONFIG_MAX_SIDE, &side, error))
      return FALSE;
    if (i > 0 && side != *value)
      return vlm_json_fail (error, &element, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
          "%u is not the %u before it: patches must be squares", side, *value);
    *value = side;
  }
  if (n == 0)
    return vlm_json_fail (
        error, at, key, VLM_LOAD_ERROR_CORRUPT, "an empty list");
  return TRUE;
}

static gboolean
read_patches (const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  guint cell;

  if (!read_side (
          at, "patch_size", DEFAULT_PATCH, &vision->patch_size, error) ||
      !read_side (at, "temporal_patch_size", DEFAULT_TEMPORAL,
          &vision->temporal_patch_size, error) ||
      !vlm_json_read_uint_or (at, "spatial_merge_size", 1, VLM_CONFIG_MAX_SIDE,
          DEFAULT_MERGE, &vision->spatial_merge_size, error) ||
      !vlm_json_read_uint_or (at, "window_size", 1, 1u << 16, DEFAULT_WINDOW,
          &vision->window_size, error) ||
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

/* An absent key here was probably lost, not left out: no model was trained with
 * the default. */
static gboolean
read_tokens_per_second (
    const VlmJson *at, VlmVisionConfig *vision, GError **error)
{
  static const char key[] = "tokens_per_second";

  if (!vlm_json_has (at, key))
    vlm_warning ("%s: vision_config.%s: missing, %u is used, as in "
                 "transformers; the released models have 2",
        at->source, key, DEFAULT_TOKENS_PER_SECOND);
  return vlm_json_read_uint_or (at, key, 1, 1000, DEFAULT_TOKENS_PER_SECOND,
      &vision->tokens_per_second, error);
}

gboolean
vlm_config_read_vision (const VlmConfigLayout *layout,
    const VlmTextConfig *text, VlmVisionConfig *vision, GError **error)
{
  static const char key[] = "vision_config";
  VlmJson at;

  if (!vlm_json_has (&layout->root, key))
    return vlm_json_fail (error, &layout->root, key, VLM_LOAD_ERROR_UNSUPPORTED,
        "missing: a decoder without its vision tower cannot analyse video");
  if (!vlm_json_read_object (&layout->root, key, &at, error) ||
      !vlm_json_read_uint_or (&at, "depth", 1, VLM_CONFIG_MAX_LAYERS,
          DEFAULT_DEPTH, &vision->depth, error) ||
      !vlm_json_read_uint_or (&at, "hidden_size", VLM_CONFIG_MIN_WIDTH,
          VLM_CONFIG_MAX_WIDTH, DEFAULT_HIDDEN, &vision->hidden_size, error) ||
      !vlm_json_read_uint_or (&at, "num_heads", 1, VLM_CONFIG_MAX_HEADS,
          DEFAULT_HEADS, &vision->n_heads, error) ||
      !vlm_json_read_uint_or (&at, "intermediate_size", 1, VLM_CONFIG_MAX_WIDTH,
          DEFAULT_INTERMEDIATE, &vision->intermediate_size, error) ||
      !vlm_json_read_uint_or (&at, "out_hidden_size", VLM_CONFIG_MIN_WIDTH,
          VLM_CONFIG_MAX_WIDTH, DEFAULT_OUT_HIDDEN, &vision->out_hidden_size,
          error) ||
      !read_tokens_per_second (&at, vision, error) ||
      !vlm_config_check_silu (&at, error) ||
      !read_channels (&at, vision, error) ||
      !read_patches (&at, vision, error) ||
      !read_full_blocks (&at, vision, error) ||
      !vlm_config_check_heads (
          &at, vision->hidden_size, vision->n_heads, &vision->head_dim, error))
    return FALSE;
  if (vision->out_hidden_size != text->hidden_size)
    return vlm_json_fail (error, &at, "out_hidden_size", VLM_LOAD_ERROR_CORRUPT,
        "%u is not the decoder's hidden_size %u", vision->out_hidden_size,
        text->hidden_size);
  return TRUE;
}
