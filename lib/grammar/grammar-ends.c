/* gst-vlm: how each text can be ended
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * If nothing is owed, a unit ends by a way that takes nothing from its limit: so
 * that way is always open, and its cost depends on the node alone. What is owed
 * is paid by ways around, 1 each, whose cost depends on the unit alone. A way
 * into deeper units is closed if the way out of them would not fit. */
#include <vlm/vlm-error.h>

#include "grammar/grammar-private.h"

#define NEVER VLM_GRAMMAR_NEVER

static guint32
add_costs (guint32 a, guint64 b)
{
  return (guint32) MIN (NEVER, a + b);
}

static guint32
call_cost (const VlmGrammar *self, const VlmGrammarCall *call)
{
  const VlmGrammarUnit *unit = &self->units[call->unit];
  guint64 loops = call->owed == 0 ? 0 : (guint64) call->owed * unit->loop_cost;

  return add_costs (self->nodes[unit->entry].cost, loops);
}

static guint8
call_height (const VlmGrammar *self, const VlmGrammarCall *call)
{
  const VlmGrammarUnit *unit = &self->units[call->unit];
  guint8 height = self->nodes[unit->entry].height;

  if (call->owed > 0)
    height = MAX (height, unit->loop_height);
  return (guint8) MIN (G_MAXUINT8, height + 1);
}

/* The cheapest way on from @node over what takes @take: its cost, and which. */
static guint32
cheapest (const VlmGrammar *self, const VlmGrammarNode *node, guint take,
    guint32 *step, guint8 *kind)
{
  guint32 best = NEVER;

  *kind = VLM_GRAMMAR_ENDS;
  for (guint i = 0; i < node->n_edges; i++) {
    const VlmGrammarEdge *edge = &self->edges[node->first_edge + i];
    guint32 cost = add_costs (self->nodes[edge->next].cost, 1);

    if (self->ops[edge->op].take != take || cost >= best)
      continue;
    best = cost;
    *step = node->first_edge + i;
    *kind = VLM_GRAMMAR_BY_EDGE;
  }
  for (guint i = 0; i < node->n_calls; i++) {
    const VlmGrammarCall *call = &self->calls[node->first_call + i];
    guint32 cost =
        add_costs (self->nodes[call->next].cost, call_cost (self, call));

    if (self->ops[call->op].take != take || cost >= best)
      continue;
    best = cost;
    *step = node->first_call + i;
    *kind = VLM_GRAMMAR_BY_CALL;
  }
  return best;
}

static gboolean
improve_node (VlmGrammar *self, VlmGrammarNode *node)
{
  guint32 before = node->cost;

  if (node->ends) {
    node->cost = 0;
    node->step_kind = VLM_GRAMMAR_ENDS;
  } else {
    node->cost = cheapest (self, node, 0, &node->step, &node->step_kind);
  }
  return node->cost != before;
}

static gboolean
improve_loop (VlmGrammar *self, VlmGrammarUnit *unit)
{
  guint32 before = unit->loop_cost;

  unit->loop_cost = 0;
  for (guint i = 0; i < unit->n_nodes; i++) {
    VlmGrammarNode *node = &self->nodes[unit->entry + i];

    if (node->ends)
      unit->loop_cost = MAX (unit->loop_cost,
          cheapest (self, node, 1, &node->loop_step, &node->loop_kind));
  }
  return unit->loop_cost != before;
}

static void
find_costs (VlmGrammar *self)
{
  gboolean changed = TRUE;

  for (guint i = 0; i < self->n_nodes; i++)
    self->nodes[i].cost = NEVER;
  for (guint i = 0; i < self->n_units; i++)
    self->units[i].loop_cost = NEVER;
  while (changed) {
    changed = FALSE;
    for (guint i = self->n_nodes; i-- > 0;)
      changed = improve_node (self, &self->nodes[i]) || changed;
    for (guint i = self->n_units; i-- > 0;)
      changed = improve_loop (self, &self->units[i]) || changed;
  }
}

static guint8
step_height (const VlmGrammar *self, guint32 step, guint8 kind)
{
  const VlmGrammarCall *call;

  if (kind == VLM_GRAMMAR_ENDS)
    return 0;
  if (kind == VLM_GRAMMAR_BY_EDGE)
    return self->nodes[self->edges[step].next].height;
  call = &self->calls[step];
  return MAX (self->nodes[call->next].height, call_height (self, call));
}

static void
find_heights (VlmGrammar *self)
{
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->n_nodes; i-- > 0;) {
      VlmGrammarNode *node = &self->nodes[i];
      VlmGrammarUnit *unit = &self->units[node->unit];
      guint8 height = step_height (self, node->step, node->step_kind);
      guint8 loop = step_height (self, node->loop_step, node->loop_kind);

      changed = changed || height != node->height || loop > unit->loop_height;
      node->height = height;
      unit->loop_height = MAX (unit->loop_height, loop);
    }
  }
}

static gboolean
check_ends (const VlmGrammar *self, GError **error)
{
  for (guint i = 0; i < self->n_calls; i++)
    if (self->calls[i].owed > 0 &&
        self->units[self->calls[i].unit].loop_cost == NEVER &&
        self->nodes[self->calls[i].next].alive) {
      g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "a grammar with a budget that cannot be met");
      return FALSE;
    }
  for (guint i = 0; i < self->n_nodes; i++)
    if (self->nodes[i].alive && self->nodes[i].cost == NEVER) {
      g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "a grammar with a text that cannot be ended");
      return FALSE;
    }
  if (self->nodes[self->units[0].entry].height < VLM_GRAMMAR_MAX_DEPTH)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "a grammar whose shortest text nests units deeper than %u",
      VLM_GRAMMAR_MAX_DEPTH);
  return FALSE;
}

gboolean
vlm_grammar_find_ends (VlmGrammar *self, GError **error)
{
  find_costs (self);
  find_heights (self);
  return check_ends (self, error);
}
