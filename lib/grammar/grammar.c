/* gst-vlm: the form of an answer, byte by byte
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/grammar-private.h"

#include <string.h>

VlmGrammar *
vlm_grammar_new (const VlmRule *root, GError **error)
{
  g_autoptr (VlmGrammar) self = g_new0 (VlmGrammar, 1);

  g_atomic_ref_count_init (&self->refs);
  if (!vlm_grammar_build_nodes (self, root, error) ||
      !vlm_grammar_link_units (self, error) ||
      (!self->has_marks && !vlm_grammar_find_ends (self, error)))
    return NULL;
  return g_steal_pointer (&self);
}

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
  g_free (self->units);
  g_free (self->nodes);
  g_free (self->edges);
  g_free (self->calls);
  g_free (self->ops);
  g_free (self);
}

/* --- one way ------------------------------------------------------------- */

/* FALSE for a way that can no longer end in the room that is left. */
static gboolean
fits (const VlmGrammar *self, const VlmGrammarWay *way)
{
  return vlm_grammar_way_height (self, way) < VLM_GRAMMAR_MAX_DEPTH;
}

static gboolean
may_leave (const VlmGrammar *self, const VlmGrammarFrame *frame)
{
  const VlmGrammarNode *node = &self->nodes[frame->node];

  return node->ends && frame->owed == 0 &&
      (frame->open & self->units[node->unit].required) == 0;
}

gboolean
vlm_grammar_enter (
    const VlmGrammar *self, VlmGrammarWay *way, const VlmGrammarCall *call)
{
  const VlmGrammarUnit *unit = &self->units[call->unit];

  way->frames[way->depth].node = call->next;
  if (!fits (self, way) || way->depth + 1 >= VLM_GRAMMAR_MAX_DEPTH)
    return FALSE;
  way->frames[++way->depth] = (VlmGrammarFrame){
    .node = unit->entry,
    .left = call->left,
    .owed = call->owed,
    .open = unit->marks,
  };
  if (fits (self, way))
    return TRUE;
  way->depth--;
  return FALSE;
}

gboolean
vlm_grammar_settle (const VlmGrammar *self, VlmGrammarWay *way)
{
  while (TRUE) {
    const VlmGrammarNode *node = &self->nodes[way->frames[way->depth].node];

    if (!vlm_grammar_node_settles (self, node))
      return TRUE;
    if (!vlm_grammar_enter (self, way, &self->calls[node->first_call]))
      return FALSE;
  }
}

static void
walk_call (VlmGrammarWalk *walk, VlmGrammarWay *way, const VlmGrammarCall *call,
    guint8 byte)
{
  const VlmGrammar *self = walk->grammar;
  VlmGrammarFrame before = way->frames[way->depth];
  VlmGrammarFrame *frame = &way->frames[way->depth];

  if (vlm_grammar_apply (&self->ops[call->op], frame)) {
    VlmGrammarFrame counted = *frame;

    if (vlm_bits_has (self->units[call->unit].first, byte) &&
        vlm_grammar_enter (self, way, call)) {
      vlm_grammar_walk (walk, way, byte);
      way->depth--;
    }
    if (call->empty) {
      *frame = counted;
      frame->node = call->next;
      vlm_grammar_walk (walk, way, byte);
    }
  }
  *frame = before;
}

static void
walk_edge (VlmGrammarWalk *walk, VlmGrammarWay *way, const VlmGrammarEdge *edge)
{
  const VlmGrammar *self = walk->grammar;
  VlmGrammarFrame before = way->frames[way->depth];
  VlmGrammarFrame *frame = &way->frames[way->depth];
  guint depth = way->depth;

  if (edge->op == 0 || vlm_grammar_apply (&self->ops[edge->op], frame)) {
    frame->node = edge->next;
    if (fits (self, way) && vlm_grammar_settle (self, way))
      walk->reached (walk, way);
    way->depth = depth;
  }
  *frame = before;
}

void
vlm_grammar_walk (VlmGrammarWalk *walk, VlmGrammarWay *way, guint8 byte)
{
  const VlmGrammar *self = walk->grammar;
  const VlmGrammarFrame *frame = &way->frames[way->depth];
  const VlmGrammarNode *node = &self->nodes[frame->node];
  const VlmGrammarEdge *edges = &self->edges[node->first_edge];

  for (guint i = 0; i < node->n_edges; i++)
    if (byte >= edges[i].first && byte <= edges[i].last)
      walk_edge (walk, way, &edges[i]);
  for (guint i = 0; i < node->n_calls; i++)
    walk_call (walk, way, &self->calls[node->first_call + i], byte);
  if (!node->ends || !vlm_bits_has (self->units[node->unit].follow, byte) ||
      !may_leave (self, frame))
    return;
  if (way->depth > 0) {
    VlmGrammarFrame inner = *frame;

    way->depth--;
    vlm_grammar_walk (walk, way, byte);
    way->frames[++way->depth] = inner;
  } else if (walk->left != NULL) {
    walk->left (walk, frame);
  }
}

gboolean
vlm_grammar_way_ends (const VlmGrammar *self, VlmGrammarWay *way)
{
  VlmGrammarFrame *frame = &way->frames[way->depth];
  VlmGrammarFrame before = *frame;
  const VlmGrammarNode *node = &self->nodes[frame->node];
  gboolean ends = FALSE;

  if (may_leave (self, frame)) {
    if (way->depth == 0)
      return TRUE;
    way->depth--;
    ends = vlm_grammar_way_ends (self, way);
    way->frames[++way->depth] = before;
  }
  for (guint i = 0; i < node->n_calls && !ends; i++) {
    const VlmGrammarCall *call = &self->calls[node->first_call + i];

    if (call->empty && vlm_grammar_apply (&self->ops[call->op], frame)) {
      frame->node = call->next;
      ends = vlm_grammar_way_ends (self, way);
    }
    *frame = before;
  }
  return ends;
}

