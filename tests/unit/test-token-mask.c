/* gst-vlm: answers that fit whatever the weights are
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <json-glib/json-glib.h>

#include <vlm/vlm-error.h>

#include "grammar/token-mask.h"
#include "tests/support/answer-grammar.h"
#include "tests/support/tiny-tokenizer.h"

#define MAX_EVENTS 3
#define MAX_DESCRIPTION 40
#define MAX_TIME (G_GINT64_CONSTANT (95500) * 1000 * 1000)

/* How a token is picked out of a mask; "random weights" and their enemies. */
typedef enum
{
  PICK_RANDOM,
  PICK_EVENTS,   /* at random, but for what ends the list */
  PICK_LONGEST,  /* most bytes */
  PICK_OPEN,     /* never ends what it need not end */
  PICK_SHORTEST, /* single bytes, in the middle of characters */
  N_PICKS,
} Pick;

typedef struct
{
  VlmTokenizer *tokenizer;
  VlmTokenTrie *trie;
  VlmTokenMask *mask;
  gint32 end_id;
  GRand *rand;
} Fixture;

static void
fixture_init (Fixture *self, VlmTokenizer *tokenizer, VlmGrammar *grammar)
{
  /* Models have some more logits than there are tokens. */
  guint vocab_size = vlm_tokenizer_get_n_ids (tokenizer) + 77;

  self->tokenizer = tokenizer;
  self->trie = vlm_token_trie_new (tokenizer, vocab_size);
  self->end_id = vlm_tokenizer_find_special (tokenizer, "<|im_end|>");
  self->mask = vlm_token_mask_new (grammar, self->trie, &self->end_id, 1);
  self->rand = g_rand_new_with_seed (7);
}

static void
fixture_clear (Fixture *self)
{
  vlm_token_mask_free (self->mask);
  vlm_token_trie_unref (self->trie);
  g_rand_free (self->rand);
}

static gboolean
is_set (const guint32 *bits, guint id)
{
  return (bits[id / 32] >> id % 32 & 1) != 0;
}

/* The larger the better for a token with @bytes. */
static int
score (Pick pick, const char *bytes, gsize n_bytes)
{
  int value = 0;

  switch (pick) {
  case PICK_EVENTS:
    return memchr (bytes, ']', n_bytes) != NULL ? -1 : 0;
  case PICK_LONGEST:
    return (int) n_bytes;
  case PICK_SHORTEST:
    return -(int) n_bytes * 2 + ((guint8) bytes[0] >= 0xc2);
  case PICK_OPEN:
    for (gsize i = 0; i < n_bytes; i++)
      value -= strchr ("\"}]`", bytes[i]) != NULL && bytes[i] != '\0';
    return value * 100 + (bytes[0] == '\\') * 10 + (int) n_bytes;
  default:
    return 0;
  }
}

/* -1 for an empty mask. The search starts anywhere, so that equals are picked
 * at random. */
static gint32
pick_token (Fixture *self, Pick pick, const guint32 *bits)
{
  guint n = self->trie->vocab_size;
  guint start = (guint) g_rand_int_range (self->rand, 0, (gint32) n);
  gint32 best = -1;
  int best_score = G_MININT;

  for (guint i = 0; i < n; i++) {
    guint id = (start + i) % n;
    gsize n_bytes;
    const char *bytes;
    int value;

    if (id % 32 == 0 && id + 32 <= n && bits[id / 32] == 0) {
      i += 31;
      continue;
    }
    if (!is_set (bits, id))
      continue;
    bytes = vlm_tokenizer_get_bytes (self->tokenizer, (gint32) id, &n_bytes);
    value = score (pick, bytes, n_bytes);
    if (value > best_score) {
      best = (gint32) id;
      best_score = value;
    }
    if (pick == PICK_RANDOM)
      break;
  }
  return best;
}

