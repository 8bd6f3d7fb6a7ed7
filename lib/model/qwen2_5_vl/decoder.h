/* gst-vlm: one forward pass of Qwen2.5-VL's language model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/decoder.h"

/* [vocab, hidden]: what turns the last hidden state into logits. */
const VlmNnMatrix *vlm_qwen_head (const VlmNet *net);

/* model/arch.h */
VlmDecoder *vlm_qwen_decoder_new (void);
void vlm_qwen_decoder_free (VlmDecoder *decoder);
gboolean vlm_qwen_decoder_reserve (VlmDecoder *decoder, guint n_tokens,
    guint n_sequences, guint n_logits, GError **error);
guint64 vlm_qwen_decoder_bytes (
    const VlmConfig *config, guint n_tokens, guint n_sequences, guint n_logits);
void vlm_qwen_decoder_record (VlmDecoder *decoder, const VlmDecoderPass *pass,
    guint first_layer, guint n_layers);
