/* gst-vlm: points, and text with its place
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/mark-parse.h"

#include <vlm/vlm-error.h>

#define WIDTH 280
#define HEIGHT 140

static GPtrArray *
parse (VlmMarkForm form, const char *text, guint n_bad)
{
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  guint n_rejected = 99;
  GPtrArray *marks =
      vlm_mark_parse (form, text, WIDTH, HEIGHT, &n_rejected, &why, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (n_rejected, ==, n_bad);
  g_assert_true ((why != NULL) == (n_bad > 0));
  return marks;
}

static void
check_point (const VlmMark *mark, gint x, gint y, const char *label)
{
  g_assert_cmpuint (mark->n_points, ==, 1);
  g_assert_cmpint (mark->points[0], ==, x);
  g_assert_cmpint (mark->points[1], ==, y);
  g_assert_cmpint (mark->rect.x, ==, x);
  g_assert_cmpint (mark->rect.width, ==, 1);
  g_assert_cmpstr (mark->label, ==, label);
}

static void
test_points (void)
{
  g_autoptr (GPtrArray) marks = parse (VLM_MARK_FORM_POINT,
      "```json\n[\n\t{\"point_2d\": [0, 139], \"label\": "
      "\"a\"},\n\t{\"point_2d\""
      ": [280, 0], \"label\": \"outside\"},\n\t{\"point_2d\": [1, 2, 3, 4], "
      "\"label\": \"a box\"},\n\t{\"point_2d\": [[5, 6]], \"label\": \"b\"},\n"
      "\t{\"point_2d\": [7,",
      2);

  g_assert_cmpuint (marks->len, ==, 2);
  check_point (marks->pdata[0], 0, 139, "a");
  check_point (marks->pdata[1], 5, 6, "b");
}

static void
test_xml (void)
{
  g_autoptr (GPtrArray) one = parse (VLM_MARK_FORM_POINT,
      "Here: <points x=\"10\" y=\"20\">a &lt;b&gt;</points>.", 0);
  g_autoptr (GPtrArray) many = parse (VLM_MARK_FORM_POINT,
      "<points x1=\"1\" y1=\"2\" x2=\"3\" y2=\"4\" x3=\"999\" y3=\"4\" "
      "alt=\"ball\">ball</points>",
      1);
  g_autoptr (GPtrArray) none =
      parse (VLM_MARK_FORM_POINT, "<points alt=\"x\">ball</points>", 0);

  g_assert_cmpuint (one->len, ==, 1);
  check_point (one->pdata[0], 10, 20, "a <b>");
  g_assert_cmpuint (many->len, ==, 2);
  check_point (many->pdata[1], 3, 4, "ball");
  g_assert_cmpuint (none->len, ==, 0);
}

static void
check_text (const VlmMark *mark, VlmRect rect, guint n_points, const char *text)
{
  g_assert_cmpint (mark->rect.x, ==, rect.x);
  g_assert_cmpint (mark->rect.y, ==, rect.y);
  g_assert_cmpint (mark->rect.width, ==, rect.width);
  g_assert_cmpint (mark->rect.height, ==, rect.height);
  g_assert_cmpuint (mark->n_points, ==, n_points);
  g_assert_cmpstr (mark->text, ==, text);
  g_assert_null (mark->label);
}

static void
test_text (void)
{
  g_autoptr (GPtrArray) marks = parse (VLM_MARK_FORM_TEXT,
      "[{\"bbox_2d\": [10, 20, 110, 40], \"text_content\": \"STOP\"},"
      " {\"bbox_2d\": [0, 0, 20, 2, 18, 12, 1, 10], \"text_content\": "
      "\"tilted\"},"
      " {\"polygon\": [[0, 0], [20, 2], [18, 12], [1, 10]], \"text\": \"too\"},"
      " {\"bbox_2d\": [0, 0, 5, 5], \"label\": \"as a box\"},"
      " {\"bbox_2d\": [0, 0, 5, 5, 6, 6], \"text_content\": \"three\"},"
      " {\"bbox_2d\": [0, 0, 5, 5, 6, 6, 7, 7, 8, 8], \"text_content\": \"5\"},"
      " {\"bbox_2d\": [0, 0, 5, 141], \"text_content\": \"below\"},"
      " {\"bbox_2d\": [0, 0, 5, 1.5], \"text_content\": \"half\"},"
      " {\"bbox_2d\": [0, 0, 5, 5], \"text_content\": \"half \\ud83d\"},"
      " {\"text_content\": \"nowhere\"}, {\"bbox_2d\": [0, 0, 5, 5]}]",
      7);

  g_assert_cmpuint (marks->len, ==, 4);
  check_text (marks->pdata[0], (VlmRect){ 10, 20, 100, 20 }, 0, "STOP");
  check_text (marks->pdata[1], (VlmRect){ 0, 0, 20, 12 }, 4, "tilted");
  check_text (marks->pdata[2], (VlmRect){ 0, 0, 20, 12 }, 4, "too");
  check_text (marks->pdata[3], (VlmRect){ 0, 0, 5, 5 }, 0, "as a box");
}

/* In pixels of the source, also of a part of it. */
static void
test_map (void)
{
  const VlmFrame frame = { .width = WIDTH,
    .height = HEIGHT,
    .source_x = 100,
    .source_y = 10,
    .source_width = 560,
    .source_height = 280 };
  g_autoptr (GPtrArray) points = parse (VLM_MARK_FORM_POINT,
      "[{\"point_2d\": [279, 139], \"label\": \"corner\"}]", 0);
  g_autoptr (GPtrArray) text = parse (VLM_MARK_FORM_TEXT,
      "[{\"quad_2d\": [0, 0, 280, 0, 280, 140, 0, 140], "
      "\"text_content\": \"all\"}]",
      0);
  g_autoptr (VlmMark) corner = vlm_mark_map (points->pdata[0], &frame);
  g_autoptr (VlmMark) all = vlm_mark_map (text->pdata[0], &frame);

  check_point (corner, 658, 288, "corner");
  check_text (all, (VlmRect){ 100, 10, 560, 280 }, 4, "all");
  g_assert_cmpint (all->points[4], ==, 660);
  g_assert_cmpint (all->points[5], ==, 290);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mark-parse/points", test_points);
  g_test_add_func ("/mark-parse/xml", test_xml);
  g_test_add_func ("/mark-parse/text", test_text);
  g_test_add_func ("/mark-parse/map", test_map);
  return g_test_run ();
}
