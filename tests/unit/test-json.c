/* gst-vlm: strict JSON with the place of an error
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json-check.h"
#include "io/json.h"
#include "io/limits.h"

static void
assert_check (const char *json, gsize n_bytes, int code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) wide = g_array_new (FALSE, FALSE, sizeof (gsize));
  gboolean valid = vlm_json_check (json, n_bytes, "f", wide, &error);

  if (code < 0) {
    g_assert_no_error (error);
    g_assert_true (valid);
    return;
  }
  g_assert_false (valid);
  g_assert_error (error, VLM_LOAD_ERROR, code);
  if (strstr (error->message, message) == NULL)
    g_error ("%s: \"%s\" does not say \"%s\"", json, error->message, message);
}

/* An empty file has no bytes, and no place for them. */
static void
test_nothing (void)
{
  assert_check (NULL, 0, VLM_LOAD_ERROR_CORRUPT, "ends");
}

static void
test_valid (void)
{
  static const char *const documents[] = { "{}", "[]", " [ ] ", "1", "\"a\"",
    "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"d\":{}}", "[0,-0,1e5,-1.5E-3,0.0]",
    "[true,false,null]", "\"\\u00e9\\ud83d\\ude00\\n\\\"\\/\"",
    "9223372036854775807", "-9223372036854775808", "[[],[[]],{}]",
    "{\"\":\"\"}\n", "\"\xc3\xa9\"" };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    assert_check (documents[i], strlen (documents[i]), -1, NULL);
}

