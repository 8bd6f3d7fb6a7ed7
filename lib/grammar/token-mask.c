/* gst-vlm: which tokens a grammar allows next
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-mask.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/bits.h"
#include "grammar/grammar-private.h"

#define NEVER G_MAXUINT

/* A counter that is known to be large enough: beyond all real ones, and so high
 * that no token can bring it down among them. */
#define PLENTY G_MAXUINT16

/* Exact masks that are kept, 19 kB each for Qwen2's vocabulary. All go when
 * there is no room: they are for the last tokens of an answer only. */
#define MAX_EXACT 256u

/* Bytes forced at once. */
#define MAX_FORCED 4096u

/* The mask of a node while counters and tokens are plenty. */
typedef struct
{
  guint32 *bits;                          /* NULL until it is needed */
  guint16 need[VLM_GRAMMAR_MAX_COUNTERS]; /* for which counters it is right */
  guint min_left;                         /* and for how many tokens */
} OpenMask;

typedef struct
{
  VlmGrammarState state;
  guint32 n_left;
} ExactKey;

struct _VlmTokenMask
{
  VlmGrammar *grammar;
  VlmTokenTrie *trie;
  GArray *end_ids;       /* gint32 */
  guint *min_tokens;     /* to the end of the text, by node; NEVER for none */
  OpenMask *open;        /* by node */
  GHashTable *exact;     /* ExactKey -> guint32 * */
  VlmGrammarState *path; /* by depth in the trie */
};

/* Appends the nodes to which a token leads from @from without taking from any
 * counter, each once. */
static void
find_free_successors (VlmTokenMask *self, guint from, GArray *successors,
    guint32 *seen, guint mark)
{
  const VlmGrammar *grammar = self->grammar;
  const VlmTokenTrie *trie = self->trie;
  VlmGrammarState *path = self->path;

  path[0].state = (guint16) from;
  for (guint i = 0; i < trie->n_nodes;) {
    const VlmTrieNode *at = &trie->nodes[i];
    const VlmGrammarNode *node = &grammar->nodes[path[at->depth - 1].state];
    guint16 next = node->next[at->byte];

    if (next == VLM_GRAMMAR_DEAD ||
        !vlm_grammar_is_free (grammar, node->ops[at->byte])) {
      i = at->skip;
      continue;
    }
    path[at->depth].state = next;
    if (at->id >= 0 && seen[next] != mark) {
      guint32 successor = next;

      seen[next] = mark;
      g_array_append_val (successors, successor);
    }
    i++;
  }
}

/* The fewest tokens from each node to the end of the text. Counters do not
 * matter: there is always a way that takes nothing from them. */
static void
find_min_tokens (VlmTokenMask *self)
{
  guint n = self->grammar->n_nodes;
  g_autoptr (GArray) successors = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autofree guint *first = g_new (guint, n + 1);
  g_autofree guint32 *seen = g_new0 (guint32, n);
  gboolean changed = TRUE;

  self->min_tokens = g_new (guint, n);
  for (guint i = 0; i < n; i++) {
    first[i] = successors->len;
    find_free_successors (self, i, successors, seen, i + 1);
    self->min_tokens[i] = self->grammar->nodes[i].accepting ? 0 : NEVER;
  }
  first[n] = successors->len;
  while (changed) {
    changed = FALSE;
    for (guint i = n; i-- > 0;) {
      for (guint j = first[i]; j < first[i + 1]; j++) {
        guint after = self->min_tokens[g_array_index (successors, guint32, j)];

        if (after != NEVER && after + 1 < self->min_tokens[i]) {
          self->min_tokens[i] = after + 1;
          changed = TRUE;
        }
      }
    }
  }
}

static guint
hash_key (gconstpointer pointer)
{
  const ExactKey *key = pointer;
  guint hash = key->n_left * 31 + key->state.state;

  for (guint i = 0; i < VLM_GRAMMAR_MAX_COUNTERS; i++)
    hash = hash * 31 + key->state.left[i];
  return hash;
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (ExactKey)) == 0;
}

