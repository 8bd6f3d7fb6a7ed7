/* gst-vlm: the tokens that may come at a place of a unit
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-local.h"

#include <string.h>

#include "grammar/token-walked.h"

/* Of all grammars of a model: some 0.4 MB each inside a string, with Qwen2's
 * vocabulary. All go when there is no room; a user of one keeps it. */
#define MAX_KEPT 64u

/* More than any limit, and more than any token brings down to one. */
#define PLENTY (G_MAXUINT16 - 1)

/* Groups that are found by a look. */
#define N_TAKES 64u
#define N_COSTS 32u

/* Most of a trie is walked inside of one unit, without a choice: where each byte
 * leads from a node then. */
#define DEAD G_MAXUINT32
#define SLOW (G_MAXUINT32 - 1) /* a choice, a call, or the end of the unit */

typedef struct
{
  guint32 next[256];
  guint16 take[256];
} Table;

typedef struct
{
  guint32 node;
  guint32 take;
  const Table *table; /* of the node */
} Place;

typedef struct
{
  VlmGrammarWalk walk;
  const VlmTokenCosts *costs;
  VlmTokenLocal *local;
  guint32 at;     /* node of the trie */
  guint n_walked; /* of them */
  VlmTokenWalked walked;
  Table **tables; /* by node of the unit; NULL until needed */
  Table *entry;   /* of the node itself, see is_composed () */
  /* index + 1 of the group of a take and a cost */
  guint16 quick[N_TAKES][N_COSTS];
} Finder;

static VlmTokenGroup *
find_group (Finder *self, guint32 take, guint32 cost)
{
  GArray *groups = self->local->groups;
  gboolean quick = take < N_TAKES && cost < N_COSTS;
  VlmTokenGroup group = { .take = take, .cost = cost };

  if (quick && self->quick[take][cost] > 0)
    return &g_array_index (groups, VlmTokenGroup, self->quick[take][cost] - 1u);
  for (guint i = 0; i < groups->len && !quick; i++) {
    VlmTokenGroup *other = &g_array_index (groups, VlmTokenGroup, i);

    if (other->take == take && other->cost == cost)
      return other;
  }
  g_array_append_val (groups, group);
  if (quick && groups->len <= G_MAXUINT16)
    self->quick[take][cost] = (guint16) groups->len;
  return &g_array_index (groups, VlmTokenGroup, groups->len - 1);
}

static void
add_id (VlmTokenGroup *group, gint32 id)
{
  if (group->n_ids == group->n_room) {
    group->n_room = MAX (16, 2 * group->n_room);
    group->ids = g_renew (gint32, group->ids, group->n_room);
  }
  group->ids[group->n_ids++] = id;
}

static void
note_token (Finder *self, guint32 take, guint32 cost, gint32 id)
{
  VlmTokenGroup *group;

  if (cost >= VLM_GRAMMAR_NEVER)
    return;
  group = find_group (self, take, cost);
  /* Two ways of one token in a row. */
  if (group->n_ids == 0 || group->ids[group->n_ids - 1] != id)
    add_id (group, id);
}

static void
reach (VlmGrammarWalk *walk, const VlmGrammarWay *found)
{
  Finder *self = (Finder *) walk;
  const VlmTrieNode *nodes = self->costs->trie->nodes;
  guint32 at = self->at;
  VlmGrammarWay way;

  if (vlm_token_walked_before (
          &self->walked, at, found, self->costs->trie->n_nodes))
    return;
  self->local->height = MAX (self->local->height,
      vlm_grammar_way_height (self->costs->grammar, found));
  if (nodes[at].id >= 0) {
    guint32 cost = self->costs->nodes[found->frames[0].node];

    if (found->depth > 0)
      cost += vlm_token_costs_of_way (self->costs, found, 1);
    note_token (self, PLENTY - found->frames[0].left, cost, nodes[at].id);
  }
  if (nodes[at].skip == at + 1)
    return;
  vlm_grammar_copy_way (&way, found);
  for (guint32 i = at + 1; i < nodes[at].skip; i = nodes[i].skip) {
    self->at = i;
    self->n_walked++;
    vlm_grammar_walk (walk, &way, nodes[i].byte);
  }
  self->at = at;
}

static void
leave (VlmGrammarWalk *walk, const VlmGrammarFrame *frame)
{
  Finder *self = (Finder *) walk;
  VlmTokenExit exit = { self->at, (guint32) (PLENTY - frame->left) };

  g_array_append_val (self->local->exits, exit);
}

/* Whether the calls of @node need not be walked byte by byte. Where the unit may
 * also end, its tokens depend on what is around it. */
