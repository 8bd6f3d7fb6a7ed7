/* gst-vlm: vlmevents, loading and errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#include <vlm/vlm-error.h>

static void
test_load_error (void)
{
  WatchFixture f;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  watch_fixture_init (&f);
  fake_analyzer_set_load_error (f.fake,
      g_error_new (VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
          "/models/none/config.json: no such file"));
  /* What is wrong at first sight fails the state change. */
  g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  /* What is wrong, and how to mend it. */
  g_assert_nonnull (strstr (error->message, "/models/none/config.json"));
  g_assert_nonnull (strstr (error->message, "`model`"));
  gst_message_unref (message);

  /* Nothing of it is left: it can be mended. */
  fake_analyzer_set_load_error (f.fake, NULL);
  watch_fixture_start (&f, FALSE);
  g_assert_cmpint (watch_fixture_push (&f, 0, GST_SECOND / 4), ==, GST_FLOW_OK);
  watch_fixture_clear (&f);
}

/* What turns out later ends the stream. */
static void
test_late_load_error (void)
{
  WatchFixture f;
  GstMessage *message;

  watch_fixture_init (&f);
  fake_analyzer_set_load_stalled (f.fake, TRUE);
  fake_analyzer_set_load_error (
      f.fake, g_error_new (VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT, "model"));
  watch_fixture_start (&f, FALSE);
  fake_analyzer_set_load_stalled (f.fake, FALSE);
  g_assert_cmpint (
      watch_fixture_push (&f, 0, GST_SECOND / 4), ==, GST_FLOW_ERROR);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

/* A file that nothing decodes does not pass as if it had been analysed. */
static void
test_no_caps (void)
{
  WatchFixture f;
  GstSegment segment;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  watch_fixture_init (&f);
  f.harness = gst_harness_new_with_element (f.element, "sink", "src");
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (f.harness, gst_event_new_stream_start ("file"));
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  g_assert_cmpint (
      gst_harness_push (f.harness, gst_buffer_new_allocate (NULL, 64, NULL)),
      ==, GST_FLOW_NOT_NEGOTIATED);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION);
  g_assert_nonnull (strstr (error->message, "decodebin"));
  g_assert_nonnull (strstr (error->message, "vlmevents"));
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

/* An application that forgot to set times gets one warning. */
static void
run_no_time (GstFormat format, GstClockTime pts, const char *hint)
{
  WatchFixture f;
  GstSegment segment;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  gst_segment_init (&segment, format);
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (
        watch_fixture_push (&f, pts, GST_CLOCK_TIME_NONE), ==, GST_FLOW_OK);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, hint));
  gst_message_unref (message);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE));
  watch_fixture_clear (&f);
}

/* Video that cannot be analysed is accounted for. */
static void
test_too_flat (void)
{
  WatchFixture f;
  GstMessage *message;
  GstBuffer *buffer;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  gst_harness_set_src_caps_str (f.harness,
      "video/x-raw, format=GRAY8, width=2000, height=5, "
      "framerate=4/1");
  for (guint i = 0; i < 8; i++) {
    buffer = gst_buffer_new_allocate (NULL, 2000 * 5, NULL);
    gst_buffer_memset (buffer, 0, 1, 2000 * 5);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND / 4;
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), ==, 2 * GST_SECOND);
  watch_fixture_clear (&f);
}

/* Windows grow forward: a stream that plays backwards passes unwatched. */
static void
test_backwards (void)
{
  WatchFixture f;
  GstSegment segment;
  GstMessage *message;
  const GstStructure *structure;
  gint64 start = -1;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1.0;
  segment.stop = 2 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  for (guint i = 8; i-- > 0;)
    g_assert_cmpint (
        watch_fixture_push (&f, i * GST_SECOND / 4, GST_SECOND / 4), ==,
        GST_FLOW_OK);
  watch_fixture_finish (&f);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE);
  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (
      gst_structure_get_string (structure, "reason"), ==, "backwards");
  g_assert_true (gst_structure_get_int64 (structure, "start", &start));
  g_assert_cmpint (start, ==, 0);
  gst_message_unref (message);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), ==, 2 * GST_SECOND);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 0);
  watch_fixture_clear (&f);
}

/* Else a message of an event would lack its JSON. */
static void
test_not_utf8 (void)
{
  static const char *const names[] = { "query", "queries", "prompt",
    "stream-label", "device" };
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  WatchFixture f;

  watch_fixture_init (&f);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *text = NULL;

    g_object_set (f.element, names[i], "a \"dog\"; \xc3\xb6", NULL);
    g_object_set (f.element, names[i], "b\xff", NULL);
    g_object_get (f.element, names[i], &text, NULL);
    g_assert_cmpstr (text, ==, "a \"dog\"; \xc3\xb6");
  }
  watch_fixture_clear (&f);
  g_log_set_always_fatal (fatal);
}

