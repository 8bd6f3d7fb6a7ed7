/* gst-vlm: vlmevents, masks and zones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/watch-fixture.h"

/* The fixture's pictures are 64x48; each copy is a whole multiple of 28. */
static void
init (WatchFixture *f, const char *mask, const char *zone)
{
  watch_fixture_init (f);
  g_object_set (
      f->element, "window", 2.0, "hop", 0.0, "mask", mask, "zone", zone, NULL);
}

static const VlmFrame *
frame_of (WatchFixture *f, guint window, guint index)
{
  const FakeWindow *seen = fake_analyzer_get_window (f->fake, window);

  g_assert_cmpuint (index, <, seen->frames->len);
  return seen->frames->pdata[index];
}

/* Of the pixel at (@x, @y) thousandths. */
static guint
level_at (const VlmFrame *frame, guint x, guint y)
{
  return frame->pixels[3 *
      (y * frame->height / 1000 * frame->width + x * frame->width / 1000)];
}

static void
test_mask (void)
{
  WatchFixture f;
  GstBuffer *buffer;

  init (&f, "0,0 0.25,0 0.25,1 0,1; 48,24 64,24 64,48 48,48", NULL);
  watch_fixture_start (&f, FALSE);
  for (GstClockTime pts = 0; pts < 2 * GST_SECOND; pts += GST_SECOND / 2) {
    buffer = watch_fixture_make_frame (pts, GST_SECOND / 2, 200);
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  for (guint i = 0; i < 4; i++) {
    const VlmFrame *frame = frame_of (&f, 0, i);

    g_assert_cmpuint (level_at (frame, 100, 500), ==, 0);
    g_assert_cmpuint (level_at (frame, 900, 900), ==, 0);
    g_assert_cmpuint (level_at (frame, 900, 200), ==, 200);
    g_assert_cmpuint (level_at (frame, 500, 500), ==, 200);
  }
  /* the video itself is untouched */
  while ((buffer = gst_harness_try_pull (f.harness)) != NULL) {
    GstMapInfo map;

    g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
    for (gsize i = 0; i < map.size; i++)
      g_assert_cmpuint (map.data[i], ==, 200);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  watch_fixture_clear (&f);
}

static void
test_zone (void)
{
  WatchFixture f;
  const VlmFrame *frame;

  init (&f, NULL, "gate: 0.5,0.25 1,0.25 1,0.75 0.5,0.75");
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 2);
  watch_fixture_finish (&f);
  frame = frame_of (&f, 0, 0);
  g_assert_cmpuint (frame->source_x, ==, 32);
  g_assert_cmpuint (frame->source_y, ==, 12);
  g_assert_cmpuint (frame->source_width, ==, 32);
  g_assert_cmpuint (frame->source_height, ==, 24);
  g_assert_cmpstr (frame->zone, ==, "gate");
  watch_fixture_clear (&f);
}

/* A mask keeps its place in the picture, whatever part of it is analysed. */
static void
test_mask_in_a_zone (void)
{
  WatchFixture f;
  const VlmFrame *frame;

  init (&f, "0.75,0 1,0 1,1 0.75,1", "0.5,0 1,0 1,1 0.5,1");
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 2);
  watch_fixture_finish (&f);
  frame = frame_of (&f, 0, 0);
  g_assert_null (frame->zone);
  g_assert_cmpuint (level_at (frame, 900, 500), ==, 0);
  g_assert_cmpuint (level_at (frame, 100, 500), >, 0);
  watch_fixture_clear (&f);
}

static void
assert_warning (WatchFixture *f, const char *part)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_WARNING, NULL, FALSE);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, part));
  gst_message_unref (message);
}

static void
test_changes (void)
{
  WatchFixture f;

  init (&f, NULL, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 2);
  g_object_set (f.element, "mask", "0,0 1,0 1,1 0,1", NULL);
  watch_fixture_push_span (&f, 2 * GST_SECOND, 4 * GST_SECOND, 2);
  /* what cannot be read changes nothing */
  g_object_set (f.element, "mask", "0,0 1,0", NULL);
  watch_fixture_push_span (&f, 4 * GST_SECOND, 6 * GST_SECOND, 2);
  assert_warning (&f, "mask: ");
  g_object_set (f.element, "mask", "", "zone", "0,0 0.5,0 0.5,0.5", NULL);
  watch_fixture_push_span (&f, 6 * GST_SECOND, 8 * GST_SECOND, 2);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 4);
  g_assert_cmpuint (level_at (frame_of (&f, 0, 3), 500, 500), >, 0);
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpuint (level_at (frame_of (&f, 1, i), 500, 500), ==, 0);
    g_assert_cmpuint (level_at (frame_of (&f, 2, i), 500, 500), ==, 0);
    g_assert_cmpuint (level_at (frame_of (&f, 3, i), 500, 500), >, 0);
  }
  g_assert_cmpuint (frame_of (&f, 2, 0)->source_width, ==, 64);
  g_assert_cmpuint (frame_of (&f, 3, 0)->source_width, ==, 32);
  g_assert_cmpuint (fake_analyzer_get_window (f.fake, 2)->epoch, <,
      fake_analyzer_get_window (f.fake, 3)->epoch);
  watch_fixture_clear (&f);
}

