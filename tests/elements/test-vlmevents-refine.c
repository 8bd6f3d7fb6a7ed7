/* gst-vlm: vlmevents, a glance at what is still
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "support/watch-fixture.h"

/* Windows of 10 s, none overlapping. */
static void
init (WatchFixture *f)
{
  watch_fixture_init (f);
  g_object_set (f->element, "fps", "auto", "window", 10.0, "hop", 0.0, "refine",
      TRUE, NULL);
}

static void
push_frame (WatchFixture *f, GstBuffer *buffer)
{
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  while (gst_harness_buffers_in_queue (f->harness) > 0)
    gst_buffer_unref (gst_harness_pull (f->harness));
}

/* Seconds, at 8 frames each; from @from on until @to something flickers. */
static void
push (WatchFixture *f, guint start, guint end, guint from, guint to)
{
  for (guint i = 8 * start; i < 8 * end; i++) {
    GstBuffer *buffer =
        watch_fixture_make_frame (i * GST_SECOND / 8, GST_SECOND / 8, 100);

    if (i >= 8 * from && i < 8 * to)
      gst_buffer_memset (
          buffer, 0, (guint8) (140 + 40 * (i / 2 % 3)), 64 * 3 * 12);
    push_frame (f, buffer);
  }
}

static guint64
get (WatchFixture *f, const char *name)
{
  return watch_fixture_get_stat (f, name);
}

/* Start and end of what was looked at, in seconds. */
static char *
list_windows (WatchFixture *f)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < fake_analyzer_get_n_windows (f->fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f->fake, i);

    g_string_append_printf (text, "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " ",
        window->start / VLM_SECOND, window->end / VLM_SECOND);
  }
  return g_string_free (text, FALSE);
}

static char *
list_glances (WatchFixture *f)
{
  guint n = fake_analyzer_get_counts (f->fake).n_glanced;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    const FakeWindow *window = fake_analyzer_get_glance (f->fake, i);

    g_string_append_printf (text, "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " ",
        window->start / VLM_SECOND, window->end / VLM_SECOND);
  }
  return g_string_free (text, FALSE);
}

static void
check (WatchFixture *f, const char *windows, const char *glances)
{
  g_autofree char *seen = list_windows (f);
  g_autofree char *glanced = list_glances (f);

  g_assert_cmpstr (seen, ==, windows);
  g_assert_cmpstr (glanced, ==, glances);
  g_assert_cmpuint (
      get (f, "windows-analysed"), ==, fake_analyzer_get_n_windows (f->fake));
}

/* The first window is always analysed: whether it moves is not known. Still video
 * costs a few frames in half a minute; motion is analysed at once, but what came
 * before it is analysed first. */
