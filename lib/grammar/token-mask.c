/* gst-vlm: which tokens a grammar allows next
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-mask.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "grammar/token-local.h"
#include "grammar/token-walked.h"

#define NEVER VLM_GRAMMAR_NEVER

/* Masks that are kept, 19 kB each for Qwen2's vocabulary. All go when there is
 * no room. */
#define MAX_KEPT 512u

/* Bytes forced at once. */
#define MAX_FORCED 4096u

/* Places where more than that part of the trie may have to be walked are
 * inside of texts. That takes milliseconds, so it is done beforehand, not in a
 * step; but only for so many places, because patterns may have thousands. */
#define PREPARED_PART 8u
#define MAX_PREPARED 16u

/* The mask of a way. @slack is how many tokens are left beyond those of the
 * shortest end. */
typedef struct
{
  guint32 *bits;
  guint32 slack_needed; /* for no token to be left out for its length */
} Kept;

struct _VlmTokenMask
{
  VlmGrammar *grammar;
  VlmTokenTrie *trie;
  VlmTokenCosts costs;
  GArray *end_ids;        /* gint32 */
  VlmTokenLocal **locals; /* by node of the grammar; NULL until needed */
  GHashTable *kept;       /* GBytes, see make_key () -> Kept */
  guint32 *joint;         /* of several ways */
  guint64 n_walked;       /* nodes of the trie */
};

static void
free_kept (gpointer data)
{
  Kept *kept = data;

  g_free (kept->bits);
  g_free (kept);
}

static const VlmTokenLocal *
get_local (VlmTokenMask *self, guint32 node)
{
  if (self->locals[node] == NULL)
    self->locals[node] = vlm_token_local_get (&self->costs, node);
  return self->locals[node];
}

static void
prepare (VlmTokenMask *self)
{
  guint most = self->trie->n_nodes / PREPARED_PART;
  guint n_prepared = 0;

  for (guint i = 0; i < self->grammar->n_nodes && n_prepared < MAX_PREPARED;
       i++) {
    if (!self->grammar->nodes[i].alive ||
        vlm_token_local_estimate (&self->costs, i) <= most)
      continue;
    get_local (self, i);
    n_prepared++;
  }
}

VlmTokenMask *
vlm_token_mask_new (VlmGrammar *grammar, VlmTokenTrie *trie,
    const gint32 *end_ids, guint n_end_ids)
{
  VlmTokenMask *self = g_new0 (VlmTokenMask, 1);

  g_assert (!grammar->has_marks);
  self->grammar = vlm_grammar_ref (grammar);
  self->trie = vlm_token_trie_ref (trie);
  self->end_ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_array_append_vals (self->end_ids, end_ids, n_end_ids);
  self->locals = g_new0 (VlmTokenLocal *, grammar->n_nodes);
  self->kept = g_hash_table_new_full (
      g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, free_kept);
  self->joint = vlm_bits_new (trie->vocab_size);
  vlm_token_costs_init (&self->costs, grammar, trie);
  prepare (self);
  return self;
}

void
vlm_token_mask_free (VlmTokenMask *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->grammar->n_nodes; i++)
    vlm_token_local_unref (self->locals[i]);
  g_free (self->locals);
  g_hash_table_unref (self->kept);
  g_free (self->joint);
  vlm_token_costs_clear (&self->costs);
  g_array_unref (self->end_ids);
  vlm_token_trie_unref (self->trie);
  vlm_grammar_unref (self->grammar);
  g_free (self);
}

/* Tokens to the end, at least. */
static guint32
cost_of (const VlmTokenMask *self, const VlmGrammarState *state)
{
  guint32 least = NEVER;

  for (guint i = 0; i < state->n_ways; i++)
    least =
        MIN (least, vlm_token_costs_of_way (&self->costs, &state->ways[i], 0));
  return least;
}

guint
vlm_token_mask_get_min_tokens (const VlmTokenMask *self)
{
  VlmGrammarState state;
  guint32 cost;

  vlm_grammar_start (self->grammar, &state);
  cost = cost_of (self, &state);
  return cost < NEVER ? cost : G_MAXUINT;
}

