/* gst-vlm: the chat template of Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/layout.h"

/* model/arch.h */
gboolean vlm_qwen_check_tokenizer (const VlmTokenizer *tokenizer,
    const VlmConfig *config, const char *path, GError **error);
gboolean vlm_qwen_lay_out (VlmLayout *layout, const VlmPrompt *prompt,
    const VlmConfig *config, const VlmTokenizer *tokenizer, GError **error);
