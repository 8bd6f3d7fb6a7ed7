/* gst-vlm: what schemas and their masks cost
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long it takes on a machine is for bench-grammar to say; here it is how
 * the work grows, and how much of it there is. */
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "grammar/schema.h"
#include "grammar/token-mask.h"
#include "tests/support/long-schema.h"

/* All of a schema and a quarter of it: four times as long in proportion, 16 times
 * with the square. Pairs of branches are compared, of which there are at most
 * 64. */
#define PARTS 4u
#define MAX_TIMES 12.0
#define N_TRIES 5u

#define MAX_TOKENS 300u
#define N_ANSWERS 6u
/* The part of the tree of tokens that may be walked for one mask: all of it takes
 * 3 ms, an eighth of a decode step of the model that ships, on one core. */
#define MASK_PART 3u
#define MEAN_PART 60u

static VlmGrammar *
compile (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSchema) schema =
      vlm_schema_new (text, strlen (text), "long", &error);
  VlmGrammar *grammar;

  g_assert_no_error (error);
  grammar = vlm_schema_compile (schema, VLM_SCHEMA_STRICT, &error);
  g_assert_no_error (error);
  return grammar;
}

/* Processor time of this thread; the least of some tries. */
static double
measure (const char *text)
{
  double least = G_MAXDOUBLE;

  for (guint i = 0; i < N_TRIES; i++) {
    struct timespec start, end;
    g_autoptr (VlmGrammar) grammar = NULL;

    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &start);
    grammar = compile (text);
    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
    least = MIN (least,
        (double) (end.tv_sec - start.tv_sec) +
            (double) (end.tv_nsec - start.tv_nsec) * 1e-9);
  }
  return least;
}

static void
test_compile (void)
{
  for (LongSchema kind = 0; kind < N_LONG_SCHEMAS; kind++) {
    guint n = long_schema_get_usual (kind);
    g_autofree char *whole = long_schema_new (kind, n);
    g_autofree char *part = long_schema_new (kind, n / PARTS);
    double times = measure (whole) / measure (part);

    g_test_message ("%s: %u bytes, %.2f times", long_schema_get_name (kind),
        (guint) strlen (whole), times);
    g_assert_cmpuint (strlen (whole), >=, 10000);
    g_assert_cmpuint (strlen (whole), <=, 12500);
    g_assert_cmpfloat (times, <=, MAX_TIMES);
  }
}

/* --- masks ---------------------------------------------------------------- */

typedef struct
{
  VlmTokenizer *tokenizer;
  VlmTokenTrie *trie;
  gint32 end_id;
  /* nodes of the trie that were walked */
  guint64 most;
  guint64 sum;
  guint n_masks;
} Fixture;

/* Letters where they are possible, so that texts become long, and else what is
 * not the end of a list or an object, so that there are many of them. */
static guint
rate_token (const Fixture *self, gint32 id)
{
  gsize n_bytes;
  const char *bytes = vlm_tokenizer_get_bytes (self->tokenizer, id, &n_bytes);

  if (id == self->end_id || n_bytes == 0)
    return 0;
  return g_ascii_isalnum (bytes[0])        ? 3
      : bytes[0] == ',' || bytes[0] == '"' ? 2
      : memchr (bytes, '}', n_bytes) != NULL ||
          memchr (bytes, ']', n_bytes) != NULL
      ? 0
      : 1;
}

static gint32
pick_token (const Fixture *self, GRand *rand, const guint32 *bits)
{
  guint n = self->trie->vocab_size;
  guint start = (guint) g_rand_int_range (rand, 0, (gint32) n);
  guint n_seen = 0, best_rate = 0;
  gint32 best = -1;

  for (guint i = 0; i < n && n_seen < 100 && best_rate < 3; i++) {
    gint32 id = (gint32) ((start + i) % n);
    guint rate;

    if (!vlm_bits_has (bits, (guint) id))
      continue;
    n_seen++;
    rate = rate_token (self, id);
    if (best < 0 || rate > best_rate) {
      best = id;
      best_rate = rate;
    }
  }
  return best;
}

