/* gst-vlm: the sets of texts of a schema
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "grammar/char-set.h"
#include "grammar/schema-private.h"

/* U+FDD0 in UTF-8: no character, and never one. */
#define STAND_IN "\357\267\220"

char *
vlm_schema_hide_nul (const char *text, gsize *n_bytes)
{
  GString *hidden = g_string_sized_new (*n_bytes);

  for (gsize i = 0; i < *n_bytes; i++) {
    gsize n_left = *n_bytes - i;

    if (n_left >= 3 && memcmp (text + i, STAND_IN, 3) == 0)
      return g_string_free (hidden, TRUE);
    if (text[i] != '\\' || n_left < 2) {
      g_string_append_c (hidden, text[i]);
    } else if (n_left >= 6 &&
        g_ascii_strncasecmp (text + i, "\\ufdd0", 6) == 0) {
      return g_string_free (hidden, TRUE);
    } else if (n_left >= 6 && memcmp (text + i, "\\u0000", 6) == 0) {
      g_string_append (hidden, "\\ufdd0");
      i += 5;
    } else {
      g_string_append_len (hidden, text + i, 2);
      i++;
    }
  }
  *n_bytes = hidden->len;
  return g_string_free (hidden, FALSE);
}

/* A node of a tree of texts that share their beginnings. */
typedef struct
{
  guint depth; /* of its character, 0 for the root */
  guint node;
} TreePlace;

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gunichar
get_character (const char *text)
{
  gunichar c = g_utf8_get_char (text);

  return c == VLM_SCHEMA_NUL ? 0 : c;
}

/* Adds what @text has after its first @n_shared bytes to the node there. */
static guint
add_text (VlmCharsDraft *draft, guint node, const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = get_character (text);
    guint next =
        vlm_chars_draft_add_node (draft, *g_utf8_next_char (text) == '\0');

    vlm_chars_draft_add_edge (draft, node, c, c, next);
    node = next;
  }
  return node;
}

/* Texts from @first on that share @depth bytes, in order. */
static void
add_texts (
    VlmCharsDraft *draft, guint node, char **texts, guint n_texts, gsize depth)
{
  guint i = 0;

  while (i < n_texts) {
    const char *text = texts[i] + depth;
    guint n = 1, next;
    gunichar c;

    if (*text == '\0') { /* this one ends here: the caller made it accept */
      i++;
      continue;
    }
    c = g_utf8_get_char (text);
    while (i + n < n_texts && g_utf8_get_char (texts[i + n] + depth) == c)
      n++;
    if (n == 1) {
      add_text (draft, node, text);
    } else {
      gsize after = depth + (gsize) (g_utf8_next_char (text) - text);

      next = vlm_chars_draft_add_node (draft, texts[i][after] == '\0');
      c = get_character (text);
      vlm_chars_draft_add_edge (draft, node, c, c, next);
      add_texts (draft, next, texts + i, n, after);
    }
    i += n;
  }
}

VlmChars *
vlm_schema_texts (VlmSchema *self, const GPtrArray *texts)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  VlmCharsDraft draft;
  guint root;

  for (guint i = 0; i < texts->len; i++)
    g_ptr_array_add (sorted, texts->pdata[i]);
  g_ptr_array_sort (sorted, compare_texts);
  vlm_chars_draft_init (&draft);
  root = vlm_chars_draft_add_node (
      &draft, sorted->len > 0 && *(const char *) sorted->pdata[0] == '\0');
  add_texts (&draft, root, (char **) sorted->pdata, sorted->len, 0);
  return vlm_schema_keep_chars (self, vlm_chars_draft_finish (&draft));
}

VlmChars *
vlm_schema_text (VlmSchema *self, const char *text)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  g_ptr_array_add (texts, (gpointer) text);
  return vlm_schema_texts (self, texts);
}

/* --- kept ---------------------------------------------------------------- */

static GBytes *
describe (const VlmChars *chars)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < chars->n_nodes; i++) {
    const VlmCharsNode *node = &chars->nodes[i];
    guint32 head[2] = { node->n_edges, node->accepting ? 1u : 0u };

    g_byte_array_append (bytes, (const guint8 *) head, sizeof head);
    g_byte_array_append (bytes,
        (const guint8 *) &chars->edges[node->first_edge],
        node->n_edges * sizeof (VlmCharsEdge));
  }
  return g_byte_array_free_to_bytes (bytes);
}

/* The one automaton of its set of texts that the schema has; takes @chars. NULL
 * with @cause, where it got too large: then none, and an error. */
static VlmChars *
keep (VlmSchema *self, guint place, const char *keyword, VlmChars *chars,
    GError **cause)
{
  GBytes *key;
  VlmChars *kept;

  if (chars == NULL) {
    vlm_schema_fail (self, place, keyword, "%s", (*cause)->message);
    chars = vlm_chars_new_any (1, 0, NULL);
  }
  key = describe (chars);
  kept = g_hash_table_lookup (self->chars, key);
  if (kept != NULL) {
    vlm_chars_unref (chars);
    g_bytes_unref (key);
    return kept;
  }
  g_hash_table_insert (self->chars, key, chars);
  return chars;
}

typedef enum
{
  BOTH,
  EITHER,
  WITHOUT,
  N_JOINS,
} Join;

static VlmChars *
join_sets (VlmSchema *self, guint place, VlmChars *a, VlmChars *b, Join join)
{
  static VlmChars *(*const make[N_JOINS]) (const VlmChars *, const VlmChars *,
      GError **) = { vlm_chars_intersect, vlm_chars_unite, vlm_chars_subtract };
  g_autofree char *key = g_strdup_printf ("%d %p %p", join, a, b);
  VlmChars *known = g_hash_table_lookup (self->made, key);
  g_autoptr (GError) error = NULL;

  if (known == NULL) {
    known = keep (self, place, NULL, make[join](a, b, &error), &error);
    g_hash_table_insert (self->made, g_steal_pointer (&key), known);
  }
  return known;
}

VlmChars *
vlm_schema_both (VlmSchema *self, guint place, VlmChars *a, VlmChars *b)
{
  return a == b ? a : join_sets (self, place, a, b, BOTH);
}

VlmChars *
vlm_schema_either (VlmSchema *self, guint place, VlmChars *a, VlmChars *b)
{
  return a == b ? a : join_sets (self, place, a, b, EITHER);
}

VlmChars *
vlm_schema_without (VlmSchema *self, guint place, VlmChars *a, VlmChars *b)
{
  return join_sets (self, place, a, b, WITHOUT);
}

VlmChars *
vlm_schema_length (VlmSchema *self, guint place, guint min, guint max)
{
  g_autoptr (GError) error = NULL;

  return keep (self, place, NULL, vlm_chars_new_any (min, max, &error), &error);
}

VlmChars *
vlm_schema_keep_chars (VlmSchema *self, VlmChars *chars)
{
  return keep (self, 0, NULL, chars, NULL);
}

VlmChars *
vlm_schema_pattern (
    VlmSchema *self, guint place, const char *keyword, const char *pattern)
{
  VlmChars *known = g_hash_table_lookup (self->made, pattern);
  g_autoptr (GString) spelled = g_string_new (pattern);
  g_autoptr (GError) error = NULL;

  if (known == NULL) {
    g_string_replace (spelled, STAND_IN, "\\0", 0);
    known = keep (self, place, keyword,
        vlm_chars_new_pattern (spelled->str, &error), &error);
    g_hash_table_insert (self->made, g_strdup (pattern), known);
  }
  return known;
}
