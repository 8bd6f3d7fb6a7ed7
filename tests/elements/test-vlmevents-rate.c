/* gst-vlm: vlmevents, how many frames it looks at
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

/* 0.5 to 4 fps, windows of 10 s, none overlapping. */
static void
init_auto (WatchFixture *f)
{
  watch_fixture_init (f);
  g_object_set (f->element, "fps", "auto", "window", 10.0, "hop", 0.0, NULL);
}

/* Frames at 8 a second; in those of [from, to) the light flickers in a corner. */
static void
push_film (WatchFixture *f, gint64 start, gint64 end, gint64 from, gint64 to)
{
  for (gint64 time = start; time < end; time += VLM_SECOND / 8) {
    GstBuffer *buffer =
        watch_fixture_make_frame ((GstClockTime) time, GST_SECOND / 8, 100);

    if (time >= from && time < to)
      gst_buffer_memset (buffer, 0,
          (guint8) (140 + 40 * (time / (VLM_SECOND / 4) % 3)), 64 * 3 * 12);
    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
}

static guint
n_frames (WatchFixture *f, guint window)
{
  return fake_analyzer_get_window (f->fake, window)->slot_times->len;
}

static void
assert_rate (WatchFixture *f, double fps, const char *reason)
{
  g_autoptr (GstStructure) stats = NULL;
  double said;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_double (stats, "fps", &said));
  g_assert_cmpfloat_with_epsilon (said, fps, 1e-6);
  g_assert_cmpstr (gst_structure_get_string (stats, "fps-reason"), ==, reason);
}

static void
test_motion (void)
{
  WatchFixture f;

  init_auto (&f);
  watch_fixture_start (&f, FALSE);
  push_film (&f, 0, 25 * VLM_SECOND, 25 * VLM_SECOND, 26 * VLM_SECOND);
  assert_rate (&f, 0.5, "idle");
  push_film (&f, 25 * VLM_SECOND, 25 * VLM_SECOND + VLM_SECOND / 4,
      25 * VLM_SECOND, 40 * VLM_SECOND);
  assert_rate (&f, 4.0, "motion");
  push_film (&f, 25 * VLM_SECOND + VLM_SECOND / 4, 40 * VLM_SECOND,
      30 * VLM_SECOND, 40 * VLM_SECOND);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 4);
  g_assert_cmpuint (n_frames (&f, 0), ==, 12);
  g_assert_cmpuint (n_frames (&f, 1), ==, 6);
  g_assert_cmpuint (n_frames (&f, 2), >, 10);
  g_assert_cmpuint (n_frames (&f, 3), ==, 40);
  watch_fixture_clear (&f);
}

static void
test_fixed (void)
{
  static const char *const rates[] = { "2", "2/1", "2.0", "30/15" };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    WatchFixture f;
    g_autofree char *said = NULL;

    init_auto (&f);
    g_object_set (f.element, "fps", rates[i], NULL);
    g_object_get (f.element, "fps", &said, NULL);
    g_assert_cmpstr (said, ==, rates[i]);
    watch_fixture_start (&f, FALSE);
    push_film (&f, 0, 10 * VLM_SECOND, 0, 0);
    assert_rate (&f, 2.0, "fixed");
    watch_fixture_finish (&f);
    g_assert_cmpuint (n_frames (&f, 0), ==, 20);
    watch_fixture_clear (&f);
  }
}

static void
assert_refused (const char *name, const char *value, const char *part)
{
  GstElement *element = gst_element_factory_make ("vlmevents", NULL);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  FakeAnalyzer *fake = fake_analyzer_new ();

  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  g_object_set (element, "analyzer", fake, NULL);
  gst_util_set_object_arg (G_OBJECT (element), name, value);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, part));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  g_object_unref (fake);
}

static void
test_refused (void)
{
  assert_refused ("fps", "often", "fps=often");
  assert_refused ("fps", "0", "fps=0");
  assert_refused ("fps", "-2", "fps=-2");
  assert_refused ("fps", "2/0", "fps=2/0");
  assert_refused ("fps", "2000", "fps=2000");
  assert_refused ("fps", "1/4000", "fps=1/4000");
  assert_refused ("min-fps", "5/1", "min-fps=5/1");
}

