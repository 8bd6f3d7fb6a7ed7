/* gst-vlm: polygons as text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>
#include <vlm/vlm-region.h>

static void
assert_point (const VlmRegions *regions, guint index, guint point, guint width,
    guint height, double x, double y)
{
  double found_x, found_y;

  vlm_regions_get_point (
      regions, index, point, width, height, &found_x, &found_y);
  g_assert_cmpfloat_with_epsilon (found_x, x, 1e-9);
  g_assert_cmpfloat_with_epsilon (found_y, y, 1e-9);
}

static void
test_text (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmRegions) regions = vlm_regions_parse (
      " the gate :0.1,0.5  0.4,0.5 0.4,0.9; 10,20 300,20 300,5000 ;", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (vlm_regions_get_n_regions (regions), ==, 2);
  g_assert_cmpstr (vlm_regions_get_name (regions, 0), ==, "the gate");
  g_assert_null (vlm_regions_get_name (regions, 1));
  g_assert_cmpuint (vlm_regions_get_n_points (regions, 0), ==, 3);
  assert_point (regions, 0, 1, 200, 100, 80.0, 50.0);
  /* pixels stay what they are, but within the picture */
  assert_point (regions, 1, 0, 640, 480, 10.0, 20.0);
  assert_point (regions, 1, 2, 640, 480, 300.0, 480.0);
}

static void
test_nothing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_regions_parse ("", &error));
  g_assert_no_error (error);
  g_assert_null (vlm_regions_parse (" ; ;", &error));
  g_assert_no_error (error);
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *text;
    const char *because;
  } cases[] = {
    { "0,0 1,0", "*2 points*" },
    { "0,0 1,0 x,1", "*\"x,1\"*" },
    { "0,0 1,0 1", "*\"1\"*" },
    { "0,0 1,0 1,1,1", "*\"1,1,1\"*" },
    { "0,0 1,0 -1,1", "*\"-1,1\"*" },
    { "0,0 1,0 nan,1", "*\"nan,1\"*" },
    { "0,0 1,0 1e300,1", "*\"1e300,1\"*" },
    { ":0,0 1,0 1,1", "*empty name*" },
    { "0,0 1,0 1,1 a:0,0", "*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_regions_parse (cases[i].text, &error));
    g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
    g_assert_true (g_pattern_match_simple (cases[i].because, error->message));
  }
}

static void
test_limits (void)
{
  g_autoptr (GString) points = g_string_new (NULL);
  g_autoptr (GString) polygons = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 257; i++)
    g_string_append (points, "0.5,0.5 ");
  g_assert_null (vlm_regions_parse (points->str, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_clear_error (&error);
  for (guint i = 0; i < 65; i++)
    g_string_append (polygons, "0,0 1,0 1,1;");
  g_assert_null (vlm_regions_parse (polygons->str, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
}

static void
check_bounds (const char *text, guint width, guint height, VlmRect expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmRegions) regions = vlm_regions_parse (text, &error);
  VlmRect bounds;

  g_assert_no_error (error);
  g_assert_true (
      vlm_regions_get_bounds (regions, 0, width, height, &bounds, &error));
  g_assert_no_error (error);
  g_assert_cmpint (bounds.x, ==, expected.x);
  g_assert_cmpint (bounds.y, ==, expected.y);
  g_assert_cmpint (bounds.width, ==, expected.width);
  g_assert_cmpint (bounds.height, ==, expected.height);
}

static void
test_bounds (void)
{
  g_autoptr (VlmRegions) outside =
      vlm_regions_parse ("700,10 800,10 800,90", NULL);
  g_autoptr (GError) error = NULL;
  VlmRect bounds;

  check_bounds (
      "0.25,0.5 0.5,0.5 0.5,1", 640, 480, (VlmRect){ 160, 240, 160, 240 });
  /* to even pixels, outwards; the last column of an odd picture is there */
  check_bounds ("11,13 51,13 51,61", 641, 481, (VlmRect){ 10, 12, 42, 50 });
  check_bounds (
      "601,401 900,401 900,900", 641, 481, (VlmRect){ 600, 400, 41, 81 });
  /* no smaller than 16 pixels, where there are as many */
  check_bounds ("2,2 4,2 4,4", 640, 480, (VlmRect){ 2, 2, 16, 16 });
  check_bounds (
      "638,478 640,478 640,480", 640, 480, (VlmRect){ 624, 464, 16, 16 });
  check_bounds ("0,0 1,0 1,1", 7, 5, (VlmRect){ 0, 0, 7, 5 });
  g_assert_false (
      vlm_regions_get_bounds (outside, 0, 640, 480, &bounds, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/region/text", test_text);
  g_test_add_func ("/region/nothing", test_nothing);
  g_test_add_func ("/region/wrong", test_wrong);
  g_test_add_func ("/region/limits", test_limits);
  g_test_add_func ("/region/bounds", test_bounds);
  return g_test_run ();
}