/* Video whose mask cannot be read is never analysed. */
static void
test_wrong (void)
{
  static const char *const cases[][2] = {
    { "0,0 1,0", NULL },
    { "a,b c,d e,f", NULL },
    { NULL, "0,0 1,0" },
    { NULL, "a: 0,0 1,0 1,1; b: 0,0 1,0 1,1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    WatchFixture f;
    GstMessage *message;

    init (&f, cases[i][0], cases[i][1]);
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE);
    g_assert_nonnull (message);
    gst_message_unref (message);
    gst_element_set_state (f.element, GST_STATE_NULL);
    watch_fixture_clear (&f);
  }
}

/* A zone outside the picture: nothing is analysed, and a warning says so. */
static void
test_zone_outside (void)
{
  WatchFixture f;

  init (&f, NULL, "100,10 200,10 200,40");
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 2);
  assert_warning (&f, "zone: ");
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 0);
  watch_fixture_clear (&f);
}

/* --- the announcement ------------------------------------------------------ */

/* The regions of the last event that came out, "MASK|ZONE|SIZE" for each element;
 * NULL if there was no event. */
static char *
pull_regions (WatchFixture *f)
{
  g_autoptr (GstEvent) told = NULL;
  GString *text = g_string_new (NULL);
  const GValue *list;
  GstEvent *event;

  while ((event = gst_harness_try_pull_event (f->harness)) != NULL) {
    if (gst_event_has_name (event, "vlm-regions"))
      gst_event_replace (&told, event);
    gst_event_unref (event);
  }
  if (told == NULL)
    return g_string_free (text, TRUE);
  g_assert_true (GST_EVENT_IS_STICKY (told));
  list = gst_structure_get_value (gst_event_get_structure (told), "regions");
  for (guint i = 0; i < gst_value_array_get_size (list); i++) {
    const GstStructure *one =
        gst_value_get_structure (gst_value_array_get_value (list, i));
    const char *mask = gst_structure_get_string (one, "mask");
    const char *zone = gst_structure_get_string (one, "zone");
    guint width, height;

    g_assert_true (gst_structure_get_uint (one, "width", &width));
    g_assert_true (gst_structure_get_uint (one, "height", &height));
    g_string_append_printf (text, "%s|%s|%ux%u\n", mask != NULL ? mask : "",
        zone != NULL ? zone : "", width, height);
  }
  return g_string_free (text, FALSE);
}

/* After a frame at so many half seconds. */
static void
check_regions (WatchFixture *f, guint time, const char *expected)
{
  g_autofree char *told = NULL;

  g_assert_cmpint (
      watch_fixture_push (f, time * GST_SECOND / 2, GST_SECOND / 2), ==,
      GST_FLOW_OK);
  told = pull_regions (f);
  g_assert_cmpstr (told, ==, expected);
}

static void
send_from_upstream (WatchFixture *f)
{
  GstStructure *structure = gst_structure_from_string (
      "vlm-regions, regions=(structure)< [vlm-regions, mask=(string)\"0,0 1,0 "
      "1,1\", width=(uint)8, height=(uint)9] >",
      NULL);

  g_assert_nonnull (structure);
  g_assert_true (gst_harness_push_event (f->harness,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure)));
}

/* Elements that draw regions know all that are in force, upstream ones too. */
static void
test_announced (void)
{
  WatchFixture f;

  init (&f, NULL, NULL);
  watch_fixture_start (&f, FALSE);
  check_regions (&f, 0, NULL);
  g_object_set (
      f.element, "mask", "0,0 1,0 1,1", "zone", "a: 0,0 0.9,0 0.9,0.9", NULL);
  check_regions (&f, 1, "0,0 1,0 1,1|a: 0,0 0.9,0 0.9,0.9|64x48\n");
  check_regions (&f, 2, NULL);
  g_object_set (f.element, "zone", "0,0", NULL);
  check_regions (&f, 3, NULL);
  send_from_upstream (&f);
  check_regions (
      &f, 4, "0,0 1,0 1,1||8x9\n0,0 1,0 1,1|a: 0,0 0.9,0 0.9,0.9|64x48\n");
  g_object_set (f.element, "mask", NULL, "zone", NULL, NULL);
  check_regions (&f, 5, "0,0 1,0 1,1||8x9\n");
  g_object_set (f.element, "mask", "0,0 1,0 0,1", NULL);
  /* another stream, without regions upstream */
  gst_harness_push_event (f.harness, gst_event_new_stream_start ("other"));
  gst_harness_push_event (f.harness,
      gst_event_new_caps (gst_caps_new_simple ("video/x-raw", "format",
          G_TYPE_STRING, "RGB", "width", G_TYPE_INT, 64, "height", G_TYPE_INT,
          48, "framerate", GST_TYPE_FRACTION, 0, 1, NULL)));
  check_regions (&f, 6, "0,0 1,0 0,1||64x48\n");
  g_object_set (f.element, "mask", NULL, NULL);
  check_regions (&f, 7, "");
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/regions/mask", test_mask);
  g_test_add_func ("/vlmevents/regions/zone", test_zone);
  g_test_add_func ("/vlmevents/regions/mask-in-a-zone", test_mask_in_a_zone);
  g_test_add_func ("/vlmevents/regions/changes", test_changes);
  g_test_add_func ("/vlmevents/regions/wrong", test_wrong);
  g_test_add_func ("/vlmevents/regions/zone-outside", test_zone_outside);
  g_test_add_func ("/vlmevents/regions/announced", test_announced);
  return g_test_run ();
}
