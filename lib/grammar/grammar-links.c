/* gst-vlm: how the units of a grammar refer to each other
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "grammar/grammar-private.h"

/* Calls, and ends of empty units, in a row before anything is read. */
#define MAX_CHAIN 1024u

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, what);
  return FALSE;
}

/* --- what leads somewhere ------------------------------------------------ */

static gboolean
is_alive (const VlmGrammar *self, const VlmGrammarNode *node)
{
  gboolean alive = node->ends || node->alive;

  for (guint i = 0; i < node->n_edges && !alive; i++)
    alive = self->nodes[self->edges[node->first_edge + i].next].alive;
  for (guint i = 0; i < node->n_calls && !alive; i++) {
    const VlmGrammarCall *call = &self->calls[node->first_call + i];

    alive = self->nodes[self->units[call->unit].entry].alive &&
        self->nodes[call->next].alive;
  }
  return alive;
}

static void
find_alive (VlmGrammar *self)
{
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->n_nodes; i-- > 0;) {
      gboolean alive = is_alive (self, &self->nodes[i]);

      changed = changed || alive != self->nodes[i].alive;
      self->nodes[i].alive = alive;
    }
  }
}

static void
drop_dead (VlmGrammar *self)
{
  for (guint i = 0; i < self->n_nodes; i++) {
    VlmGrammarNode *node = &self->nodes[i];
    guint n_edges = 0, n_calls = 0;

    for (guint j = 0; j < node->n_edges; j++) {
      VlmGrammarEdge edge = self->edges[node->first_edge + j];

      if (self->nodes[edge.next].alive)
        self->edges[node->first_edge + n_edges++] = edge;
    }
    for (guint j = 0; j < node->n_calls; j++) {
      VlmGrammarCall call = self->calls[node->first_call + j];

      if (self->nodes[self->units[call.unit].entry].alive &&
          self->nodes[call.next].alive)
        self->calls[node->first_call + n_calls++] = call;
    }
    node->n_edges = n_edges;
    node->n_calls = n_calls;
  }
}

/* --- what may be empty --------------------------------------------------- */

static gboolean
find_empty (VlmGrammar *self, GError **error)
{
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->n_nodes; i-- > 0;) {
      VlmGrammarNode *node = &self->nodes[i];
      gboolean empty = node->ends;

      for (guint j = 0; j < node->n_calls; j++) {
        VlmGrammarCall *call = &self->calls[node->first_call + j];
        const VlmGrammarUnit *unit = &self->units[call->unit];

        call->empty = self->nodes[unit->entry].empty && call->owed == 0 &&
            unit->required == 0;
        if (call->empty && call->op != 0)
          return fail (error, "a grammar that counts without reading");
        empty = empty || (call->empty && self->nodes[call->next].empty);
      }
      changed = changed || empty != node->empty;
      node->empty = empty;
    }
  }
  return TRUE;
}

/* No way may come back to where it was without reading. */
static gboolean
check_chains (const VlmGrammar *self, GError **error)
{
  g_autofree guint *length = g_new0 (guint, self->n_nodes);
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->n_nodes; i-- > 0;) {
      const VlmGrammarNode *node = &self->nodes[i];
      guint longest = 0;

      for (guint j = 0; j < node->n_calls; j++) {
        const VlmGrammarCall *call = &self->calls[node->first_call + j];

        longest = MAX (longest, 1 + length[self->units[call->unit].entry]);
        if (call->empty)
          longest = MAX (longest, 1 + length[call->next]);
      }
      if (longest > MAX_CHAIN)
        return fail (error,
            "a grammar with a unit that calls itself before it reads anything");
      changed = changed || longest != length[i];
      length[i] = longest;
    }
  }
  return TRUE;
}

/* --- first and following bytes ------------------------------------------- */

static void
add_first (const VlmGrammar *self, guint index, guint32 *bytes)
{
  const VlmGrammarNode *node = &self->nodes[index];

  for (guint i = 0; i < node->n_edges; i++) {
    const VlmGrammarEdge *edge = &self->edges[node->first_edge + i];

    for (guint byte = edge->first; byte <= edge->last; byte++)
      vlm_bits_add (bytes, byte);
  }
  for (guint i = 0; i < node->n_calls; i++) {
    const VlmGrammarCall *call = &self->calls[node->first_call + i];

    for (guint j = 0; j < 8; j++)
      bytes[j] |= self->units[call->unit].first[j];
    if (call->empty)
      add_first (self, call->next, bytes);
  }
}

/* Whether there was anything to add. */
static gboolean
merge (guint32 *bytes, const guint32 *more)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < 8; i++) {
    changed = changed || (more[i] & ~bytes[i]) != 0;
    bytes[i] |= more[i];
  }
  return changed;
}

static void
find_first (VlmGrammar *self)
{
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->n_units; i-- > 0;) {
      guint32 bytes[8] = { 0 };

      add_first (self, self->units[i].entry, bytes);
      changed = merge (self->units[i].first, bytes) || changed;
    }
  }
}

static void
find_follow (VlmGrammar *self)
{
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = 0; i < self->n_nodes; i++) {
      const VlmGrammarNode *node = &self->nodes[i];

      for (guint j = 0; j < node->n_calls; j++) {
        const VlmGrammarCall *call = &self->calls[node->first_call + j];
        guint32 bytes[8] = { 0 };

        add_first (self, call->next, bytes);
        if (self->nodes[call->next].empty)
          merge (bytes, self->units[node->unit].follow);
        changed = merge (self->units[call->unit].follow, bytes) || changed;
      }
    }
  }
}

static void
find_leaves (VlmGrammar *self)
{
  for (guint i = 0; i < self->n_units; i++)
    self->units[i].is_leaf = TRUE;
  for (guint i = 0; i < self->n_nodes; i++)
    if (self->nodes[i].n_calls > 0)
      self->units[self->nodes[i].unit].is_leaf = FALSE;
}

gboolean
vlm_grammar_link_units (VlmGrammar *self, GError **error)
{
  find_alive (self);
  if (!self->nodes[self->units[0].entry].alive)
    return fail (error, "a grammar without any text");
  drop_dead (self);
  if (!find_empty (self, error) || !check_chains (self, error))
    return FALSE;
  find_first (self);
  find_follow (self);
  find_leaves (self);
  return TRUE;
}