static char *
generate (Fixture *self, Pick pick, guint max_tokens, gboolean jump)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GError) error = NULL;
  VlmMatcher matcher;

  vlm_matcher_init (&matcher, self->mask, max_tokens, &error);
  g_assert_no_error (error);
  while (ids->len < max_tokens && !vlm_matcher_is_final (&matcher)) {
    guint n_left = max_tokens - ids->len;
    gint32 id;

    if (jump && vlm_matcher_force (&matcher, n_left, ids) > 0)
      continue;
    id = pick_token (self, pick, vlm_matcher_get_mask (&matcher, n_left));
    g_assert_cmpint (id, >=, 0);
    g_assert_false (
        id != self->end_id && vlm_tokenizer_is_added (self->tokenizer, id));
    vlm_matcher_accept (&matcher, id);
    if (matcher.ended)
      break;
    g_array_append_val (ids, id);
  }
  g_assert_cmpuint (ids->len, <=, max_tokens);
  g_assert_true (vlm_matcher_is_complete (&matcher));
  return vlm_tokenizer_decode (
      self->tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
}

/* Independent of the grammar: what a reader of the answer relies on. */
static guint
check_events (const char *text)
{
  static GRegex *time;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  JsonArray *list;

  if (time == NULL)
    time = g_regex_new ("^[0-9]{2}:[0-5][0-9]\\.[0-9]{2}$", 0, 0, NULL);
  g_assert_true (g_str_has_prefix (text, "```json\n"));
  g_assert_true (g_str_has_suffix (text, "\n```"));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  json = g_strndup (text + 8, strlen (text) - 12);
  json_parser_load_from_data (parser, json, -1, &error);
  g_assert_no_error (error);
  list = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (list), <=, MAX_EVENTS);
  for (guint i = 0; i < json_array_get_length (list); i++) {
    JsonObject *event = json_array_get_object_element (list, i);
    const char *start = json_object_get_string_member (event, "start_time");
    const char *end = json_object_get_string_member (event, "end_time");
    const char *what = json_object_get_string_member (event, "description");

    g_assert_cmpuint (json_object_get_size (event), ==, 3);
    g_assert_true (g_regex_match (time, start, 0, NULL));
    g_assert_true (g_regex_match (time, end, 0, NULL));
    g_assert_cmpstr (start, <=, "01:35.50");
    g_assert_cmpstr (end, <=, "01:35.50");
    g_assert_cmpuint (strlen (what), >, 0);
    g_assert_cmpuint (strlen (what), <=, MAX_DESCRIPTION + 3);
    g_assert_null (strstr (what, "\357\277\275"));
  }
  return json_array_get_length (list);
}

static void
check_generation (Fixture *self, guint n_seeds, guint last_limit, guint step)
{
  guint min_tokens = vlm_token_mask_get_min_tokens (self->mask);
  guint n_events[N_PICKS] = { 0 };

  for (guint limit = min_tokens; limit <= last_limit;
       limit += limit < min_tokens + 12 ? 1 : step)
    for (guint pick = 0; pick < N_PICKS; pick++)
      for (guint seed = 0; seed < (pick <= PICK_EVENTS ? n_seeds : 2); seed++) {
        g_autofree char *text =
            generate (self, (Pick) pick, limit, seed % 2 == 1);

        n_events[pick] += check_events (text);
      }
  for (guint pick = 0; pick < N_PICKS; pick++)
    g_test_message ("%u: %u events", pick, n_events[pick]);
  g_assert_cmpuint (n_events[PICK_EVENTS], >, 0);
  g_assert_cmpuint (n_events[PICK_OPEN], >, 0);
}