guint64
vlm_token_mask_get_work (const VlmTokenMask *self)
{
  guint64 n_walked;

  g_mutex_lock (&self->trie->lock);
  n_walked = self->trie->n_walked;
  g_mutex_unlock (&self->trie->lock);
  return n_walked + self->n_walked;
}

/* --- the mask of a way --------------------------------------------------- */

typedef struct
{
  VlmGrammarWalk walk;
  VlmTokenMask *mask;
  guint32 *bits;
  guint32 at;      /* node of the trie */
  guint32 most;    /* tokens to the end that are allowed after a token */
  guint32 longest; /* that were met */
  VlmTokenWalked walked;
} Painter;

static void
paint_reached (VlmGrammarWalk *walk, const VlmGrammarWay *found)
{
  Painter *self = (Painter *) walk;
  const VlmTrieNode *nodes = self->mask->trie->nodes;
  guint32 at = self->at;
  VlmGrammarWay way;

  if (vlm_token_walked_before (
          &self->walked, at, found, self->mask->trie->n_nodes))
    return;
  if (nodes[at].id >= 0) {
    guint32 cost = vlm_token_costs_of_way (&self->mask->costs, found, 0);

    if (cost < NEVER)
      self->longest = MAX (self->longest, cost);
    if (cost <= self->most)
      vlm_bits_add (self->bits, (guint) nodes[at].id);
  }
  if (nodes[at].skip == at + 1)
    return;
  vlm_grammar_copy_way (&way, found);
  for (guint32 i = at + 1; i < nodes[at].skip; i = nodes[i].skip) {
    self->at = i;
    self->mask->n_walked++;
    vlm_grammar_walk (walk, &way, nodes[i].byte);
  }
  self->at = at;
}

static void
paint_group (Painter *self, const VlmTokenGroup *group)
{
  guint n_words = (self->mask->trie->vocab_size + 31) / 32;

  if (group->bits != NULL)
    for (guint i = 0; i < n_words; i++)
      self->bits[i] |= group->bits[i];
  else
    for (guint i = 0; i < group->n_ids; i++)
      vlm_bits_add (self->bits, (guint) group->ids[i]);
}

/* Tokens that end inside of the unit where @way is. */
static void
paint_inside (
    Painter *self, const VlmTokenLocal *local, const VlmGrammarWay *way)
{
  const VlmTokenCosts *costs = &self->mask->costs;
  const VlmGrammarFrame *frame = &way->frames[way->depth];
  guint32 below = vlm_token_costs_of_way (costs, way, 0) -
      vlm_token_costs_of_frame (costs, frame);
  guint32 each = costs->units[self->mask->grammar->nodes[frame->node].unit];

  for (guint i = 0; i < local->groups->len; i++) {
    const VlmTokenGroup *group =
        &g_array_index (local->groups, VlmTokenGroup, i);
    guint64 cost = below + group->cost;

    if (group->take > frame->left)
      continue;
    if (frame->owed > group->take)
      cost += (guint64) (frame->owed - group->take) * each;
    if (cost >= NEVER)
      continue;
    self->longest = MAX (self->longest, (guint32) cost);
    if (cost <= self->most)
      paint_group (self, group);
  }
}

/* Tokens that continue after that unit. */
static void
paint_outside (
    Painter *self, const VlmTokenLocal *local, const VlmGrammarWay *way)
{
  const VlmGrammarFrame *frame = &way->frames[way->depth];
  VlmGrammarWay outer;

  if (way->depth == 0)
    return;
  vlm_grammar_copy_way (&outer, way);
  outer.depth--;
  for (guint i = 0; i < local->exits->len; i++) {
    const VlmTokenExit *exit = &g_array_index (local->exits, VlmTokenExit, i);

    if (exit->take > frame->left || exit->take < frame->owed)
      continue;
    self->at = exit->trie_node;
    self->mask->n_walked++;
    vlm_grammar_walk (
        &self->walk, &outer, self->mask->trie->nodes[exit->trie_node].byte);
  }
}

