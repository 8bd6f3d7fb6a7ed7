/* gst-vlm: the texts in which a regular expression is found
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "base/word-hash.h"
#include "grammar/char-set.h"
#include "grammar/chars.h"
#include "grammar/pattern.h"

#define MAX_STATES 100000u
#define NONE G_MAXUINT32

/* Thompson's: reads a character, or nothing and goes two ways. */
typedef struct
{
  const GArray *set; /* NULL when it reads nothing */
  guint32 next[2];   /* NONE for none */
  gboolean at_start; /* open at the start of the text only */
  gboolean at_end;   /* open at the end only */
} State;

typedef struct
{
  GArray *states; /* State; 0 is the end */
  VlmCharsDraft draft;
  GHashTable *indices; /* GBytes: states in order -> node + 1 */
  GPtrArray *kernels;  /* GArray of guint32, by node */
  GArray *sets;        /* VlmCharRange of the node in hand, in order */
  guint32 *seen;       /* by state: the round in which it was found */
  guint round;
} Builder;

static guint32
add_state (Builder *self, const GArray *set, guint32 first, guint32 second)
{
  State state = { .set = set, .next = { first, second } };

  g_array_append_val (self->states, state);
  return self->states->len - 1;
}

/* @state goes on as it did, or at @second. */
static void
set_second (Builder *self, guint32 state, guint32 second)
{
  g_array_index (self->states, State, state).next[1] = second;
}

/* The state where @pattern begins if it goes on at @next. */
static guint32
add_pattern (Builder *self, const VlmPattern *pattern, guint32 next)
{
  guint32 start = next;

  if (self->states->len > MAX_STATES)
    return NONE;
  switch (pattern->kind) {
  case VLM_PATTERN_SET:
    return add_state (self, pattern->set, next, NONE);
  case VLM_PATTERN_SEQUENCE:
    for (guint i = pattern->parts->len; i > 0; i--)
      start = add_pattern (self, pattern->parts->pdata[i - 1], start);
    return start;
  case VLM_PATTERN_CHOICE:
    start = NONE;
    for (guint i = pattern->parts->len; i > 0; i--)
      start = add_state (self, NULL,
          add_pattern (self, pattern->parts->pdata[i - 1], next), start);
    return start;
  case VLM_PATTERN_START:
  case VLM_PATTERN_END:
    start = add_state (self, NULL, next, NONE);
    g_array_index (self->states, State, start).at_start =
        pattern->kind == VLM_PATTERN_START;
    g_array_index (self->states, State, start).at_end =
        pattern->kind == VLM_PATTERN_END;
    return start;
  case VLM_PATTERN_REPEAT:
    break;
  }
  if (pattern->max == G_MAXUINT) {
    start = add_state (self, NULL, next, NONE);
    set_second (
        self, start, add_pattern (self, pattern->parts->pdata[0], start));
  }
  for (guint i = pattern->min; pattern->max != G_MAXUINT && i < pattern->max;
       i++)
    start = add_state (
        self, NULL, add_pattern (self, pattern->parts->pdata[0], start), next);
  for (guint i = 0; i < pattern->min; i++)
    start = add_pattern (self, pattern->parts->pdata[0], start);
  return start;
}

/* Appends what is reached from @state without reading to @found. */
static void
reach (
    Builder *self, GArray *found, guint32 state, gboolean start, gboolean end)
{
  guint first = found->len;

  if (state != NONE && self->seen[state] != self->round) {
    self->seen[state] = self->round;
    g_array_append_val (found, state);
  }
  for (guint i = first; i < found->len; i++) {
    const State *at =
        &g_array_index (self->states, State, g_array_index (found, guint32, i));

    if (at->set != NULL || (at->at_start && !start) || (at->at_end && !end))
      continue;
    for (guint j = 0; j < 2; j++)
      if (at->next[j] != NONE && self->seen[at->next[j]] != self->round) {
        self->seen[at->next[j]] = self->round;
        g_array_append_val (found, at->next[j]);
      }
  }
}

static int
compare_states (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

/* Whether the text may end in the states of @kernel. */
static gboolean
may_end (Builder *self, const GArray *kernel, gboolean start)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint32));

  self->round++;
  for (guint i = 0; i < kernel->len; i++)
    reach (self, found, g_array_index (kernel, guint32, i), start, TRUE);
  for (guint i = 0; i < found->len; i++)
    if (g_array_index (found, guint32, i) == 0)
      return TRUE;
  return FALSE;
}

/* The node of the states in @found, which it takes; the first one is that of
 * the start of the text. */
static guint
find_node (Builder *self, GArray *found)
{
  gboolean start = self->kernels->len == 0;
  gpointer index;
  GBytes *key;

  g_array_sort (found, compare_states);
  key = g_bytes_new (found->data, found->len * sizeof (guint32));
  index = g_hash_table_lookup (self->indices, key);
  if (index != NULL) {
    g_bytes_unref (key);
    g_array_unref (found);
    return GPOINTER_TO_UINT (index) - 1;
  }
  vlm_chars_draft_add_node (&self->draft, may_end (self, found, start));
  g_ptr_array_add (self->kernels, found);
  /* What is open at the start is not what is open later. */
  if (start)
    g_bytes_unref (key);
  else
    g_hash_table_insert (
        self->indices, key, GUINT_TO_POINTER (self->kernels->len));
  return self->kernels->len - 1;
}