static void
write_answer (Fixture *self, VlmTokenMask *mask, GRand *rand)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  guint limit = MAX (MAX_TOKENS, 2 * vlm_token_mask_get_min_tokens (mask));
  g_autoptr (GError) error = NULL;
  VlmMatcher matcher;

  vlm_matcher_init (&matcher, mask, limit, &error);
  g_assert_no_error (error);
  while (ids->len < limit && !vlm_matcher_is_final (&matcher)) {
    guint n_left = limit - ids->len;
    guint64 before = vlm_token_mask_get_work (mask), work;
    gint32 id;

    if (vlm_matcher_force (&matcher, n_left, ids) > 0)
      continue;
    id = pick_token (self, rand, vlm_matcher_get_mask (&matcher, n_left));
    work = vlm_token_mask_get_work (mask) - before;
    self->most = MAX (self->most, work);
    self->sum += work;
    self->n_masks++;
    vlm_matcher_accept (&matcher, id);
    if (matcher.ended)
      return;
    g_array_append_val (ids, id);
  }
}

/* @max_part: of the tree, for one mask */
static void
check_schema (Fixture *self, const char *name, const char *text, guint max_part)
{
  g_autoptr (VlmGrammar) grammar = compile (text);
  g_autoptr (VlmTokenMask) mask =
      vlm_token_mask_new (grammar, self->trie, &self->end_id, 1);
  GRand *rand = g_rand_new_with_seed (3);

  self->most = self->sum = self->n_masks = 0;
  for (guint i = 0; i < N_ANSWERS; i++)
    write_answer (self, mask, rand);
  g_rand_free (rand);
  g_test_message ("%s: %u masks, of %u nodes %.1f walked, at most %u", name,
      self->n_masks, self->trie->n_nodes,
      (double) self->sum / MAX (1, self->n_masks), (guint) self->most);
  g_assert_cmpuint (self->n_masks, >, 0);
  g_assert_cmpuint (self->most, <=, self->trie->n_nodes / max_part);
  g_assert_cmpuint (
      self->sum / self->n_masks, <=, self->trie->n_nodes / MEAN_PART);
}

static void
check_schemas (Fixture *self)
{
  static const char any[] = "{}";
  static const char usual[] =
      "{\"type\":\"object\",\"required\":[\"summary\",\"people\",\"at\"],"
      "\"properties\":{\"summary\":{\"type\":\"string\",\"maxLength\":200},"
      "\"people\":{\"type\":\"array\",\"maxItems\":8,\"items\":{\"type\":"
      "\"object\","
      "\"required\":[\"name\",\"box\"],\"properties\":{\"name\":{\"type\":"
      "\"string\",\"pattern\":\"^[A-Za-z ,.]+$\",\"maxLength\":80},\"box\":{"
      "\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0,"
      "\"maximum\":4096},\"minItems\":4,\"maxItems\":4}}}},"
      "\"at\":{\"type\":\"string\",\"format\":\"date-time\"}}}";

  check_schema (self, "any", any, MASK_PART);
  check_schema (self, "usual", usual, MASK_PART);
  for (LongSchema kind = 0; kind < N_LONG_SCHEMAS; kind++) {
    g_autofree char *text =
        long_schema_new (kind, long_schema_get_usual (kind));

    /* More kinds of text than are prepared: the others are found when their
     * first mask is needed. */
    check_schema (self, long_schema_get_name (kind), text,
        kind == LONG_SCHEMA_TEXTS ? 1 : MASK_PART);
  }
}

static void
test_mask (void)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *directory = shared != NULL
      ? g_build_filename (shared, "tokenizer", "qwen2", NULL)
      : NULL;
  g_autoptr (GError) error = NULL;
  Fixture self = { 0 };

  if (directory == NULL || !g_file_test (directory, G_FILE_TEST_IS_DIR)) {
    g_test_skip ("no vocabulary of Qwen2 here");
    return;
  }
  self.tokenizer = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  self.trie = vlm_token_trie_new (
      self.tokenizer, vlm_tokenizer_get_n_ids (self.tokenizer));
  self.end_id = vlm_tokenizer_find_special (self.tokenizer, "<|im_end|>");
  check_schemas (&self);
  vlm_token_trie_unref (self.trie);
  vlm_tokenizer_unref (self.tokenizer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grammar-cost/compile", test_compile);
  g_test_add_func ("/grammar-cost/mask", test_mask);
  return g_test_run ();
}