static void
test_no_time (void)
{
  run_no_time (GST_FORMAT_BYTES, 0, "format=time");
  run_no_time (GST_FORMAT_TIME, GST_CLOCK_TIME_NONE, "do-timestamp");
  run_no_time (GST_FORMAT_TIME, G_MAXINT64 / 2, "73 years");
  run_no_time (GST_FORMAT_TIME, G_MAXUINT64 - 1000, "73 years");
}

/* Many frames of one time are reported, once; a few are not. */
static void
test_time_stands_still (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 1000; i++) {
    GstMessage *message =
        watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE);

    if (i < 100)
      g_assert_null (message);
    if (message != NULL) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_warning (message, &error, NULL);
      g_assert_nonnull (strstr (error->message, "Time stands still"));
      gst_message_unref (message);
      break;
    }
    g_assert_cmpuint (i, <, 999);
    g_assert_cmpint (
        watch_fixture_push (&f, 0, GST_SECOND / 4), ==, GST_FLOW_OK);
  }
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (
        watch_fixture_push (&f, 0, GST_SECOND / 4), ==, GST_FLOW_OK);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE));
  watch_fixture_finish (&f);
  watch_fixture_clear (&f);
}

static GstProgressType
pop_progress (WatchFixture *f)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_PROGRESS, NULL, TRUE);
  GstProgressType type = GST_PROGRESS_TYPE_ERROR;

  g_assert_nonnull (message);
  gst_message_parse_progress (message, &type, NULL, NULL);
  gst_message_unref (message);
  return type;
}

static gpointer
push_one (gpointer data)
{
  return GINT_TO_POINTER (watch_fixture_push (data, 0, GST_SECOND / 4));
}

/* A stream waits for the model, a change of state ends both. */
static void
test_cancel_load (void)
{
  WatchFixture f;
  GThread *thread;

  watch_fixture_init (&f);
  fake_analyzer_set_load_stalled (f.fake, TRUE);
  watch_fixture_start (&f, FALSE);
  g_assert_cmpint (pop_progress (&f), ==, GST_PROGRESS_TYPE_START);
  g_assert_cmpint (pop_progress (&f), ==, GST_PROGRESS_TYPE_CONTINUE);
  thread = g_thread_new ("push", push_one, &f);
  gst_element_set_state (f.element, GST_STATE_NULL);
  g_assert_cmpint (
      GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  g_assert_cmpint (fake_analyzer_get_counts (f.fake).n_loads, ==, 1);
  watch_fixture_clear (&f);
}

/* A live stream does not wait for the model. */
static void
test_live_while_loading (void)
{
  WatchFixture f;
  GstMessage *message;

  watch_fixture_init (&f);
  fake_analyzer_set_load_stalled (f.fake, TRUE);
  watch_fixture_start (&f, TRUE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 8);
  fake_analyzer_set_load_stalled (f.fake, FALSE);
  watch_fixture_wait_loaded (&f);
  for (guint i = 8; fake_analyzer_get_counts (f.fake).n_entered == 0; i++)
    g_assert_cmpint (
        watch_fixture_push (&f, i * GST_SECOND / 4, GST_SECOND / 4), ==,
        GST_FLOW_OK);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "reason"),
      ==, "loading");
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

/* ... and ends without it: none of the stream was analysed. */
static void
test_eos_while_loading (void)
{
  WatchFixture f;
  GstMessage *message;

  watch_fixture_init (&f);
  fake_analyzer_set_load_stalled (f.fake, TRUE);
  watch_fixture_start (&f, TRUE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), ==, 3000 * GST_MSECOND);
  watch_fixture_clear (&f);
}

static void
run_failure (const char *on_error, GstMessageType type, GstFlowReturn expected)
{
  WatchFixture f;
  GstFlowReturn flow = GST_FLOW_OK;
  GstMessage *message;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "on-error", on_error);
  fake_analyzer_set_error (f.fake,
      g_error_new (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
          "vkAllocateMemory: out of device memory"));
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 16 && flow == GST_FLOW_OK; i++) {
    /* The first window closes with the seventh frame. */
    if (i == 7) {
      message = watch_fixture_pop_message (&f, type, NULL, TRUE);
      g_assert_nonnull (message);
      gst_message_unref (message);
    }
    flow = watch_fixture_push (&f, i * GST_SECOND / 4, GST_SECOND / 4);
  }
  g_assert_cmpint (flow, ==, expected);
  watch_fixture_clear (&f);
}

static void
test_analysis_error (void)
{
  run_failure ("warn", GST_MESSAGE_WARNING, GST_FLOW_OK);
  run_failure ("fail", GST_MESSAGE_ERROR, GST_FLOW_ERROR);
}

static GError *
device_lost (void)
{
  return g_error_new (
      VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST, "vkQueueSubmit: device lost");
}

static void
drop_warning (WatchFixture *f)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_WARNING, NULL, TRUE);

  g_assert_nonnull (message);
  gst_message_unref (message);
}

