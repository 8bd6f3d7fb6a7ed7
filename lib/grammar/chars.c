/* gst-vlm: sets of texts, character by character
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/chars.h"

#include <string.h>

#include <vlm/vlm-error.h>

#define MAX_CHARACTER 0x10ffffu
#define NONE G_MAXUINT32

typedef struct
{
  guint32 from;
  VlmCharsEdge edge;
} DraftEdge;

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

/* --- drafts -------------------------------------------------------------- */

void
vlm_chars_draft_init (VlmCharsDraft *self)
{
  self->nodes = g_array_new (FALSE, FALSE, sizeof (gboolean));
  self->edges = g_array_new (FALSE, FALSE, sizeof (DraftEdge));
}

guint
vlm_chars_draft_add_node (VlmCharsDraft *self, gboolean accepting)
{
  g_array_append_val (self->nodes, accepting);
  return self->nodes->len - 1;
}

void
vlm_chars_draft_add_edge (
    VlmCharsDraft *self, guint from, guint32 first, guint32 last, guint to)
{
  DraftEdge edge = { from, { first, last, to } };

  g_array_append_val (self->edges, edge);
}

void
vlm_chars_draft_copy_edges (VlmCharsDraft *self, guint from, guint to)
{
  for (guint i = self->edges->len; i-- > 0;) {
    DraftEdge edge = g_array_index (self->edges, DraftEdge, i);

    if (edge.from == from) {
      edge.from = to;
      g_array_append_val (self->edges, edge);
    }
  }
}

static int
compare_edges (gconstpointer a, gconstpointer b)
{
  const DraftEdge *x = a, *y = b;

  if (x->from != y->from)
    return x->from < y->from ? -1 : 1;
  return (x->edge.first > y->edge.first) - (x->edge.first < y->edge.first);
}

/* Nodes from which no text ends, in order of edges that are sorted by node. */
static void
find_dead (const VlmCharsDraft *self, gboolean *dead)
{
  gboolean changed = TRUE;

  for (guint i = 0; i < self->nodes->len; i++)
    dead[i] = !g_array_index (self->nodes, gboolean, i);
  while (changed) {
    changed = FALSE;
    for (guint i = self->edges->len; i-- > 0;) {
      const DraftEdge *edge = &g_array_index (self->edges, DraftEdge, i);

      if (dead[edge->from] && !dead[edge->edge.next]) {
        dead[edge->from] = FALSE;
        changed = TRUE;
      }
    }
  }
}

/* Appends the signature of edges @first … @end - 1, of one node, with nodes
 * replaced by their classes: neighbouring characters that lead to one class
 * are one edge. */
static void
append_classes (GArray *signature, const GArray *edges, guint first, guint end,
    const guint32 *classes)
{
  VlmCharsEdge edge = { .next = NONE };

  for (guint i = first; i < end; i++) {
    VlmCharsEdge next = g_array_index (edges, DraftEdge, i).edge;

    next.next = classes[next.next];
    if (next.next == NONE)
      continue;
    if (edge.next == next.next && edge.last + 1 == next.first) {
      edge.last = next.last;
      continue;
    }
    if (edge.next != NONE)
      g_array_append_val (signature, edge);
    edge = next;
  }
  if (edge.next != NONE)
    g_array_append_val (signature, edge);
}

/* The edges of node @from begin at the value, in the sorted edges. */
static guint *
index_edges (const VlmCharsDraft *self)
{
  guint *first = g_new0 (guint, self->nodes->len + 1);

  for (guint i = 0; i < self->edges->len; i++)
    first[g_array_index (self->edges, DraftEdge, i).from + 1]++;
  for (guint i = 0; i < self->nodes->len; i++)
    first[i + 1] += first[i];
  return first;
}

/* Splits classes of nodes until what is left in one is the same. Returns how
 * many there are; NONE is the class of dead ones. */