/* All tokens that continue from @way, without what is known of its node. */
static void
paint_deep (Painter *self, VlmGrammarWay *way)
{
  const VlmTokenTrie *trie = self->mask->trie;

  for (guint32 i = 0; i < trie->n_nodes; i = trie->nodes[i].skip) {
    self->at = i;
    self->mask->n_walked++;
    vlm_grammar_walk (&self->walk, way, trie->nodes[i].byte);
  }
}

static void
paint_ends (Painter *self, VlmGrammarWay *way)
{
  if (!vlm_grammar_way_ends (self->mask->grammar, way))
    return;
  for (guint i = 0; i < self->mask->end_ids->len; i++) {
    gint32 id = g_array_index (self->mask->end_ids, gint32, i);

    if (id >= 0 && (guint) id < self->mask->trie->vocab_size)
      vlm_bits_add (self->bits, (guint) id);
  }
}

/* @slack: G_MAXUINT32 for any */
static Kept *
make_mask (VlmTokenMask *self, VlmGrammarWay *way, guint32 slack)
{
  guint32 own = vlm_token_costs_of_way (&self->costs, way, 0);
  const VlmTokenLocal *local = get_local (self, way->frames[way->depth].node);
  Kept *kept = g_new0 (Kept, 1);
  Painter painter = {
    .walk = { .grammar = self->grammar, .reached = paint_reached },
    .mask = self,
    .bits = vlm_bits_new (self->trie->vocab_size),
    .most = slack < NEVER ? own + slack - 1 : NEVER - 1,
  };

  if (way->depth + local->height >= VLM_GRAMMAR_MAX_DEPTH) {
    paint_deep (&painter, way);
  } else {
    paint_inside (&painter, local, way);
    paint_outside (&painter, local, way);
  }
  paint_ends (&painter, way);
  vlm_token_walked_clear (&painter.walked);
  kept->bits = painter.bits;
  kept->slack_needed =
      painter.longest + 1 > own ? painter.longest + 1 - own : 0;
  return kept;
}

/* The most that a token takes from a limit, or pays: a larger count makes no
 * difference. */
static guint16
brought_down (const VlmTokenMask *self, guint16 count)
{
  guint64 most = (guint64) self->trie->max_depth * self->grammar->max_take;

  return (guint16) MIN (count, most);
}

static GBytes *
make_key (const VlmTokenMask *self, VlmGrammarWay *way, guint32 slack)
{
  gsize n_bytes = sizeof slack + (way->depth + 1) * sizeof way->frames[0];
  g_autofree guint8 *data = g_malloc (n_bytes);

  for (guint i = 0; i <= way->depth; i++) {
    way->frames[i].left = brought_down (self, way->frames[i].left);
    way->frames[i].owed = brought_down (self, way->frames[i].owed);
  }
  memcpy (data, &slack, sizeof slack);
  memcpy (data + sizeof slack, way->frames, n_bytes - sizeof slack);
  return g_bytes_new_take (g_steal_pointer (&data), n_bytes);
}

static const Kept *
get_kept (VlmTokenMask *self, const VlmGrammarWay *from, guint32 slack)
{
  g_autoptr (GBytes) key = NULL;
  VlmGrammarWay way;
  Kept *kept;

  vlm_grammar_copy_way (&way, from);
  key = make_key (self, &way, slack);
  kept = g_hash_table_lookup (self->kept, key);
  if (kept != NULL)
    return kept;
  if (g_hash_table_size (self->kept) >= MAX_KEPT)
    g_hash_table_remove_all (self->kept);
  kept = make_mask (self, &way, slack);
  g_hash_table_insert (self->kept, g_steal_pointer (&key), kept);
  return kept;
}

/* NULL for none. */
static const guint32 *
get_way_mask (VlmTokenMask *self, const VlmGrammarWay *way, guint n_left)
{
  guint32 own = vlm_token_costs_of_way (&self->costs, way, 0);
  const Kept *open;
  guint32 slack_needed;

  if (own > n_left)
    return NULL;
  open = get_kept (self, way, G_MAXUINT32);
  slack_needed = open->slack_needed;
  if (n_left - own >= slack_needed)
    return open->bits;
  return get_kept (self, way, n_left - own)->bits;
}

