/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Values of an answer: which there are, and where they are. */
#include <glib.h>

#include "tools/run/fields.h"

/* "pointer=text" of each, with blanks between. */
static char *
list_fields (const char *text)
{
  g_autoptr (GPtrArray) fields = fields_find (text);
  g_autoptr (GString) told = g_string_new (NULL);

  for (guint i = 0; i < fields->len; i++) {
    const AnswerField *field = fields->pdata[i];

    g_string_append_printf (told, "%s%s=%.*s", i > 0 ? " " : "", field->pointer,
        (int) (field->end - field->start), text + field->start);
  }
  return g_string_free (g_steal_pointer (&told), FALSE);
}

static void
test_fields (void)
{
  static const char *const cases[][2] = {
    { "", "" },
    { "no JSON", "" },
    { "<p>see [1]</p>", "" },
    { "12", "" },
    { "{}", "" },
    { "[]", "=[]" },
    { "{\"a\": 1, \"b\":\"x y\"}", "/a=1 /b=\"x y\"" },
    { "```json\n[\n\t{\"bbox_2d\": [1, 2], \"label\": \"a\\\"b\"},\n"
      "{\"t\":true}\n]\n```",
        "/0/bbox_2d=[1, 2] /0/label=\"a\\\"b\" /1/t=true" },
    { "{\"a\":{\"b/c~d\":[[1],[null,-2.5e3]]}}",
        "/a/b~1c~0d/0=[1] /a/b~1c~0d/1=[null,-2.5e3]" },
    /* as far as it goes */
    { "[{\"a\":1,\"b\":\"cut o", "/0/a=1" },
    { "[{\"a\":1,\"b\":\"cut \\", "/0/a=1" },
    { "[1, 2", "" },
    { "{\"a\":1 \"b\":2}", "/a=1" },
    { "{\"a\"", "" },
    { "{\"a\":", "" },
    { "{a:1}", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *told = list_fields (cases[i][0]);

    g_assert_cmpstr (told, ==, cases[i][1]);
  }
}

static void
test_depth (void)
{
  g_autofree char *text = g_strnfill (1000000, '[');
  g_autoptr (GPtrArray) fields = fields_find (text);

  g_assert_cmpuint (fields->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fields/values", test_fields);
  g_test_add_func ("/fields/depth", test_depth);
  return g_test_run ();
}
