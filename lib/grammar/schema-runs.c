/* gst-vlm: texts with runs of characters of one kind, as rules
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In an automaton, "up to 200 letters" is 200 nodes, each with tokens of its own
 * to be found. As a unit that counts it is one place, whatever the limit. */
#include "grammar/schema-writer.h"

/* Shorter runs are written out. */
#define MIN_RUN 8u

/* A place in an automaton: node @index, without the edges to @without. */
typedef struct
{
  guint32 index;
  guint32 without; /* NONE for all edges */
} Place;

#define NONE G_MAXUINT32

static const VlmCharsEdge *
get_edges (const VlmChars *chars, guint32 index)
{
  return &chars->edges[chars->nodes[index].first_edge];
}

/* The only node that edges lead to; NONE where there are several or none. */
static guint32
find_only_next (const VlmChars *chars, guint32 index)
{
  const VlmCharsNode *node = &chars->nodes[index];
  const VlmCharsEdge *edges = get_edges (chars, index);

  for (guint i = 1; i < node->n_edges; i++)
    if (edges[i].next != edges[0].next)
      return NONE;
  return node->n_edges > 0 ? edges[0].next : NONE;
}

/* The next edge of @index from *@at on that leads to @to, or, if not @inside,
 * elsewhere. NULL for no more. */
static const VlmCharsEdge *
pick_edge (const VlmChars *chars, guint32 index, guint *at, guint32 to,
    gboolean inside)
{
  const VlmCharsEdge *edges = get_edges (chars, index);

  while (*at < chars->nodes[index].n_edges)
    if ((edges[(*at)++].next == to) == inside)
      return &edges[*at - 1];
  return NULL;
}

/* Whether the same characters lead from @a to @to_a as from @b to @to_b, or, if
 * not @inside, all others to the same nodes. */
static gboolean
is_like (const VlmChars *chars, guint32 a, guint32 to_a, guint32 b,
    guint32 to_b, gboolean inside)
{
  guint i = 0, j = 0;

  while (TRUE) {
    const VlmCharsEdge *x = pick_edge (chars, a, &i, to_a, inside);
    const VlmCharsEdge *y = pick_edge (chars, b, &j, to_b, inside);

    if (x == NULL || y == NULL)
      return x == y;
    if (x->first != y->first || x->last != y->last ||
        (!inside && x->next != y->next))
      return FALSE;
  }
}

/* Where @c leads from @index. */
static guint32
find_next (const VlmChars *chars, guint32 index, guint32 c)
{
  const VlmCharsEdge *edges = get_edges (chars, index);

  for (guint i = 0; i < chars->nodes[index].n_edges; i++)
    if (edges[i].first <= c && c <= edges[i].last)
      return edges[i].next;
  return NONE;
}

/* How many characters must come from @index on, all of one kind. *@end: where
 * they lead. */
static guint
count_exact (const VlmChars *chars, guint32 index, guint32 *end)
{
  guint32 first = find_only_next (chars, index), next = first;
  guint n = 0;

  *end = index;
  while (next != NONE && next != *end && !chars->nodes[*end].accepting &&
      is_like (chars, index, first, *end, next, TRUE)) {
    *end = next;
    next = find_only_next (chars, next);
    n++;
  }
  return n;
}

/* How many characters of the kind that leads to @first may come from @index on,
 * after each of which the text may go on in the same ways; 0 where they are not
 * limited. */
static guint
count_optional (const VlmChars *chars, guint32 index, guint32 first)
{
  guint i = 0;
  guint32 c = pick_edge (chars, index, &i, first, TRUE)->first;
  guint32 at = index, next = first;
  guint n = 0;

  while (next != at) {
    at = next;
    next = find_next (chars, at, c);
    n++;
    if (chars->nodes[at].accepting != chars->nodes[index].accepting ||
        !is_like (chars, index, first, at, next, FALSE))
      return 0;
    if (next == NONE)
      return n;
    if (!is_like (chars, index, first, at, next, TRUE))
      return 0;
  }
  return 0;
}

typedef struct
{
  guint min, max;
  guint32 from,
      to; /* the characters are those that lead from one to the other */
  Place after;
} Run;

/* The longest one that may come at @index. */
static Run
find_optional (const VlmChars *chars, guint32 index)
{
  const VlmCharsEdge *edges = get_edges (chars, index);
  Run run = { .from = index, .after = { index, NONE } };

  for (guint i = 0; i < chars->nodes[index].n_edges; i++) {
    guint n = count_optional (chars, index, edges[i].next);

    if (n > run.max) {
      run.max = n;
      run.to = run.after.without = edges[i].next;
    }
  }
  return run;
}

