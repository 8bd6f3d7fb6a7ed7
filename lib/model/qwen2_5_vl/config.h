/* gst-vlm: config.json and its companions, or the keys of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/json.h"
#include "io/model-dir.h"
#include "model/config.h"

/* config.json in its three layouts (flat; text_config beside copies of its keys;
 * text_config alone with rope_parameters) and with keys of ours that may be
 * there, max_video_seconds, max_context_windows, trained_for, and
 * min_confidence with confidence_auc, boxes_follow_motion, times_follow_motion. A
 * key that it leaves out has the default of the reference's class. A
 * generation_config.json that is there but leaves a key out means that the key
 * has no effect. */
VlmConfig *vlm_qwen_config_read (
    const VlmJsonDocument *document, const VlmModelDir *dir, GError **error);
/* Values without a key are those of the published models: windows of 112
 * pixels, 2 positions a second, pixel limits, the ids of special tokens by
 * their texts. */
VlmConfig *vlm_qwen_config_read_gguf (
    const VlmGgufFiles *text, const VlmGgufFiles *mmproj, GError **error);
