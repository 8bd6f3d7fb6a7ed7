/* gst-vlm: sets of texts against PCRE and against one another
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "grammar/chars.h"

static const char *const patterns[] = { "", "a", "^a", "a$", "^a$", "^$",
  "^a*$", "a+b?", "^(?:ab|cd)*$", "(a|^b)c", "^(a|b$)", "a(b$|c)",
  "^[a-c]{2,4}$", "^a{3}$", "^a{2,}$", "^.b.$", "[^a-c]", "^[^b]*$", "^\\d+$",
  "\\D\\s", "^\\S+$", "^[\\dab]+$", "^\\x61\\x62$", "a.c", "^a|b$",
  "(?<name>a)b", "^(a?b?c?){2}$", "^[\\]\\-a]+$", "^[b-]+$", "a\\.b", "^é+$",
  "^(|a)$", "(^a)(b$)", "^(?:a(?:b(?:c)?)?)?$", "a$b", "b^a", "^a+?b*?$",
  "^\\p{L}+$", "\\P{Lu}a", "^[^\\d]$" };

static const char *const pieces[] = { "a", "b", "c", "d", "A", "1", "-", "]",
  ".", " ", "\n", "é", "😀", "日", "_" };

static char *
random_text (GRand *rand)
{
  GString *text = g_string_new (NULL);

  for (gint32 n = g_rand_int_range (rand, 0, 7); n > 0; n--)
    g_string_append (text,
        pieces[g_rand_int_range (
            rand, 0, g_rand_boolean (rand) ? 4 : G_N_ELEMENTS (pieces))]);
  return g_string_free (text, FALSE);
}

static VlmChars *
compile (const char *pattern)
{
  g_autoptr (GError) error = NULL;
  VlmChars *chars = vlm_chars_new_pattern (pattern, &error);

  g_assert_no_error (error);
  return chars;
}

static void
test_patterns (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  guint n_matched = 0;

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autoptr (VlmChars) chars = compile (patterns[i]);
    g_autoptr (GError) error = NULL;
    g_autoptr (GRegex) regex =
        g_regex_new (patterns[i], G_REGEX_DOLLAR_ENDONLY, 0, &error);

    g_assert_no_error (error);
    for (guint j = 0; j < 4000; j++) {
      g_autofree char *text = random_text (rand);
      gboolean expected = g_regex_match (regex, text, 0, NULL);

      n_matched += expected;
      if (vlm_chars_match (chars, text) != expected)
        g_error ("'%s' on '%s': %d", patterns[i], text, expected);
    }
  }
  g_assert_cmpuint (n_matched, >, 10000);
}

/* What PCRE spells otherwise. */
static void
test_ecmascript (void)
{
  static const struct
  {
    const char *pattern;
    const char *text;
    gboolean matches;
  } cases[] = {
    { "^\\u0061$", "a", TRUE },
    { "\\u{1F600}", "x😀", TRUE },
    { "^\\ud83d\\ude00$", "😀", TRUE },
    { "[]", "", FALSE },
    { "^[^]$", "\n", TRUE },
    { "^.$", "\n", FALSE },
    { "^a$", "a\n", FALSE },
    { "^\\s$", "\302\240", TRUE },
    { "^\\d$", "٣", FALSE },
    { "\\D\\w\\W\\s", "]baé ", TRUE },
    { "^\\w+$", "aé", FALSE },
    { "^\\p{gc=Nd}$", "٣", TRUE },
    { "^\\p{Letter}+$", "Zażółć", TRUE },
    { "^\\cA$", "\001", TRUE },
    { "^[\\b]$", "\b", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VlmChars) chars = compile (cases[i].pattern);

    if (vlm_chars_match (chars, cases[i].text) != cases[i].matches)
      g_error ("'%s' on '%s'", cases[i].pattern, cases[i].text);
  }
}

