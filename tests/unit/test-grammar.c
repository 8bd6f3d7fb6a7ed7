/* gst-vlm: rules and the automata made of them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <json-glib/json-glib.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>

#include "events/event-parse.h"
#include "tests/support/answer-grammar.h"

static gboolean
matches (const VlmGrammar *grammar, const char *text, gsize n_bytes)
{
  return vlm_grammar_match (grammar, text, n_bytes, NULL) ==
      VLM_GRAMMAR_MATCHED;
}

static void
assert_matches (const VlmGrammar *grammar, const char *text, gboolean expected)
{
  if (matches (grammar, text, strlen (text)) != expected)
    g_test_message ("%s", text);
  g_assert_cmpint (matches (grammar, text, strlen (text)), ==, expected);
}

static VlmGrammar *
compile (const VlmRule *rule)
{
  g_autoptr (GError) error = NULL;
  VlmGrammar *grammar = vlm_grammar_new (rule, &error);

  g_assert_no_error (error);
  return grammar;
}

#define EVENT(start, end, text)                                                \
  "{\"start_time\": \"" start "\", \"end_time\": \"" end                       \
  "\", \"description\": \"" text "\"}"
#define LIST(items) "```json\n[\n    " items "\n]\n```"

static void
test_events (void)
{
  static const struct
  {
    const char *text;
    gboolean fits;
  } cases[] = {
    { "```json\n[]\n```", TRUE },
    { LIST (EVENT ("00:00.00", "00:21.80", "a man falls")), TRUE },
    { LIST (EVENT ("00:00.00", "01:30.50", "a") ",\n    " EVENT (
          "00:59.99", "01:29.99", "é 日 \\\" \\u00e9 \\ud83d\\ude00")),
        TRUE },
    { LIST (EVENT ("00:00.00", "01:30.50", "a") ",\n    " EVENT ("00:00.00",
          "01:30.50", "a") ",\n    " EVENT ("00:00.00", "01:30.50", "a")),
        FALSE },                                           /* one too many */
    { LIST (EVENT ("00:00.00", "01:30.51", "a")), FALSE }, /* too late */
    { LIST (EVENT ("00:00.00", "02:00.00", "a")), FALSE },
    { LIST (EVENT ("00:60.00", "01:00.00", "a")), FALSE }, /* no such second */
    { LIST (EVENT ("0:10.00", "01:00.00", "a")), FALSE },
    { LIST (EVENT ("00:10.0", "01:00.00", "a")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "0123456789012345678901234567")),
        TRUE },
    { LIST (EVENT ("00:00.00", "00:01.00", "01234567890123456789012345678")),
        FALSE }, /* too long */
    { LIST (EVENT ("00:00.00", "00:01.00", "a\nb")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "a\\x")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\\u0000")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\\u000a")), TRUE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\\ud83d")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\\ude00")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\355\240\200")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "\300\200")), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "a\303")), FALSE },
    { LIST (""), FALSE },
    { LIST (EVENT ("00:00.00", "00:01.00", "a") ","), FALSE },
    { "[]", FALSE },
    { "```json\n[]\n``` ", FALSE },
    { "", FALSE },
  };
  g_autoptr (VlmGrammar) grammar =
      events_grammar (2, 28, G_GINT64_CONSTANT (90509999999));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    assert_matches (grammar, cases[i].text, cases[i].fits);
    if (cases[i].fits) { /* and the parser takes what the grammar makes */
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) findings = NULL;
      g_autofree char *why = NULL;
      guint n_rejected;

      findings = vlm_event_parse (cases[i].text,
          G_GINT64_CONSTANT (90509999999), &n_rejected, &why, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n_rejected, ==, 0);
    }
  }
}

