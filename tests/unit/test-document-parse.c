/* gst-vlm: documents that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/document-parse.h"

#include <vlm/vlm-error.h>

#define WIDTH 1000
#define HEIGHT 800

/* "label@x,y,w,h=text|html" of each block, a line each */
static char *
parse (const char *html, guint *n_rejected)
{
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) marks =
      vlm_document_parse (html, WIDTH, HEIGHT, n_rejected, &why, &error);
  GString *told = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_true ((*n_rejected > 0) == (why != NULL));
  for (guint i = 0; i < marks->len; i++) {
    const VlmMark *mark = marks->pdata[i];

    g_string_append (told, mark->label);
    if (mark->rect.width > 0)
      g_string_append_printf (told, "@%d,%d,%d,%d", mark->rect.x, mark->rect.y,
          mark->rect.width, mark->rect.height);
    if (mark->text != NULL)
      g_string_append_printf (told, "=%s", mark->text);
    if (mark->html != NULL)
      g_string_append_printf (told, "|%s", mark->html);
    g_string_append_c (told, ';');
  }
  return g_string_free (told, FALSE);
}

static void
check (const char *html, const char *expected, guint n_expected)
{
  guint n_rejected;
  g_autofree char *told = parse (html, &n_rejected);

  g_assert_cmpstr (told, ==, expected);
  g_assert_cmpuint (n_rejected, ==, n_expected);
}

/* As the published checkpoints write it. */
static void
test_page (void)
{
  check ("```html\n<html><body>\n"
         "<h2 data-bbox=\"310 94 658 132\"> A  title</h2> \n"
         " <p data-bbox=\"10 140 990 300\">Text &amp; more\nof it &lt;b&gt;</p>"
         "<div class=\"image\" data-bbox=\"0 300 400 700\"><img "
         "data-bbox=\"0 300 400 700\"/></div>\n"
         "<p class=\"image caption\" data-bbox=\"0 700 400 720\">Fig. 1</p>\n"
         "<div class=\"formula.machine_printed\" data-bbox=\"500 300 900 "
         "400\"><img data-bbox=\"500 300 900 400\"/><div>e^{i\\pi}</div></div>"
         "</body></html>\n```",
      "h2@310,94,348,38=A title;"
      "p@10,140,980,160=Text & more of it <b>;"
      "image@0,300,400,400;"
      "image caption@0,700,400,20=Fig. 1;"
      "formula.machine_printed@500,300,400,100=e^{i\\pi};",
      0);
}

static void
test_tables (void)
{
  check ("<table data-bbox=\"0 0 10 10\" onclick=\"x()\"><tr><th colspan=\"2\" "
         "style=\"a\">A<script>alert(1)</script></th></tr><tr><td>1</td><td "
         "rowspan=\"9999\"><a href=\"http://x\">2 &lt; 3</a></td></tr></table>",
      "table@0,0,10,10=A\n1\t2 < 3|<tr><th colspan=\"2\">A</th></tr>"
      "<tr><td>1</td><td>2 &lt; 3</td></tr>;",
      0);
  check ("<ol data-bbox=\"0 0 10 10\"><li>a<li>b</ol>",
      "ol@0,0,10,10=a\nb|<li>a</li><li>b</li>;", 0);
}

/* Blocks in blocks are separate, and no text is in two of them. */
static void
test_nested (void)
{
  check ("<div data-bbox=\"0 0 100 100\">a<p data-bbox=\"0 0 10 10\">b</p>"
         "c</div>",
      "div@0,0,100,100=ac;p@0,0,10,10=b;", 0);
  check ("<p>no place</p><div>nothing</div>", "p=no place;", 0);
}

static void
test_places (void)
{
  check ("<p data-bbox=\"10,20,5,40\">turned</p>", "p@5,20,5,20=turned;", 0);
  check ("<p data-bbox=\"1.4 2.5 10 20\">x</p>", "p@1,3,9,17=x;", 0);
  check ("<p data-bbox=\"0 0 1001 10\">outside</p>", "p=outside;", 1);
  check ("<p data-bbox=\"0 0 ten 10\">words</p><p data-bbox=\"1 2 3\">few</p>",
      "p=words;p=few;", 2);
  check ("<p data-polygon=\"0 0 100 10 90 60 5 50\">corners</p>",
      "p@0,0,100,60=corners;", 0);
}