static void
test_invalid (void)
{
  static const struct
  {
    const char *json;
    const char *message;
  } documents[] = {
    { "", "f:1:1: JSON ends" },
    { "{", "JSON ends" },
    { "{\"a\"", "JSON ends" },
    { "{\"a\":1", "JSON ends" },
    { "\"abc", "JSON ends" },
    { "[1,\n 2,]", "f:2:4: not JSON" },
    { "{\"a\":1,}", "expected a string" },
    { "{\"a\" 1}", "expected ':'" },
    { "{a:1}", "expected a string" },
    { "[1 2]", "expected ','" },
    { "[1}", "expected ','" },
    { "NaN", "NaN and Infinity" },
    { "[Infinity]", "NaN and Infinity" },
    { "{\"a\":NaN}", "f:1:6: NaN" },
    { "/* */ 1", "not JSON" },
    { "1 // x", "data after" },
    { "01", "data after" },
    { "0x10", "data after" },
    { "+1", "not JSON" },
    { "[.5]", "not JSON" },
    { "[1.]", "expected a digit" },
    { "[1e]", "expected a digit" },
    { "[-]", "expected a digit" },
    { "\"\t\"", "control character" },
    { "\"\\x\"", "bad escape" },
    { "\"\\u12g4\"", "bad \\u" },
    { "\"\\u0000\"", "NUL" },
    { "\"\\ud83d\"", "surrogate" },
    { "\"\\ude00\"", "surrogate" },
    { "\"\\ud83d\\u0041\"", "surrogate" },
    { "\"\xff\"", "not UTF-8" },
    { "tru", "JSON ends" },
    { "trux", "not JSON" },
    { "{}{}", "data after" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    assert_check (documents[i].json, strlen (documents[i].json),
        VLM_LOAD_ERROR_CORRUPT, documents[i].message);
  assert_check ("1\0", 2, VLM_LOAD_ERROR_CORRUPT, "not UTF-8");
}

/* Nothing that is not NUL-terminated is read past its end. */
static void
test_every_prefix (void)
{
  static const char json[] =
      "{\"a\": [1, -2.5e+3, true, null, \"x\\u0041\\n\"], \"b\": {}}";

  for (gsize n = 0; n < sizeof json - 1; n++) {
    g_autofree char *exact = g_memdup2 (json, n);

    assert_check (
        exact != NULL ? exact : "", n, VLM_LOAD_ERROR_CORRUPT, "ends");
  }
}

static void
test_depth (void)
{
  for (guint depth = VLM_MAX_JSON_DEPTH; depth <= 100000; depth *= 33) {
    g_autoptr (GString) json = g_string_new (NULL);

    for (guint i = 0; i < depth; i++)
      g_string_append (json, i % 2 ? "{\"a\":" : "[");
    for (guint i = depth; i-- > 0;)
      g_string_append_c (json, i % 2 ? '}' : ']');
    if (depth == VLM_MAX_JSON_DEPTH) {
      g_string_free (g_steal_pointer (&json), TRUE);
      json = g_string_new (NULL);
      for (guint i = 0; i < depth; i++)
        g_string_append_c (json, '[');
      for (guint i = 0; i < depth; i++)
        g_string_append_c (json, ']');
      assert_check (json->str, json->len, -1, NULL);
    } else {
      assert_check (json->str, json->len, VLM_LOAD_ERROR_TOO_LARGE, "deep");
    }
  }
}

static void
test_many_values (void)
{
  g_autoptr (GString) json = g_string_new ("[0");

  for (guint i = 0; i < VLM_MAX_JSON_VALUES; i++)
    g_string_append (json, ",0");
  g_string_append_c (json, ']');
  assert_check (json->str, json->len, VLM_LOAD_ERROR_TOO_LARGE, "too many");
}

static void
assert_message (GError *error, const char *message)
{
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT);
  g_assert_cmpstr (error->message, ==, message);
  g_error_free (error);
}

static void
test_path (void)
{
  static const char json[] =
      "{\"a\": {\"b\": [1, {\"c\": \"x\", \"big\": 300, \"half\": 0.5}]}}";
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (json, strlen (json), "f.json", &error);
  VlmJson root, a, b;
  guint n, value;
  double half;

  g_assert_no_error (error);
  g_assert_true (vlm_json_root (document, &root, &error));
  g_assert_true (vlm_json_read_object (&root, "a", &a, &error));
  g_assert_true (vlm_json_read_list (&a, "b", &b, &n, &error));
  g_assert_cmpuint (n, ==, 2);

  VlmJson element = vlm_json_element (&b, 1);
  g_assert_true (
      vlm_json_read_double (&element, "half", 0.0, 1.0, &half, &error));
  g_assert_cmpfloat (half, ==, 0.5);
  g_assert_false (vlm_json_read_uint (&element, "c", 0, 9, &value, &error));
  assert_message (
      g_steal_pointer (&error), "f.json: a.b[1].c: expected an integer");
  g_assert_false (vlm_json_read_uint (&element, "d", 0, 9, &value, &error));
  assert_message (g_steal_pointer (&error), "f.json: a.b[1].d: missing");
  g_assert_false (vlm_json_read_uint (&element, "big", 0, 9, &value, &error));
  assert_message (
      g_steal_pointer (&error), "f.json: a.b[1].big: 300 is not within 0 to 9");
  g_assert_false (vlm_json_read_uint (&element, "half", 0, 9, &value, &error));
  assert_message (
      g_steal_pointer (&error), "f.json: a.b[1].half: expected an integer");
  g_assert_false (vlm_json_read_uint (&element, NULL, 0, 9, &value, &error));
  assert_message (
      g_steal_pointer (&error), "f.json: a.b[1]: expected an integer");
}

/* What tools write: a mark at the start, whole numbers as floats, and numbers too
 * large for an integer, which must not become other numbers. */
static void
test_tolerant (void)
{
  static const char json[] =
      "\357\273\277{\"whole\": 50.0, \"half\": 0.5, \"neg\": -3.0e0,"
      "\"wide\": 1000000000000000019884624838656,"
      "\"wides\": [9223372036854775808, -9300000000000000000, 7],"
      "\"max\": 9223372036854775807, \"none\": null}";
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (json, strlen (json), "f", &error);
  VlmJson root, list, element;
  gint64 value;
  guint n;
  double real;

  g_assert_no_error (error);
  g_assert_true (vlm_json_root (document, &root, &error));
  g_assert_true (vlm_json_read_uint (&root, "whole", 0, 99, &n, &error));
  g_assert_cmpuint (n, ==, 50);
  g_assert_true (vlm_json_read_int64 (&root, "neg", -9, 9, &value, &error));
  g_assert_cmpint (value, ==, -3);
  g_assert_true (vlm_json_read_int64 (
      &root, "max", G_MININT64, G_MAXINT64, &value, &error));
  g_assert_cmpint (value, ==, G_MAXINT64);
  g_assert_true (vlm_json_read_double (&root, "wide", 0, 1e40, &real, &error));
  g_assert_cmpfloat (real, ==, 1e30);
  g_assert_false (vlm_json_read_uint (&root, "wide", 0, 99, &n, &error));
  assert_message (
      g_steal_pointer (&error), "f: wide: expected an integer of 64 bits");
  g_assert_true (vlm_json_read_list (&root, "wides", &list, &n, &error));
  g_assert_cmpuint (n, ==, 3);
  element = vlm_json_element (&list, 1);
  g_assert_false (vlm_json_read_int64 (
      &element, NULL, G_MININT64, G_MAXINT64, &value, &error));
  g_clear_error (&error);
  element = vlm_json_element (&list, 2);
  g_assert_true (vlm_json_read_int64 (&element, NULL, 7, 7, &value, &error));

  g_assert_true (vlm_json_is_null (&root, "none"));
  g_assert_false (vlm_json_is_null (&root, "absent"));
  g_assert_true (vlm_json_read_uint_or (&root, "none", 1, 2, 9, &n, &error));
  g_assert_cmpuint (n, ==, 9);
  g_assert_false (vlm_json_read_uint_or (&root, "whole", 1, 2, 9, &n, &error));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/nothing", test_nothing);
  g_test_add_func ("/json/valid", test_valid);
  g_test_add_func ("/json/invalid", test_invalid);
  g_test_add_func ("/json/every-prefix", test_every_prefix);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/many-values", test_many_values);
  g_test_add_func ("/json/path", test_path);
  g_test_add_func ("/json/tolerant", test_tolerant);
  return g_test_run ();
}