/* A mask against the definition, token by token. */
static void
check_mask (Fixture *self, const VlmGrammar *grammar, guint stride)
{
  for (guint round = 0; round < 12; round++) {
    VlmMatcher matcher;
    guint n_steps = 0;

    vlm_matcher_init (&matcher, self->mask, 1000, NULL);
    while (!vlm_matcher_is_complete (&matcher)) {
      const guint32 *bits = vlm_matcher_get_mask (&matcher, 1000);
      guint first = (guint) g_rand_int_range (self->rand, 0, (gint32) stride);

      for (guint id = first; id < self->trie->vocab_size; id += stride) {
        VlmGrammarState state = matcher.state;
        gsize n_bytes;
        const char *bytes =
            vlm_tokenizer_get_bytes (self->tokenizer, (gint32) id, &n_bytes);
        gboolean fits = n_bytes > 0 &&
            !vlm_tokenizer_is_added (self->tokenizer, (gint32) id);

        for (gsize i = 0; i < n_bytes && fits; i++)
          fits = vlm_grammar_step (grammar, &state, (guint8) bytes[i]);
        g_assert_cmpint (is_set (bits, id), ==, fits);
      }
      vlm_matcher_accept (&matcher,
          pick_token (self, (Pick) (round % N_PICKS),
              vlm_matcher_get_mask (&matcher, 1000 - n_steps++)));
    }
  }
}

static void
test_tiny (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmGrammar) grammar =
      events_grammar (MAX_EVENTS, MAX_DESCRIPTION, MAX_TIME);
  Fixture fixture;

  fixture_init (&fixture, tokenizer, grammar);
  check_mask (&fixture, grammar, 1);
  check_generation (&fixture, 12, 80, 1);
  check_generation (&fixture, 4, 400, 29);
  fixture_clear (&fixture);
}

static void
test_limit (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmGrammar) grammar =
      events_grammar (MAX_EVENTS, MAX_DESCRIPTION, MAX_TIME);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  VlmMatcher matcher;
  Fixture fixture;
  guint min_tokens;

  fixture_init (&fixture, tokenizer, grammar);
  min_tokens = vlm_token_mask_get_min_tokens (fixture.mask);
  g_assert_false (
      vlm_matcher_init (&matcher, fixture.mask, min_tokens - 1, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  text = generate (&fixture, PICK_OPEN, min_tokens, TRUE);
  g_assert_cmpstr (text, ==, "```json\n[]\n```");
  fixture_clear (&fixture);
}

static void
check_box (JsonObject *object)
{
  JsonArray *box = json_object_get_array_member (object, "bbox_2d");
  const char *label = json_object_get_string_member (object, "label");

  g_assert_cmpuint (json_object_get_size (object), ==, 2);
  g_assert_cmpuint (strlen (label), >, 0);
  g_assert_cmpuint (json_array_get_length (box), ==, 4);
  for (guint i = 0; i < 4; i++) {
    gint64 value = json_array_get_int_element (box, i);

    g_assert_cmpint (value, >=, 0);
    g_assert_cmpint (value, <=, i % 2 == 0 ? 1036 : 588);
  }
}

static void
test_boxes (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmGrammar) grammar = boxes_grammar (4, 12, 1036, 588);
  Fixture fixture;
  guint n_boxes = 0;

  fixture_init (&fixture, tokenizer, grammar);
  for (guint limit = vlm_token_mask_get_min_tokens (fixture.mask); limit < 160;
       limit++)
    for (guint pick = 0; pick < N_PICKS; pick++) {
      g_autofree char *text =
          generate (&fixture, (Pick) pick, limit, limit % 2);
      g_autofree char *json = g_strndup (text + 8, strlen (text) - 12);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (GError) error = NULL;
      JsonArray *list;

      json_parser_load_from_data (parser, json, -1, &error);
      g_assert_no_error (error);
      list = json_node_get_array (json_parser_get_root (parser));
      g_assert_cmpuint (json_array_get_length (list), <=, 4);
      for (guint i = 0; i < json_array_get_length (list); i++)
        check_box (json_array_get_object_element (list, i));
      n_boxes += json_array_get_length (list);
    }
  g_assert_cmpuint (n_boxes, >, 0);
  fixture_clear (&fixture);
}

