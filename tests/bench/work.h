/* gst-vlm: how much work the decoder is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"

/* Floating-point operations, two for a multiply-add: @n tokens after @n_before,
 * with the logits of one. */
double
work_prefill_flop (const VlmTextConfig *config, double n, double n_before);

/* What a step of @n_sequences together must read: @weight_bytes of the decoder
 * and the head, and caches of @n_keys each. */
double work_decode_bytes (const VlmTextConfig *config, double weight_bytes,
    double n_sequences, double n_keys);