static guint
find_classes (const VlmCharsDraft *self, const guint *first, guint32 *classes)
{
  guint n_classes = 0, n_before;

  do {
    g_autoptr (GHashTable) known = g_hash_table_new_full (
        g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    g_autofree guint32 *next = g_new (guint32, self->nodes->len);

    n_before = n_classes;
    n_classes = 0;
    for (guint i = 0; i < self->nodes->len; i++) {
      g_autoptr (GArray) signature =
          g_array_new (FALSE, FALSE, sizeof (VlmCharsEdge));
      VlmCharsEdge head = { classes[i],
        (guint32) g_array_index (self->nodes, gboolean, i), 0 };
      GBytes *key;
      gpointer found;

      next[i] = NONE;
      if (classes[i] == NONE)
        continue;
      g_array_append_val (signature, head);
      append_classes (signature, self->edges, first[i], first[i + 1], classes);
      key =
          g_bytes_new (signature->data, signature->len * sizeof (VlmCharsEdge));
      if (g_hash_table_lookup_extended (known, key, NULL, &found)) {
        next[i] = GPOINTER_TO_UINT (found);
        g_bytes_unref (key);
      } else {
        next[i] = n_classes++;
        g_hash_table_insert (known, key, GUINT_TO_POINTER (next[i]));
      }
    }
    memcpy (classes, next, self->nodes->len * sizeof *classes);
  } while (n_classes != n_before);
  return n_classes;
}

/* Classes were numbered in order of nodes: that of the start is 0. */
static void
write_classes (VlmChars *chars, const VlmCharsDraft *self, const guint *first,
    const guint32 *classes)
{
  GArray *edges = g_array_sized_new (FALSE, FALSE, sizeof (VlmCharsEdge), 1);

  chars->nodes = g_new0 (VlmCharsNode, chars->n_nodes);
  for (guint i = 0, n = 0; i < self->nodes->len; i++) {
    VlmCharsNode *node = &chars->nodes[n];

    if (classes[i] != n)
      continue;
    n++;
    node->accepting = g_array_index (self->nodes, gboolean, i);
    node->first_edge = edges->len;
    append_classes (edges, self->edges, first[i], first[i + 1], classes);
    node->n_edges = edges->len - node->first_edge;
  }
  chars->edges = (VlmCharsEdge *) (gpointer) g_array_free (edges, FALSE);
}

VlmChars *
vlm_chars_draft_finish (VlmCharsDraft *self)
{
  VlmChars *chars = g_new0 (VlmChars, 1);
  g_autofree gboolean *dead = g_new (gboolean, self->nodes->len + 1);
  g_autofree guint32 *classes = g_new0 (guint32, self->nodes->len + 1);
  g_autofree guint *first = NULL;

  g_atomic_ref_count_init (&chars->refs);
  g_array_sort (self->edges, compare_edges);
  first = index_edges (self);
  find_dead (self, dead);
  for (guint i = 0; i < self->nodes->len; i++)
    classes[i] = dead[i] ? NONE : 0;
  if (self->nodes->len > 0 && !dead[0]) {
    chars->n_nodes = find_classes (self, first, classes);
    write_classes (chars, self, first, classes);
  }
  g_array_unref (self->nodes);
  g_array_unref (self->edges);
  return chars;
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

static void
add_any (VlmCharsDraft *draft, guint from, guint to)
{
  vlm_chars_draft_add_edge (draft, from, 0, 0xd7ff, to);
  vlm_chars_draft_add_edge (draft, from, 0xe000, MAX_CHARACTER, to);
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

VlmChars *
vlm_chars_new_any (guint min, guint max, GError **error)
{
  VlmCharsDraft draft;
  guint last = max == G_MAXUINT ? min : max;

  if (!check_size (last, error))
    return NULL;
  vlm_chars_draft_init (&draft);
  for (guint i = 0; min <= last && i <= last; i++) {
    vlm_chars_draft_add_node (&draft, i >= min);
    if (i > 0)
      add_any (&draft, i - 1, i);
  }
  if (max == G_MAXUINT)
    add_any (&draft, last, last);
  return vlm_chars_draft_finish (&draft);
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