static void
test_boxes (void)
{
  static const struct
  {
    const char *text;
    gboolean fits;
  } cases[] = {
    { "```json\n[\n\t{\"bbox_2d\": [0, 10, 640, 480], \"label\": \"a cat\"}"
      "\n]\n```",
        TRUE },
    { "```json\n[\n\t{\"bbox_2d\": [0, 10, 641, 480], \"label\": \"a cat\"}"
      "\n]\n```",
        FALSE },
    { "```json\n[\n\t{\"bbox_2d\": [0, 10, 640, 481], \"label\": \"a cat\"}"
      "\n]\n```",
        FALSE },
    { "```json\n[\n\t{\"bbox_2d\": [0, 010, 640, 48], \"label\": \"a cat\"}"
      "\n]\n```",
        FALSE },
    { "```json\n[\n\t{\"bbox_2d\": [0, 1, 2, 3], \"label\": \"a\"},\n\t"
      "{\"bbox_2d\": [4, 5, 6, 7], \"label\": \"b\"}\n]\n```",
        TRUE },
    { "```json\n[]\n```", TRUE },
  };
  g_autoptr (VlmGrammar) grammar = boxes_grammar (2, 16, 640, 480);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_matches (grammar, cases[i].text, cases[i].fits);
}

static void
test_integer (void)
{
  static const guint64 limits[] = { 0, 1, 9, 10, 11, 99, 100, 640, 999, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
    g_autoptr (VlmGrammar) grammar =
        compile (vlm_rule_integer (book, limits[i]));

    for (guint value = 0; value < 1200; value++) {
      g_autofree char *text = g_strdup_printf ("%u", value);
      g_autofree char *padded = g_strdup_printf ("0%u", value);

      assert_matches (grammar, text, value <= limits[i]);
      assert_matches (grammar, padded, FALSE);
    }
  }
}

static void
test_digits (void)
{
  static const guint bounds[] = { 0, 5, 59, 60, 599, 600, 3541, 3599 };

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++) {
    g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
    g_autofree char *bound =
        g_strdup_printf ("%02u:%02u", bounds[i] / 60, bounds[i] % 60);
    g_autoptr (VlmGrammar) grammar =
        compile (vlm_rule_digits_up_to (book, "59:59", bound));

    for (guint value = 0; value < 10000; value++) {
      g_autofree char *text =
          g_strdup_printf ("%02u:%02u", value / 100, value % 100);
      guint seconds = value / 100 * 60 + value % 100;

      assert_matches (grammar, text, value % 100 < 60 && seconds <= bounds[i]);
    }
  }
}

/* A string fits when JSON-GLib can read it, and only then. */
static void
test_strings (void)
{
  static const char *const pieces[] = { "a", " ", "\\", "\"", "u", "d8", "D8",
    "dc", "00", "1f", "\\u", "\\n", "/", "\303", "\251", "\346\227\245",
    "\360\237\230\200", "\355", "\240", "\177", "\t" };
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  g_autoptr (VlmGrammar) grammar = compile (vlm_rule_json_string (book, 1000));
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  guint n_fit = 0;

  for (guint i = 0; i < 30000; i++) {
    g_autoptr (GString) text = g_string_new ("\"");
    g_autofree char *json = NULL;
    g_autoptr (JsonParser) parser = json_parser_new ();

    for (gint32 n = g_rand_int_range (rand, 1, 9); n > 0; n--)
      g_string_append (
          text, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
    g_string_append_c (text, '"');
    if (!matches (grammar, text->str, text->len))
      continue;
    json = g_strdup_printf ("[%s]", text->str);
    g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
    n_fit++;
  }
  g_assert_cmpuint (n_fit, >, 1000);
}

/* How much was spent may be known only later. */
static void
test_ambiguous (void)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  const VlmRule *a = vlm_rule_literal (book, "a");
  const VlmRule *b = vlm_rule_literal (book, "b");
  g_autoptr (VlmGrammar) grammar = compile (vlm_rule_budget (book, 3,
      vlm_rule_many (book,
          vlm_rule_choice (book,
              vlm_rule_sequence (book, vlm_rule_spend (book, 1), a, NULL),
              vlm_rule_sequence (book, vlm_rule_spend (book, 2), a, b, NULL),
              NULL))));

  assert_matches (grammar, "", TRUE);
  assert_matches (grammar, "aaa", TRUE);
  assert_matches (grammar, "aaaa", FALSE);
  assert_matches (grammar, "aba", TRUE);
  assert_matches (grammar, "aab", TRUE);
  assert_matches (grammar, "aaab", FALSE);
  assert_matches (grammar, "abab", FALSE);
}

