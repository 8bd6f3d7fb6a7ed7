/* gst-vlm: how many tokens it takes to end a text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar-private.h"
#include "grammar/token-trie.h"

/* The fewest tokens that spell the shortest way to the end, none of which lies
 * across the end of a unit. Each state has a token after which there is one less
 * to go: so a text that is kept within what is left can always be ended. */
typedef struct
{
  const VlmGrammar *grammar;
  VlmTokenTrie *trie;
  guint32 *nodes;     /* to the end of the unit; VLM_GRAMMAR_NEVER for no way */
  guint32 *units;     /* for each 1 that is owed */
  guint32 roots[256]; /* trie node of a first byte; G_MAXUINT32 for none */
} VlmTokenCosts;

/* Both must outlive it. */
void vlm_token_costs_init (
    VlmTokenCosts *self, const VlmGrammar *grammar, VlmTokenTrie *trie);
void vlm_token_costs_clear (VlmTokenCosts *self);

static inline guint32
vlm_token_costs_of_frame (
    const VlmTokenCosts *self, const VlmGrammarFrame *frame)
{
  guint64 cost = self->nodes[frame->node];

  if (frame->owed > 0)
    cost += (guint64) frame->owed *
        self->units[self->grammar->nodes[frame->node].unit];
  return (guint32) MIN (cost, VLM_GRAMMAR_NEVER);
}

/* Of the frames of @way from @first on. */
static inline guint32
vlm_token_costs_of_way (
    const VlmTokenCosts *self, const VlmGrammarWay *way, guint first)
{
  guint64 cost = 0;

  for (guint i = first; i <= way->depth; i++)
    cost += vlm_token_costs_of_frame (self, &way->frames[i]);
  return (guint32) MIN (cost, VLM_GRAMMAR_NEVER);
}