/* Until @n warnings came, with new windows for each: of many windows at once, a
 * live stream on a busy machine keeps only the newest. */
static void
push_until_warned (WatchFixture *f, guint n, guint fps)
{
  for (guint i = 0; i < n; i++) {
    watch_fixture_push_span (
        f, 4 * i * GST_SECOND, 4 * (i + 1) * GST_SECOND, fps);
    drop_warning (f);
  }
}

/* A lost device is reopened at once, and no window is lost. */
static void
test_device_lost (void)
{
  WatchFixture f;
  FakeCounts counts;

  watch_fixture_init (&f);
  /* Open when the device is lost: the event ends there. */
  fake_analyzer_add_event (f.fake, "a", 0, 60 * VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  fake_analyzer_set_errors (f.fake, device_lost (), 1);
  watch_fixture_push_span (&f, 2 * GST_SECOND, 4 * GST_SECOND, 4);
  drop_warning (&f);
  watch_fixture_finish (&f);
  counts = fake_analyzer_get_counts (f.fake);
  g_assert_cmpuint (counts.n_loads, ==, 2);
  g_assert_cmpuint (counts.n_unloads, ==, 1);
  g_assert_cmpuint (counts.n_finishes, ==, 2);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 3);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-failed"), ==, 0);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "reloads"), ==, 1);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==, 0);
  watch_fixture_clear (&f);
}

/* One that stays away is retried at growing intervals; the video passes, and
 * what was not analysed is reported. */
static void
test_device_stays_away (void)
{
  WatchFixture f;
  FakeCounts counts;
  GstMessage *message;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_errors (f.fake, device_lost (), 1);
  fake_analyzer_set_load_error (f.fake,
      g_error_new (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE, "no device"));
  /* It is lost, and comes back neither at once nor half a second later. */
  push_until_warned (&f, 3, 4);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 48);
  fake_analyzer_set_load_error (f.fake, NULL);
  /* On a busy machine all windows before may be lost by now. */
  watch_fixture_push_span (&f, 12 * GST_SECOND, 14 * GST_SECOND, 4);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-gap", TRUE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  watch_fixture_finish (&f);
  counts = fake_analyzer_get_counts (f.fake);
  g_assert_true (counts.is_loaded);
  g_assert_cmpuint (counts.n_loads, >=, 4);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), >=, 1);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-failed"), >=, 2);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "reloads"), ==, 1);
  watch_fixture_clear (&f);
}

/* A flush and a change of state end the wait for a device. */
static void
test_device_wait_cancelled (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_errors (f.fake, device_lost (), 1);
  fake_analyzer_set_load_error (f.fake,
      g_error_new (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE, "no device"));
  push_until_warned (&f, 4, 2);
  /* One more, which waits: the next try is seconds away. */
  watch_fixture_push_span (&f, 16 * GST_SECOND, 20 * GST_SECOND, 2);
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  gst_element_set_state (f.element, GST_STATE_NULL);
  watch_fixture_clear (&f);
}

/* on-error=fail: the first loss is an error, reported once. */
static void
test_device_lost_fails (void)
{
  WatchFixture f;
  GstMessage *message;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "on-error", "fail");
  fake_analyzer_set_errors (f.fake, device_lost (), 1);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 1500 * GST_MSECOND, 4);
  /* Completes the window, and may see it fail already. */
  watch_fixture_push (&f, 1500 * GST_MSECOND, GST_SECOND / 4);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, TRUE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpint (watch_fixture_push (&f, 2 * GST_SECOND, GST_SECOND / 4), ==,
      GST_FLOW_ERROR);
  gst_element_set_state (f.element, GST_STATE_NULL);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE));
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_loads, ==, 1);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/late-load-error", test_late_load_error);
  g_test_add_func ("/vlmevents/too-flat", test_too_flat);
  g_test_add_func ("/vlmevents/backwards", test_backwards);
  g_test_add_func ("/vlmevents/no-caps", test_no_caps);
  g_test_add_func ("/vlmevents/no-time", test_no_time);
  g_test_add_func ("/vlmevents/time-stands-still", test_time_stands_still);
  g_test_add_func ("/vlmevents/not-utf8", test_not_utf8);
  g_test_add_func ("/vlmevents/load-error", test_load_error);
  g_test_add_func ("/vlmevents/cancel-load", test_cancel_load);
  g_test_add_func ("/vlmevents/live-while-loading", test_live_while_loading);
  g_test_add_func ("/vlmevents/eos-while-loading", test_eos_while_loading);
  g_test_add_func ("/vlmevents/analysis-error", test_analysis_error);
  g_test_add_func ("/vlmevents/device-lost", test_device_lost);
  g_test_add_func ("/vlmevents/device-stays-away", test_device_stays_away);
  g_test_add_func (
      "/vlmevents/device-wait-cancelled", test_device_wait_cancelled);
  g_test_add_func ("/vlmevents/device-lost-fails", test_device_lost_fails);
  return g_test_run ();
}
