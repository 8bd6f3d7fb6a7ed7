/* gst-vlm: vlmevents, questions beside the windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#include <gio/gio.h>
#include <vlm/vlm-error.h>

static guint64
ask (WatchFixture *f, const char *question)
{
  guint64 id = 0;

  g_signal_emit_by_name (f->element, "ask", question, &id);
  return id;
}

/* The next answer is that to question @id: @answer, or an error. */
static void
check_answer (WatchFixture *f, guint64 id, const char *answer, gint64 start)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-answer", TRUE);
  const GstStructure *structure;
  guint64 got_id;
  gint64 from = -1;
  gint64 to = -1;
  double confidence;

  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_true (gst_structure_get_uint64 (structure, "id", &got_id));
  g_assert_cmpuint (got_id, ==, id);
  g_assert_nonnull (gst_structure_get_string (structure, "question"));
  g_assert_cmpstr (gst_structure_get_string (structure, "answer"), ==, answer);
  g_assert_true (
      gst_structure_has_field (structure, "error") == (answer == NULL));
  if (answer != NULL) {
    gst_structure_get (structure, "start", G_TYPE_INT64, &from, "end",
        G_TYPE_INT64, &to, "confidence", G_TYPE_DOUBLE, &confidence, NULL);
    g_assert_cmpint (from, ==, start);
    g_assert_cmpint (to, ==, start + 2 * VLM_SECOND);
    g_assert_cmpfloat (confidence, ==, 0.25);
  }
  gst_message_unref (message);
}

static void
check_error (WatchFixture *f, guint64 id, GQuark domain, gint code)
{
  GstMessage *message =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-answer", TRUE);
  g_autoptr (GError) error = NULL;
  guint64 got_id;

  g_assert_nonnull (message);
  gst_structure_get (gst_message_get_structure (message), "id", G_TYPE_UINT64,
      &got_id, "error", G_TYPE_ERROR, &error, NULL);
  g_assert_cmpuint (got_id, ==, id);
  g_assert_error (error, domain, code);
  gst_message_unref (message);
}

/* About the newest complete window; one that comes too early waits for it. */
static void
test_answers (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  g_assert_cmpuint (ask (&f, "not running"), ==, 0);
  watch_fixture_start (&f, FALSE);
  watch_fixture_wait_loaded (&f);
  g_assert_cmpuint (ask (&f, ""), ==, 0);
  g_assert_cmpuint (ask (&f, "early"), ==, 1);
  watch_fixture_push_span (&f, 0, 2500 * GST_MSECOND, 4);
  check_answer (&f, 1, "early 0", 0);
  watch_fixture_push_span (&f, 2500 * GST_MSECOND, 5500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 4));
  g_assert_cmpuint (ask (&f, "where"), ==, 2);
  check_answer (&f, 2, "where 3", 3 * VLM_SECOND);
  watch_fixture_finish (&f);
  /* What was just seen stays seen. */
  g_assert_cmpuint (ask (&f, "at the end"), ==, 3);
  check_answer (&f, 3, "at the end 4", 4 * VLM_SECOND);
  watch_fixture_clear (&f);
}

static void
on_answer (GstElement *element, guint64 id, GstStructure *answer, guint *count)
{
  g_assert_cmpuint (id, ==, ++*count);
  g_assert_true (gst_structure_has_name (answer, "vlm-answer"));
}

/* A slow device: nothing waits for questions, no more than eight wait, windows
 * go on between them, and all are answered. */
static void
test_busy (void)
{
  WatchFixture f;
  guint count = 0;

  watch_fixture_init (&f);
  g_signal_connect (f.element, "answer", G_CALLBACK (on_answer), &count);
  g_object_set (f.element, "max-queue", 4, NULL);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  watch_fixture_push_span (&f, 0, 4500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  for (guint i = 1; i <= 8; i++)
    g_assert_cmpuint (ask (&f, "x"), ==, i);
  g_assert_cmpuint (ask (&f, "x"), ==, 0);
  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 4);
  g_assert_cmpuint (count, ==, 8);
  g_assert_cmpuint (ask (&f, "x"), ==, 9);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-dropped"), ==, 0);
  watch_fixture_clear (&f);
  g_assert_cmpuint (count, ==, 9);
}

static void
test_errors (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  fake_analyzer_set_errors (f.fake,
      g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, "no"), 1);
  g_assert_cmpuint (ask (&f, "x"), ==, 1);
  check_error (&f, 1, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  /* The windows do not suffer from it. */
  watch_fixture_push_span (&f, 2500 * GST_MSECOND, 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-failed"), ==, 0);
  watch_fixture_clear (&f);
}

/* One question is being answered, without end, and one waits. */
static void
ask_two (WatchFixture *f)
{
  watch_fixture_push_span (f, 0, 2500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f->fake, 1));
  fake_analyzer_set_stalled (f->fake, TRUE);
  g_assert_cmpuint (ask (f, "under way"), ==, 1);
  g_assert_true (fake_analyzer_wait_asked (f->fake, 1));
  g_assert_cmpuint (ask (f, "waits"), ==, 2);
}

static void
check_two_cancelled (WatchFixture *f)
{
  check_error (f, 1, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  check_error (f, 2, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_flush (void)
{
  WatchFixture f;
  GstSegment segment;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  ask_two (&f);
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  g_assert_cmpuint (ask (&f, "while flushing"), ==, 0);
  check_two_cancelled (&f);
  fake_analyzer_set_stalled (f.fake, FALSE);
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  /* What was seen before is forgotten. */
  g_assert_cmpuint (ask (&f, "after"), ==, 3);
  watch_fixture_push_span (&f, 10 * GST_SECOND, 12500 * GST_MSECOND, 4);
  check_answer (&f, 3, "after 10", 10 * VLM_SECOND);
  watch_fixture_clear (&f);
}

static void
test_stop (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  ask_two (&f);
  gst_element_set_state (f.element, GST_STATE_READY);
  check_two_cancelled (&f);
  g_assert_cmpuint (ask (&f, "stopped"), ==, 0);
  watch_fixture_clear (&f);
}

/* A live stream that ends does not wait for answers any longer than for
 * windows. */
static void
test_eos_timeout (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  g_object_set (f.element, "eos-drain-timeout", 0.2, NULL);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  ask_two (&f);
  watch_fixture_finish (&f);
  check_two_cancelled (&f);
  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/ask/answers", test_answers);
  g_test_add_func ("/vlmevents/ask/busy", test_busy);
  g_test_add_func ("/vlmevents/ask/errors", test_errors);
  g_test_add_func ("/vlmevents/ask/flush", test_flush);
  g_test_add_func ("/vlmevents/ask/stop", test_stop);
  g_test_add_func ("/vlmevents/ask/eos-timeout", test_eos_timeout);
  return g_test_run ();
}