static void
test_owed (void)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  VlmRule *unit = vlm_rule_unit_new (book);
  const VlmRule *item = vlm_rule_range (book, '0', '9');
  g_autoptr (VlmGrammar) grammar = NULL;

  vlm_rule_unit_define (unit,
      vlm_rule_sequence (book, item,
          vlm_rule_many (book,
              vlm_rule_sequence (book, vlm_rule_spend (book, 1),
                  vlm_rule_literal (book, ","), item, NULL)),
          NULL));
  /* The same unit with other limits. */
  grammar = compile (vlm_rule_choice (book,
      vlm_rule_sequence (book, vlm_rule_literal (book, "["),
          vlm_rule_call (book, unit, 1, 2), vlm_rule_literal (book, "]"), NULL),
      vlm_rule_sequence (book, vlm_rule_literal (book, "("),
          vlm_rule_call (book, unit, 2, VLM_RULE_UNLIMITED),
          vlm_rule_literal (book, ")"), NULL),
      NULL));
  assert_matches (grammar, "[1]", FALSE);
  assert_matches (grammar, "[1,2]", TRUE);
  assert_matches (grammar, "[1,2,3]", TRUE);
  assert_matches (grammar, "[1,2,3,4]", FALSE);
  assert_matches (grammar, "(1,2)", FALSE);
  assert_matches (grammar, "(1,2,3)", TRUE);
  assert_matches (grammar, "(1,2,3,4,5,6,7,8,9,0,1,2,3,4)", TRUE);
}

static void
test_recursion (void)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  VlmRule *list = vlm_rule_unit_new (book);
  g_autoptr (VlmGrammar) grammar = NULL;

  vlm_rule_unit_define (list,
      vlm_rule_sequence (book, vlm_rule_literal (book, "["),
          vlm_rule_many (
              book, vlm_rule_call (book, list, 0, VLM_RULE_UNLIMITED)),
          vlm_rule_literal (book, "]"), NULL));
  grammar = compile (vlm_rule_call (book, list, 0, VLM_RULE_UNLIMITED));
  assert_matches (grammar, "[]", TRUE);
  assert_matches (grammar, "[[][[]]]", TRUE);
  assert_matches (grammar, "[[][[]]", FALSE);
  assert_matches (grammar, "[]]", FALSE);
  for (guint depth = 1; depth < VLM_GRAMMAR_MAX_DEPTH + 2; depth++) {
    g_autoptr (GString) text = g_string_new (NULL);

    for (guint i = 0; i < 2 * depth; i++)
      g_string_append_c (text, i < depth ? '[' : ']');
    assert_matches (grammar, text->str, depth < VLM_GRAMMAR_MAX_DEPTH);
  }
}

/* Three words in any order, each once, the first two always. */
static void
test_marks (void)
{
  static const char *const words[] = { "one", "only", "two" };
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  VlmRule *unit = vlm_rule_unit_new (book);
  VlmRule *choice = vlm_rule_choice_new (book);
  g_autoptr (VlmGrammar) grammar = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    vlm_rule_add (choice,
        vlm_rule_sequence (book, vlm_rule_literal (book, words[i]),
            vlm_rule_mark (book, i), vlm_rule_literal (book, ";"), NULL));
  vlm_rule_unit_define (unit, vlm_rule_many (book, choice));
  vlm_rule_unit_set_marks (unit, 7, 3);
  grammar = compile (vlm_rule_call (book, unit, 0, VLM_RULE_UNLIMITED));
  assert_matches (grammar, "one;only;", TRUE);
  assert_matches (grammar, "only;two;one;", TRUE);
  assert_matches (grammar, "one;two;", FALSE);
  assert_matches (grammar, "one;one;only;", FALSE);
  assert_matches (grammar, "", FALSE);
}

