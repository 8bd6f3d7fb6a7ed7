/* gst-vlm: the automaton behind a grammar
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar.h"

#define VLM_GRAMMAR_DEAD G_MAXUINT16
#define VLM_GRAMMAR_MAX_OPS 4

/* What a byte does to a counter on its way. */
typedef struct
{
  guint8 counter;
  guint8 set; /* to value, or take value away, which must be there */
  guint16 value;
} VlmGrammarOp;

/* Zero filled, so that two can be compared as memory. */
typedef struct
{
  guint n_ops;
  VlmGrammarOp ops[VLM_GRAMMAR_MAX_OPS];
} VlmGrammarOps;

typedef struct
{
  guint16 next[256];
  guint8 ops[256]; /* index of a list of them; 0 is the empty one */
  gboolean accepting;
} VlmGrammarNode;

struct _VlmGrammar
{
  gatomicrefcount refs;
  VlmGrammarNode *nodes;
  guint n_nodes;
  GArray *ops; /* VlmGrammarOps */
};

static inline const VlmGrammarOps *
vlm_grammar_ops (const VlmGrammar *grammar, guint index)
{
  return &g_array_index (grammar->ops, VlmGrammarOps, index);
}

/* FALSE when a counter does not hold what is to be taken away. */
static inline gboolean
vlm_grammar_apply (const VlmGrammarOps *list, VlmGrammarState *state)
{
  for (guint i = 0; i < list->n_ops; i++) {
    const VlmGrammarOp *op = &list->ops[i];

    if (op->set)
      state->left[op->counter] = op->value;
    else if (state->left[op->counter] < op->value)
      return FALSE;
    else
      state->left[op->counter] -= op->value;
  }
  return TRUE;
}

/* Whether a transition takes nothing away, and so is always open. */
static inline gboolean
vlm_grammar_is_free (const VlmGrammar *grammar, guint index)
{
  const VlmGrammarOps *list = vlm_grammar_ops (grammar, index);

  for (guint i = 0; i < list->n_ops; i++)
    if (!list->ops[i].set)
      return FALSE;
  return TRUE;
}