static void
test_joined (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (12);

  for (guint i = 0; i < 200; i++) {
    g_autoptr (VlmChars) a =
        compile (patterns[g_rand_int_range (rand, 0, G_N_ELEMENTS (patterns))]);
    g_autoptr (VlmChars) b =
        compile (patterns[g_rand_int_range (rand, 0, G_N_ELEMENTS (patterns))]);
    g_autoptr (VlmChars) both = vlm_chars_intersect (a, b, NULL);
    g_autoptr (VlmChars) either = vlm_chars_unite (a, b, NULL);
    g_autoptr (VlmChars) first = vlm_chars_subtract (a, b, NULL);
    g_autoptr (VlmChars) again = vlm_chars_unite (first, both, NULL);
    g_autoptr (VlmChars) none = vlm_chars_subtract (a, either, NULL);

    for (guint j = 0; j < 300; j++) {
      g_autofree char *text = random_text (rand);
      gboolean in_a = vlm_chars_match (a, text);
      gboolean in_b = vlm_chars_match (b, text);

      g_assert_cmpint (vlm_chars_match (both, text), ==, in_a && in_b);
      g_assert_cmpint (vlm_chars_match (either, text), ==, in_a || in_b);
      g_assert_cmpint (vlm_chars_match (first, text), ==, in_a && !in_b);
      g_assert_cmpint (vlm_chars_match (again, text), ==, in_a);
    }
    /* The smallest automaton of a set is the only one. */
    g_assert_cmpuint (again->n_nodes, ==, a->n_nodes);
    g_assert_true (vlm_chars_is_empty (none));
  }
}

static void
test_lengths (void)
{
  g_autoptr (VlmChars) some = vlm_chars_new_any (1, 3, NULL);
  g_autoptr (VlmChars) many = vlm_chars_new_any (2, G_MAXUINT, NULL);
  g_autoptr (VlmChars) none = vlm_chars_new_any (3, 2, NULL);
  g_autoptr (VlmChars) text = vlm_chars_new_text ("日é");
  g_autoptr (GError) error = NULL;

  g_assert_false (vlm_chars_match (some, ""));
  g_assert_true (vlm_chars_match (some, "日"));
  g_assert_true (vlm_chars_match (some, "日日日"));
  g_assert_false (vlm_chars_match (some, "aaaa"));
  g_assert_false (vlm_chars_match (many, "a"));
  g_assert_true (vlm_chars_match (many, "aaaaaaaaaaaaaaaaaa"));
  g_assert_true (vlm_chars_is_empty (none));
  g_assert_true (vlm_chars_match (text, "日é"));
  g_assert_false (vlm_chars_match (text, "日"));
  g_assert_null (vlm_chars_new_any (0, 1000000, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
}

/* What is not regular, or not an expression, is refused with its place. */
static void
test_refused (void)
{
  static const struct
  {
    const char *pattern;
    const char *says;
  } cases[] = {
    { "a(?=b)", "character 3" },
    { "(?<!b)", "look-around" },
    { "(a)\\1", "back references" },
    { "(?<n>a)\\k<n>", "back references" },
    { "\\bfoo", "word boundaries" },
    { "a(b", "missing )" },
    { "a)", "a ) without" },
    { "[a", "missing ]" },
    { "[c-a]", "ends before" },
    { "a**", "two quantifiers" },
    { "*", "nothing before" },
    { "a{2,1}", "at most 1" },
    { "a{9999}", "repetitions" },
    { "\\", "backslash" },
    { "\\y", "unknown escape" },
    { "\\xg", "hexadecimal" },
    { "\\ud800", "surrogates" },
    { "\\p{Script=Latin}", "general categories" },
    { "(?i)a", "kind of group" },
    { "(a{100}){1000}", "nodes" },
    { "((((((((((((((((((((((((((((((((((((((((((((a", "deeper" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_chars_new_pattern (cases[i].pattern, &error));
    g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
    if (strstr (error->message, cases[i].says) == NULL)
      g_error ("%s: %s", cases[i].pattern, error->message);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chars/patterns", test_patterns);
  g_test_add_func ("/chars/ecmascript", test_ecmascript);
  g_test_add_func ("/chars/joined", test_joined);
  g_test_add_func ("/chars/lengths", test_lengths);
  g_test_add_func ("/chars/refused", test_refused);
  return g_test_run ();
}
