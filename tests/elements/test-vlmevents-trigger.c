/* gst-vlm: vlmevents, windows that something else decides about
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#define FPS 4
#define MARGINS "trigger-before", 2.0, "trigger-after", 3.0

static void
init (WatchFixture *f, double hop)
{
  watch_fixture_init (f);
  gst_util_set_object_arg (G_OBJECT (f->element), "trigger", "external");
  g_object_set (
      f->element, "hop", hop, MARGINS, "trigger-label", "car ; Person", NULL);
}

/* Seconds; @label: (nullable): of a region on each frame, or, after a colon, in
 * its parameters */
static void
push (WatchFixture *f, guint start, guint end, const char *label)
{
  for (guint i = start * FPS; i < end * FPS; i++) {
    GstBuffer *buffer = watch_fixture_make_frame (
        i * GST_SECOND / FPS, GST_SECOND / FPS, (guint8) (i % 200));

    if (label != NULL && label[0] != ':')
      gst_buffer_add_video_region_of_interest_meta (buffer, label, 1, 1, 9, 9);
    else if (label != NULL)
      gst_video_region_of_interest_meta_add_param (
          gst_buffer_add_video_region_of_interest_meta (
              buffer, "thing", 1, 1, 9, 9),
          gst_structure_new (
              "detection", "label", G_TYPE_STRING, label + 1, NULL));
    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
}

/* The starts of the windows that were analysed, in seconds. */
static char *
starts (WatchFixture *f)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < fake_analyzer_get_n_windows (f->fake); i++)
    g_string_append_printf (text, "%" G_GINT64_FORMAT " ",
        fake_analyzer_get_window (f->fake, i)->start / VLM_SECOND);
  return g_string_free (text, FALSE);
}

static void
check (WatchFixture *f, const char *expected, guint n_untriggered)
{
  g_autofree char *found = starts (f);
  GstMessage *gap =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE);

  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpuint (
      watch_fixture_get_stat (f, "windows-untriggered"), ==, n_untriggered);
  g_assert_cmpuint (watch_fixture_get_stat (f, "unwatched"), ==, 0);
  g_assert_null (gap);
}

static GstEvent *
new_trigger (GstEventType type, gint64 running_time)
{
  GstStructure *structure = gst_structure_new_empty ("vlm-trigger");

  if (running_time >= 0)
    gst_structure_set (
        structure, "running-time", G_TYPE_UINT64, (guint64) running_time, NULL);
  return gst_event_new_custom (type, structure);
}

/* Windows of 2 s around the frames of [10, 11) that have a label. */
static void
test_labels (void)
{
  static const struct
  {
    const char *label;
    double hop;
    const char *analysed;
    guint n_untriggered;
  } cases[] = {
    { "person", 1.0, "7 8 9 10 11 12 13 ", 12 },
    { "car", 2.0, "8 10 12 ", 7 },
    { ":CAR", 2.0, "8 10 12 ", 7 },
    { "cart", 2.0, "", 10 },
    { ":thing", 2.0, "", 10 },
    { NULL, 2.0, "", 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint64 watched;
    WatchFixture f;

    init (&f, cases[i].hop);
    watch_fixture_start (&f, FALSE);
    push (&f, 0, 10, NULL);
    push (&f, 10, 11, cases[i].label);
    push (&f, 11, 20, NULL);
    watch_fixture_finish (&f);
    check (&f, cases[i].analysed, cases[i].n_untriggered);
    watched = watch_fixture_get_stat (&f, "watched");
    g_assert_cmpuint (watch_fixture_get_stat (&f, "untriggered"), ==,
        20 * GST_SECOND - watched);
    watch_fixture_clear (&f);
  }
}

/* An event that is open when the analysis pauses ends there; the next trigger
 * begins a new one. */
static void
test_life (void)
{
  GstMessage *message;
  VlmEventState state = VLM_EVENT_STATE_UPDATE;
  WatchFixture f;

  init (&f, 2.0);
  fake_analyzer_add_event (f.fake, "a ball rolls", 0, 60 * VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 1, "car");
  push (&f, 1, 12, NULL);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 2));
  while (state != VLM_EVENT_STATE_END) {
    const GstStructure *structure;
    const char *name;

    message =
        watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-event", TRUE);
    g_assert_nonnull (message);
    structure = gst_message_get_structure (message);
    name = gst_structure_get_string (structure, "state");
    state = g_str_equal (name, "end") ? VLM_EVENT_STATE_END
                                      : VLM_EVENT_STATE_UPDATE;
    gst_message_unref (message);
  }
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_finishes, ==, 1);
  watch_fixture_clear (&f);
}

static void
send_up (WatchFixture *f, gint64 time)
{
  GstPad *pad = gst_element_get_static_pad (f->element, "src");

  g_assert_true (
      gst_pad_send_event (pad, new_trigger (GST_EVENT_CUSTOM_UPSTREAM, time)));
  gst_object_unref (pad);
}

static void
send_down (WatchFixture *f, gint64 time)
{
  g_assert_true (gst_harness_push_event (
      f->harness, new_trigger (GST_EVENT_CUSTOM_DOWNSTREAM, time)));
}

static void
send_element (WatchFixture *f, gint64 time)
{
  g_assert_true (gst_element_send_event (
      f->element, new_trigger (GST_EVENT_CUSTOM_UPSTREAM, time)));
}

