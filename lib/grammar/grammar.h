/* gst-vlm: what an answer may look like, byte by byte
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/rule.h"

/* A deterministic automaton over bytes with a few counters. Immutable after
 * creation, thread-safe. Atomic reference count. */
typedef struct _VlmGrammar VlmGrammar;

#define VLM_GRAMMAR_MAX_COUNTERS 7
#define VLM_GRAMMAR_MAX_COUNT 32767u

/* Where in a text one is: a value, copied freely. */
typedef struct
{
  guint16 state;
  guint16 left[VLM_GRAMMAR_MAX_COUNTERS]; /* of each counter */
} VlmGrammarState;

/* VLM_INFER_ERROR_BAD_INPUT for a rule that is ambiguous where it counts, too
 * large, or that can get stuck. @root is not needed afterwards. */
VlmGrammar *vlm_grammar_new (const VlmRule *root, GError **error);
VlmGrammar *vlm_grammar_ref (VlmGrammar *grammar);
void vlm_grammar_unref (VlmGrammar *grammar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmGrammar, vlm_grammar_unref)

/* The start of the text. */
VlmGrammarState vlm_grammar_start (const VlmGrammar *grammar);
/* FALSE, with @state as it was, when @byte may not come next. */
gboolean vlm_grammar_step (
    const VlmGrammar *grammar, VlmGrammarState *state, guint8 byte);
/* The text may end here. */
gboolean vlm_grammar_is_complete (
    const VlmGrammar *grammar, const VlmGrammarState *state);
/* The byte that must come next; -1 when there is none, a choice, or the text
 * may end here. */
int vlm_grammar_get_forced_byte (
    const VlmGrammar *grammar, const VlmGrammarState *state);