static void
test_still_and_motion (void)
{
  const FakeWindow *glance;
  WatchFixture f;

  init (&f);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 120, 75, 77);
  watch_fixture_finish (&f);
  check (&f, "0-10 70-80 ", "10-40 40-70 80-110 110-120 ");
  g_assert_cmpuint (get (&f, "glances"), ==, 4);
  g_assert_cmpuint (get (&f, "windows-skipped"), ==, 10);
  g_assert_cmpuint (get (&f, "watched"), ==, 20 * VLM_SECOND);
  g_assert_cmpuint (get (&f, "skipped"), ==, 100 * VLM_SECOND);
  g_assert_cmpuint (get (&f, "unwatched"), ==, 0);

  glance = fake_analyzer_get_glance (f.fake, 0);
  g_assert_cmpuint (glance->slot_times->len, ==, 8);
  for (guint i = 0; i < glance->slot_times->len; i++)
    g_assert_cmpint (g_array_index (glance->slot_times, gint64, i), ==,
        (10 + 4 * (gint64) i) * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* What shows in the overview, though nothing moves, is analysed with all frames,
 * and with as much around it as the overview leaves open; the event comes from
 * that analysis alone. */
static void
test_found (void)
{
  WatchFixture f;
  GstMessage *message;
  gint64 start;

  init (&f);
  fake_analyzer_add_event (
      f.fake, "a light", 64 * VLM_SECOND, 65 * VLM_SECOND, NULL);
  fake_analyzer_add_event (
      f.fake, "a bell", 88 * VLM_SECOND, 89 * VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 130, 0, 0);
  watch_fixture_finish (&f);
  check (&f, "0-10 60-70 80-90 90-100 ", "10-40 40-70 70-100 100-130 ");
  g_assert_cmpuint (get (&f, "windows-skipped"), ==, 9);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-event", TRUE);
  g_assert_true (gst_structure_get_int64 (
      gst_message_get_structure (message), "start", &start));
  g_assert_cmpint (start, ==, 64 * VLM_SECOND);
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

/* The whole of a stream of any length, in windows that overlap. */
static void
test_whole (void)
{
  WatchFixture f;
  guint n_alive = 0;
  guint64 n_analysed;

  init (&f);
  g_object_set (f.element, "window", 0.0, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint second = 0; second < 7200; second++) {
    GstBuffer *buffer = watch_fixture_make_frame (
        second * GST_SECOND, GST_SECOND, second == 3601 ? 220 : 100);

    if (second >= 3600 && second < 3603)
      gst_buffer_memset (buffer, 0, 200, 64 * 3 * 12);
    push_frame (&f, buffer);
    n_alive = MAX (n_alive, vlm_frame_count_alive ());
    if (second % 60 == 59)
      fake_analyzer_forget (f.fake);
  }
  watch_fixture_finish (&f);
  n_analysed = get (&f, "windows-analysed");
  /* the first, and those with the motion */
  g_assert_cmpuint (n_analysed, >=, 3);
  g_assert_cmpuint (n_analysed, <=, 5);
  g_assert_cmpuint (n_analysed + get (&f, "windows-skipped"), ==, 1439);
  /* half a minute with every fifth window in two, for each window that moves one
   * more */
  g_assert_cmpuint (get (&f, "glances"), <=, 7200 / 25 + n_analysed);
  g_assert_cmpuint (n_alive, <=, 250);
  watch_fixture_clear (&f);
  g_assert_cmpuint (vlm_frame_count_alive (), ==, 0);
}

/* What waits for its glance is not lost when the stream ends or changes, and what
 * comes later is not mixed with it. */
static void
test_interruptions (void)
{
  WatchFixture f;
  GstSegment segment;

  init (&f);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 30, 0, 0);
  gst_harness_set_src_caps_str (
      f.harness, "video/x-raw, format=BGR, width=64, height=48, framerate=0/1");
  push (&f, 30, 50, 0, 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 1000 * GST_SECOND;
  g_assert_true (
      gst_harness_push_event (f.harness, gst_event_new_segment (&segment)));
  push (&f, 50, 75, 0, 0);
  watch_fixture_finish (&f);
  check (&f, "0-10 30-40 50-60 ", "10-30 40-50 60-75 ");
  g_assert_cmpuint (get (&f, "unwatched"), ==, 0);
  watch_fixture_clear (&f);
}

/* After a flush there is no glance at what came before it, even if that glance
 * was already under way. */
static void
test_flush (void)
{
  WatchFixture f;
  GstSegment segment;

  init (&f);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 30, 0, 0);
  fake_analyzer_wait_returned (f.fake, 1);
  fake_analyzer_set_stalled (f.fake, TRUE);
  push (&f, 30, 65, 0, 0);
  g_assert_true (fake_analyzer_wait_glanced (f.fake, 1));
  g_assert_true (
      gst_harness_push_event (f.harness, gst_event_new_flush_start ()));
  fake_analyzer_set_stalled (f.fake, FALSE);
  g_assert_true (
      gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (
      gst_harness_push_event (f.harness, gst_event_new_segment (&segment)));
  fake_analyzer_forget (f.fake);
  push (&f, 100, 130, 0, 0);
  watch_fixture_finish (&f);
  {
    g_autofree char *seen = list_windows (&f);

    g_assert_cmpstr (seen, ==, "100-110 ");
  }
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_glanced, ==, 2);
  g_assert_cmpint (
      fake_analyzer_get_glance (f.fake, 0)->start, ==, 110 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* If a glance fails, all of its span is analysed; video is lost only if that
 * fails as well. */
static void
test_failure (void)
{
  WatchFixture f;

  init (&f);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 11, 0, 0);
  fake_analyzer_wait_returned (f.fake, 1);
  fake_analyzer_set_errors (f.fake,
      g_error_new_literal (
          VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, "no idea"),
      1);
  push (&f, 11, 70, 0, 0);
  watch_fixture_finish (&f);
  check (&f, "0-10 10-20 20-30 30-40 ", "10-40 40-70 ");
  g_assert_cmpuint (get (&f, "glances"), ==, 1);
  g_assert_cmpuint (get (&f, "windows-failed"), ==, 0);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE));
  watch_fixture_clear (&f);
}

