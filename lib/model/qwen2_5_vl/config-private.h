/* gst-vlm: the parts of reading a configuration
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * transformers leaves out what equals the default of its class when it saves a
 * configuration, so an absent key means that default. */
#pragma once

#include "io/json.h"
#include "model/qwen2_5_vl/config.h"
#include "nn/ops.h"

/* Bounds of what is plausible: a hundred times the largest release, and small
 * enough that every product of two of them and a type's size fits 64 bits. */
#define VLM_CONFIG_MAX_WIDTH (1u << 20)
#define VLM_CONFIG_MIN_WIDTH 8u
#define VLM_CONFIG_MAX_SIDE 256u /* of a patch, in pixels */
#define VLM_CONFIG_MAX_LAYERS 1024u
#define VLM_CONFIG_MAX_HEADS 1024u

/* Where the text keys are: in text_config when it has them, else at the top. */
typedef struct
{
  VlmJson root;
  VlmJson nested;
  gboolean has_nested;
} VlmConfigLayout;

/* The place that has @key with a value other than null; the top when none has. */
const VlmJson *
vlm_config_place_of (const VlmConfigLayout *layout, const char *key);

gboolean vlm_config_read_text (
    const VlmConfigLayout *layout, VlmTextConfig *text, GError **error);
/* After the text: both must fit together. */
gboolean vlm_config_read_vision (const VlmConfigLayout *layout,
    const VlmTextConfig *text, VlmVisionConfig *vision, GError **error);

/* Absent or "silu". */
gboolean vlm_config_check_silu (const VlmJson *at, GError **error);
/* Rotation pairs, and what kernels read at once. */
gboolean vlm_config_check_heads (const VlmJson *at, guint hidden_size,
    guint n_heads, guint *head_dim, GError **error);

/* The values when the other files are absent; no eos. */
void vlm_config_set_defaults (VlmConfig *config);
/* FALSE when there is no room; an id that is there already takes none. */
gboolean vlm_config_add_eos (VlmGenerationConfig *generation, gint32 id);
/* Appends the id, or the list of ids, of @key; ids that are there already, or
 * that no token has, are left out. */
gboolean vlm_config_read_eos (const VlmJson *at, const char *key,
    guint vocab_size, VlmGenerationConfig *generation, GError **error);
/* preprocessor_config.json, and the same keys in the "image_processor" of
 * processor_config.json. */
gboolean vlm_config_read_preprocessor (
    VlmConfig *config, const char *path, GError **error);
/* video_preprocessor_config.json, and the same keys in the "video_processor" of
 * processor_config.json. After the one of images. */
gboolean vlm_config_read_video_preprocessor (
    VlmConfig *config, const char *path, GError **error);
gboolean vlm_config_read_generation (
    VlmConfig *config, const char *path, GError **error);
