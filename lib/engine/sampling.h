/* gst-vlm: sampling a token
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct
{
  double temperature; /* 0: greedy */
  guint top_k;        /* 0: no limit */
  double top_p;       /* 1: no limit */
  float penalty;      /* repetition penalty, 1: none */
} VlmSampling;

/* Near 0 the distribution has one value: no need to read logits back. */
gboolean vlm_sampling_is_greedy (const VlmSampling *sampling);

/* Draws from softmax (logits / temperature) after the repetition penalty, the
 * mask, top-k and top-p, in this order (as transformers' logits warpers do).
 * allowed, seen: bit sets over @n_tokens, NULL for all and none. @probability:
 * of the token under the plain softmax of the penalised logits, as for a greedy
 * choice. Returns -1 when nothing is allowed. @logits is changed. */
gint32 vlm_sampling_draw (const VlmSampling *sampling, float *logits,
    guint n_tokens, const guint32 *allowed, const guint32 *seen, GRand *random,
    double *probability);
