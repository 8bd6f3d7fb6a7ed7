/* gst-vlm: constraints of answers that no rule can express
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"
#include "grammar/token-mask.h"

/* Takes tokens out of the masks of a grammar. All but @bits is borrowed. */
typedef struct
{
  const VlmAnswerLimits *limits; /* nullable: there are none */
  const VlmAnswerBounds *bounds;
  const VlmTokenizer *tokenizer;
  guint n_vocab;
  guint32 *bits; /* [ceil (n_vocab / 32)], made when it is needed */
} VlmLimiter;

void vlm_limiter_clear (VlmLimiter *limiter);

/* As vlm_matcher_get_mask(), without the tokens after which the text could not
 * satisfy the limits. @text: the answer so far. Some tokens are kept back for
 * what the limits may cost, so that the answer is complete in time here too. */
const guint32 *vlm_limiter_get_mask (VlmLimiter *limiter, VlmMatcher *matcher,
    const GString *text, guint n_left);