/* By exhaustion: whether @n_left tokens can bring @state to an end. */
static gboolean
can_end (const Fixture *self, const VlmGrammar *grammar,
    const VlmGrammarState *state, guint n_left)
{
  if (vlm_grammar_is_complete (grammar, state))
    return TRUE;
  for (guint id = 0; n_left > 0 && id < self->trie->vocab_size; id++) {
    VlmGrammarState next = *state;
    gsize n_bytes;
    const char *bytes =
        vlm_tokenizer_get_bytes (self->tokenizer, (gint32) id, &n_bytes);
    gboolean fits =
        n_bytes > 0 && !vlm_tokenizer_is_added (self->tokenizer, (gint32) id);

    for (gsize i = 0; i < n_bytes && fits; i++)
      fits = vlm_grammar_step (grammar, &next, (guint8) bytes[i]);
    if (fits && can_end (self, grammar, &next, n_left - 1))
      return TRUE;
  }
  return FALSE;
}

/* A mask for few tokens holds those tokens that leave enough, and no others. */
static void
test_exact (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  g_autoptr (GError) error = NULL;
  const VlmRule *item = vlm_rule_choice (book,
      vlm_rule_literal (book, "\"start\""), vlm_rule_literal (book, "\"aa\""),
      vlm_rule_literal (book, "\"person\""), NULL);
  g_autoptr (VlmGrammar) grammar = vlm_grammar_new (
      vlm_rule_sequence (book, vlm_rule_literal (book, "["),
          vlm_rule_list (book, item, vlm_rule_literal (book, ","), 2),
          vlm_rule_literal (book, "]"), NULL),
      &error);
  VlmMatcher matcher;
  Fixture fixture;

  g_assert_no_error (error);
  fixture_init (&fixture, tokenizer, grammar);
  for (guint limit = vlm_token_mask_get_min_tokens (fixture.mask); limit < 8;
       limit++)
    for (guint round = 0; round < 6; round++) {
      vlm_matcher_init (&matcher, fixture.mask, limit, NULL);
      for (guint n_left = limit; !vlm_matcher_is_complete (&matcher);
           n_left--) {
        const guint32 *bits = vlm_matcher_get_mask (&matcher, n_left);

        for (guint id = 0; id < fixture.trie->vocab_size; id++) {
          VlmGrammarState next = matcher.state;
          gsize n_bytes;
          const char *bytes =
              vlm_tokenizer_get_bytes (tokenizer, (gint32) id, &n_bytes);
          gboolean fits =
              n_bytes > 0 && !vlm_tokenizer_is_added (tokenizer, (gint32) id);

          for (gsize i = 0; i < n_bytes && fits; i++)
            fits = vlm_grammar_step (grammar, &next, (guint8) bytes[i]);
          g_assert_cmpint (is_set (bits, id), ==,
              fits && can_end (&fixture, grammar, &next, n_left - 1));
        }
        vlm_matcher_accept (&matcher, pick_token (&fixture, PICK_RANDOM, bits));
      }
    }
  fixture_clear (&fixture);
}

/* Lists in lists that owe items, and items that only show later which they are:
 * whatever is picked, there are enough, they end in time, and nothing is nested
 * too deep. */
static VlmGrammar *
new_nested (VlmRuleBook *book)
{
  VlmRule *items = vlm_rule_unit_new (book), *list = vlm_rule_unit_new (book);
  const VlmRule *value = vlm_rule_choice (book, vlm_rule_integer (book, 99),
      vlm_rule_call (book, list, 0, VLM_RULE_UNLIMITED),
      vlm_rule_json_string (book, 5), vlm_rule_json_string (book, 9), NULL);
  g_autoptr (GError) error = NULL;
  VlmGrammar *grammar;

  vlm_rule_unit_define (items,
      vlm_rule_sequence (book, value,
          vlm_rule_many (book,
              vlm_rule_sequence (book, vlm_rule_spend (book, 1),
                  vlm_rule_literal (book, ","), value, NULL)),
          NULL));
  vlm_rule_unit_define (list,
      vlm_rule_sequence (book, vlm_rule_literal (book, "["),
          vlm_rule_call (book, items, 1, 2), vlm_rule_literal (book, "]"),
          NULL));
  grammar = vlm_grammar_new (
      vlm_rule_call (book, list, 0, VLM_RULE_UNLIMITED), &error);
  g_assert_no_error (error);
  return grammar;
}

