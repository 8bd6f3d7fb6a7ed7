/* gst-vlm: how much work the stages of the model are
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vision-plan.h"

/* Floating-point operations: two for a multiply-add. */
double
work_vision_flop (const VlmVisionConfig *config, const VlmVisionPlan *plan);
/* @n tokens after @n_before, with the logits of one. */
double
work_prefill_flop (const VlmTextConfig *config, double n, double n_before);

/* Weights of one layer of the decoder. */
double work_text_layer_weights (const VlmTextConfig *config);
/* What a step of @n_sequences together must read: the weights of the decoder and
 * the head, and caches of @n_keys each. */
double work_decode_bytes (
    const VlmTextConfig *config, double n_sequences, double n_keys);
