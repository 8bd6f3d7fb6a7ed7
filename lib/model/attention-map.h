/* gst-vlm: attention probabilities, from queries and keys
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernels never have them in memory (streaming softmax). These are plain
 * loops in double, for inspection. */
#pragma once

#include <glib.h>

/* softmax (q . k[i] / sqrt (D)) over keys 0 … n_keys - 1, which are @ld floats
 * apart. */
void vlm_attention_probabilities (const float *q, const float *keys, gsize ld,
    guint n_keys, guint head_dim, double *probabilities);

/* Where the attention of a slice goes. q and k: rows [P, N * D] of its patches,
 * which all attend to all. received [N, P]: what a patch gets in each head, mean
 * over all patches; sums to 1 over P. */
void vlm_attention_received (const float *q, const float *k, guint n_patches,
    guint n_heads, guint head_dim, float *received);