/* First smaller frames, then fewer. */
static void
test_budget (void)
{
  WatchFixture f;
  guint width;

  init_auto (&f);
  g_object_set (f.element, "fps", "2", "max-frames", 12, NULL);
  watch_fixture_start (&f, FALSE);
  push_film (&f, 0, 10 * VLM_SECOND, 0, 10 * VLM_SECOND);
  assert_rate (&f, 1.2, "budget");
  watch_fixture_finish (&f);
  g_assert_cmpuint (n_frames (&f, 0), ==, 12);
  width = ((VlmFrame *) fake_analyzer_get_window (f.fake, 0)->frames->pdata[0])
              ->width;
  watch_fixture_clear (&f);

  init_auto (&f);
  g_object_set (f.element, "fps", "2", "max-video-tokens", 20, NULL);
  watch_fixture_start (&f, FALSE);
  push_film (&f, 0, 10 * VLM_SECOND, 0, 10 * VLM_SECOND);
  assert_rate (&f, 2.0, "fixed");
  watch_fixture_finish (&f);
  g_assert_cmpuint (n_frames (&f, 0), ==, 20);
  g_assert_cmpuint (
      ((VlmFrame *) fake_analyzer_get_window (f.fake, 0)->frames->pdata[0])
          ->width,
      <, width);
  watch_fixture_clear (&f);

  /* auto keeps within it, too */
  init_auto (&f);
  g_object_set (f.element, "max-frames", 24, NULL);
  watch_fixture_start (&f, FALSE);
  push_film (&f, 0, 60 * VLM_SECOND, 0, 60 * VLM_SECOND);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 6);
  for (guint i = 0; i < 6; i++) {
    g_assert_cmpuint (n_frames (&f, i), <=, 24);
    g_assert_cmpuint (n_frames (&f, i), >=, 8);
  }
  watch_fixture_clear (&f);
}

static GArray *
slots_of_run (guint64 pause_us)
{
  GArray *slots = g_array_new (FALSE, FALSE, sizeof (gint64));
  WatchFixture f;

  init_auto (&f);
  g_object_set (f.element, "hop", 4.0, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 10; i++) {
    fake_analyzer_set_stalled (f.fake, pause_us > 0);
    push_film (&f, i * 4 * VLM_SECOND, (i + 1) * 4 * VLM_SECOND,
        (i * 5 + 1) * VLM_SECOND, (i * 5 + 2) * VLM_SECOND);
    g_usleep (pause_us);
    fake_analyzer_set_stalled (f.fake, FALSE);
    /* Otherwise the next windows would wait for this one for ever. */
    if (i >= 2)
      g_assert_true (fake_analyzer_wait_returned (f.fake, i - 1));
  }
  watch_fixture_finish (&f);
  for (guint i = 0; i < fake_analyzer_get_n_windows (f.fake); i++) {
    const GArray *seen = fake_analyzer_get_window (f.fake, i)->slot_times;

    g_array_append_vals (slots, seen->data, seen->len);
  }
  watch_fixture_clear (&f);
  return slots;
}

/* However fast the device is, the same frames of a file are sampled. */
static void
test_same_twice (void)
{
  g_autoptr (GArray) fast = slots_of_run (0);
  g_autoptr (GArray) slow = slots_of_run (20000);

  g_assert_cmpuint (fast->len, >, 60);
  g_assert_cmpmem (fast->data, fast->len * sizeof (gint64), slow->data,
      slow->len * sizeof (gint64));
}

