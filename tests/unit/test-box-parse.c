/* gst-vlm: reading the boxes that the model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-error.h>

#define WIDTH 280
#define HEIGHT 140

static GPtrArray *
parse (const char *text, guint expect_rejected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  guint n_rejected;
  GPtrArray *boxes =
      vlm_box_parse (text, WIDTH, HEIGHT, &n_rejected, &why, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (n_rejected, ==, expect_rejected);
  g_assert_true ((why != NULL) == (expect_rejected > 0));
  return boxes;
}

static void
test_list (void)
{
  static const char text[] =
      "```json\n[\n"
      "\t{\"bbox_2d\": [10, 20, 110, 70], \"label\": \"red circle\"},\n"
      "\t{\"bbox_2d\": [0, 0, 280, 140], \"label\": \"b ] }\"}\n"
      "]\n```";
  g_autoptr (GPtrArray) boxes = parse (text, 0);
  const VlmMark *box;

  g_assert_cmpuint (boxes->len, ==, 2);
  box = boxes->pdata[0];
  g_assert_cmpint (box->rect.x, ==, 10);
  g_assert_cmpint (box->rect.y, ==, 20);
  g_assert_cmpint (box->rect.width, ==, 100);
  g_assert_cmpint (box->rect.height, ==, 50);
  g_assert_cmpstr (box->label, ==, "red circle");
  g_assert_cmpint (text[box->text_start], ==, '{');
  g_assert_cmpint (text[box->text_end - 1], ==, '}');
  box = boxes->pdata[1];
  g_assert_cmpint (box->rect.width, ==, WIDTH);
  g_assert_cmpstr (box->label, ==, "b ] }");
}

/* Two opposite corners, whichever and in whichever order. */
static void
test_corners (void)
{
  static const char *const orders[] = {
    "[10, 20, 110, 70]",
    "[110, 20, 10, 70]",
    "[10, 70, 110, 20]",
    "[110, 70, 10, 20]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
    g_autofree char *text =
        g_strdup_printf ("[{\"bbox_2d\": %s, \"label\": \"x\"}]", orders[i]);
    g_autoptr (GPtrArray) boxes = parse (text, 0);
    const VlmMark *box;

    g_assert_cmpuint (boxes->len, ==, 1);
    box = boxes->pdata[0];
    g_assert_cmpint (box->rect.x, ==, 10);
    g_assert_cmpint (box->rect.y, ==, 20);
    g_assert_cmpint (box->rect.width, ==, 100);
    g_assert_cmpint (box->rect.height, ==, 50);
  }
}

static void
test_rejects (void)
{
  static const char *const bad[] = {
    "[1, 2, 3]",
    "[1, 2, 3, 4, 5]",
    "[1, 2, 3, \"4\"]",
    "[1, 2, 3.5, 4]",
    "[-1, 2, 3, 4]",
    "[1, 2, 1, 4]",
    "[1, 4, 3, 4]",
    "[3, -4, 1, 2]",
    "[281, 4, 1, 2]",
    "[3, 141, 1, 2]",
    "[1, 2, 281, 4]",
    "[1, 2, 3, 141]",
    "[1, 2, 3, 99999999999999999999999]",
    "7",
    "null",
  };
  g_autoptr (GPtrArray) empty = parse ("```json\n[]\n```", 0);
  g_autoptr (GPtrArray) unlabelled = parse ("[{\"bbox_2d\": [1, 2, 3, 4]}]", 1);

  g_assert_cmpuint (empty->len, ==, 0);
  g_assert_cmpuint (unlabelled->len, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *text =
        g_strdup_printf ("[{\"bbox_2d\": %s, \"label\": \"x\"}, "
                         "{\"bbox_2d\": [1, 2, 3, 4], \"label\": \"good\"}, {",
            bad[i]);
    g_autoptr (GPtrArray) boxes = parse (text, 1);

    g_assert_cmpuint (boxes->len, ==, 1);
  }
}

static void
test_syntax (void)
{
  static const char *const bad[] = { "There is none.", "", "[\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *why = NULL;
    guint n_rejected;

    g_assert_null (
        vlm_box_parse (bad[i], WIDTH, HEIGHT, &n_rejected, &why, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/box-parse/list", test_list);
  g_test_add_func ("/box-parse/corners", test_corners);
  g_test_add_func ("/box-parse/rejects", test_rejects);
  g_test_add_func ("/box-parse/syntax", test_syntax);
  return g_test_run ();
}