VlmTokenMask *
vlm_token_mask_new (VlmGrammar *grammar, VlmTokenTrie *trie,
    const gint32 *end_ids, guint n_end_ids)
{
  VlmTokenMask *self = g_new0 (VlmTokenMask, 1);

  G_STATIC_ASSERT (sizeof (ExactKey) ==
      sizeof (VlmGrammarState) + sizeof (guint32)); /* no padding */
  self->grammar = vlm_grammar_ref (grammar);
  self->trie = vlm_token_trie_ref (trie);
  self->end_ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_array_append_vals (self->end_ids, end_ids, n_end_ids);
  self->path = g_new0 (VlmGrammarState, trie->max_depth + 1);
  self->open = g_new0 (OpenMask, grammar->n_nodes);
  self->exact = g_hash_table_new_full (hash_key, equal_keys, g_free, g_free);
  find_min_tokens (self);
  return self;
}

void
vlm_token_mask_free (VlmTokenMask *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->grammar->n_nodes; i++)
    g_free (self->open[i].bits);
  g_free (self->open);
  g_hash_table_unref (self->exact);
  g_free (self->path);
  g_free (self->min_tokens);
  g_array_unref (self->end_ids);
  vlm_token_trie_unref (self->trie);
  vlm_grammar_unref (self->grammar);
  g_free (self);
}

guint
vlm_token_mask_get_min_tokens (const VlmTokenMask *self)
{
  return self->min_tokens[vlm_grammar_start (self->grammar).state];
}

/* Applies @list; keeps in @least how far down counters came that started with
 * PLENTY. FALSE when a counter does not hold what is to be taken away. */
static inline gboolean
apply_noting (const VlmGrammarOps *list, VlmGrammarState *state, guint16 *least)
{
  if (!vlm_grammar_apply (list, state))
    return FALSE;
  for (guint i = 0; i < list->n_ops; i++) {
    guint counter = list->ops[i].counter;

    if (state->left[counter] > VLM_GRAMMAR_MAX_COUNT &&
        state->left[counter] < least[counter])
      least[counter] = state->left[counter];
  }
  return TRUE;
}

/* Sets the bits of all tokens that fit from @from on and after which @n_left - 1
 * tokens suffice to end the text. Returns the longest way to the end behind any
 * token that fits. Hot: it visits most of the trie inside a string. */
static guint
walk_trie (VlmTokenMask *self, const VlmGrammarState *from, guint n_left,
    guint32 *bits, guint16 *least)
{
  const VlmGrammarNode *grammar_nodes = self->grammar->nodes;
  const VlmGrammarOps *ops = vlm_grammar_ops (self->grammar, 0);
  const VlmTrieNode *nodes = self->trie->nodes;
  const guint *min_tokens = self->min_tokens;
  VlmGrammarState *path = self->path;
  guint n = self->trie->n_nodes, longest = 0;

  path[0] = *from;
  for (guint i = 0; i < n;) {
    const VlmTrieNode *at = &nodes[i];
    VlmGrammarState *state = &path[at->depth];
    const VlmGrammarNode *node = &grammar_nodes[state[-1].state];
    guint16 next = node->next[at->byte];
    guint list = node->ops[at->byte];

    *state = state[-1];
    state->state = next;
    if (next == VLM_GRAMMAR_DEAD ||
        (list != 0 && !apply_noting (&ops[list], state, least))) {
      i = at->skip;
      continue;
    }
    if (at->id >= 0 && min_tokens[next] != NEVER) {
      longest = MAX (longest, min_tokens[next]);
      if (min_tokens[next] < n_left)
        vlm_bits_add (bits, (guint) at->id);
    }
    i++;
  }
  return longest;
}

static guint32 *
make_mask (VlmTokenMask *self, const VlmGrammarState *from, guint n_left,
    guint *longest, guint16 *least)
{
  guint vocab_size = self->trie->vocab_size;
  guint32 *bits = vlm_bits_new (vocab_size);

  *longest = walk_trie (self, from, n_left, bits, least);
  for (guint i = 0; i < self->end_ids->len; i++) {
    gint32 id = g_array_index (self->end_ids, gint32, i);

    if (vlm_grammar_is_complete (self->grammar, from) && id >= 0 &&
        (guint) id < vocab_size)
      vlm_bits_add (bits, (guint) id);
  }
  return bits;
}