static gboolean
is_composed (const VlmGrammarNode *node)
{
  return node->n_calls > 0 && !node->ends;
}

static Table *
new_table (
    const VlmGrammar *grammar, const VlmGrammarNode *node, gboolean calls)
{
  const VlmGrammarUnit *unit = &grammar->units[node->unit];
  Table *table = g_new0 (Table, 1);

  memset (table->next, 0xff, sizeof table->next);
  for (guint i = 0; i < node->n_edges; i++) {
    const VlmGrammarEdge *edge = &grammar->edges[node->first_edge + i];

    for (guint byte = edge->first; byte <= edge->last; byte++) {
      table->next[byte] = table->next[byte] == DEAD &&
              !vlm_grammar_node_settles (grammar, &grammar->nodes[edge->next])
          ? edge->next
          : SLOW;
      table->take[byte] = grammar->ops[edge->op].take;
    }
  }
  for (guint byte = 0; byte < 256; byte++)
    if (calls || (node->ends && vlm_bits_has (unit->follow, byte)))
      table->next[byte] = SLOW;
  return table;
}

static const Table *
get_table (Finder *self, guint32 index)
{
  const VlmGrammar *grammar = self->costs->grammar;
  const VlmGrammarNode *node = &grammar->nodes[index];
  Table **table = &self->tables[index - grammar->units[node->unit].entry];

  if (*table == NULL)
    *table = new_table (grammar, node, node->n_calls > 0);
  return *table;
}

/* By way of the general walk, which goes on below @at by itself. */
static void
walk_slowly (Finder *self, const Place *place, guint32 at)
{
  VlmGrammarWay way;

  if (place->take > PLENTY)
    return;
  way.depth = 0;
  way.frames[0] = (VlmGrammarFrame){ .node = place->node,
    .left = (guint16) (PLENTY - place->take) };
  self->at = at;
  vlm_grammar_walk (&self->walk, &way, self->costs->trie->nodes[at].byte);
}

static void
walk_trie (Finder *self, guint32 index)
{
  const VlmTokenTrie *trie = self->costs->trie;
  g_autofree Place *path = g_new (Place, trie->max_depth + 1);

  path[0] = (Place){ index, 0,
    self->entry != NULL ? self->entry : get_table (self, index) };
  for (guint32 i = 0; i < trie->n_nodes; self->n_walked++) {
    const VlmTrieNode *at = &trie->nodes[i];
    const Place *from = &path[at->depth - 1];
    guint32 next = from->table->next[at->byte];

    if (next >= SLOW) {
      if (next == SLOW)
        walk_slowly (self, from, i);
      i = at->skip;
      continue;
    }
    path[at->depth] = (Place){ next, from->take + from->table->take[at->byte],
      next == from->node ? from->table : get_table (self, next) };
    if (at->id >= 0)
      note_token (self, path[at->depth].take, self->costs->nodes[next], at->id);
    i++;
  }
}

/* Every token of the vocabulary from @way on. */
static void
walk_all (Finder *self, VlmGrammarWay *way)
{
  const VlmTrieNode *nodes = self->costs->trie->nodes;

  for (guint32 i = 0; i < self->costs->trie->n_nodes; i = nodes[i].skip) {
    self->at = i;
    self->n_walked++;
    vlm_grammar_walk (&self->walk, way, nodes[i].byte);
  }
}

static void
merge_group (VlmTokenGroup *to, const VlmTokenGroup *from, guint vocab_size)
{
  for (guint i = 0; from->bits == NULL && i < from->n_ids; i++)
    add_id (to, from->ids[i]);
  if (from->bits == NULL)
    return;
  if (to->bits == NULL)
    to->bits = vlm_bits_new (vocab_size);
  for (guint i = 0; i < (vocab_size + 31) / 32; i++)
    to->bits[i] |= from->bits[i];
}

/* What @call leads to, from what is known of its unit: tokens that end inside of
 * it, and those that go on after it. @after: the way when it has ended */
