/* gst-vlm: what it costs to constrain an answer to a schema
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-grammar [--step=MS] TOKENIZER-FOLDER [SCHEMA.json]
 *
 * Times are processor time of this thread, in microseconds. The first answer
 * finds the tokens of each place that it reaches; later ones reuse them. What
 * must hold is followed by "passed" or "failed": a schema of 10 kB is compiled in
 * 100 ms, and a mask takes 5 % of a decode step of MS milliseconds. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "grammar/schema.h"
#include "grammar/token-mask.h"
#include "tests/support/long-schema.h"

#define N_ANSWERS 40u
#define MAX_TOKENS 300u

#define MAX_COMPILE_US 100e3
#define MAX_SHARE 0.05

static const char standard[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"summary\":{\"type\":\"string\",\"maxLength\":200},"
    "\"people\":{\"type\":\"array\",\"maxItems\":8,\"items\":{"
    "\"type\":\"object\",\"properties\":{"
    "\"description\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":80},"
    "\"wears\":{\"type\":\"array\",\"items\":{\"enum\":[\"helmet\",\"vest\","
    "\"gloves\"]},\"maxItems\":3},"
    "\"box\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0,"
    "\"maximum\":4096},\"minItems\":4,\"maxItems\":4}},"
    "\"required\":[\"description\",\"wears\",\"box\"]}},"
    "\"danger\":{\"enum\":[\"none\",\"low\",\"high\"]},"
    "\"at\":{\"type\":\"string\",\"format\":\"date-time\"}},"
    "\"required\":[\"summary\",\"people\",\"danger\",\"at\"]}";

typedef struct
{
  VlmTokenizer *tokenizer;
  VlmTokenTrie *trie;
  VlmTokenMask *mask;
  gint32 end_id;
  guint n_forced, n_batches;
} Bench;

static double
now_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return (double) t.tv_sec * 1e6 + (double) t.tv_nsec * 1e-3;
}

/* Texts rather than noise: tokens of letters where there are some. */
static gint32
pick_token (const Bench *self, GRand *rand, const guint32 *bits)
{
  guint n = self->trie->vocab_size;
  guint start = (guint) g_rand_int_range (rand, 0, (gint32) n), n_seen = 0;
  gint32 any = -1;

  for (guint i = 0; i < n && n_seen < 200; i++) {
    guint id = (start + i) % n;
    gsize n_bytes, n_letters = 0;
    const char *bytes;

    if (!vlm_bits_has (bits, id))
      continue;
    any = (gint32) id;
    n_seen++;
    bytes = vlm_tokenizer_get_bytes (self->tokenizer, any, &n_bytes);
    while (n_letters < n_bytes &&
        (g_ascii_isalnum (bytes[n_letters]) || bytes[n_letters] == ' '))
      n_letters++;
    if (n_letters == n_bytes)
      return any;
  }
  return any;
}

/* Appends what each mask took to @times. */
static void
write_answer (Bench *self, guint seed, GArray *times)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GError) error = NULL;
  VlmMatcher matcher;

  if (!vlm_matcher_init (&matcher, self->mask, MAX_TOKENS, &error))
    g_error ("%s", error->message);
  while (ids->len < MAX_TOKENS && !vlm_matcher_is_final (&matcher)) {
    guint n_left = MAX_TOKENS - ids->len;
    guint n = vlm_matcher_force (&matcher, n_left, ids);
    const guint32 *bits;
    double start, spent;
    gint32 id;

    self->n_forced += n;
    self->n_batches += n > 0;
    if (n > 0)
      continue;
    start = now_us ();
    bits = vlm_matcher_get_mask (&matcher, n_left);
    spent = now_us () - start;
    g_array_append_val (times, spent);
    id = pick_token (self, rand, bits);
    vlm_matcher_accept (&matcher, id);
    if (matcher.ended)
      break;
    g_array_append_val (ids, id);
  }
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
print_times (const char *name, GArray *times)
{
  const double *us = (const double *) (gpointer) times->data;
  double sum = 0.0;

  for (guint i = 0; i < times->len; i++)
    sum += us[i];
  g_array_sort (times, compare_times);
  printf (
      "%s: %u masks, mean %.1f us, median %.1f, 99 %% below %.1f, most %.1f\n",
      name, times->len, sum / MAX (1, times->len), us[times->len / 2],
      us[times->len * 99 / 100], us[times->len - 1]);
}

