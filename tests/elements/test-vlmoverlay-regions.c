/* gst-vlm: vlmoverlay, masks and zones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/overlay-fixture.h"

/* How much of @area changes in a frame at @pts, in per cent. */
static double
change (OverlayFixture *f, gint64 pts, VlmRect area)
{
  g_autoptr (GstBuffer) before = overlay_fixture_make_frame (f, pts);
  g_autoptr (GstBuffer) after = gst_harness_push_and_pull (
      f->harness, overlay_fixture_make_frame (f, pts));

  g_assert_nonnull (after);
  return overlay_get_change (&f->info, before, after, area);
}

static double
change_of_all (OverlayFixture *f, gint64 pts)
{
  return change (f, pts, (VlmRect){ 0, 0, f->info.width, f->info.height });
}

/* As vlmevents says them; @width, @height: of the picture they are in. */
static void
tell_regions (OverlayFixture *f, const char *mask, const char *zone,
    guint width, guint height)
{
  GstStructure *structure = gst_structure_new_empty ("vlm-regions");
  g_auto (GValue) list = G_VALUE_INIT;
  g_auto (GValue) one = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  g_value_init (&one, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&one,
      gst_structure_new ("vlm-regions", "width", G_TYPE_UINT, width, "height",
          G_TYPE_UINT, height, "mask", G_TYPE_STRING, mask, "zone",
          G_TYPE_STRING, zone, NULL));
  if (mask != NULL || zone != NULL)
    gst_value_array_append_value (&list, &one);
  gst_structure_set_value (structure, "regions", &list);
  g_assert_true (gst_harness_push_event (f->harness,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure)));
}

/* Masks are hatched, zones outlined and named; at once, and only on demand. */
static void
test_masks_and_zones (void)
{
  const VlmRect in_mask = { 20, 20, 100, 60 };
  const VlmRect edge = { 318, 130, 4, 60 };
  const VlmRect in_zone = { 340, 120, 200, 100 };
  const VlmRect outside = { 20, 150, 200, 150 };
  OverlayFixture f;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 640, 360);
  g_object_set (f.element, "draw-strip", FALSE, NULL);
  tell_regions (&f, "0,0 100,0 100,80 0,80",
      "gate: 0.5,0.3 0.9,0.3 0.9,0.7 0.5,0.7", 400, 300);
  g_assert_cmpfloat (change_of_all (&f, 0), ==, 0.0);
  g_object_set (f.element, "regions", TRUE, NULL);
  g_assert_cmpfloat (change (&f, 1, in_mask), >, 80.0);
  g_assert_cmpfloat (change (&f, 2, edge), >, 80.0);
  g_assert_cmpfloat (change (&f, 3, in_zone), ==, 0.0);
  g_assert_cmpfloat (change (&f, 4, outside), ==, 0.0);
  /* the tag with the name, above the zone */
  g_assert_cmpfloat (change (&f, 5, (VlmRect){ 326, 94, 20, 8 }), >, 80.0);

  tell_regions (&f, "20,150 220,150 220,300 20,300", NULL, 640, 360);
  g_assert_cmpfloat (change (&f, 6, in_mask), ==, 0.0);
  g_assert_cmpfloat (change (&f, 7, edge), ==, 0.0);
  g_assert_cmpfloat (change (&f, 8, outside), >, 80.0);
  tell_regions (&f, "what is this", "0,0", 640, 360);
  g_assert_cmpfloat (change_of_all (&f, 9), ==, 0.0);
  tell_regions (&f, "0,0 1,0 1,1", NULL, 0, 360);
  g_assert_cmpfloat (change_of_all (&f, 10), ==, 0.0);
  tell_regions (&f, NULL, NULL, 640, 360);
  g_assert_cmpfloat (change_of_all (&f, 11), ==, 0.0);
  overlay_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmoverlay/masks-and-zones", test_masks_and_zones);
  return g_test_run ();
}