static void
compose (Finder *self, const VlmGrammarCall *call, VlmGrammarWay *after)
{
  const VlmTokenCosts *costs = self->costs;
  const VlmTokenTrie *trie = costs->trie;
  VlmTokenLocal *inner =
      vlm_token_local_get (costs, costs->grammar->units[call->unit].entry);
  guint32 take = (guint32) (PLENTY - after->frames[0].left);

  for (guint i = 0; i < inner->groups->len; i++) {
    const VlmTokenGroup *group =
        &g_array_index (inner->groups, VlmTokenGroup, i);
    guint64 cost = (guint64) costs->nodes[call->next] + group->cost;

    if (call->owed > group->take)
      cost += (guint64) (call->owed - group->take) * costs->units[call->unit];
    if (group->take <= call->left && cost < VLM_GRAMMAR_NEVER)
      merge_group (
          find_group (self, take, (guint32) cost), group, trie->vocab_size);
  }
  for (guint i = 0; i < inner->exits->len; i++) {
    const VlmTokenExit *exit = &g_array_index (inner->exits, VlmTokenExit, i);

    if (exit->take > call->left || exit->take < call->owed)
      continue;
    self->at = exit->trie_node;
    self->n_walked++;
    vlm_grammar_walk (&self->walk, after, trie->nodes[exit->trie_node].byte);
  }
  self->local->height = MAX (self->local->height, inner->height + 1);
  vlm_token_local_unref (inner);
}

static void
walk_call (Finder *self, const VlmGrammarCall *call)
{
  const VlmGrammar *grammar = self->costs->grammar;
  VlmGrammarWay after = { .frames = {
                              { .node = call->next, .left = PLENTY } } };
  VlmGrammarWay way;

  vlm_grammar_apply (&grammar->ops[call->op], &after.frames[0]);
  way.depth = 0;
  way.frames[0] = after.frames[0];
  if (grammar->units[call->unit].is_leaf)
    compose (self, call, &after);
  else if (vlm_grammar_enter (grammar, &way, call))
    walk_all (self, &way);
  if (call->empty)
    walk_all (self, &after);
}

static void
walk_calls (Finder *self, const VlmGrammarNode *node)
{
  const VlmGrammar *grammar = self->costs->grammar;

  self->entry = new_table (grammar, node, FALSE);
  for (guint i = 0; i < node->n_calls; i++)
    walk_call (self, &grammar->calls[node->first_call + i]);
}

/* How deep it gets behind any of the nodes that @table leads to. */
static void
find_height (Finder *self, const Table *table)
{
  const VlmGrammarNode *nodes = self->costs->grammar->nodes;

  for (guint byte = 0; table != NULL && byte < 256; byte++)
    if (table->next[byte] < SLOW)
      self->local->height =
          MAX (self->local->height, nodes[table->next[byte]].height);
}

/* Many ids take less room as bits, and are faster to set. */
static void
pack_groups (VlmTokenLocal *self, guint vocab_size)
{
  for (guint i = 0; i < self->groups->len; i++) {
    VlmTokenGroup *group = &g_array_index (self->groups, VlmTokenGroup, i);

    if (group->bits == NULL && group->n_ids < vocab_size / 32)
      continue;
    if (group->bits == NULL)
      group->bits = vlm_bits_new (vocab_size);
    for (guint j = 0; j < group->n_ids; j++)
      vlm_bits_add (group->bits, (guint) group->ids[j]);
    g_clear_pointer (&group->ids, g_free);
    group->n_ids = 0;
  }
}

static VlmTokenLocal *
make_local (const VlmTokenCosts *costs, guint32 index)
{
  VlmTokenLocal *local = g_new0 (VlmTokenLocal, 1);
  g_autofree Finder *self = g_new0 (Finder, 1);
  const VlmGrammar *grammar = costs->grammar;
  const VlmGrammarUnit *unit = &grammar->units[grammar->nodes[index].unit];

  g_atomic_ref_count_init (&local->refs);
  local->groups = g_array_new (FALSE, FALSE, sizeof (VlmTokenGroup));
  local->exits = g_array_new (FALSE, FALSE, sizeof (VlmTokenExit));
  self->walk =
      (VlmGrammarWalk){ .grammar = grammar, .reached = reach, .left = leave };
  self->costs = costs;
  self->local = local;
  self->tables = g_new0 (Table *, unit->n_nodes);
  if (is_composed (&grammar->nodes[index]))
    walk_calls (self, &grammar->nodes[index]);
  walk_trie (self, index);
  find_height (self, self->entry);
  g_free (self->entry);
  for (guint i = 0; i < unit->n_nodes; i++) {
    find_height (self, self->tables[i]);
    g_free (self->tables[i]);
  }
  g_free (self->tables);
  vlm_token_walked_clear (&self->walked);
  g_mutex_lock (&costs->trie->lock);
  costs->trie->n_walked += self->n_walked;
  g_mutex_unlock (&costs->trie->lock);
  pack_groups (local, costs->trie->vocab_size);
  return local;
}

/* All that the tokens of a node depend on, but for the trie; NULL where that is
 * more than its unit. */
