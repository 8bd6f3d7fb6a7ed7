/* gst-vlm: schemas and texts, from lines
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   S SCHEMA       compiles it: "ok", and what it took, or "error MESSAGE"
 *   L TEXT         whether TEXT fits it loosely: "1", "0", or "?" undecided
 *   T TEXT         the same for texts as they are written
 *   W SEED LIMIT   an answer of at most LIMIT tokens, picked at random out of
 *                  the masks; "none" when there is none that short
 *
 * One line out for each line in. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "grammar/grammar-private.h"
#include "grammar/schema.h"
#include "grammar/token-mask.h"
#include "tests/support/tiny-tokenizer.h"

typedef struct
{
  VlmTokenizer *tokenizer;
  VlmTokenTrie *trie;
  VlmGrammar *strict, *loose;
  VlmTokenMask *mask;
  gint32 end_id;
} Checker;

static void
forget (Checker *self)
{
  g_clear_pointer (&self->mask, vlm_token_mask_free);
  g_clear_pointer (&self->strict, vlm_grammar_unref);
  g_clear_pointer (&self->loose, vlm_grammar_unref);
}

/* Of the processor, in microseconds. */
static long
now (void)
{
  return (long) (clock () * 1000000 / CLOCKS_PER_SEC);
}

/* FALSE with an error; a schema that nothing fits has no strict grammar. */
static gboolean
compile (Checker *self, const char *text, long *strict_us, long *loose_us,
    GError **error)
{
  long start = now ();
  g_autoptr (VlmSchema) again = NULL;
  g_autoptr (VlmSchema) schema =
      vlm_schema_new (text, strlen (text), "schema", error);

  if (schema == NULL)
    return FALSE;
  self->strict = vlm_schema_compile (schema, VLM_SCHEMA_STRICT, error);
  if (self->strict == NULL &&
      strstr ((*error)->message, "no value matches") == NULL)
    return FALSE;
  g_clear_error (error);
  *strict_us = now () - start;
  again = vlm_schema_new (text, strlen (text), "schema", error);
  start = now ();
  self->loose = vlm_schema_compile (again, VLM_SCHEMA_LOOSE, error);
  *loose_us = now () - start;
  return self->loose != NULL;
}

static void
read_schema (Checker *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  long strict_us, loose_us;

  forget (self);
  if (!compile (self, text, &strict_us, &loose_us, &error)) {
    forget (self);
    printf ("error %s\n", error->message);
    return;
  }
  printf ("ok %ld us %u nodes to write, %ld us %u nodes to read\n", strict_us,
      self->strict != NULL ? self->strict->n_nodes : 0, loose_us,
      self->loose->n_nodes);
}

static void
check_text (const VlmGrammar *grammar, const char *text)
{
  static const char verdicts[] = "01?";

  if (grammar == NULL)
    printf ("none\n");
  else
    printf ("%c\n",
        verdicts[vlm_grammar_match (grammar, text, strlen (text), NULL)]);
}

/* Odd seeds do not end what they need not. */
static gint32
pick_token (Checker *self, GRand *rand, const guint32 *bits, gboolean open)
{
  guint n = self->trie->vocab_size;
  guint start = (guint) g_rand_int_range (rand, 0, (gint32) n);
  gint32 any = -1;

  for (guint i = 0; i < n; i++) {
    guint id = (start + i) % n;
    gsize n_bytes;
    const char *bytes;

    if (!vlm_bits_has (bits, id))
      continue;
    any = (gint32) id;
    bytes = vlm_tokenizer_get_bytes (self->tokenizer, any, &n_bytes);
    if (!open ||
        (any != self->end_id && memchr (bytes, '"', n_bytes) == NULL &&
            memchr (bytes, '}', n_bytes) == NULL &&
            memchr (bytes, ']', n_bytes) == NULL))
      return any;
  }
  return any;
}

static void
walk (Checker *self, guint seed, guint limit)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autofree char *text = NULL;
  VlmMatcher matcher;

  if (self->strict != NULL && self->mask == NULL)
    self->mask =
        vlm_token_mask_new (self->strict, self->trie, &self->end_id, 1);
  if (self->mask == NULL ||
      !vlm_matcher_init (&matcher, self->mask, limit, NULL)) {
    printf ("none\n");
    return;
  }
  while (ids->len < limit && !vlm_matcher_is_final (&matcher)) {
    guint n_left = limit - ids->len;
    gint32 id;

    if (seed % 4 < 2 && vlm_matcher_force (&matcher, n_left, ids) > 0)
      continue;
    id = pick_token (self, rand, vlm_matcher_get_mask (&matcher, n_left),
        seed % 2 == 1 && g_rand_int_range (rand, 0, 8) > 0);
    g_assert_cmpint (id, >=, 0);
    vlm_matcher_accept (&matcher, id);
    if (matcher.ended)
      break;
    g_array_append_val (ids, id);
  }
  g_assert_true (vlm_matcher_is_complete (&matcher));
  text = vlm_tokenizer_decode (
      self->tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
  printf ("%s\n", text);
}

int
main (void)
{
  Checker self = { .tokenizer = tiny_tokenizer_new () };
  g_autoptr (GString) line = g_string_new (NULL);
  int c;

  self.trie = vlm_token_trie_new (
      self.tokenizer, vlm_tokenizer_get_n_ids (self.tokenizer));
  self.end_id = vlm_tokenizer_find_special (self.tokenizer, "<|im_end|>");
  while ((c = getchar ()) != EOF) {
    unsigned seed, limit;

    if (c != '\n') {
      g_string_append_c (line, (char) c);
      continue;
    }
    if (g_str_has_prefix (line->str, "S "))
      read_schema (&self, line->str + 2);
    else if (g_str_has_prefix (line->str, "L "))
      check_text (self.loose, line->str + 2);
    else if (g_str_has_prefix (line->str, "T "))
      check_text (self.strict, line->str + 2);
    else if (sscanf (line->str, "W %u %u", &seed, &limit) == 2)
      walk (&self, seed, limit);
    else
      printf ("what?\n");
    fflush (stdout);
    g_string_truncate (line, 0);
  }
  forget (&self);
  vlm_token_trie_unref (self.trie);
  vlm_tokenizer_unref (self.tokenizer);
  return 0;
}
