/* gst-vlm: schemas as grammars
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What schemas allow is in tests/data/schemas; here is how it is written. */
#include <string.h>

#include <vlm/vlm-error.h>

#include "grammar/schema.h"

static VlmGrammar *
compile (const char *text, VlmSchemaForm form)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSchema) schema =
      vlm_schema_new (text, strlen (text), "test", &error);
  VlmGrammar *grammar;

  g_assert_no_error (error);
  grammar = vlm_schema_compile (schema, form, &error);
  g_assert_no_error (error);
  return grammar;
}

static void
assert_match (const VlmGrammar *grammar, const char *text, gboolean expected)
{
  VlmGrammarVerdict verdict =
      vlm_grammar_match (grammar, text, strlen (text), NULL);

  if ((verdict == VLM_GRAMMAR_MATCHED) != expected)
    g_error ("%s: %d", text, verdict);
}

static const char person[] =
    "{\"type\": \"object\", \"properties\": {"
    "  \"name\": {\"type\": \"string\", \"maxLength\": 20},"
    "  \"age\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 150},"
    "  \"tags\": {\"type\": \"array\", \"items\": {\"enum\": [\"a\", \"b\"]}}},"
    "  \"required\": [\"name\", \"age\"]}";

/* One text for each value: compact, in the order of the schema. */
static void
test_strict (void)
{
  g_autoptr (VlmGrammar) strict = compile (person, VLM_SCHEMA_STRICT);
  g_autoptr (VlmGrammar) loose = compile (person, VLM_SCHEMA_LOOSE);
  static const struct
  {
    const char *text;
    gboolean strict;
    gboolean loose;
  } cases[] = {
    { "{\"name\":\"x\",\"age\":1}", TRUE, TRUE },
    { "{\"name\":\"x\",\"age\":1,\"tags\":[\"a\",\"b\"]}", TRUE, TRUE },
    { "{\"age\":1,\"name\":\"x\"}", FALSE, TRUE },
    { "{ \"name\" : \"x\",\n\t\"age\":1 }\n", FALSE, TRUE },
    { "{\"name\":\"\\u0078\",\"age\":1}", FALSE, TRUE },
    { "{\"n\\u0061me\":\"x\",\"age\":1}", FALSE, TRUE },
    { "{\"name\":\"x\",\"age\":1.0}", FALSE, TRUE },
    { "{\"name\":\"x\",\"age\":-0}", FALSE, TRUE },
    { "{\"name\":\"x\",\"age\":01}", FALSE, FALSE },
    /* Members that the schema does not name may be read, but are not written. */
    { "{\"name\":\"x\",\"age\":1,\"more\":[{}]}", FALSE, TRUE },
    /* Names come once. */
    { "{\"name\":\"x\",\"age\":1,\"age\":2}", FALSE, FALSE },
    { "{\"name\":\"x\",\"age\":1,\"\\u0061ge\":2}", FALSE, FALSE },
    { "{\"name\":\"x\",\"age\":1,}", FALSE, FALSE },
    { "{\"name\":\"x\" \"age\":1}", FALSE, FALSE },
    { "{\"name\":\"x\",\"age\":1}}", FALSE, FALSE },
    { "[{\"name\":\"x\",\"age\":1}]", FALSE, FALSE },
    { "", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    assert_match (strict, cases[i].text, cases[i].strict);
    assert_match (loose, cases[i].text, cases[i].loose);
  }
}

/* What the schema leaves no choice about is known without the model. */
static void
test_forced (void)
{
  g_autoptr (VlmGrammar) grammar = compile (person, VLM_SCHEMA_STRICT);
  g_autoptr (GString) text = g_string_new (NULL);
  VlmGrammarState state;
  int byte;

  vlm_grammar_start (grammar, &state);
  while ((byte = vlm_grammar_get_forced_byte (grammar, &state)) >= 0) {
    g_string_append_c (text, (char) byte);
    g_assert_true (vlm_grammar_step (grammar, &state, (guint8) byte));
  }
  g_assert_cmpstr (text->str, ==, "{\"name\":\"");
  g_assert_true (vlm_grammar_step (grammar, &state, '"'));
  g_string_truncate (text, 0);
  while ((byte = vlm_grammar_get_forced_byte (grammar, &state)) >= 0) {
    g_string_append_c (text, (char) byte);
    g_assert_true (vlm_grammar_step (grammar, &state, (guint8) byte));
  }
  g_assert_cmpstr (text->str, ==, ",\"age\":");
}

/* A text that nests deeper than a grammar follows is refused. */
static void
test_depth (void)
{
  g_autoptr (VlmGrammar) strict = compile ("{}", VLM_SCHEMA_STRICT);
  g_autoptr (VlmGrammar) loose = compile ("{}", VLM_SCHEMA_LOOSE);

  for (guint depth = 1; depth < 80; depth++) {
    g_autoptr (GString) list = g_string_new (NULL);
    g_autoptr (GString) map = g_string_new (NULL);

    for (guint i = 0; i < depth; i++)
      g_string_append_c (list, '[');
    for (guint i = 0; i < depth; i++)
      g_string_append_c (list, ']');
    for (guint i = 0; i + 1 < depth; i++)
      g_string_append (map, "{\"a\":");
    g_string_append (map, "{}");
    for (guint i = 0; i + 1 < depth; i++)
      g_string_append_c (map, '}');
    if (depth <= 30) {
      assert_match (strict, list->str, TRUE);
      assert_match (loose, list->str, TRUE);
      assert_match (strict, map->str, TRUE);
      assert_match (loose, map->str, TRUE);
    } else if (depth > 64) {
      assert_match (loose, list->str, FALSE);
      assert_match (loose, map->str, FALSE);
    }
  }
}

/* U+0000, at which strings of C end. */
static void
test_nul (void)
{
  static const char schema[] =
      "{\"type\": \"object\", \"properties\": {\"a\\u0000b\": "
      "{\"enum\": [\"x\\u0000\", \"x\"]}}, \"required\": [\"a\\u0000b\"]}";
  g_autoptr (VlmGrammar) strict = compile (schema, VLM_SCHEMA_STRICT);
  g_autoptr (VlmGrammar) loose = compile (schema, VLM_SCHEMA_LOOSE);
  g_autoptr (VlmGrammar) any =
      compile ("{\"type\": \"string\"}", VLM_SCHEMA_STRICT);

  assert_match (loose, "{\"a\\u0000b\":\"x\"}", TRUE);
  assert_match (loose, "{\"a\\u0000b\":\"x\\u0000\"}", TRUE);
  assert_match (loose, "{\"a\":\"x\"}", FALSE);
  assert_match (loose, "{\"a\\u0000b\":\"x\\u0000\\u0000\"}", FALSE);
  assert_match (strict, "{\"a\\u0000b\":\"x\\u0000\"}", TRUE);
  assert_match (any, "\"\\u0000\"", FALSE);
  assert_match (any, "\"\\u0001\"", TRUE);
}

static void
assert_refused (const char *text, VlmSchemaForm form, GQuark domain, int code,
    const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSchema) schema =
      vlm_schema_new (text, strlen (text), "test", &error);
  g_autoptr (VlmGrammar) grammar = NULL;

  if (schema != NULL)
    grammar = vlm_schema_compile (schema, form, &error);
  g_assert_null (grammar);
  g_assert_error (error, domain, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_refused (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (VlmGrammar) none = compile ("false", VLM_SCHEMA_LOOSE);

  assert_refused ("{\"type\": }", VLM_SCHEMA_STRICT, VLM_LOAD_ERROR,
      VLM_LOAD_ERROR_CORRUPT, "test:1:10: not JSON");
  assert_refused ("[]", VLM_SCHEMA_STRICT, VLM_INFER_ERROR,
      VLM_INFER_ERROR_BAD_INPUT,
      "test: /: a schema must be an object, true or false");
  assert_refused ("{\"properties\": {\"a\": {\"foo\": 1}}}", VLM_SCHEMA_LOOSE,
      VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "test: /properties/a/foo: this keyword is not supported");
  assert_refused ("{\"const\": \"\\ufdd0\"}", VLM_SCHEMA_STRICT,
      VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "test: U+FDD0 is not a character");
  /* Nothing can be written, but anything can be read. */
  assert_refused ("{\"type\": \"integer\", \"enum\": [\"x\"]}",
      VLM_SCHEMA_STRICT, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "test: /: no value matches");
  assert_match (none, "1", FALSE);
  for (guint i = 0; i < 70; i++)
    g_string_append (deep, "{\"items\":");
  assert_refused (deep->str, VLM_SCHEMA_STRICT, VLM_LOAD_ERROR,
      VLM_LOAD_ERROR_TOO_LARGE, "test:1:577: JSON is nested too deeply");
}

/* Two books of one schema, and two schemas of one text, are the same. */
static void
test_again (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSchema) schema =
      vlm_schema_new (person, strlen (person), "test", &error);

  for (guint i = 0; i < 4; i++) {
    g_autoptr (VlmGrammar) grammar = vlm_schema_compile (
        schema, i % 2 == 0 ? VLM_SCHEMA_STRICT : VLM_SCHEMA_LOOSE, &error);

    g_assert_no_error (error);
    assert_match (grammar, "{\"name\":\"x\",\"age\":150}", TRUE);
    assert_match (grammar, "{\"name\":\"x\",\"age\":151}", FALSE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schema/strict", test_strict);
  g_test_add_func ("/schema/forced", test_forced);
  g_test_add_func ("/schema/depth", test_depth);
  g_test_add_func ("/schema/nul", test_nul);
  g_test_add_func ("/schema/refused", test_refused);
  g_test_add_func ("/schema/again", test_again);
  return g_test_run ();
}
