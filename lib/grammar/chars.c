/* gst-vlm: sets of texts, character by character
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/chars.h"

#include <vlm/vlm-error.h>

#define MAX_CHARACTER 0x10ffffu
#define NONE G_MAXUINT32

VlmChars *
vlm_chars_ref (VlmChars *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vlm_chars_unref (VlmChars *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->nodes);
  g_free (self->edges);
  g_free (self);
}

/* --- plain sets ---------------------------------------------------------- */

VlmChars *
vlm_chars_new_text (const char *text)
{
  VlmCharsDraft draft;
  guint node;

  vlm_chars_draft_init (&draft);
  node = vlm_chars_draft_add_node (&draft, text[0] == '\0');
  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);
    guint next =
        vlm_chars_draft_add_node (&draft, *g_utf8_next_char (text) == '\0');

    vlm_chars_draft_add_edge (&draft, node, c, c, next);
    node = next;
  }
  return vlm_chars_draft_finish (&draft);
}

static gboolean
check_size (guint n_nodes, GError **error)
{
  if (n_nodes <= VLM_CHARS_MAX_NODES)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "an automaton of more than %u nodes", VLM_CHARS_MAX_NODES);
  return FALSE;
}

static const VlmCharsEdge any_edges[] = {
  { 0, 0xd7ff, 0 },
  { 0xe000, MAX_CHARACTER, 0 },
};

/* Node i is after i characters: there is no smaller automaton. */
VlmChars *
vlm_chars_new_any (guint min, guint max, GError **error)
{
  guint last = max == G_MAXUINT ? min : max;
  VlmChars *self;

  if (!check_size (last, error))
    return NULL;
  self = g_new0 (VlmChars, 1);
  g_atomic_ref_count_init (&self->refs);
  if (min > last)
    return self;
  self->n_nodes = last + 1;
  self->nodes = g_new0 (VlmCharsNode, self->n_nodes);
  self->edges = g_new (VlmCharsEdge, self->n_nodes * G_N_ELEMENTS (any_edges));
  for (guint i = 0; i <= last; i++) {
    VlmCharsNode *node = &self->nodes[i];

    node->accepting = i >= min;
    node->first_edge = i * G_N_ELEMENTS (any_edges);
    node->n_edges = i < last || max == G_MAXUINT ? G_N_ELEMENTS (any_edges) : 0;
    for (guint j = 0; j < node->n_edges; j++) {
      VlmCharsEdge *edge = &self->edges[node->first_edge + j];

      *edge = any_edges[j];
      edge->next = MIN (i + 1, last);
    }
  }
  return self;
}

/* --- two sets ------------------------------------------------------------ */

typedef enum
{
  BOTH,
  EITHER,
  FIRST_ONLY,
} Join;

typedef struct
{
  const VlmChars *a, *b;
  Join join;
  VlmCharsDraft draft;
  GArray *pairs;       /* guint64: nodes of both; NONE for none */
  GHashTable *indices; /* gint64 * -> index + 1 */
} Joiner;

static guint64
make_pair (guint32 a, guint32 b)
{
  return (guint64) a << 32 | b;
}

static gboolean
accepts (const VlmChars *self, guint32 node)
{
  return node != NONE && self->nodes[node].accepting;
}

/* NONE for a pair from which no text can end. */
static guint
find_pair (Joiner *self, guint32 a, guint32 b)
{
  guint64 pair = make_pair (a, b);
  gpointer found;
  gboolean in_a = accepts (self->a, a), in_b = accepts (self->b, b);
  gboolean accepting = self->join == BOTH ? in_a && in_b
      : self->join == EITHER              ? in_a || in_b
                                          : in_a && !in_b;

  if ((a == NONE && (b == NONE || self->join != EITHER)) ||
      (b == NONE && self->join == BOTH))
    return NONE;
  found = g_hash_table_lookup (self->indices, &pair);
  if (found == NULL) {
    vlm_chars_draft_add_node (&self->draft, accepting);
    g_array_append_val (self->pairs, pair);
    found = GUINT_TO_POINTER (self->pairs->len);
    g_hash_table_insert (self->indices, g_memdup2 (&pair, sizeof pair), found);
  }
  return GPOINTER_TO_UINT (found) - 1;
}

/* Moves @i to the edge of @node with @c or the next one; where it begins and
 * ends in *@from … *@to, cut at @c. */
static guint32
look_up (const VlmChars *self, guint32 node, guint *i, guint32 c, guint32 *to)
{
  const VlmCharsNode *at;
  const VlmCharsEdge *edges;

  if (node == NONE)
    return NONE;
  at = &self->nodes[node];
  edges = &self->edges[at->first_edge];
  while (*i < at->n_edges && edges[*i].last < c)
    (*i)++;
  if (*i == at->n_edges)
    return NONE;
  if (edges[*i].first > c) {
    *to = MIN (*to, edges[*i].first - 1);
    return NONE;
  }
  *to = MIN (*to, edges[*i].last);
  return edges[*i].next;
}

static void
join_pair (Joiner *self, guint index)
{
  guint64 pair = g_array_index (self->pairs, guint64, index);
  guint32 a = (guint32) (pair >> 32), b = (guint32) pair;
  guint i = 0, j = 0;

  for (guint32 c = 0, to; c <= MAX_CHARACTER; c = to + 1) {
    guint32 next_a, next_b;
    guint next;

    to = MAX_CHARACTER;
    next_a = look_up (self->a, a, &i, c, &to);
    next_b = look_up (self->b, b, &j, c, &to);
    next = find_pair (self, next_a, next_b);
    if (next != NONE)
      vlm_chars_draft_add_edge (&self->draft, index, c, to, next);
  }
}

static VlmChars *
join_sets (const VlmChars *a, const VlmChars *b, Join join, GError **error)
{
  Joiner self = {
    .a = a,
    .b = b,
    .join = join,
    .pairs = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .indices =
        g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL),
  };
  VlmChars *joined;
  gboolean fits = TRUE;

  vlm_chars_draft_init (&self.draft);
  find_pair (&self, a->n_nodes > 0 ? 0 : NONE, b->n_nodes > 0 ? 0 : NONE);
  for (guint i = 0; i < self.pairs->len && fits; i++) {
    join_pair (&self, i);
    fits = check_size (self.pairs->len, error);
  }
  joined = vlm_chars_draft_finish (&self.draft);
  g_array_unref (self.pairs);
  g_hash_table_unref (self.indices);
  if (!fits)
    g_clear_pointer (&joined, vlm_chars_unref);
  return joined;
}

VlmChars *
vlm_chars_intersect (const VlmChars *a, const VlmChars *b, GError **error)
{
  return join_sets (a, b, BOTH, error);
}

VlmChars *
vlm_chars_unite (const VlmChars *a, const VlmChars *b, GError **error)
{
  return join_sets (a, b, EITHER, error);
}

VlmChars *
vlm_chars_subtract (const VlmChars *a, const VlmChars *b, GError **error)
{
  return join_sets (a, b, FIRST_ONLY, error);
}

gboolean
vlm_chars_match (const VlmChars *self, const char *text)
{
  guint32 node = vlm_chars_is_empty (self) ? NONE : 0;

  for (; *text != '\0' && node != NONE; text = g_utf8_next_char (text)) {
    guint32 to = MAX_CHARACTER;
    guint i = 0;

    node = look_up (self, node, &i, g_utf8_get_char (text), &to);
  }
  return accepts (self, node);
}