static void
check_nested (JsonArray *list)
{
  g_assert_cmpuint (json_array_get_length (list), >=, 2);
  g_assert_cmpuint (json_array_get_length (list), <=, 3);
  for (guint i = 0; i < json_array_get_length (list); i++) {
    JsonNode *item = json_array_get_element (list, i);

    if (JSON_NODE_HOLDS_ARRAY (item))
      check_nested (json_node_get_array (item));
    else if (json_node_get_value_type (item) == G_TYPE_STRING)
      g_assert_cmpuint (strlen (json_node_get_string (item)), <=, 12);
    else
      g_assert_cmpint (json_node_get_int (item), <, 100);
  }
}

static void
test_nested (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  g_autoptr (VlmGrammar) grammar = new_nested (book);
  Fixture fixture;
  guint min_tokens;

  fixture_init (&fixture, tokenizer, grammar);
  min_tokens = vlm_token_mask_get_min_tokens (fixture.mask);
  g_assert_cmpuint (min_tokens, <=, strlen ("[0,0]"));
  check_mask (&fixture, grammar, 7);
  for (guint limit = min_tokens; limit < 400; limit += limit < 60 ? 1 : 43)
    for (guint round = 0; round < 2 * N_PICKS; round++) {
      g_autofree char *text = generate (
          &fixture, (Pick) (round % N_PICKS), limit, round / N_PICKS == 1);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (GError) error = NULL;

      json_parser_load_from_data (parser, text, -1, &error);
      g_assert_no_error (error);
      check_nested (json_node_get_array (json_parser_get_root (parser)));
    }
  fixture_clear (&fixture);
}

/* What is forced is what the tokenizer would have made of the whole answer. */
static void
check_forced (Fixture *self, const char *answer)
{
  g_autoptr (GArray) expected = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  VlmMatcher matcher;
  guint n_forced = 0, n_batches = 0;

  vlm_tokenizer_encode (self->tokenizer, answer, -1, FALSE, expected);
  vlm_matcher_init (&matcher, self->mask, 1000, NULL);
  while (ids->len < expected->len) {
    guint n = vlm_matcher_force (&matcher, 1000 - ids->len, ids);

    n_forced += n;
    n_batches += n > 0;
    if (n == 0) {
      gint32 id = g_array_index (expected, gint32, ids->len);

      g_assert_true (is_set (
          vlm_matcher_get_mask (&matcher, 1000 - ids->len), (guint) id));
      vlm_matcher_accept (&matcher, id);
      g_array_append_val (ids, id);
    }
  }
  g_test_message ("%u of %u tokens forced, in %u batches", n_forced,
      expected->len, n_batches);
  g_assert_cmpmem (ids->data, ids->len * sizeof (gint32), expected->data,
      expected->len * sizeof (gint32));
  g_assert_cmpuint (n_forced * 3, >, expected->len);
  g_assert_true (vlm_matcher_is_final (&matcher));
}

static const char answer[] =
    "```json\n[\n"
    "    {\"start_time\": \"00:01.50\", \"end_time\": \"00:07.25\", "
    "\"description\": \"The person's dog sits, then it barks.\"},\n"
    "    {\"start_time\": \"01:11.00\", \"end_time\": \"01:35.00\", "
    "\"description\": \"日本 \xc3\xa9t\xc3\xa9 \\\"x\\\"\"}\n"
    "]\n```";

static void
test_forced (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (VlmGrammar) grammar =
      events_grammar (MAX_EVENTS, MAX_DESCRIPTION, MAX_TIME);
  Fixture fixture;

  fixture_init (&fixture, tokenizer, grammar);
  check_forced (&fixture, answer);
  check_forced (&fixture, "```json\n[]\n```");
  fixture_clear (&fixture);
}

