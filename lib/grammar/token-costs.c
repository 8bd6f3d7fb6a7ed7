/* gst-vlm: how many tokens it takes to end a text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-costs.h"

#define NONE G_MAXUINT32
/* A cost that is not known yet. */
#define UNKNOWN G_MAXUINT32

/* Moves @way over the next byte of its shortest way to the end of the outermost
 * unit; -1 when it is there. */
static int
take_byte (const VlmGrammar *grammar, VlmGrammarWay *way)
{
  while (TRUE) {
    VlmGrammarFrame *frame = &way->frames[way->depth];
    const VlmGrammarNode *node = &grammar->nodes[frame->node];
    gboolean loops = node->ends && frame->owed > 0;
    guint8 kind = loops ? node->loop_kind : node->step_kind;
    guint32 step = loops ? node->loop_step : node->step;

    if (kind == VLM_GRAMMAR_ENDS) {
      if (way->depth == 0)
        return -1;
      way->depth--;
    } else if (kind == VLM_GRAMMAR_BY_CALL) {
      const VlmGrammarCall *call = &grammar->calls[step];

      vlm_grammar_apply (&grammar->ops[call->op], frame);
      if (!vlm_grammar_enter (grammar, way, call))
        return -1;
    } else {
      const VlmGrammarEdge *edge = &grammar->edges[step];

      vlm_grammar_apply (&grammar->ops[edge->op], frame);
      frame->node = edge->next;
      return vlm_grammar_settle (grammar, way) ? edge->first : -1;
    }
  }
}

static guint32
find_child (const VlmTokenCosts *self, guint32 parent, guint8 byte)
{
  const VlmTrieNode *nodes = self->trie->nodes;

  if (parent == NONE)
    return self->roots[byte];
  for (guint32 i = parent + 1; i < nodes[parent].skip; i = nodes[i].skip)
    if (nodes[i].byte == byte)
      return i;
  return NONE;
}

static void ensure_units (VlmTokenCosts *self, const VlmGrammarWay *way);

/* The fewest tokens that spell the shortest way of a unit that is at @node and
 * owes @owed. What comes later on it must be known. */
static guint32
spell (VlmTokenCosts *self, guint32 node, guint16 owed)
{
  VlmGrammarWay way;
  guint32 at = NONE, best = VLM_GRAMMAR_NEVER;
  int byte;

  way.depth = 0;
  way.frames[0] = (VlmGrammarFrame){
    .node = node, .left = VLM_GRAMMAR_NO_LIMIT, .owed = owed
  };
  while ((byte = take_byte (self->grammar, &way)) >= 0) {
    at = find_child (self, at, (guint8) byte);
    if (at == NONE)
      break;
    if (self->trie->nodes[at].id < 0)
      continue;
    ensure_units (self, &way);
    best = MIN (best, 1 + vlm_token_costs_of_way (self, &way, 0));
  }
  return MIN (best, VLM_GRAMMAR_NEVER);
}

static void
ensure_unit (VlmTokenCosts *self, guint32 index)
{
  const VlmGrammarUnit *unit = &self->grammar->units[index];
  guint32 most = 0;

  if (self->units[index] != UNKNOWN)
    return;
  for (guint i = 0; i < unit->n_nodes; i++) {
    const VlmGrammarNode *node = &self->grammar->nodes[unit->entry + i];

    if (node->ends && node->alive)
      most = MAX (most, spell (self, unit->entry + i, 1));
  }
  self->units[index] = most;
}

static void
ensure_units (VlmTokenCosts *self, const VlmGrammarWay *way)
{
  for (guint i = 0; i <= way->depth; i++)
    if (way->frames[i].owed > 0)
      ensure_unit (self, self->grammar->nodes[way->frames[i].node].unit);
}

static int
compare_costs (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VlmGrammarNode *nodes = user_data;
  guint32 x = nodes[*(const guint32 *) a].cost;
  guint32 y = nodes[*(const guint32 *) b].cost;

  return (x > y) - (x < y);
}

void
vlm_token_costs_init (
    VlmTokenCosts *self, const VlmGrammar *grammar, VlmTokenTrie *trie)
{
  g_autofree guint32 *order = g_new (guint32, grammar->n_nodes);

  self->grammar = grammar;
  self->trie = trie;
  self->nodes = g_new (guint32, grammar->n_nodes);
  self->units = g_new (guint32, grammar->n_units);
  for (guint i = 0; i < 256; i++)
    self->roots[i] = NONE;
  for (guint32 i = 0; i < trie->n_nodes; i = trie->nodes[i].skip)
    self->roots[trie->nodes[i].byte] = i;
  for (guint32 i = 0; i < grammar->n_units; i++)
    self->units[i] = UNKNOWN;
  for (guint32 i = 0; i < grammar->n_nodes; i++)
    order[i] = i;
  /* A way leads from node to node whose own ways are shorter. */
  g_qsort_with_data (order, (gint) grammar->n_nodes, sizeof *order,
      compare_costs, grammar->nodes);
  for (guint i = 0; i < grammar->n_nodes; i++) {
    const VlmGrammarNode *node = &grammar->nodes[order[i]];

    if (!node->alive)
      self->nodes[order[i]] = VLM_GRAMMAR_NEVER;
    else if (node->step_kind == VLM_GRAMMAR_ENDS)
      self->nodes[order[i]] = 0;
    else
      self->nodes[order[i]] = spell (self, order[i], 0);
  }
  for (guint i = 0; i < grammar->n_calls; i++)
    if (grammar->calls[i].owed > 0 &&
        grammar->nodes[grammar->calls[i].next].alive)
      ensure_unit (self, grammar->calls[i].unit);
}

void
vlm_token_costs_clear (VlmTokenCosts *self)
{
  g_free (self->nodes);
  g_free (self->units);
}