/* A document that was cut off is read as far as it goes. */
static void
test_cut_off (void)
{
  check ("```html\n<html><body><p data-bbox=\"0 0 10 10\">whole</p><p "
         "data-bbox=\"0 10 10 20\">ha",
      "p@0,0,10,10=whole;p@0,10,10,10=ha;", 0);
  check ("<html><body>\n```", "", 0);
}

static void
check_no_document (const char *text)
{
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  guint n_rejected;

  g_assert_null (
      vlm_document_parse (text, WIDTH, HEIGHT, &n_rejected, &why, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

static void
test_hostile (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autofree char *entities = NULL;
  g_autofree char *told = NULL;
  guint n_rejected;

  check_no_document ("I see a page.");
  check_no_document ("<p>\xff</p>");
  check ("<p data-bbox=\"0 0 9 9\" class=\"a&quot;&gt;&lt;script&gt;\">x</p>",
      "a\"><script>@0,0,9,9=x;", 0);
  /* No entity of its own is looked up. */
  entities = parse ("<!DOCTYPE x [<!ENTITY a \"b\"><!ENTITY c SYSTEM "
                    "\"file:///etc/passwd\">]><p data-bbox=\"0 0 9 9\">"
                    "&c;&lt;</p>",
      &n_rejected);
  g_assert_true (g_str_has_suffix (entities, "p@0,0,9,9=&c;<;"));
  g_assert_null (strstr (entities, "root:"));
  check ("<p data-bbox=\"0 0 9 9\">a<style>b</style><iframe "
         "src=\"http://x\">c</iframe></p>",
      "p@0,0,9,9=a;", 0);
  for (guint i = 0; i < 5000; i++)
    g_string_append (deep, "<div data-bbox=\"0 0 9 9\">");
  told = parse (deep->str, &n_rejected);
  g_assert_cmpuint (strlen (told), <, 5000 * 10);
}

static void
check_html (VlmMark mark, const char *expected)
{
  g_autofree char *html = vlm_mark_to_html (&mark);

  g_assert_cmpstr (html, ==, expected);
}

/* Data stays data on its way out. */
static void
test_written (void)
{
  check_html ((VlmMark){ .rect = { 1, 2, 3, 4 },
                  .label = (char *) "h2",
                  .text = (char *) "a < b" },
      "<h2 data-bbox=\"1 2 4 6\">a &lt; b</h2>");
  check_html (
      (VlmMark){ .label = (char *) "a\"><script>", .text = (char *) "</div>" },
      "<div class=\"a&quot;&gt;&lt;script&gt;\">&lt;/div&gt;</div>");
  check_html ((VlmMark){ .rect = { 0, 0, 2, 2 },
                  .label = (char *) "table",
                  .text = (char *) "1",
                  .html = (char *) "<tr><td>1</td></tr>" },
      "<table data-bbox=\"0 0 2 2\"><tr><td>1</td></tr></table>");
  check_html ((VlmMark){ .rect = { 7, 8, 1, 1 },
                  .n_points = 1,
                  .points = { 7, 8 },
                  .label = (char *) "ball" },
      "<div class=\"ball\" data-point=\"7 8\"></div>");
  check_html ((VlmMark){ .rect = { 0, 0, 9, 9 },
                  .n_points = 4,
                  .points = { 0, 1, 9, 0, 8, 9, 1, 8 },
                  .text = (char *) "STOP" },
      "<p data-bbox=\"0 0 9 9\" data-polygon=\"0 1 9 0 8 9 1 8\">STOP</p>");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/document-parse/page", test_page);
  g_test_add_func ("/document-parse/tables", test_tables);
  g_test_add_func ("/document-parse/nested", test_nested);
  g_test_add_func ("/document-parse/places", test_places);
  g_test_add_func ("/document-parse/cut-off", test_cut_off);
  g_test_add_func ("/document-parse/hostile", test_hostile);
  g_test_add_func ("/document-parse/written", test_written);
  return g_test_run ();
}