static void
test_events (void)
{
  static void (*const ways[]) (
      WatchFixture * f, gint64 time) = { send_up, send_down, send_element };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    WatchFixture f;

    init (&f, 2.0);
    watch_fixture_start (&f, FALSE);
    push (&f, 0, 9, NULL);
    ways[i](&f, -1);
    push (&f, 9, 16, NULL);
    ways[i](&f, 26 * VLM_SECOND);
    ways[i](&f, 15 * VLM_SECOND);
    push (&f, 16, 34, NULL);
    watch_fixture_finish (&f);
    check (&f, "6 8 10 12 14 16 18 24 26 28 ", 7);
    g_assert_cmpuint (watch_fixture_get_stat (&f, "triggers"), ==, 3);
    g_assert_cmpuint (watch_fixture_get_stat (&f, "triggers-late"), ==, 0);
    watch_fixture_clear (&f);
  }
}

/* A window that was skipped does not come back. */
static void
test_late (void)
{
  WatchFixture f;

  init (&f, 2.0);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 10, NULL);
  send_up (&f, 3 * VLM_SECOND);
  push (&f, 10, 12, NULL);
  watch_fixture_finish (&f);
  check (&f, "6 ", 5);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "triggers-late"), ==, 1);
  watch_fixture_clear (&f);
}

static void
test_no_time (void)
{
  GstStructure *structure = gst_structure_new (
      "vlm-trigger", "running-time", G_TYPE_STRING, "soon", NULL);
  GstMessage *warning;
  g_autoptr (GError) error = NULL;
  WatchFixture f;

  init (&f, 2.0);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 1, NULL);
  gst_harness_push_event (
      f.harness, gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure));
  warning = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, TRUE);
  g_assert_nonnull (warning);
  gst_message_parse_warning (warning, &error, NULL);
  gst_message_unref (warning);
  g_assert_nonnull (strstr (error->message, "running-time"));
  send_down (&f, G_MAXINT64);
  send_down (&f, 0);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "triggers"), ==, 1);
  watch_fixture_clear (&f);
}

/* An interruption decides about the windows that wait; a trigger after it is for
 * those that follow. A flush forgets both. */
static void
test_interruptions (void)
{
  GstSegment segment;
  WatchFixture f;

  init (&f, 2.0);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 7, NULL);
  send_up (&f, -1);
  push (&f, 30, 33, NULL);
  send_up (&f, 35 * VLM_SECOND);
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  push (&f, 33, 41, NULL);
  watch_fixture_finish (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-analysed"), <=, 1);
  for (guint i = 0; i < fake_analyzer_get_n_windows (f.fake); i++)
    g_assert_cmpint (
        fake_analyzer_get_window (f.fake, i)->start, ==, 30 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* Spans between windows are gaps only where the windows are wanted. */
static void
test_holes (void)
{
  GstMessage *gap;
  gint64 start;
  WatchFixture f;

  init (&f, 4.0);
  g_object_set (f.element, "trigger-before", 0.0, "trigger-after", 4.0, NULL);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 8, NULL);
  push (&f, 8, 9, "car");
  push (&f, 9, 30, NULL);
  watch_fixture_finish (&f);
  gap = watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  g_assert_nonnull (gap);
  g_assert_true (gst_structure_get_int64 (
      gst_message_get_structure (gap), "start", &start));
  gst_message_unref (gap);
  g_assert_cmpint (start, ==, 10 * VLM_SECOND);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE));
  watch_fixture_clear (&f);
}

/* Still windows are left out among those that are wanted. */
static void
test_still (void)
{
  WatchFixture f;

  init (&f, 2.0);
  g_object_set (f.element, "skip-still", TRUE, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 10 * GST_SECOND, FPS);
  send_up (&f, -1);
  watch_fixture_push_span (&f, 10 * GST_SECOND, 24 * GST_SECOND, FPS);
  watch_fixture_finish (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-skipped"), ==, 3);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "skipped"), ==, 6 * GST_SECOND);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "untriggered"), ==, 18 * GST_SECOND);
  watch_fixture_clear (&f);
}

/* Delayed video waits for the decision, and all of it leaves in order. */
static void
test_delay (void)
{
  WatchFixture f;

  init (&f, 2.0);
  g_object_set (f.element, "delay-video", TRUE, NULL);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 10, NULL);
  push (&f, 10, 11, "car");
  push (&f, 11, 20, NULL);
  watch_fixture_finish (&f);
  for (guint i = 0; i < 20 * FPS; i++) {
    GstBuffer *buffer = gst_harness_pull (f.harness);

    g_assert_nonnull (buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, i * GST_SECOND / FPS);
    gst_buffer_unref (buffer);
  }
  check (&f, "8 10 12 ", 7);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/trigger/labels", test_labels);
  g_test_add_func ("/vlmevents/trigger/life", test_life);
  g_test_add_func ("/vlmevents/trigger/events", test_events);
  g_test_add_func ("/vlmevents/trigger/late", test_late);
  g_test_add_func ("/vlmevents/trigger/no-time", test_no_time);
  g_test_add_func ("/vlmevents/trigger/interruptions", test_interruptions);
  g_test_add_func ("/vlmevents/trigger/holes", test_holes);
  g_test_add_func ("/vlmevents/trigger/still", test_still);
  g_test_add_func ("/vlmevents/trigger/delay", test_delay);
  return g_test_run ();
}
