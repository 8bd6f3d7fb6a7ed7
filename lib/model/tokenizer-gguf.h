/* gst-vlm: the tokenizer in a GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/gguf-files.h"
#include "text/tokenizer.h"

/* UNSUPPORTED for any other than Qwen2's; errors name file and key. */
VlmTokenizer *
vlm_gguf_load_tokenizer (const VlmGgufFiles *files, GError **error);