static GBytes *
describe (const VlmGrammar *grammar, guint32 index)
{
  const VlmGrammarUnit *unit = &grammar->units[grammar->nodes[index].unit];
  GByteArray *bytes;
  guint32 head[10] = { index - unit->entry, unit->n_nodes };

  if (!unit->is_leaf)
    return NULL;
  bytes = g_byte_array_new ();
  memcpy (head + 2, unit->follow, sizeof unit->follow);
  g_byte_array_append (bytes, (const guint8 *) head, sizeof head);
  for (guint i = 0; i < unit->n_nodes; i++) {
    const VlmGrammarNode *node = &grammar->nodes[unit->entry + i];
    guint32 about[3] = { node->n_edges, node->ends ? 1u : 0u, node->height };

    g_byte_array_append (bytes, (const guint8 *) about, sizeof about);
    for (guint j = 0; j < node->n_edges; j++) {
      const VlmGrammarEdge *edge = &grammar->edges[node->first_edge + j];
      guint32 way[2] = { (guint32) edge->first << 24 |
            (guint32) edge->last << 16 | grammar->ops[edge->op].take,
        edge->next - unit->entry };

      g_byte_array_append (bytes, (const guint8 *) way, sizeof way);
    }
  }
  return g_byte_array_free_to_bytes (bytes);
}

static VlmTokenLocal *
local_ref (VlmTokenLocal *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
unref_local (gpointer local)
{
  vlm_token_local_unref (local);
}

/* Two threads may make the same at the same time: the first one is kept. */
static void
keep_local (VlmTokenTrie *trie, GBytes *key, VlmTokenLocal *local)
{
  g_mutex_lock (&trie->lock);
  if (trie->locals == NULL)
    trie->locals = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
        (GDestroyNotify) g_bytes_unref, unref_local);
  if (g_hash_table_size (trie->locals) >= MAX_KEPT)
    g_hash_table_remove_all (trie->locals);
  if (!g_hash_table_contains (trie->locals, key))
    g_hash_table_insert (trie->locals, g_bytes_ref (key), local_ref (local));
  g_mutex_unlock (&trie->lock);
}

VlmTokenLocal *
vlm_token_local_get (const VlmTokenCosts *costs, guint32 index)
{
  g_autoptr (GBytes) key = describe (costs->grammar, index);
  VlmTokenTrie *trie = costs->trie;
  VlmTokenLocal *local = NULL;

  if (key == NULL)
    return make_local (costs, index);
  g_mutex_lock (&trie->lock);
  if (trie->locals != NULL)
    local = g_hash_table_lookup (trie->locals, key);
  if (local != NULL)
    local_ref (local);
  g_mutex_unlock (&trie->lock);
  if (local == NULL) {
    local = make_local (costs, index);
    keep_local (trie, key, local);
  }
  return local;
}

/* The bytes that are walked from @node, as make_local() does it. */
static void
add_bytes (
    const VlmGrammar *grammar, const VlmGrammarNode *node, guint32 *bytes)
{
  for (guint i = 0; i < node->n_edges; i++) {
    const VlmGrammarEdge *edge = &grammar->edges[node->first_edge + i];

    for (guint byte = edge->first; byte <= edge->last; byte++)
      vlm_bits_add (bytes, byte);
  }
  for (guint i = 0; i < node->n_calls; i++) {
    const VlmGrammarCall *call = &grammar->calls[node->first_call + i];
    const VlmGrammarUnit *unit = &grammar->units[call->unit];
    VlmGrammarWay after = { .frames = {
                                { .node = call->next, .left = PLENTY } } };

    for (guint j = 0; j < 8 && !(is_composed (node) && unit->is_leaf); j++)
      bytes[j] |= unit->first[j];
    if (call->empty)
      vlm_grammar_way_bytes (grammar, &after, bytes);
  }
}

guint
vlm_token_local_estimate (const VlmTokenCosts *costs, guint32 index)
{
  const VlmTrieNode *nodes = costs->trie->nodes;
  guint32 bytes[8] = { 0 };
  guint n = 0;

  add_bytes (costs->grammar, &costs->grammar->nodes[index], bytes);
  for (guint byte = 0; byte < 256; byte++)
    if (vlm_bits_has (bytes, byte) && costs->roots[byte] < G_MAXUINT32)
      n += nodes[costs->roots[byte]].skip - costs->roots[byte];
  return n;
}

void
vlm_token_local_unref (VlmTokenLocal *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < self->groups->len; i++) {
    VlmTokenGroup *group = &g_array_index (self->groups, VlmTokenGroup, i);

    g_free (group->ids);
    g_free (group->bits);
  }
  g_array_unref (self->groups);
  g_array_unref (self->exits);
  g_free (self);
}
