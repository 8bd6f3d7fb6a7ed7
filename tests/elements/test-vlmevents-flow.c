/* gst-vlm: vlmevents, interruptions of a stream
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

/* Windows of 2 s from 4.5 s of video: two, and a short one of a slice. */
static void
test_eos_partial (void)
{
  WatchFixture f;
  const FakeWindow *last;

  watch_fixture_init (&f);
  g_object_set (f.element, "hop", 2.0, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 4500 * GST_MSECOND, 10);
  watch_fixture_finish (&f);

  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 3);
  last = fake_analyzer_get_window (f.fake, 2);
  g_assert_true (last->partial);
  g_assert_cmpint (last->start, ==, 4 * VLM_SECOND);
  g_assert_cmpint (last->end, ==, 5 * VLM_SECOND);
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_finishes, ==, 1);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==, 5 * GST_SECOND);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==, 0);
  watch_fixture_clear (&f);
}

static gpointer
push_until_refused (gpointer data)
{
  WatchFixture *f = data;
  GstFlowReturn flow = GST_FLOW_OK;

  for (guint i = 0; flow == GST_FLOW_OK; i++)
    flow = watch_fixture_push (f, i * GST_SECOND / 4, GST_SECOND / 4);
  return GINT_TO_POINTER (flow);
}

/* The stream waits for a stalled analysis; a flush ends both. */
static void
test_flush_while_stalled (void)
{
  WatchFixture f;
  GThread *thread;
  GstSegment segment;

  watch_fixture_init (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_start (&f, FALSE);
  thread = g_thread_new ("push", push_until_refused, &f);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  g_assert_true (
      gst_harness_push_event (f.harness, gst_event_new_flush_start ()));
  g_assert_cmpint (
      GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_cancelled, ==, 1);

  fake_analyzer_set_stalled (f.fake, FALSE);
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = 60 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  watch_fixture_push_span (&f, 60 * GST_SECOND, 62 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  /* Nothing from before, and nothing that spans both. */
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 1);
  g_assert_cmpint (
      fake_analyzer_get_window (f.fake, 0)->start, ==, 60 * VLM_SECOND);
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_resets, >=, 1);
  watch_fixture_clear (&f);
}

/* An analysis that ignores its cancellable does not hold up a flush. */
static void
test_flush_while_deaf (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "too late", 0, VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, GST_SECOND, 4);
  fake_analyzer_set_deaf (f.fake, TRUE);
  watch_fixture_push_span (&f, GST_SECOND, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  fake_analyzer_set_deaf (f.fake, FALSE);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  gst_element_set_state (f.element, GST_STATE_READY);
  /* What it found belongs to what was flushed away. */
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-event", FALSE));
  watch_fixture_clear (&f);
}

static void
assert_never_across (WatchFixture *f, gint64 border)
{
  guint n_windows = fake_analyzer_get_n_windows (f->fake);

  for (guint i = 0; i < n_windows; i++) {
    const FakeWindow *window = fake_analyzer_get_window (f->fake, i);
    const VlmFrame *first = window->frames->pdata[0];
    const VlmFrame *last = window->frames->pdata[window->frames->len - 1];

    g_assert_true ((first->time.stream_time >= border) ==
        (last->time.stream_time >= border));
  }
  g_assert_cmpuint (fake_analyzer_get_counts (f->fake).n_finishes, ==, 2);
  g_assert_cmpuint (fake_analyzer_get_counts (f->fake).n_resets, ==, 2);
}

static void
push_discont (WatchFixture *f, GstClockTime pts, GstClockTime duration)
{
  GstBuffer *buffer = watch_fixture_make_frame (pts, duration, 100);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
}

/* More is missing than the sampling can bridge. */
static void
test_discont (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3500 * GST_MSECOND, 4);
  push_discont (&f, 4 * GST_SECOND, GST_SECOND / 4);
  watch_fixture_push_span (&f, 4250 * GST_MSECOND, 8 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  assert_never_across (&f, 4 * VLM_SECOND);
  watch_fixture_clear (&f);
}

static void
assert_whole (WatchFixture *f, guint n_windows)
{
  g_assert_cmpuint (fake_analyzer_get_n_windows (f->fake), ==, n_windows);
  for (guint i = 0; i < n_windows; i++) {
    const FakeWindow *window = fake_analyzer_get_window (f->fake, i);

    g_assert_false (window->partial);
    g_assert_cmpint (window->start, ==, i * VLM_SECOND);
  }
  g_assert_cmpuint (fake_analyzer_get_counts (f->fake).n_finishes, ==, 1);
}

/* A lossy camera: every third frame is lost, and each loss is a DISCONT, with or
 * without a GAP event. At two slots a second none of it is missed. */
static void
run_lossy (gboolean with_gaps)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 80; i++) {
    GstClockTime pts = i * GST_SECOND / 10;

    if (i % 3 == 1 && with_gaps)
      gst_harness_push_event (
          f.harness, gst_event_new_gap (pts, GST_SECOND / 10));
    if (i % 3 == 1)
      continue;
    if (i % 3 == 2)
      push_discont (&f, pts, GST_SECOND / 10);
    else
      watch_fixture_push (&f, pts, GST_SECOND / 10);
  }
  watch_fixture_finish (&f);
  assert_whole (&f, 7);
  watch_fixture_clear (&f);
}

