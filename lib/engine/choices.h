/* gst-vlm: the probabilities of answers of one token
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"
#include "text/tokenizer.h"

/* Which tokens stand for which of the choices of a kind. Immutable. */
typedef struct _VlmChoices VlmChoices;

/* @kind: has choices. VLM_LOAD_ERROR_UNSUPPORTED, which names the choice, if no
 * token of the vocabulary stands for it. */
VlmChoices *vlm_choices_new (const VlmAnswerKind *kind,
    const VlmTokenizer *tokenizer, guint n_vocab, GError **error);
void vlm_choices_free (VlmChoices *choices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmChoices, vlm_choices_free)

const VlmAnswerKind *vlm_choices_get_kind (const VlmChoices *choices);

/* The probability of the tokens of each choice together, under the softmax of
 * @logits [n_vocab], all finite. @probabilities: one for each choice. */
void vlm_choices_weigh (
    const VlmChoices *choices, const float *logits, double *probabilities);

/* "yes 0.9000, no 0.0800", for the log. (transfer full) */
char *
vlm_choices_describe (const VlmAnswerKind *kind, const double *probabilities);
