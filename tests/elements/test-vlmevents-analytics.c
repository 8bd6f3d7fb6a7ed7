/* gst-vlm: vlmevents, boxes as GStreamer's own analytics metadata
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/marked-answer.h"
#include "support/watch-fixture.h"

#include <gst/analytics/analytics.h>

static guint
check_buffer (GstBuffer *buffer)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  gpointer state = NULL;
  GstAnalyticsMtd object;
  guint n_boxes = 0;

  while (meta != NULL &&
      gst_analytics_relation_meta_iterate (
          meta, &state, gst_analytics_od_mtd_get_mtd_type (), &object)) {
    GstAnalyticsMtd tracking;
    guint64 id;
    gint x, y, w, h;
    gfloat confidence;

    g_assert_true (gst_analytics_od_mtd_get_location (
        &object, &x, &y, &w, &h, &confidence));
    g_assert_cmpint (x, ==, 10);
    g_assert_cmpint (y, ==, 20);
    g_assert_cmpint (w, ==, 30);
    g_assert_cmpint (h, ==, 15);
    g_assert_true (gst_analytics_relation_meta_get_direct_related (meta,
        object.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
        gst_analytics_tracking_mtd_get_mtd_type (), NULL, &tracking));
    g_assert_true (
        gst_analytics_tracking_mtd_get_info (&tracking, &id, NULL, NULL, NULL));
    g_assert_cmpuint (id, ==, 1);
    n_boxes++;
  }
  return n_boxes;
}

static void
test_box (void)
{
  WatchFixture f;
  const VlmRect box = { 10, 20, 30, 15 };
  GstBuffer *buffer;
  guint n_boxes = 0;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "a ball rolls", 0, 9 * GST_SECOND, &box);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 8 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 5));
  watch_fixture_push_span (&f, 8 * GST_SECOND, 10 * GST_SECOND, 4);
  while ((buffer = gst_harness_try_pull (f.harness)) != NULL) {
    n_boxes += check_buffer (buffer);
    gst_buffer_unref (buffer);
  }
  g_assert_cmpuint (n_boxes, >, 0);
  watch_fixture_clear (&f);
}

/* The objects of one buffer, which must all be of answers, a line each. */
static char *
describe_answers (GstBuffer *buffer)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GString *text = g_string_new (NULL);
  gpointer state = NULL;
  GstAnalyticsMtd object;

  while (meta != NULL &&
      gst_analytics_relation_meta_iterate (
          meta, &state, gst_analytics_od_mtd_get_mtd_type (), &object)) {
    gint x, y, w, h;
    gfloat confidence;

    g_assert_cmpstr (
        g_quark_to_string (gst_analytics_od_mtd_get_obj_type (&object)), ==,
        "vlm-answer");
    g_assert_true (gst_analytics_od_mtd_get_location (
        &object, &x, &y, &w, &h, &confidence));
    g_assert_cmpfloat (confidence, ==, 0.75f);
    g_string_append_printf (text, "%d %d %d %d\n", x, y, w, h);
  }
  return g_string_free (text, FALSE);
}

/* Boxes, points and text of a task, on the frame in which they were found. */
static void
test_answers (void)
{
  WatchFixture f;
  GstBuffer *buffer;
  guint n_answers = 0;

  watch_fixture_init (&f);
  g_object_set (f.element, "hop", 2.0, "delay-video", TRUE, NULL);
  fake_analyzer_add_answer (f.fake, marked_answer_new ());
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 6 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  while ((buffer = gst_harness_try_pull (f.harness)) != NULL) {
    g_autofree char *found = describe_answers (buffer);

    if (found[0] != '\0') {
      g_assert_cmpstr (found, ==, "10 20 30 15\n40 30 1 1\n4 5 20 6\n");
      n_answers++;
    }
    gst_buffer_unref (buffer);
  }
  g_assert_cmpuint (n_answers, ==, 3);
  watch_fixture_clear (&f);
}

/* Objects that a detector put on the buffers are triggers. */
static void
test_trigger (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "trigger", "external");
  g_object_set (f.element, "hop", 2.0, "trigger-label", "dog; person",
      "trigger-before", 0.0, "trigger-after", 0.0, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 40; i++) {
    GstBuffer *buffer = watch_fixture_make_frame (
        i * GST_SECOND / 4, GST_SECOND / 4, (guint8) i);
    GstAnalyticsODMtd object;

    gst_analytics_relation_meta_add_od_mtd (
        gst_buffer_add_analytics_relation_meta (buffer),
        g_quark_from_string (i / 4 == 5 ? "Person" : "cat"), 1, 1, 9, 9, 0.9f,
        &object);
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 1);
  g_assert_cmpint (
      fake_analyzer_get_window (f.fake, 0)->start, ==, 4 * VLM_SECOND);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/analytics/box", test_box);
  g_test_add_func ("/vlmevents/analytics/answers", test_answers);
  g_test_add_func ("/vlmevents/analytics/trigger", test_trigger);
  return g_test_run ();
}