/* A text that can be read in more ways than are kept is undecided, not wrong. */
static void
test_lost (void)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  VlmRule *choice = vlm_rule_choice_new (book);
  g_autoptr (VlmGrammar) grammar = NULL;

  for (guint i = 0; i <= VLM_GRAMMAR_MAX_WAYS; i++) {
    const VlmRule *body = vlm_rule_sequence (book, vlm_rule_literal (book, "x"),
        vlm_rule_range (book, (guint8) ('a' + i), (guint8) ('a' + i)), NULL);

    vlm_rule_add (choice, vlm_rule_budget (book, 1, body));
  }
  grammar = compile (choice);
  g_assert_cmpint (
      vlm_grammar_match (grammar, "xa", 2, NULL), ==, VLM_GRAMMAR_MATCHED);
  g_assert_cmpint (
      vlm_grammar_match (grammar, "xq", 2, NULL), ==, VLM_GRAMMAR_UNDECIDED);
  g_assert_cmpint (
      vlm_grammar_match (grammar, "y", 1, NULL), ==, VLM_GRAMMAR_REFUSED);
}

static void
append_escape (GString *text, gunichar c, gboolean upper)
{
  if (c > 0xffff) {
    append_escape (text, 0xd800 + ((c - 0x10000) >> 10), upper);
    c = 0xdc00 + (c & 0x3ff);
  }
  g_string_append_printf (text, upper ? "\\u%04X" : "\\u%04x", c);
}

/* As a JSON string without its quotes; with a @rand, in a random spelling.
 * Without one, in the spelling in which it must be written. */
static char *
spell (const char *text, GRand *rand)
{
  GString *json = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    static const char of[] = "\"\\\b\f\n\r\t/", as[] = "\"\\bfnrt/";
    gunichar c = g_utf8_get_char (text);
    const char *found = c < 128 ? strchr (of, (int) c) : NULL;
    gboolean must = c < 32 || c == '"' || c == '\\';
    gint32 way = rand != NULL ? g_rand_int_range (rand, 0, 3) : 0;

    if (found != NULL && (way == 1 || (way == 0 && must)))
      g_string_append_printf (json, "\\%c", as[found - of]);
    else if (way == 2 || must)
      append_escape (json, c, rand != NULL && g_rand_boolean (rand));
    else
      g_string_append_unichar (json, c);
  }
  return g_string_free (json, FALSE);
}

static char *
random_text (GRand *rand)
{
  static const gunichar borders[] = { 1, 8, 9, 0x1f, 0x20, '"', '/', '\\', 'a',
    'z', 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd7ff, 0xe000,
    0xffff, 0x10000, 0x103ff, 0x10400, 0xfffff, 0x100000, 0x10ffff };
  GString *text = g_string_new (NULL);

  for (gint32 n = g_rand_int_range (rand, 0, 5); n > 0; n--)
    g_string_append_unichar (text,
        g_rand_boolean (rand)
            ? borders[g_rand_int_range (rand, 0, G_N_ELEMENTS (borders))]
            : (gunichar) g_rand_int_range (rand, 1, 0xd800));
  return g_string_free (text, FALSE);
}

/* What is in a set of texts is what is matched, in each of its spellings. */
static void
test_spellings (void)
{
  static const char *const patterns[] = { "", "^[^a]*$", "^.{2}$", "a|z",
    "^[\\u0080-\\u{10000}]*$", "^[\\u{103ff}-\\u{100000}]*$",
    "^[\\u0009-\\u0fff]+$", "^[\"\\\\/]*$", "^(?:a.)*$" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  guint n_in = 0;

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmChars) chars = vlm_chars_new_pattern (patterns[i], &error);
    g_autoptr (VlmGrammar) plain =
        compile (vlm_rule_chars (book, chars, VLM_SPELLED_PLAIN));
    g_autoptr (VlmGrammar) strict =
        compile (vlm_rule_chars (book, chars, VLM_SPELLED_JSON));
    g_autoptr (VlmGrammar) freely =
        compile (vlm_rule_chars (book, chars, VLM_SPELLED_JSON_FREELY));

    g_assert_no_error (error);
    for (guint j = 0; j < 3000; j++) {
      g_autofree char *text = random_text (rand);
      g_autofree char *written = spell (text, NULL);
      g_autofree char *read = spell (text, rand);
      gboolean in = vlm_chars_match (chars, text);

      n_in += in;
      assert_matches (plain, text, in);
      assert_matches (strict, written, in);
      assert_matches (freely, written, in);
      assert_matches (freely, read, in);
      if (strcmp (read, written) != 0)
        assert_matches (strict, read, FALSE);
    }
  }
  g_assert_cmpuint (n_in, >, 3000);
}