/* The one that comes at @index: characters that must come, and then more of the
 * same kind that may. .max is 0 for none. */
static Run
find_run (const VlmChars *chars, guint32 index)
{
  guint32 end = index, next = find_only_next (chars, index);
  guint n = count_exact (chars, index, &end);
  Run more = find_optional (chars, end);

  if (n == 0)
    return more;
  if (more.max > 0 && !is_like (chars, index, next, end, more.to, TRUE))
    more = (Run){ .after = { end, NONE } };
  more.min = n;
  more.max += n;
  more.from = index;
  more.to = next;
  return more;
}

/* --- as rules ------------------------------------------------------------- */

/* One character out of those that lead from @from to @to. */
static VlmChars *
make_kind (
    VlmSchemaWriter *self, const VlmChars *chars, guint32 from, guint32 to)
{
  const VlmCharsEdge *edges = get_edges (chars, from);
  VlmCharsDraft draft;

  vlm_chars_draft_init (&draft);
  vlm_chars_draft_add_node (&draft, FALSE);
  vlm_chars_draft_add_node (&draft, TRUE);
  for (guint i = 0; i < chars->nodes[from].n_edges; i++)
    if (edges[i].next == to)
      vlm_chars_draft_add_edge (&draft, 0, edges[i].first, edges[i].last, 1);
  return vlm_schema_keep_chars (self->schema, vlm_chars_draft_finish (&draft));
}

/* What is left from @place on. */
static VlmChars *
make_rest (VlmSchemaWriter *self, const VlmChars *chars, Place place)
{
  g_autofree guint32 *queue = g_new (guint32, chars->n_nodes + 1);
  g_autofree guint *drafted = g_new0 (guint, chars->n_nodes);
  VlmCharsDraft draft;
  guint n = 1;

  vlm_chars_draft_init (&draft);
  vlm_chars_draft_add_node (&draft, chars->nodes[place.index].accepting);
  queue[0] = place.index;
  for (guint i = 0; i < n; i++) {
    const VlmCharsEdge *edges = get_edges (chars, queue[i]);

    for (guint j = 0; j < chars->nodes[queue[i]].n_edges; j++) {
      guint32 next = edges[j].next;

      if (i == 0 && next == place.without)
        continue;
      /* The start is no node that is come back to: it may lack edges. */
      if (drafted[next] == 0) {
        drafted[next] =
            vlm_chars_draft_add_node (&draft, chars->nodes[next].accepting);
        queue[n++] = next;
      }
      vlm_chars_draft_add_edge (
          &draft, i, edges[j].first, edges[j].last, drafted[next]);
    }
  }
  return vlm_schema_keep_chars (self->schema, vlm_chars_draft_finish (&draft));
}

const VlmRule *
vlm_schema_write_count (
    VlmSchemaWriter *self, VlmChars *kind, guint min, guint max)
{
  VlmRule *unit = g_hash_table_lookup (self->kinds, kind);

  if (unit == NULL) {
    unit = vlm_rule_unit_new (self->book);
    vlm_rule_unit_define (unit,
        vlm_rule_many (self->book,
            vlm_rule_sequence (self->book, vlm_rule_spend (self->book, 1),
                vlm_rule_chars (self->book, kind, vlm_schema_spelling (self)),
                NULL)));
    g_hash_table_insert (self->kinds, kind, unit);
  }
  return vlm_rule_call (self->book, unit, min, max);
}

/* @place is one node of @chars, with all of its edges, from here on. */
static VlmChars *
start_at (VlmSchemaWriter *self, VlmChars *chars, Place place)
{
  return place.index == 0 && place.without == NONE
      ? chars
      : make_rest (self, chars, place);
}

const VlmRule *
vlm_schema_write_runs (VlmSchemaWriter *self, VlmChars *chars)
{
  VlmRule *sequence = vlm_rule_sequence_new (self->book);

  while (chars->n_nodes > 1) {
    guint32 next = find_only_next (chars, 0);
    Run run = find_run (chars, 0);
    Place after = { next, NONE };

    if (run.max >= MIN_RUN) {
      vlm_rule_add (sequence,
          vlm_schema_write_count (self,
              make_kind (self, chars, run.from, run.to), run.min, run.max));
      after = run.after;
    } else if (next != NONE && next != 0 && !chars->nodes[0].accepting) {
      vlm_rule_add (sequence,
          vlm_rule_chars (self->book, make_kind (self, chars, 0, next),
              vlm_schema_spelling (self)));
    } else {
      break;
    }
    chars = start_at (self, chars, after);
  }
  vlm_rule_add (sequence,
      vlm_schema_write_texts (self, chars, vlm_schema_spelling (self)));
  return sequence;
}
