/* gst-vlm: what an answer may look like, byte by byte
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/grammar-private.h"

VlmGrammar *
vlm_grammar_ref (VlmGrammar *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vlm_grammar_unref (VlmGrammar *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->nodes);
  g_array_unref (self->ops);
  g_free (self);
}

VlmGrammarState
vlm_grammar_start (const VlmGrammar *self)
{
  return (VlmGrammarState){ 0 };
}

gboolean
vlm_grammar_step (const VlmGrammar *self, VlmGrammarState *state, guint8 byte)
{
  const VlmGrammarNode *node = &self->nodes[state->state];
  VlmGrammarState next = *state;

  next.state = node->next[byte];
  if (next.state == VLM_GRAMMAR_DEAD ||
      !vlm_grammar_apply (vlm_grammar_ops (self, node->ops[byte]), &next))
    return FALSE;
  *state = next;
  return TRUE;
}

gboolean
vlm_grammar_is_complete (const VlmGrammar *self, const VlmGrammarState *state)
{
  return self->nodes[state->state].accepting;
}

int
vlm_grammar_get_forced_byte (
    const VlmGrammar *self, const VlmGrammarState *state)
{
  int forced = -1;

  if (self->nodes[state->state].accepting)
    return -1;
  for (guint byte = 0; byte < 256; byte++) {
    VlmGrammarState next = *state;

    if (!vlm_grammar_step (self, &next, (guint8) byte))
      continue;
    if (forced >= 0)
      return -1;
    forced = (int) byte;
  }
  return forced;
}