/* Loads the model again, after a warning, and loses nothing. */
static void
test_lost_device (void)
{
  WatchFixture f;
  GstMessage *message;

  init (&f);
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 11, 0, 0);
  fake_analyzer_wait_returned (f.fake, 1);
  fake_analyzer_set_errors (f.fake,
      g_error_new_literal (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST, "lost"), 1);
  push (&f, 11, 40, 0, 0);
  watch_fixture_finish (&f);
  g_assert_cmpuint (get (&f, "reloads"), ==, 1);
  g_assert_cmpuint (get (&f, "windows-analysed"), ==, 4);
  g_assert_cmpuint (get (&f, "unwatched"), ==, 0);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

/* With on-error=fail the stream ends. */
static void
test_lost_for_good (void)
{
  WatchFixture f;
  GstMessage *message;

  init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "on-error", "fail");
  watch_fixture_start (&f, FALSE);
  push (&f, 0, 11, 0, 0);
  fake_analyzer_wait_returned (f.fake, 1);
  fake_analyzer_set_errors (f.fake,
      g_error_new_literal (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST, "lost"), 1);
  push (&f, 11, 40, 0, 0);
  watch_fixture_finish (&f);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, TRUE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpuint (get (&f, "windows-failed"), ==, 3);
  g_assert_cmpuint (get (&f, "windows-analysed"), ==, 1);
  g_assert_cmpuint (get (&f, "unwatched"), ==, 30 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* On a live stream an overview waits and is dropped like a window; so is what the
 * end of the stream does not wait for. */
static void
test_live (void)
{
  WatchFixture f;
  GstMessage *message;
  gint64 start;
  gint64 end;

  init (&f);
  g_object_set (f.element, "max-queue", 1, "eos-drain-timeout", 0.0, NULL);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  push (&f, 0, 11, 0, 0);
  fake_analyzer_wait_returned (f.fake, 1);
  fake_analyzer_set_stalled (f.fake, TRUE);
  push (&f, 11, 51, 0, 0);
  g_assert_true (fake_analyzer_wait_glanced (f.fake, 1));
  /* 40-70 waits, until 70-100 takes its place */
  push (&f, 51, 111, 0, 0);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "reason"),
      ==, "queue-full");
  g_assert_true (gst_structure_get (gst_message_get_structure (message),
      "start", G_TYPE_INT64, &start, "end", G_TYPE_INT64, &end, NULL));
  g_assert_cmpint (start, ==, 40 * VLM_SECOND);
  g_assert_cmpint (end, ==, 70 * VLM_SECOND);
  gst_message_unref (message);
  g_assert_cmpuint (get (&f, "windows-dropped"), ==, 3);
  watch_fixture_finish (&f);
  g_assert_cmpuint (get (&f, "windows-analysed"), ==, 1);
  g_assert_cmpuint (get (&f, "windows-dropped"), ==, 11);
  g_assert_cmpuint (
      get (&f, "watched") + get (&f, "unwatched"), ==, 111 * VLM_SECOND);
  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/refine/still-and-motion", test_still_and_motion);
  g_test_add_func ("/vlmevents/refine/found", test_found);
  g_test_add_func ("/vlmevents/refine/whole", test_whole);
  g_test_add_func ("/vlmevents/refine/interruptions", test_interruptions);
  g_test_add_func ("/vlmevents/refine/flush", test_flush);
  g_test_add_func ("/vlmevents/refine/failure", test_failure);
  g_test_add_func ("/vlmevents/refine/lost-device", test_lost_device);
  g_test_add_func ("/vlmevents/refine/lost-for-good", test_lost_for_good);
  g_test_add_func ("/vlmevents/refine/live", test_live);
  return g_test_run ();
}