static int
compare_borders (gconstpointer a, gconstpointer b)
{
  return compare_states (a, b);
}

/* Where characters begin that states of @kernel take differently. */
static GArray *
find_borders (const Builder *self, const GArray *kernel)
{
  GArray *borders = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint n = 0;

  for (guint i = 0; i < kernel->len; i++) {
    const State *at = &g_array_index (
        self->states, State, g_array_index (kernel, guint32, i));

    for (guint j = 0; at->set != NULL && j < at->set->len; j++) {
      VlmCharRange range = g_array_index (at->set, VlmCharRange, j);
      guint32 after = range.last + 1;

      g_array_append_val (borders, range.first);
      g_array_append_val (borders, after);
    }
  }
  g_array_sort (borders, compare_borders);
  for (guint i = 0; i < borders->len; i++)
    if (n == 0 ||
        g_array_index (borders, guint32, n - 1) !=
            g_array_index (borders, guint32, i))
      g_array_index (borders, guint32, n++) =
          g_array_index (borders, guint32, i);
  g_array_set_size (borders, n);
  return borders;
}

static gboolean
has (const GArray *set, guint32 c)
{
  for (guint i = 0; i < set->len; i++) {
    VlmCharRange range = g_array_index (set, VlmCharRange, i);

    if (c >= range.first && c <= range.last)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_same (const GArray *a, const GArray *b)
{
  return a->len == b->len &&
      memcmp (a->data, b->data, a->len * sizeof (guint32)) == 0;
}

static void
connect_node (Builder *self, guint index)
{
  const GArray *kernel = self->kernels->pdata[index];
  g_autoptr (GArray) borders = find_borders (self, kernel);
  g_autoptr (GArray) last_found = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint last_node = 0;

  for (guint i = 0; i + 1 < borders->len; i++) {
    guint32 first = g_array_index (borders, guint32, i);
    guint32 last = g_array_index (borders, guint32, i + 1) - 1;
    GArray *found = g_array_new (FALSE, FALSE, sizeof (guint32));

    self->round++;
    for (guint j = 0; j < kernel->len; j++) {
      const State *at = &g_array_index (
          self->states, State, g_array_index (kernel, guint32, j));

      if (at->set != NULL && has (at->set, first))
        reach (self, found, at->next[0], FALSE, FALSE);
    }
    if (found->len == 0) {
      g_array_unref (found);
      continue;
    }
    /* Most sets have several ranges: all of them lead to the same node. */
    if (is_same (found, last_found)) {
      g_array_unref (found);
    } else {
      g_array_set_size (last_found, 0);
      g_array_append_vals (last_found, found->data, found->len);
      last_node = find_node (self, found);
    }
    vlm_chars_draft_add_edge (&self->draft, index, first, last, last_node);
  }
}

static void
free_kernel (gpointer kernel)
{
  g_array_unref (kernel);
}

/* FALSE when it gets too large. */
static gboolean
build (Builder *self, const VlmPattern *pattern, const GArray *any)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 end = add_state (self, NULL, NONE, NONE);
  /* Anything may come after it, and before it. */
  guint32 after = add_state (self, NULL, end, NONE), before, start;

  set_second (self, after, add_state (self, any, after, NONE));
  start = add_pattern (self, pattern, after);
  before = add_state (self, NULL, start, NONE);
  set_second (self, before, add_state (self, any, before, NONE));
  self->seen = g_new0 (guint32, self->states->len);
  self->round = 1;
  reach (self, found, before, TRUE, FALSE);
  find_node (self, found);
  for (guint i = 0; i < self->kernels->len; i++) {
    if (self->states->len > MAX_STATES ||
        self->kernels->len > VLM_CHARS_MAX_NODES)
      return FALSE;
    connect_node (self, i);
  }
  return TRUE;
}

VlmChars *
vlm_chars_new_pattern (const char *text, GError **error)
{
  g_autoptr (VlmPattern) pattern = vlm_pattern_parse (text, error);
  g_autoptr (VlmChars) chars = NULL;
  g_autoptr (GArray) any = vlm_char_set_new ();
  Builder self = { .round = 0 };
  gboolean fits;

  if (pattern == NULL)
    return NULL;
  vlm_char_set_finish (any, TRUE);
  self.states = g_array_new (FALSE, FALSE, sizeof (State));
  self.indices = g_hash_table_new_full (
      vlm_word_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self.kernels = g_ptr_array_new_with_free_func (free_kernel);
  vlm_chars_draft_init (&self.draft);
  fits = build (&self, pattern, any);
  chars = vlm_chars_draft_finish (&self.draft);
  g_array_unref (self.states);
  g_hash_table_unref (self.indices);
  g_ptr_array_unref (self.kernels);
  g_free (self.seen);
  if (fits)
    return g_steal_pointer (&chars);
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "'%s' takes an automaton of more than %u nodes", text,
      VLM_CHARS_MAX_NODES);
  return NULL;
}
