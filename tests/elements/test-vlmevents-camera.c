/* gst-vlm: vlmevents, problems of the camera
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/watch-fixture.h"

#define STEP (GST_SECOND / 2)

static void
init (WatchFixture *f, const char *states)
{
  watch_fixture_init (f);
  g_object_set (f->element, "window", 2.0, "hop", 0.0, NULL);
  gst_util_set_object_arg (G_OBJECT (f->element), "camera-events", states);
}

static void
push_level (WatchFixture *f, GstClockTime start, GstClockTime end, guint8 level)
{
  for (GstClockTime pts = start; pts < end; pts += STEP) {
    GstBuffer *buffer = watch_fixture_make_frame (pts, STEP, level);

    /* a sensor's noise */
    gst_buffer_memset (
        buffer, 0, (guint8) (level + 2 + pts / STEP % 3), 64 * 3);
    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
}

/* (transfer full): its uid */
static char *
assert_report (WatchFixture *f, const char *condition, const char *state,
    gint64 start, gint64 end)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-camera", TRUE);
  const GstStructure *s;
  gint64 time;
  char *uid;

  g_assert_nonnull (message);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "condition"), ==, condition);
  g_assert_cmpstr (gst_structure_get_string (s, "state"), ==, state);
  g_assert_true (gst_structure_get_int64 (s, "start", &time));
  g_assert_cmpint (time, ==, start);
  g_assert_true (gst_structure_get_int64 (s, "end", &time) == (end >= 0));
  if (end >= 0)
    g_assert_cmpint (time, ==, end);
  uid = g_strdup (gst_structure_get_string (s, "event-uid"));
  gst_message_unref (message);
  return uid;
}

static void
assert_no_report (WatchFixture *f)
{
  g_assert_null (
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-camera", FALSE));
}

/* It is reported when it has lasted, with the time at which it began; the end
 * has the uid of the begin. */
static void
test_black (void)
{
  WatchFixture f;
  g_autofree char *begun = NULL;
  g_autofree char *ended = NULL;

  init (&f, "black+covered");
  watch_fixture_start (&f, FALSE);
  push_level (&f, 0, 4 * GST_SECOND, 120);
  push_level (&f, 4 * GST_SECOND, 6 * GST_SECOND, 10);
  assert_no_report (&f);
  push_level (&f, 6 * GST_SECOND, 7 * GST_SECOND, 10);
  begun = assert_report (&f, "black", "begin", 4 * VLM_SECOND, -1);
  push_level (&f, 7 * GST_SECOND, 10 * GST_SECOND, 120);
  ended = assert_report (&f, "black", "end", 4 * VLM_SECOND, 7 * VLM_SECOND);
  g_assert_cmpstr (begun, ==, ended);
  watch_fixture_finish (&f);
  assert_no_report (&f);
  watch_fixture_clear (&f);
}

/* What has begun ends with the stream. */
static void
test_end (void)
{
  WatchFixture f;
  g_autofree char *begun = NULL;
  g_autofree char *ended = NULL;

  init (&f, "overexposed");
  watch_fixture_start (&f, FALSE);
  push_level (&f, 0, 4 * GST_SECOND, 252);
  begun = assert_report (&f, "overexposed", "begin", 0, -1);
  watch_fixture_finish (&f);
  ended = assert_report (
      &f, "overexposed", "end", 0, 4 * VLM_SECOND - (gint64) STEP);
  g_assert_cmpstr (begun, ==, ended);
  watch_fixture_clear (&f);
}

static void
test_off (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  push_level (&f, 0, 20 * GST_SECOND, 10);
  watch_fixture_finish (&f);
  assert_no_report (&f);
  watch_fixture_clear (&f);
}

static void
let_pass (WatchFixture *f, guint seconds)
{
  for (guint i = 0; i < seconds; i++)
    g_assert_true (gst_harness_crank_single_clock_wait (f->harness));
}

/* A live camera falls silent, by the clock of the pipeline. */
static void
test_no_signal (void)
{
  WatchFixture f;
  g_autofree char *begun = NULL;
  g_autofree char *ended = NULL;

  init (&f, "no-signal");
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  push_level (&f, 0, 2 * GST_SECOND, 120);
  let_pass (&f, 9);
  assert_no_report (&f);
  let_pass (&f, 3);
  begun = assert_report (
      &f, "no-signal", "begin", 2 * VLM_SECOND - (gint64) STEP, -1);
  push_level (&f, 14 * GST_SECOND, 17 * GST_SECOND, 120);
  ended = assert_report (
      &f, "no-signal", "end", 2 * VLM_SECOND - (gint64) STEP, 14 * VLM_SECOND);
  g_assert_cmpstr (begun, ==, ended);
  watch_fixture_clear (&f);
}

/* A file that waits for a slow device downstream is not a silent camera. */
static void
test_files_have_no_signal_to_lose (void)
{
  WatchFixture f;

  init (&f, "no-signal");
  watch_fixture_start (&f, FALSE);
  push_level (&f, 0, 2 * GST_SECOND, 120);
  let_pass (&f, 30);
  assert_no_report (&f);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/camera/black", test_black);
  g_test_add_func ("/vlmevents/camera/end", test_end);
  g_test_add_func ("/vlmevents/camera/off", test_off);
  g_test_add_func ("/vlmevents/camera/no-signal", test_no_signal);
  g_test_add_func ("/vlmevents/camera/files-have-no-signal-to-lose",
      test_files_have_no_signal_to_lose);
  return g_test_run ();
}