/* Live: a device that needs a second for half a second of video gets less. */
static void
test_device (void)
{
  WatchFixture f;
  g_autoptr (GstStructure) stats = NULL;
  double fps = 4.0;
  guint i;

  init_auto (&f);
  g_object_set (f.element, "window", 0.5, NULL);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  for (i = 0; i < 6 && fps == 4.0; i++) {
    fake_analyzer_set_stalled (f.fake, TRUE);
    push_film (&f, i * VLM_SECOND / 2, (i + 1) * VLM_SECOND / 2, 0, G_MAXINT64);
    g_assert_true (fake_analyzer_wait_entered (f.fake, i + 1));
    g_usleep (800000);
    fake_analyzer_set_stalled (f.fake, FALSE);
    g_assert_true (fake_analyzer_wait_returned (f.fake, i + 1));
    g_clear_pointer (&stats, gst_structure_free);
    g_object_get (f.element, "stats", &stats, NULL);
    g_assert_true (gst_structure_get_double (stats, "fps", &fps));
  }
  g_assert_cmpfloat (fps, <, 4.0);
  g_assert_cmpstr (
      gst_structure_get_string (stats, "fps-reason"), ==, "device");
  watch_fixture_clear (&f);
}

static void
count_gaps (WatchFixture *f, const char *reason, guint *n, gint64 *ns)
{
  GstMessage *message;

  *n = 0;
  *ns = 0;
  while ((message = watch_fixture_pop_message (
              f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    gint64 start;
    gint64 end;

    g_assert_cmpstr (
        gst_structure_get_string (structure, "reason"), ==, reason);
    gst_structure_get_int64 (structure, "start", &start);
    gst_structure_get_int64 (structure, "end", &end);
    *n += 1;
    *ns += end - start;
    gst_message_unref (message);
  }
}

/* A still stretch is reported once, counted, and not taken for a loss. */
static void
run_still (const char *fps, double hop, guint n_analysed, guint n_skipped,
    gint64 skipped_ns)
{
  WatchFixture f;
  guint n;
  gint64 ns;

  init_auto (&f);
  g_object_set (f.element, "fps", fps, "hop", hop, "skip-still", TRUE, NULL);
  watch_fixture_start (&f, FALSE);
  push_film (&f, 0, 100 * VLM_SECOND, 51 * VLM_SECOND, 52 * VLM_SECOND);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, n_analysed);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "windows-analysed"), ==, n_analysed);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "windows-skipped"), ==, n_skipped);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==, 0);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "skipped"), ==, skipped_ns);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==,
      100 * VLM_SECOND - skipped_ns);
  count_gaps (&f, "still", &n, &ns);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (ns, ==, skipped_ns);
  g_assert_null (watch_fixture_pop_message (&f, GST_MESSAGE_QOS, NULL, FALSE));
  watch_fixture_clear (&f);
}

static void
test_skip_still (void)
{
  /* the first one, and the one with the motion */
  run_still ("auto", 0.0, 2, 8, 80 * VLM_SECOND);
  run_still ("2", 0.0, 2, 8, 80 * VLM_SECOND);
  /* 0, and 42 to 52 in steps of 2, for at 52 it is as it was before */
  run_still ("auto", 2.0, 7, 39, 70 * VLM_SECOND);
}

/* --- the whole stream ------------------------------------------------------ */

typedef struct
{
  GstClockTime duration;
} Known;

static GstPadProbeReturn
answer_duration (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  const Known *known = user_data;
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_DURATION)
    return GST_PAD_PROBE_OK;
  gst_query_set_duration (query, GST_FORMAT_TIME, (gint64) known->duration);
  return GST_PAD_PROBE_HANDLED;
}

/* Evenly, and each frame is the one that was shown then, of a stream of one a
 * second. */
static void
check_times (const FakeWindow *window)
{
  gint64 step = g_array_index (window->slot_times, gint64, 1);

  for (guint i = 0; i < window->slot_times->len; i++) {
    gint64 slot = g_array_index (window->slot_times, gint64, i);
    const VlmFrame *frame = window->frames->pdata[i];

    g_assert_cmpint (ABS (slot - i * step), <=, i + 1);
    /* the last slice is filled up */
    if (i + 1 < window->slot_times->len)
      g_assert_cmpint (ABS (slot - frame->time.stream_time), <, VLM_SECOND);
  }
}