static void
assert_refused (const VlmRule *rule, const char *what)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_grammar_new (rule, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  if (strstr (error->message, what) == NULL)
    g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, what));
}

static void
test_refused (void)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  const VlmRule *a = vlm_rule_literal (book, "a");
  const VlmRule *b = vlm_rule_literal (book, "b");
  const VlmRule *deep = a;
  VlmRule *unit;

  /* The only way to continue may be closed. */
  assert_refused (
      vlm_rule_budget (book, 3,
          vlm_rule_sequence (book, a, vlm_rule_spend (book, 2), b, NULL)),
      "cannot be ended");
  assert_refused (
      vlm_rule_budget (book, VLM_GRAMMAR_MAX_COUNT + 1, a), "budget");
  assert_refused (vlm_rule_times (book, a, 1u << 20), "states");
  for (guint i = 0; i < 100; i++)
    deep = vlm_rule_many (book, deep);
  assert_refused (deep, "levels");
  deep = a;
  for (guint i = 0; i <= VLM_GRAMMAR_MAX_DEPTH; i++)
    deep = vlm_rule_budget (book, 1, deep);
  assert_refused (deep, "deeper");
  unit = vlm_rule_unit_new (book);
  vlm_rule_unit_define (unit,
      vlm_rule_choice (book, a,
          vlm_rule_sequence (
              book, vlm_rule_call (book, unit, 0, VLM_RULE_UNLIMITED), b, NULL),
          NULL));
  assert_refused (vlm_rule_call (book, unit, 0, VLM_RULE_UNLIMITED), "itself");
  unit = vlm_rule_unit_new (book);
  vlm_rule_unit_define (unit,
      vlm_rule_sequence (
          book, a, vlm_rule_call (book, unit, 0, VLM_RULE_UNLIMITED), NULL));
  assert_refused (
      vlm_rule_call (book, unit, 0, VLM_RULE_UNLIMITED), "without any text");
  unit = vlm_rule_unit_new (book);
  vlm_rule_unit_define (unit, vlm_rule_many (book, a));
  assert_refused (vlm_rule_call (book, unit, 1, 2), "cannot be met");
}

static void
test_forced_bytes (void)
{
  g_autoptr (VlmGrammar) grammar =
      events_grammar (2, 28, G_GINT64_CONSTANT (5000000000));
  g_autoptr (GString) text = g_string_new (NULL);
  VlmGrammarState state;
  int byte;

  vlm_grammar_start (grammar, &state);
  while ((byte = vlm_grammar_get_forced_byte (grammar, &state)) >= 0) {
    g_string_append_c (text, (char) byte);
    g_assert_true (vlm_grammar_step (grammar, &state, (guint8) byte));
  }
  g_assert_cmpstr (text->str, ==, "```json\n[");
  g_assert_true (vlm_grammar_step (grammar, &state, '\n'));
  while ((byte = vlm_grammar_get_forced_byte (grammar, &state)) >= 0) {
    g_string_append_c (text, (char) byte);
    g_assert_true (vlm_grammar_step (grammar, &state, (guint8) byte));
  }
  /* Up to five seconds: all but the last digits are known. */
  g_assert_cmpstr (text->str, ==, "```json\n[    {\"start_time\": \"00:0");
  g_assert_false (vlm_grammar_step (grammar, &state, '6'));
  g_assert_cmpint (vlm_grammar_get_forced_byte (grammar, &state), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grammar/events", test_events);
  g_test_add_func ("/grammar/boxes", test_boxes);
  g_test_add_func ("/grammar/integer", test_integer);
  g_test_add_func ("/grammar/digits", test_digits);
  g_test_add_func ("/grammar/strings", test_strings);
  g_test_add_func ("/grammar/ambiguous", test_ambiguous);
  g_test_add_func ("/grammar/owed", test_owed);
  g_test_add_func ("/grammar/recursion", test_recursion);
  g_test_add_func ("/grammar/marks", test_marks);
  g_test_add_func ("/grammar/lost", test_lost);
  g_test_add_func ("/grammar/spellings", test_spellings);
  g_test_add_func ("/grammar/refused", test_refused);
  g_test_add_func ("/grammar/forced-bytes", test_forced_bytes);
  return g_test_run ();
}