void
vlm_grammar_way_bytes (
    const VlmGrammar *self, VlmGrammarWay *way, guint32 *bytes)
{
  VlmGrammarFrame *frame = &way->frames[way->depth];
  VlmGrammarFrame before = *frame;
  const VlmGrammarNode *node = &self->nodes[frame->node];

  for (guint i = 0; i < node->n_edges; i++) {
    const VlmGrammarEdge *edge = &self->edges[node->first_edge + i];
    VlmGrammarFrame after = before;

    if (vlm_grammar_apply (&self->ops[edge->op], &after))
      for (guint byte = edge->first; byte <= edge->last; byte++)
        vlm_bits_add (bytes, byte);
  }
  for (guint i = 0; i < node->n_calls; i++) {
    const VlmGrammarCall *call = &self->calls[node->first_call + i];

    if (!vlm_grammar_apply (&self->ops[call->op], frame))
      continue;
    for (guint j = 0; j < 8; j++)
      bytes[j] |= self->units[call->unit].first[j];
    if (call->empty) {
      frame->node = call->next;
      vlm_grammar_way_bytes (self, way, bytes);
    }
    *frame = before;
  }
  if (way->depth > 0 && may_leave (self, frame)) {
    way->depth--;
    vlm_grammar_way_bytes (self, way, bytes);
    way->frames[++way->depth] = before;
  }
}

/* --- all ways ------------------------------------------------------------ */

void
vlm_grammar_start (const VlmGrammar *self, VlmGrammarState *state)
{
  const VlmGrammarUnit *root = &self->units[0];

  state->n_ways = 1;
  state->lost = FALSE;
  state->ways[0].depth = 0;
  state->ways[0].frames[0] = (VlmGrammarFrame){
    .node = root->entry,
    .left = VLM_GRAMMAR_NO_LIMIT,
    .open = root->marks,
  };
  if (!vlm_grammar_settle (self, &state->ways[0]))
    state->n_ways = 0;
}

static gboolean
same_ways (const VlmGrammarWay *a, const VlmGrammarWay *b)
{
  return a->depth == b->depth &&
      memcmp (a->frames, b->frames, (a->depth + 1) * sizeof a->frames[0]) == 0;
}

typedef struct
{
  VlmGrammarWalk walk;
  VlmGrammarState *next;
} Step;

static void
keep_way (VlmGrammarWalk *walk, const VlmGrammarWay *way)
{
  VlmGrammarState *next = ((Step *) walk)->next;

  for (guint i = 0; i < next->n_ways; i++)
    if (same_ways (&next->ways[i], way))
      return;
  if (next->n_ways == VLM_GRAMMAR_MAX_WAYS)
    next->lost = TRUE;
  else
    vlm_grammar_copy_way (&next->ways[next->n_ways++], way);
}

gboolean
vlm_grammar_step (const VlmGrammar *self, VlmGrammarState *state, guint8 byte)
{
  VlmGrammarState next;
  Step step = {
    .walk = { .grammar = self, .reached = keep_way },
    .next = &next,
  };

  next.n_ways = 0;
  next.lost = state->lost;
  for (guint i = 0; i < state->n_ways; i++)
    vlm_grammar_walk (&step.walk, &state->ways[i], byte);
  if (next.n_ways == 0)
    return FALSE;
  state->n_ways = next.n_ways;
  state->lost = next.lost;
  for (guint i = 0; i < next.n_ways; i++)
    vlm_grammar_copy_way (&state->ways[i], &next.ways[i]);
  return TRUE;
}

gboolean
vlm_grammar_is_complete (const VlmGrammar *self, const VlmGrammarState *state)
{
  for (guint i = 0; i < state->n_ways; i++) {
    VlmGrammarWay way;

    vlm_grammar_copy_way (&way, &state->ways[i]);
    if (vlm_grammar_way_ends (self, &way))
      return TRUE;
  }
  return FALSE;
}

int
vlm_grammar_get_forced_byte (
    const VlmGrammar *self, const VlmGrammarState *state)
{
  guint32 bytes[8] = { 0 };
  int forced = -1;

  for (guint i = 0; i < state->n_ways; i++) {
    VlmGrammarWay way;

    vlm_grammar_copy_way (&way, &state->ways[i]);
    if (vlm_grammar_way_ends (self, &way))
      return -1;
    vlm_grammar_way_bytes (self, &way, bytes);
  }
  for (guint byte = 0; byte < 256; byte++) {
    if (!vlm_bits_has (bytes, byte))
      continue;
    if (forced >= 0)
      return -1;
    forced = (int) byte;
  }
  return forced;
}

VlmGrammarVerdict
vlm_grammar_match (
    const VlmGrammar *self, const char *text, gsize n_bytes, gsize *end)
{
  VlmGrammarState state;
  gsize at = 0;

  vlm_grammar_start (self, &state);
  while (at < n_bytes && vlm_grammar_step (self, &state, (guint8) text[at]))
    at++;
  if (end != NULL)
    *end = at;
  if (at == n_bytes && vlm_grammar_is_complete (self, &state))
    return VLM_GRAMMAR_MATCHED;
  return state.lost ? VLM_GRAMMAR_UNDECIDED : VLM_GRAMMAR_REFUSED;
}