static void
run_whole (GstClockTime known_s, gint64 length_s, guint max_frames, guint least,
    guint most, const char *reason)
{
  Known known = { known_s * GST_SECOND };
  g_autoptr (GstPad) pad = NULL;
  const FakeWindow *window;
  WatchFixture f;
  guint n_alive = 0;

  init_auto (&f);
  g_object_set (f.element, "window", 0.0, "max-frames", max_frames, NULL);
  watch_fixture_start (&f, FALSE);
  pad = gst_element_get_static_pad (f.element, "sink");
  if (known_s > 0) {
    g_autoptr (GstPad) peer = gst_pad_get_peer (pad);

    gst_pad_add_probe (peer,
        GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PUSH,
        answer_duration, &known, NULL);
  }
  for (gint64 second = 0; second < length_s; second++) {
    g_assert_cmpint (
        watch_fixture_push (&f, (GstClockTime) second * GST_SECOND, GST_SECOND),
        ==, GST_FLOW_OK);
    n_alive = MAX (n_alive, vlm_frame_count_alive ());
    while (gst_harness_buffers_in_queue (f.harness) > 0)
      gst_buffer_unref (gst_harness_pull (f.harness));
  }
  if (reason != NULL) {
    g_autoptr (GstStructure) stats = NULL;

    g_object_get (f.element, "stats", &stats, NULL);
    g_assert_cmpstr (
        gst_structure_get_string (stats, "fps-reason"), ==, reason);
  }
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 0);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 1);
  window = fake_analyzer_get_window (f.fake, 0);
  g_assert_cmpint (window->start, ==, 0);
  g_assert_cmpint (window->end, >=, length_s * VLM_SECOND);
  g_assert_false (window->partial);
  check_times (window);
  g_assert_cmpuint (window->slot_times->len, >=, least);
  g_assert_cmpuint (window->slot_times->len, <=, most);
  /* one more is held, and one is being made */
  g_assert_cmpuint (n_alive, <=, most + 2);
  watch_fixture_clear (&f);
}

static void
test_whole (void)
{
  /* all of a short one: 4 fps of a stream at 1 */
  run_whole (0, 10, 768, 40, 40, "fixed");
  /* two hours, in 64 frames: known before, not known, and known wrongly */
  run_whole (7200, 7200, 64, 62, 64, "budget");
  run_whole (0, 7200, 64, 32, 64, "budget");
  run_whole (600, 7200, 64, 32, 64, "budget");
  /* and in as many as the model looks at */
  run_whole (7200, 7200, 768, 766, 768, "budget");
  run_whole (0, 7200, 768, 384, 768, "budget");
}

/* In ten hours no more is kept than two windows take. */
static void
test_hours (void)
{
  WatchFixture f;
  guint n_alive = 0;

  init_auto (&f);
  g_object_set (f.element, "hop", 5.0, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint second = 0; second < 36000; second++) {
    GstBuffer *buffer = watch_fixture_make_frame (second * GST_SECOND,
        GST_SECOND, second % 600 < 20 ? second % 2 * 90 : 0);

    if (second % 600 < 20)
      gst_buffer_memset (buffer, 0, 40, 64 * 3 * 24);
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
    while (gst_harness_buffers_in_queue (f.harness) > 0)
      gst_buffer_unref (gst_harness_pull (f.harness));
    if (second % 50 != 49)
      continue;
    n_alive = MAX (n_alive, vlm_frame_count_alive ());
    fake_analyzer_forget (f.fake);
  }
  /* windows of up to 12 frames: what waits, is analysed, is open, and is
   * remembered by the test */
  g_assert_cmpuint (n_alive, <=, 200);
  watch_fixture_finish (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-analysed"), >=, 7198);
  watch_fixture_clear (&f);
  g_assert_cmpuint (vlm_frame_count_alive (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/rate/motion", test_motion);
  g_test_add_func ("/vlmevents/rate/fixed", test_fixed);
  g_test_add_func ("/vlmevents/rate/refused", test_refused);
  g_test_add_func ("/vlmevents/rate/budget", test_budget);
  g_test_add_func ("/vlmevents/rate/same-twice", test_same_twice);
  g_test_add_func ("/vlmevents/rate/device", test_device);
  g_test_add_func ("/vlmevents/rate/skip-still", test_skip_still);
  g_test_add_func ("/vlmevents/rate/whole", test_whole);
  g_test_add_func ("/vlmevents/rate/hours", test_hours);
  return g_test_run ();
}