static void
test_lossy (void)
{
  run_lossy (FALSE);
  run_lossy (TRUE);
}

/* Gaps that are short one by one add up. */
static void
test_many_gaps (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  for (guint i = 0; i < 20; i++)
    gst_harness_push_event (f.harness,
        gst_event_new_gap (
            3 * GST_SECOND + i * GST_SECOND / 20, GST_SECOND / 20));
  watch_fixture_push_span (&f, 4 * GST_SECOND, 8 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  assert_never_across (&f, 3500 * VLM_SECOND / 1000);
  watch_fixture_clear (&f);
}

/* The stream jumps by an hour, forward or back, and does not say so. */
static void
run_jump (GstClockTime to)
{
  WatchFixture f;
  const FakeWindow *last;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 7200 * GST_SECOND, 7203500 * GST_MSECOND, 4);
  watch_fixture_push_span (&f, to, to + 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  assert_never_across (&f, (gint64) MAX (to, 7200 * GST_SECOND));
  last = fake_analyzer_get_window (
      f.fake, fake_analyzer_get_n_windows (f.fake) - 1);
  g_assert_cmpint (last->end, ==, (gint64) to + 4 * VLM_SECOND);
  watch_fixture_clear (&f);
}

static void
test_time_jump (void)
{
  run_jump (3600 * GST_SECOND);
  run_jump (10800 * GST_SECOND);
}

static void
test_gap (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  gst_harness_push_event (
      f.harness, gst_event_new_gap (3 * GST_SECOND, GST_SECOND));
  watch_fixture_push_span (&f, 4 * GST_SECOND, 8 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  assert_never_across (&f, 3 * GST_SECOND);
  watch_fixture_clear (&f);
}

static void
assert_no_video (WatchFixture *f, gint64 start, gint64 end)
{
  g_autoptr (GstMessage) message =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  const GstStructure *structure = gst_message_get_structure (message);
  gint64 span[2] = { -1, -1 };

  g_assert_cmpstr (
      gst_structure_get_string (structure, "reason"), ==, "no-video");
  gst_structure_get_int64 (structure, "start", &span[0]);
  gst_structure_get_int64 (structure, "end", &span[1]);
  g_assert_cmpint (span[0], ==, start);
  g_assert_cmpint (span[1], ==, end);
}

/* A camera that goes, comes back and goes: its window closes at once, and what
 * was missing is a gap, though GAP events come in pieces. */
static void
test_no_video (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  gst_harness_push_event (
      f.harness, gst_event_new_gap (3 * GST_SECOND, GST_SECOND));
  gst_harness_push_event (
      f.harness, gst_event_new_gap (4 * GST_SECOND, 2 * GST_SECOND));
  g_assert_true (fake_analyzer_wait_entered (f.fake, 2));
  watch_fixture_push_span (&f, 7 * GST_SECOND, 9 * GST_SECOND, 4);
  assert_no_video (&f, 3 * VLM_SECOND, 7 * VLM_SECOND);
  gst_harness_push_event (
      f.harness, gst_event_new_gap (9 * GST_SECOND, 3 * GST_SECOND));
  watch_fixture_finish (&f);
  assert_no_video (&f, 9 * VLM_SECOND, 12 * VLM_SECOND);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE));
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==, 0);
  watch_fixture_clear (&f);
}

static void
test_caps_change (void)
{
  WatchFixture f;
  GstBuffer *buffer;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  gst_harness_set_src_caps_str (f.harness,
      "video/x-raw, format=GRAY8, width=64, height=144, framerate=0/1");
  for (guint i = 12; i < 24; i++) {
    buffer = watch_fixture_make_frame (i * GST_SECOND / 4, GST_SECOND / 4, 50);
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  assert_never_across (&f, 3 * GST_SECOND);
  watch_fixture_clear (&f);
}

/* A new segment without a flush. */
static void
test_new_segment (void)
{
  WatchFixture f;
  GstSegment segment;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 3 * GST_SECOND;
  segment.start = segment.time = 100 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  watch_fixture_push_span (&f, 100 * GST_SECOND, 104 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  assert_never_across (&f, 100 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* The analysis stalls, the video does not: the oldest window is dropped, and
 * that is reported. */
static void
test_live_drops_oldest (void)
{
  WatchFixture f;
  GstMessage *message;
  const char *reason;
  gint64 start = -1;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  g_object_set (f.element, "max-queue", 2, NULL);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  watch_fixture_push_span (&f, 2 * GST_SECOND, 10 * GST_SECOND, 4);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 40);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-dropped"), ==, 6);

  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  reason =
      gst_structure_get_string (gst_message_get_structure (message), "reason");
  g_assert_cmpstr (reason, ==, "queue-full");
  gst_structure_get_int64 (
      gst_message_get_structure (message), "start", &start);
  g_assert_cmpint (start, ==, VLM_SECOND);
  gst_message_unref (message);

  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 3);
  g_assert_cmpint (fake_analyzer_get_window (f.fake, 0)->start, ==, 0);
  g_assert_cmpint (
      fake_analyzer_get_window (f.fake, 1)->start, ==, 7 * VLM_SECOND);
  /* [0, 2) and [7, 10) of [0, 10). */
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==, 5 * GST_SECOND);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), ==, 5 * GST_SECOND);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_QOS, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