static const char *
verdict (gboolean holds)
{
  return holds ? "passed" : "failed";
}

/* Prints how long it takes. */
static VlmGrammar *
compile (const char *name, const char *text)
{
  g_autoptr (VlmSchema) schema = NULL;
  g_autoptr (GError) error = NULL;
  VlmGrammar *grammar = NULL;
  gsize n_bytes = strlen (text);
  double start = now_us (), spent;

  schema = vlm_schema_new (text, n_bytes, name, &error);
  if (schema != NULL)
    grammar = vlm_schema_compile (schema, VLM_SCHEMA_STRICT, &error);
  if (grammar == NULL)
    g_error ("%s", error->message);
  spent = now_us () - start;
  printf ("%s, %" G_GSIZE_FORMAT " bytes: compiled in %.1f ms", name, n_bytes,
      spent / 1e3);
  if (n_bytes >= 10000)
    printf (": %s", verdict (spent <= MAX_COMPILE_US));
  printf ("\n");
  return grammar;
}

static void
compile_long (void)
{
  for (LongSchema kind = 0; kind < N_LONG_SCHEMAS; kind++) {
    g_autofree char *text =
        long_schema_new (kind, long_schema_get_usual (kind));

    vlm_grammar_unref (compile (long_schema_get_name (kind), text));
  }
}

/* Of a step of @step_us; of all masks, first and later. */
static void
print_shares (const GArray *first, const GArray *later, double step_us)
{
  double sum = 0.0, most = 0.0;

  for (guint i = 0; i < first->len; i++) {
    sum += g_array_index (first, double, i);
    most = MAX (most, g_array_index (first, double, i));
  }
  for (guint i = 0; i < later->len; i++)
    most = MAX (most, g_array_index (later, double, i));
  printf ("of a step of %.1f ms: mean of the first answer %.2f %%: %s, "
          "most %.2f %%: %s\n",
      step_us / 1e3, 100.0 * sum / MAX (1, first->len) / step_us,
      verdict (sum / MAX (1, first->len) <= MAX_SHARE * step_us),
      100.0 * most / step_us, verdict (most <= MAX_SHARE * step_us));
}

static void
measure (Bench *self, double step_ms)
{
  g_autoptr (GArray) first = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) later = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < N_ANSWERS; i++)
    write_answer (self, i, i == 0 ? first : later);
  print_times ("first answer", first);
  print_times ("later answers", later);
  if (step_ms > 0.0)
    print_shares (first, later, step_ms * 1e3);
  printf ("%u tokens forced in %u batches\n", self->n_forced, self->n_batches);
}

int
main (int argc, char **argv)
{
  static double step_ms;
  static const GOptionEntry entries[] = {
    { "step", 0, 0, G_OPTION_ARG_DOUBLE, &step_ms,
        "What a decode step takes, as vlm-bench says", "MS" },
    { NULL },
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("TOKENIZER-FOLDER [SCHEMA.json]");
  g_autoptr (VlmGrammar) grammar = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  Bench self = { 0 };
  double start;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc < 2 ||
      argc > 3) {
    g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

    fprintf (stderr, "%s", help);
    return 2;
  }
  self.tokenizer = vlm_tokenizer_load (argv[1], &error);
  if (self.tokenizer == NULL ||
      (argc > 2 && !g_file_get_contents (argv[2], &text, NULL, &error)))
    g_error ("%s", error->message);
  compile_long ();
  grammar =
      compile (argc > 2 ? argv[2] : "standard", text != NULL ? text : standard);
  start = now_us ();
  self.trie = vlm_token_trie_new (
      self.tokenizer, vlm_tokenizer_get_n_ids (self.tokenizer));
  printf (
      "tree of %u tokens: %.0f us\n", self.trie->vocab_size, now_us () - start);
  self.end_id = vlm_tokenizer_find_special (self.tokenizer, "<|im_end|>");
  start = now_us ();
  self.mask = vlm_token_mask_new (grammar, self.trie, &self.end_id, 1);
  printf ("prepared, shortest answer %u tokens: %.0f us\n",
      vlm_token_mask_get_min_tokens (self.mask), now_us () - start);
  measure (&self, step_ms);
  vlm_token_mask_free (self.mask);
  vlm_token_trie_unref (self.trie);
  vlm_tokenizer_unref (self.tokenizer);
  return 0;
}