static void
test_trie (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  guint n_ids = vlm_tokenizer_get_n_ids (tokenizer), n_found = 0, n_plain = 0;
  g_autoptr (VlmTokenTrie) trie = vlm_token_trie_new (tokenizer, n_ids);
  g_autoptr (VlmTokenTrie) part = vlm_token_trie_new (tokenizer, 300);
  g_autoptr (GString) path = g_string_new (NULL);

  for (guint i = 0; i < trie->n_nodes; i++) {
    const VlmTrieNode *node = &trie->nodes[i];

    g_string_truncate (path, node->depth - 1u);
    g_string_append_c (path, (char) node->byte);
    g_assert_cmpuint (path->len, ==, node->depth);
    g_assert_cmpuint (node->skip, >, i);
    if (node->id >= 0) {
      gsize n_bytes;
      const char *bytes =
          vlm_tokenizer_get_bytes (tokenizer, node->id, &n_bytes);

      g_assert_cmpmem (bytes, n_bytes, path->str, path->len);
      n_found++;
    }
  }
  for (guint id = 0; id < n_ids; id++)
    n_plain += !vlm_tokenizer_is_added (tokenizer, (gint32) id);
  g_assert_cmpuint (n_found, ==, n_plain);
  for (guint i = 0; i < part->n_nodes; i++)
    g_assert_cmpint (part->nodes[i].id, <, 300);
}

/* The time that a first and a second mask of the same kind take, while a
 * description is written. */
static void
report_speed (Fixture *self)
{
  VlmMatcher matcher;
  gint64 start, first = 0, longest = 0, cached = 0;
  guint n = 0;

  vlm_matcher_init (&matcher, self->mask, 1000, NULL);
  while (!vlm_matcher_is_complete (&matcher)) {
    const guint32 *bits;

    start = g_get_monotonic_time ();
    vlm_matcher_get_mask (&matcher, 1000 - n);
    first = g_get_monotonic_time () - start;
    longest = MAX (longest, first);
    start = g_get_monotonic_time ();
    for (guint i = 0; i < 100; i++)
      bits = vlm_matcher_get_mask (&matcher, 1000 - n);
    cached = MAX (cached, g_get_monotonic_time () - start);
    vlm_matcher_accept (&matcher, pick_token (self, PICK_OPEN, bits));
    n++;
  }
  g_test_message ("masks of %u tokens: first %.2f ms at most, again %.3f us", n,
      (double) longest / 1e3, (double) cached / 100);
}

static void
test_qwen2 (void)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *directory = shared != NULL
      ? g_build_filename (shared, "tokenizer", "qwen2", NULL)
      : NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL;
  g_autoptr (VlmGrammar) grammar = NULL;
  g_autoptr (GError) error = NULL;
  Fixture fixture;
  gint64 start;

  if (directory == NULL || !g_file_test (directory, G_FILE_TEST_IS_DIR)) {
    g_test_skip ("no vocabulary of Qwen2 here");
    return;
  }
  tokenizer = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  start = g_get_monotonic_time ();
  grammar = events_grammar (MAX_EVENTS, MAX_DESCRIPTION, MAX_TIME);
  g_test_message (
      "grammar: %.1f ms", (double) (g_get_monotonic_time () - start) / 1e3);
  start = g_get_monotonic_time ();
  fixture_init (&fixture, tokenizer, grammar);
  g_test_message ("trie and ways to the end: %.1f ms; %u nodes",
      (double) (g_get_monotonic_time () - start) / 1e3, fixture.trie->n_nodes);
  g_test_message ("shortest answer: %u tokens",
      vlm_token_mask_get_min_tokens (fixture.mask));
  report_speed (&fixture);
  check_forced (&fixture, answer);
  check_mask (&fixture, grammar, 17);
  check_generation (&fixture, 3, 80, 7);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token-mask/trie", test_trie);
  g_test_add_func ("/token-mask/tiny", test_tiny);
  g_test_add_func ("/token-mask/boxes", test_boxes);
  g_test_add_func ("/token-mask/limit", test_limit);
  g_test_add_func ("/token-mask/exact", test_exact);
  g_test_add_func ("/token-mask/nested", test_nested);
  g_test_add_func ("/token-mask/forced", test_forced);
  g_test_add_func ("/token-mask/qwen2", test_qwen2);
  return g_test_run ();
}