static void
run_policy (const char *policy, guint n_windows, gint64 second, gint64 last)
{
  WatchFixture f;
  const FakeWindow *window;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "policy", policy);
  watch_fixture_start (&f, FALSE);
  watch_fixture_wait_loaded (&f);
  watch_fixture_push_span (&f, 0, GST_SECOND, 4);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, GST_SECOND, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  watch_fixture_push_span (&f, 2 * GST_SECOND, 8 * GST_SECOND, 4);
  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, n_windows);
  window = fake_analyzer_get_window (f.fake, 1);
  g_assert_cmpint (window->start, ==, second * VLM_SECOND);
  window = fake_analyzer_get_window (f.fake, n_windows - 1);
  g_assert_cmpint (window->start, ==, last * VLM_SECOND);
  watch_fixture_clear (&f);
}

static void
test_policies (void)
{
  run_policy ("drop-oldest", 3, 5, 6);
  run_policy ("drop-newest", 3, 1, 2);
  run_policy ("latest-only", 2, 6, 6);
}

/* A live stream ends although the analysis does not. */
static void
test_eos_timeout (void)
{
  WatchFixture f;
  GstMessage *message;

  watch_fixture_init (&f);
  g_object_set (f.element, "eos-drain-timeout", 0.05, "max-queue", 9, NULL);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_cancelled, >=, 1);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "reason"),
      ==, "eos-timeout");
  gst_message_unref (message);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==, 0);
  watch_fixture_clear (&f);
}

static char *
run_and_collect (void)
{
  WatchFixture f;
  GString *text = g_string_new (NULL);
  GstMessage *message;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "a", VLM_SECOND / 2, 3 * VLM_SECOND, NULL);
  fake_analyzer_add_event (f.fake, "b", 4 * VLM_SECOND, 9 * VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 9500 * GST_MSECOND, 7);
  watch_fixture_finish (&f);
  while ((message = watch_fixture_pop_message (
              &f, GST_MESSAGE_ELEMENT, "vlm-event", FALSE)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);

    g_string_append_printf (
        text, "%s\n", gst_structure_get_string (structure, "json"));
    gst_message_unref (message);
  }
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-dropped"), ==, 0);
  watch_fixture_clear (&f);
  return watch_drop_run (g_string_free (text, FALSE));
}

static void
test_deterministic (void)
{
  g_autofree char *first = run_and_collect ();
  g_autofree char *second = run_and_collect ();

  g_assert_cmpstr (first, ==, second);
  g_assert_nonnull (strstr (first, "\"state\": \"begin\""));
  g_assert_nonnull (strstr (first, "\"state\": \"end\""));
}

/* Up and down a hundred times; what is left over fails in clear(). */
static void
test_state_cycles (void)
{
  WatchFixture f;
  FakeCounts counts;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "a", 0, VLM_SECOND, NULL);
  for (guint i = 0; i < 100; i++) {
    gst_element_set_state (f.element, GST_STATE_PLAYING);
    gst_element_set_state (f.element, GST_STATE_NULL);
  }
  counts = fake_analyzer_get_counts (f.fake);
  g_assert_cmpuint (counts.n_loads, ==, 100);
  g_assert_cmpuint (counts.n_unloads, ==, 100);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 3);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/eos-partial", test_eos_partial);
  g_test_add_func ("/vlmevents/flush-while-stalled", test_flush_while_stalled);
  g_test_add_func ("/vlmevents/flush-while-deaf", test_flush_while_deaf);
  g_test_add_func ("/vlmevents/discont", test_discont);
  g_test_add_func ("/vlmevents/lossy", test_lossy);
  g_test_add_func ("/vlmevents/gap", test_gap);
  g_test_add_func ("/vlmevents/no-video", test_no_video);
  g_test_add_func ("/vlmevents/many-gaps", test_many_gaps);
  g_test_add_func ("/vlmevents/time-jump", test_time_jump);
  g_test_add_func ("/vlmevents/caps-change", test_caps_change);
  g_test_add_func ("/vlmevents/new-segment", test_new_segment);
  g_test_add_func ("/vlmevents/live-drops-oldest", test_live_drops_oldest);
  g_test_add_func ("/vlmevents/policies", test_policies);
  g_test_add_func ("/vlmevents/eos-timeout", test_eos_timeout);
  g_test_add_func ("/vlmevents/deterministic", test_deterministic);
  g_test_add_func ("/vlmevents/state-cycles", test_state_cycles);
  return g_test_run ();
}
