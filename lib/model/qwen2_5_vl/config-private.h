/* gst-vlm: the parts of reading a configuration
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/json.h"
#include "model/qwen2_5_vl/config.h"

/* What holds when the other files are absent; no eos. */
void vlm_config_set_defaults (VlmConfig *config);
/* Appends the id, or the list of ids, of @key; ids that are there already are
 * left out. */
gboolean vlm_config_read_eos (const VlmJson *at, const char *key,
    guint vocab_size, VlmGenerationConfig *generation, GError **error);
gboolean vlm_config_read_preprocessor (
    VlmConfig *config, const char *path, GError **error);
gboolean vlm_config_read_video_preprocessor (
    VlmConfig *config, const char *path, GError **error);
gboolean vlm_config_read_generation (
    VlmConfig *config, const char *path, GError **error);
