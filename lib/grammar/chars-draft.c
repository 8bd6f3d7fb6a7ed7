/* gst-vlm: automata over characters, made by hand and then as small as can be
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/chars.h"

#include <string.h>

#include "base/word-hash.h"

#define NONE G_MAXUINT32

typedef struct
{
  guint32 from;
  VlmCharsEdge edge;
} DraftEdge;

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

/* What leads to each node: the nodes from first[i] to first[i + 1] - 1. */
typedef struct
{
  guint *first;
  guint32 *from;
} Sources;

static void
sources_init (Sources *self, const VlmCharsDraft *draft)
{
  guint n_nodes = draft->nodes->len;
  g_autofree guint *at = g_new (guint, n_nodes + 1);

  self->first = g_new0 (guint, n_nodes + 1);
  self->from = g_new (guint32, draft->edges->len + 1);
  for (guint i = 0; i < draft->edges->len; i++)
    self->first[g_array_index (draft->edges, DraftEdge, i).edge.next + 1]++;
  for (guint i = 0; i < n_nodes; i++)
    self->first[i + 1] += self->first[i];
  memcpy (at, self->first, (n_nodes + 1) * sizeof *at);
  for (guint i = 0; i < draft->edges->len; i++) {
    const DraftEdge *edge = &g_array_index (draft->edges, DraftEdge, i);

    self->from[at[edge->edge.next]++] = edge->from;
  }
}

static void
sources_clear (Sources *self)
{
  g_free (self->first);
  g_free (self->from);
}

/* Characters of the shortest text from each node to an end; NONE for none. */
static void
find_shortest (
    const VlmCharsDraft *self, const Sources *sources, guint32 *shortest)
{
  g_autofree guint32 *queue = g_new (guint32, self->nodes->len + 1);
  guint n = 0;

  for (guint i = 0; i < self->nodes->len; i++) {
    shortest[i] = g_array_index (self->nodes, gboolean, i) ? 0 : NONE;
    if (shortest[i] == 0)
      queue[n++] = i;
  }
  for (guint i = 0; i < n; i++)
    for (guint j = sources->first[queue[i]]; j < sources->first[queue[i] + 1];
         j++) {
      guint32 from = sources->from[j];

      if (shortest[from] != NONE)
        continue;
      shortest[from] = shortest[queue[i]] + 1;
      queue[n++] = from;
    }
}

/* Those of the longest text; NONE where there is no limit. */
static void
find_longest (const VlmCharsDraft *self, const Sources *sources,
    const guint32 *shortest, guint32 *longest)
{
  guint n_nodes = self->nodes->len;
  g_autofree guint32 *queue = g_new (guint32, n_nodes + 1);
  g_autofree guint32 *most = g_new0 (guint32, n_nodes + 1);
  g_autofree guint *n_open = g_new0 (guint, n_nodes + 1);
  guint n = 0;

  for (guint i = 0; i < self->edges->len; i++) {
    const DraftEdge *edge = &g_array_index (self->edges, DraftEdge, i);

    n_open[edge->from] += shortest[edge->edge.next] != NONE;
  }
  for (guint i = 0; i < n_nodes; i++) {
    longest[i] = NONE;
    if (shortest[i] != NONE && n_open[i] == 0)
      queue[n++] = i;
  }
  for (guint i = 0; i < n; i++) {
    longest[queue[i]] = most[queue[i]];
    for (guint j = sources->first[queue[i]]; j < sources->first[queue[i] + 1];
         j++) {
      guint32 from = sources->from[j];

      most[from] = MAX (most[from], most[queue[i]] + 1);
      if (--n_open[from] == 0)
        queue[n++] = from;
    }
  }
}

/* Nodes with the same texts have the same shortest and longest ones. Counts of
 * characters, which have the most nodes, have no others. Returns how many classes
 * there are. */
static guint
guess_classes (const VlmCharsDraft *self, guint32 *classes)
{
  g_autoptr (GHashTable) known =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autofree guint32 *shortest = g_new (guint32, self->nodes->len + 1);
  g_autofree guint32 *longest = g_new (guint32, self->nodes->len + 1);
  Sources sources;

  sources_init (&sources, self);
  find_shortest (self, &sources, shortest);
  find_longest (self, &sources, shortest, longest);
  sources_clear (&sources);
  for (guint i = 0; i < self->nodes->len; i++) {
    gint64 key = (gint64) ((guint64) shortest[i] << 32 | longest[i]);
    gpointer found;

    classes[i] = NONE;
    if (shortest[i] == NONE)
      continue;
    if (!g_hash_table_lookup_extended (known, &key, NULL, &found)) {
      found = GUINT_TO_POINTER (g_hash_table_size (known));
      g_hash_table_insert (known, g_memdup2 (&key, sizeof key), found);
    }
    classes[i] = GPOINTER_TO_UINT (found);
  }
  return g_hash_table_size (known);
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

/* Splits the @n_classes classes of nodes until what is left in one is the same.
 * Returns how many there are then; NONE is the class of dead ones. */
static guint
find_classes (const VlmCharsDraft *self, const guint *first, guint32 *classes,
    guint n_classes)
{
  guint n_before;

  do {
    g_autoptr (GHashTable) known = g_hash_table_new_full (
        vlm_word_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
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
  g_autofree guint32 *classes = g_new (guint32, self->nodes->len + 1);
  g_autofree guint *first = NULL;
  guint n_classes;

  g_atomic_ref_count_init (&chars->refs);
  g_array_sort (self->edges, compare_edges);
  first = index_edges (self);
  n_classes = guess_classes (self, classes);
  if (self->nodes->len > 0 && classes[0] != NONE) {
    chars->n_nodes = find_classes (self, first, classes, n_classes);
    write_classes (chars, self, first, classes);
  }
  g_array_unref (self->nodes);
  g_array_unref (self->edges);
  return chars;
}