gboolean
vlm_matcher_init (
    VlmMatcher *self, VlmTokenMask *mask, guint max_tokens, GError **error)
{
  guint min_tokens = vlm_token_mask_get_min_tokens (mask);

  self->mask = mask;
  vlm_grammar_start (mask->grammar, &self->state);
  self->ended = FALSE;
  if (min_tokens == G_MAXUINT) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the vocabulary cannot spell an answer");
    return FALSE;
  }
  if (max_tokens < min_tokens) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the shortest answer takes %u tokens, the limit is %u", min_tokens,
        max_tokens);
    return FALSE;
  }
  return TRUE;
}

guint
vlm_matcher_get_min_tokens (const VlmMatcher *self)
{
  return cost_of (self->mask, &self->state);
}

const guint32 *
vlm_matcher_get_mask (VlmMatcher *self, guint n_left)
{
  VlmTokenMask *mask = self->mask;
  guint n_words = (mask->trie->vocab_size + 31) / 32;

  g_assert (!self->ended);
  if (self->state.n_ways == 1)
    return get_way_mask (mask, &self->state.ways[0], n_left);
  memset (mask->joint, 0, n_words * sizeof *mask->joint);
  for (guint i = 0; i < self->state.n_ways; i++) {
    const guint32 *bits = get_way_mask (mask, &self->state.ways[i], n_left);

    for (guint j = 0; bits != NULL && j < n_words; j++)
      mask->joint[j] |= bits[j];
  }
  return mask->joint;
}

/* --- tokens -------------------------------------------------------------- */

/* Follows a token as a whole: if there are too many ways, those closest to their
 * ends stay, so that the ones that a mask counted on are among them. */
typedef struct
{
  VlmGrammarWalk walk;
  const VlmTokenCosts *costs;
  const char *bytes;
  gsize n_bytes;
  gsize at;
  VlmGrammarState *next;
} Follower;

static void
keep_way (
    const VlmTokenCosts *costs, VlmGrammarState *next, const VlmGrammarWay *way)
{
  guint32 cost = vlm_token_costs_of_way (costs, way, 0), dearest = 0;
  guint worst = 0;

  for (guint i = 0; i < next->n_ways; i++) {
    const VlmGrammarWay *other = &next->ways[i];
    guint32 other_cost = vlm_token_costs_of_way (costs, other, 0);

    if (other->depth == way->depth &&
        memcmp (other->frames, way->frames,
            (way->depth + 1) * sizeof way->frames[0]) == 0)
      return;
    if (other_cost > dearest) {
      dearest = other_cost;
      worst = i;
    }
  }
  if (next->n_ways < VLM_GRAMMAR_MAX_WAYS) {
    vlm_grammar_copy_way (&next->ways[next->n_ways++], way);
    return;
  }
  next->lost = TRUE;
  if (cost < dearest)
    vlm_grammar_copy_way (&next->ways[worst], way);
}

static void
follow_reached (VlmGrammarWalk *walk, const VlmGrammarWay *found)
{
  Follower *self = (Follower *) walk;
  VlmGrammarWay way;

  if (self->at + 1 == self->n_bytes) {
    keep_way (self->costs, self->next, found);
    return;
  }
  vlm_grammar_copy_way (&way, found);
  self->at++;
  vlm_grammar_walk (walk, &way, (guint8) self->bytes[self->at]);
  self->at--;
}

/* FALSE, with @state as it was, when @id does not fit. */
static gboolean
step_token (const VlmTokenMask *mask, VlmGrammarState *state, gint32 id)
{
  const VlmTokenTrie *trie = mask->trie;
  VlmGrammarState next;
  Follower self = {
    .walk = { .grammar = mask->grammar, .reached = follow_reached },
    .costs = &mask->costs,
    .next = &next,
  };

  self.bytes = vlm_tokenizer_get_bytes (trie->tokenizer, id, &self.n_bytes);
  if (self.n_bytes == 0 || (guint) id >= trie->vocab_size ||
      vlm_tokenizer_is_added (trie->tokenizer, id))
    return FALSE;
  next.n_ways = 0;
  next.lost = state->lost;
  for (guint i = 0; i < state->n_ways; i++)
    vlm_grammar_walk (&self.walk, &state->ways[i], (guint8) self.bytes[0]);
  if (next.n_ways == 0)
    return FALSE;
  state->n_ways = next.n_ways;
  state->lost = next.lost;
  for (guint i = 0; i < next.n_ways; i++)
    vlm_grammar_copy_way (&state->ways[i], &next.ways[i]);
  return TRUE;
}