static const OpenMask *
get_open (VlmTokenMask *self, guint node)
{
  OpenMask *open = &self->open[node];
  VlmGrammarState state = { .state = (guint16) node };
  guint16 least[VLM_GRAMMAR_MAX_COUNTERS];
  guint longest;

  if (open->bits != NULL)
    return open;
  for (guint i = 0; i < VLM_GRAMMAR_MAX_COUNTERS; i++)
    state.left[i] = least[i] = PLENTY;
  open->bits = make_mask (self, &state, G_MAXUINT, &longest, least);
  for (guint i = 0; i < VLM_GRAMMAR_MAX_COUNTERS; i++)
    open->need[i] = PLENTY - least[i];
  open->min_left = longest + 1;
  return open;
}

static const guint32 *
get_exact (VlmTokenMask *self, const ExactKey *key)
{
  guint16 least[VLM_GRAMMAR_MAX_COUNTERS];
  guint longest;
  guint32 *bits = g_hash_table_lookup (self->exact, key);

  if (bits != NULL)
    return bits;
  if (g_hash_table_size (self->exact) >= MAX_EXACT)
    g_hash_table_remove_all (self->exact);
  bits = make_mask (self, &key->state, key->n_left, &longest, least);
  g_hash_table_insert (self->exact, g_memdup2 (key, sizeof *key), bits);
  return bits;
}

gboolean
vlm_matcher_init (
    VlmMatcher *self, VlmTokenMask *mask, guint max_tokens, GError **error)
{
  guint min_tokens = vlm_token_mask_get_min_tokens (mask);

  self->mask = mask;
  self->state = vlm_grammar_start (mask->grammar);
  self->ended = FALSE;
  if (min_tokens == NEVER) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the vocabulary cannot spell an answer");
    return FALSE;
  }
  if (max_tokens < min_tokens) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the shortest answer takes %u tokens, there are %u", min_tokens,
        max_tokens);
    return FALSE;
  }
  return TRUE;
}

const guint32 *
vlm_matcher_get_mask (VlmMatcher *self, guint n_left)
{
  const OpenMask *open = get_open (self->mask, self->state.state);
  ExactKey key = { self->state, MIN (n_left, open->min_left) };
  gboolean is_open = n_left >= open->min_left;

  g_assert (!self->ended);
  /* What is more than needed makes no difference. */
  for (guint i = 0; i < VLM_GRAMMAR_MAX_COUNTERS; i++) {
    is_open = is_open && self->state.left[i] >= open->need[i];
    key.state.left[i] = MIN (self->state.left[i], open->need[i]);
  }
  return is_open ? open->bits : get_exact (self->mask, &key);
}

/* FALSE, with @state as it was, when @id does not fit. */
static gboolean
step_token (const VlmTokenMask *mask, VlmGrammarState *state, gint32 id)
{
  const VlmTokenTrie *trie = mask->trie;
  VlmGrammarState next = *state;
  gsize n_bytes;
  const char *bytes = vlm_tokenizer_get_bytes (trie->tokenizer, id, &n_bytes);

  if (n_bytes == 0 || (guint) id >= trie->vocab_size ||
      vlm_tokenizer_is_added (trie->tokenizer, id))
    return FALSE;
  for (gsize i = 0; i < n_bytes; i++)
    if (!vlm_grammar_step (mask->grammar, &next, (guint8) bytes[i]))
      return FALSE;
  *state = next;
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

/* Whether some token has @bytes at its start and goes on as @state allows. */
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
  /* The first byte from where a token could go on into what is not forced. */
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
    if (mask->min_tokens[state.state] <= n_left - i - 1) {
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
  if (!vlm_matcher_is_complete (self))
    return FALSE;
  for (guint byte = 0; byte < 256; byte++) {
    VlmGrammarState next = self->state;

    if (vlm_grammar_step (self->mask->grammar, &next, (guint8) byte))
      return FALSE;
  }
  return TRUE;
}