void
vlm_matcher_accept (VlmMatcher *self, gint32 id)
{
  const GArray *end_ids = self->mask->end_ids;
  gboolean fits;

  g_assert (!self->ended);
  for (guint i = 0; i < end_ids->len && !self->ended; i++)
    self->ended = g_array_index (end_ids, gint32, i) == id;
  fits = self->ended ? vlm_matcher_is_complete (self)
                     : step_token (self->mask, &self->state, id);
  g_assert (fits);
}

/* Whether some token begins with @bytes and continues as @state allows. */
static gboolean
reaches_beyond (const VlmTokenMask *mask, const char *bytes, gsize n_bytes,
    const VlmGrammarState *state)
{
  const VlmTokenTrie *trie = mask->trie;
  guint at = 0, end = trie->n_nodes;

  for (gsize i = 0; i <= n_bytes; i++) {
    /* The siblings in at … end have i bytes before them. */
    while (at < end) {
      VlmGrammarState next = *state;

      if (i == n_bytes
              ? vlm_grammar_step (mask->grammar, &next, trie->nodes[at].byte)
              : trie->nodes[at].byte == (guint8) bytes[i])
        break;
      at = trie->nodes[at].skip;
    }
    if (at >= end)
      return FALSE;
    end = trie->nodes[at].skip;
    at++;
  }
  return TRUE;
}

guint
vlm_matcher_force (VlmMatcher *self, guint n_left, GArray *ids)
{
  VlmTokenMask *mask = self->mask;
  VlmGrammarState after = self->state, state = self->state;
  g_autoptr (GString) forced = g_string_new (NULL);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  gsize stable, end = 0;
  guint n = 0;
  int byte;

  while (!self->ended && forced->len < MAX_FORCED &&
      (byte = vlm_grammar_get_forced_byte (mask->grammar, &after)) >= 0) {
    g_string_append_c (forced, (char) byte);
    vlm_grammar_step (mask->grammar, &after, (guint8) byte);
  }
  if (forced->len == 0)
    return 0;
  /* The first byte from which a token could continue past what is forced. */
  stable = forced->len - MIN (forced->len, mask->trie->max_depth);
  while (stable < forced->len &&
      !reaches_beyond (
          mask, forced->str + stable, forced->len - stable, &after))
    stable++;
  vlm_tokenizer_encode (
      mask->trie->tokenizer, forced->str, (gssize) forced->len, FALSE, tokens);
  /* The tokenizer's way may take more tokens than there are. */
  for (guint i = 0; i < tokens->len && i < n_left; i++) {
    gint32 id = g_array_index (tokens, gint32, i);
    gsize n_bytes;

    vlm_tokenizer_get_bytes (mask->trie->tokenizer, id, &n_bytes);
    end += n_bytes;
    if (end > stable || !step_token (mask, &state, id))
      break;
    if (cost_of (mask, &state) <= n_left - i - 1) {
      n = i + 1;
      self->state = state;
    }
  }
  g_array_append_vals (ids, tokens->data, n);
  return n;
}

gboolean
vlm_matcher_is_complete (const VlmMatcher *self)
{
  return vlm_grammar_is_complete (self->mask->grammar, &self->state);
}

gboolean
vlm_matcher_is_final (const VlmMatcher *self)
{
  guint32 bytes[8] = { 0 };

  if (!vlm_matcher_is_complete (self))
    return FALSE;
  for (guint i = 0; i < self->state.n_ways; i++) {
    VlmGrammarWay way;

    vlm_grammar_copy_way (&way, &self->state.ways[i]);
    vlm_grammar_way_bytes (self->mask->grammar, &way, bytes);
  }
  for (guint i = 0; i < 8; i++)
    if (bytes[i] != 0)
      return FALSE;
  return TRUE;
}
