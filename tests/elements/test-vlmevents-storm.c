/* gst-vlm: vlmevents, everything that may happen to it at any moment
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs under the leaks tracer: what is left over when GStreamer is shut down
 * is a warning, and warnings are fatal. A deadlock is a timeout of the test. */
#include <stdlib.h>

#include "support/watch-fixture.h"

#define N_SEEKS 500
#define N_CYCLES 200
#define SOURCE                                                                 \
  "videotestsrc name=source ! video/x-raw,format=GRAY8,width=64,height=48,"    \
  "framerate=25/1 ! vlmevents name=w window=1 hop=0.5 fps=4/1 min-pixels=784 " \
  "max-pixels=3136 "

typedef struct
{
  GstElement *pipeline;
  GstElement *element;
  FakeAnalyzer *fake;
  /* Of the pad "events", on its thread. */
  GstSegment segment;
  gint n_records; /* atomic */
} Storm;

/* An event is never put at a place that its segment does not have. */
static GstPadProbeReturn
on_record (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Storm *storm = user_data;

  if ((info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

    if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
      gst_event_copy_segment (event, &storm->segment);
    return GST_PAD_PROBE_OK;
  }
  GstClockTime pts = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));

  g_assert_cmpint (storm->segment.format, ==, GST_FORMAT_TIME);
  g_assert_cmpuint (pts, >=, storm->segment.start);
  if (GST_CLOCK_TIME_IS_VALID (storm->segment.stop))
    g_assert_cmpuint (pts, <=, storm->segment.stop);
  g_atomic_int_inc (&storm->n_records);
  return GST_PAD_PROBE_OK;
}

static void
storm_init (Storm *storm, const char *line)
{
  g_autoptr (GError) error = NULL;

  storm->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  storm->element = gst_bin_get_by_name (GST_BIN (storm->pipeline), "w");
  storm->fake = fake_analyzer_new ();
  storm->n_records = 0;
  gst_segment_init (&storm->segment, GST_FORMAT_UNDEFINED);
  for (guint i = 0; i < 60; i++)
    fake_analyzer_add_event (storm->fake, "a thing", i * VLM_SECOND,
        i * VLM_SECOND + 3 * VLM_SECOND / 2, NULL);
  g_object_set (storm->element, "analyzer", storm->fake, NULL);
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (storm->element, "events");
  if (pad != NULL)
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
        on_record, storm, NULL);
}

static void
storm_clear (Storm *storm)
{
  gst_element_set_state (storm->pipeline, GST_STATE_NULL);
  gst_object_unref (storm->element);
  g_assert_finalize_object (storm->pipeline);
  g_assert_finalize_object (storm->fake);
}

static void
seek_somewhere (Storm *storm, GRand *rand)
{
  static const double rates[] = { 0.5, 1.0, 1.0, 2.0 };
  gint64 start = g_rand_int_range (rand, 0, 50000) * (gint64) GST_MSECOND;
  gboolean bounded = g_rand_boolean (rand);

  g_assert_true (gst_element_seek (storm->pipeline,
      rates[g_rand_int_range (rand, 0, 4)], GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET, start,
      GST_SEEK_TYPE_SET,
      bounded ? start + g_rand_int_range (rand, 1, 5000) * (gint64) GST_MSECOND
              : -1));
}

/* A seek meets windows that are being sampled, waiting, being analysed or
 * reported. No window has frames of two places, and none leaves its segment. */
static void
test_seeks (void)
{
  gint64 deadline = g_get_monotonic_time () + 600 * G_USEC_PER_SEC;
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  FakeCounts counts;
  Storm storm;

  storm_init (&storm,
      SOURCE "! fakesink name=sink async=false "
             "w.events ! fakesink async=false sync=false");
  fake_analyzer_set_steps (storm.fake, 4, 500);
  gst_element_set_state (storm.pipeline, GST_STATE_PLAYING);
  gst_element_get_state (storm.pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  for (guint i = 0; i < N_SEEKS; i++) {
    seek_somewhere (&storm, rand);
    g_usleep ((gulong) g_rand_int_range (rand, 0, 6000));
  }
  /* And it still works. */
  g_assert_true (gst_element_seek_simple (
      storm.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  g_atomic_int_set (&storm.n_records, 0);
  while (g_atomic_int_get (&storm.n_records) == 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    g_usleep (5000);
  }
  gst_element_set_state (storm.pipeline, GST_STATE_PAUSED);
  counts = fake_analyzer_get_counts (storm.fake);
  g_test_message ("%u windows begun, %u of them cancelled, %d records",
      counts.n_entered, counts.n_cancelled,
      g_atomic_int_get (&storm.n_records));
  g_assert_cmpuint (counts.n_entered, >, 0);
  g_assert_cmpuint (counts.n_resets, >, 0);
  gst_element_set_state (storm.pipeline, GST_STATE_READY);
  for (guint i = 0; i < fake_analyzer_get_n_windows (storm.fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (storm.fake, i);
    gint64 before = window->start - VLM_SECOND / 4;

    for (guint j = 0; j < window->frames->len; j++) {
      const VlmFrame *frame = window->frames->pdata[j];

      g_assert_cmpint (frame->time.stream_time, >=, before);
      g_assert_cmpint (frame->time.stream_time - before, <, VLM_SECOND);
      before = MAX (before, frame->time.stream_time);
    }
  }
  storm_clear (&storm);
}

/* The flush does not wait for the step that is under way, and the analysis does
 * not begin another one after it. */
static void
test_flush_within_a_step (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  fake_analyzer_set_steps (f.fake, 1000, 100);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  for (guint i = 0; i < 10; i++) {
    GstSegment segment;

    fake_analyzer_set_deaf (f.fake, TRUE);
    watch_fixture_push_span (&f, 0, 2 * GST_SECOND + i * GST_SECOND, 4);
    g_assert_true (fake_analyzer_wait_entered (f.fake, i + 1));
    g_assert_true (fake_analyzer_wait_steps (f.fake, i + 1));
    gst_harness_push_event (f.harness, gst_event_new_flush_start ());
    gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
    fake_analyzer_set_deaf (f.fake, FALSE);
    g_assert_true (fake_analyzer_wait_returned (f.fake, i + 1));
    g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_cancelled, ==, i + 1);
    g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_steps, ==, i + 1);
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  }
  watch_fixture_clear (&f);
}

/* Sizes and formats change while windows are under way; all frames of a window
 * are of one kind. */
static void
test_caps_storm (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  WatchFixture f;
  GstClockTime pts = 0;

  watch_fixture_init (&f);
  fake_analyzer_set_steps (f.fake, 2, 500);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 60; i++) {
    guint height = 32 + 4 * (guint) g_rand_int_range (rand, 0, 40);
    gboolean gray = g_rand_boolean (rand);
    guint n_frames = (guint) g_rand_int_range (rand, 1, 14);
    g_autofree char *caps = g_strdup_printf (
        "video/x-raw,format=%s,width=64,height=%u,framerate=%d/1",
        gray ? "GRAY8" : "RGB", height, g_rand_boolean (rand) ? 4 : 0);

    gst_harness_set_src_caps_str (f.harness, caps);
    for (guint j = 0; j < n_frames; j++) {
      GstBuffer *buffer = gst_buffer_new_allocate (
          NULL, 64 * (gsize) height * (gray ? 1 : 3), NULL);

      gst_buffer_memset (buffer, 0, 80, gst_buffer_get_size (buffer));
      GST_BUFFER_PTS (buffer) = pts;
      GST_BUFFER_DURATION (buffer) = GST_SECOND / 4;
      pts += GST_SECOND / 4;
      g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
    }
  }
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), >, 60);
  for (guint i = 0; i < fake_analyzer_get_n_windows (f.fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f.fake, i);
    const VlmFrame *first = window->frames->pdata[0];

    for (guint j = 1; j < window->frames->len; j++) {
      const VlmFrame *frame = window->frames->pdata[j];

      g_assert_cmpuint (frame->source_height, ==, first->source_height);
      g_assert_cmpuint (frame->width, ==, first->width);
    }
  }
  /* Lossless: all of it was analysed, the ends of the epochs rounded up. */
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-dropped"), ==, 0);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-failed"), ==, 0);
  watch_fixture_clear (&f);
}

/* Played at another rate: stream time is what counts, and the records keep
 * their place in the segment. */
static void
run_rate (double rate)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  const FakeWindow *window;
  Storm storm;

  storm_init (&storm,
      SOURCE "! fakesink name=sink sync=false "
             "w.events ! fakesink async=false sync=false");
  bus = gst_element_get_bus (storm.pipeline);
  gst_element_set_state (storm.pipeline, GST_STATE_PAUSED);
  gst_element_get_state (storm.pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  g_assert_true (gst_element_seek (storm.pipeline, rate, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET,
      10 * GST_SECOND, GST_SEEK_TYPE_SET, 14 * GST_SECOND));
  gst_element_set_state (storm.pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpint (storm.n_records, >, 4);
  window = fake_analyzer_get_window (
      storm.fake, fake_analyzer_get_n_windows (storm.fake) - 7);
  g_assert_cmpint (window->start, ==, 10 * VLM_SECOND);
  g_assert_cmpint (window->end, ==, 11 * VLM_SECOND);
  gst_clear_message (&message);
  gst_bus_set_flushing (bus, TRUE);
  storm_clear (&storm);
}

static void
test_rates (void)
{
  run_rate (2.0);
  run_rate (0.5);
}

/* The end, wherever it comes. */
static void
test_eos (void)
{
  for (guint i = 0; i < 6; i++) {
    WatchFixture f;

    watch_fixture_init (&f);
    if (i == 2)
      fake_analyzer_set_load_stalled (f.fake, TRUE);
    f.harness = gst_harness_new_with_element (f.element, "sink", "src");
    gst_harness_set_live (f.harness, TRUE);
    g_object_set (f.element, "eos-drain-timeout", 0.0, NULL);
    if (i == 0) { /* before there is a stream */
      watch_fixture_finish (&f);
      watch_fixture_clear (&f);
      continue;
    }
    gst_harness_set_src_caps_str (f.harness,
        "video/x-raw, format=RGB, width=64, height=48, framerate=0/1");
    if (i != 2)
      watch_fixture_wait_loaded (&f);
    if (i >= 3) /* while it infers */
      fake_analyzer_set_steps (f.fake, 100, 5000);
    if (i >= 2)
      watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
    if (i == 4) /* paused */
      gst_element_set_state (f.element, GST_STATE_PAUSED);
    watch_fixture_finish (&f);
    if (i == 5) { /* again after a flush */
      GstSegment segment;

      gst_segment_init (&segment, GST_FORMAT_TIME);
      gst_harness_push_event (f.harness, gst_event_new_flush_start ());
      gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
      gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
      watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
      watch_fixture_finish (&f);
    }
    watch_fixture_clear (&f);
  }
}

static void
test_state_storm (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (6);
  FakeCounts counts;
  Storm storm;

  storm_init (
      &storm, SOURCE "! fakesink async=false w.events ! fakesink async=false");
  fake_analyzer_set_steps (storm.fake, 4, 500);
  for (guint i = 0; i < N_CYCLES; i++) {
    gst_element_set_state (storm.pipeline, GST_STATE_PLAYING);
    g_usleep ((gulong) g_rand_int_range (rand, 0, 8000));
    gst_element_set_state (storm.pipeline, GST_STATE_READY);
  }
  counts = fake_analyzer_get_counts (storm.fake);
  g_assert_cmpuint (counts.n_loads, ==, N_CYCLES);
  g_assert_cmpuint (counts.n_unloads, ==, N_CYCLES);
  g_assert_false (counts.is_loaded);
  g_assert_cmpuint (counts.n_entered, ==, counts.n_returned);
  g_assert_cmpuint (counts.n_entered, >, 0);
  storm_clear (&storm);
}

typedef struct
{
  Storm *storm;
  GMutex lock;
  GCond done;
  gboolean is_out;
} Removal;

/* Between two buffers, as the manual of GStreamer says. */
static GstPadProbeReturn
take_out (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Removal *removal = user_data;
  GstElement *element = removal->storm->element;
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  g_autoptr (GstPad) after = gst_pad_get_peer (src);

  gst_pad_unlink (pad, sink);
  gst_pad_unlink (src, after);
  gst_bin_remove (GST_BIN (removal->storm->pipeline), element);
  g_assert_cmpint (gst_pad_link (pad, after), ==, GST_PAD_LINK_OK);
  g_mutex_lock (&removal->lock);
  removal->is_out = TRUE;
  g_cond_signal (&removal->done);
  g_mutex_unlock (&removal->lock);
  return GST_PAD_PROBE_REMOVE;
}

static GstPadProbeReturn
count_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_OK;
}

/* Taken out of a playing pipeline in the midst of an analysis: the video goes
 * on without it. */
static void
test_removed (void)
{
  gint64 deadline = g_get_monotonic_time () + 600 * G_USEC_PER_SEC;
  gint n_frames = 0;
  gint n_before;
  Storm storm;
  Removal removal = { .storm = &storm };

  storm_init (&storm,
      "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=64,"
      "height=48,framerate=100/1 ! vlmevents name=w window=0.1 fps=20/1 ! "
      "fakesink name=sink");
  fake_analyzer_set_stalled (storm.fake, TRUE);
  g_mutex_init (&removal.lock);
  g_cond_init (&removal.done);
  {
    g_autoptr (GstElement) sink =
        gst_bin_get_by_name (GST_BIN (storm.pipeline), "sink");
    g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, count_frame, &n_frames, NULL);
  }
  gst_element_set_state (storm.pipeline, GST_STATE_PLAYING);
  g_assert_true (fake_analyzer_wait_entered (storm.fake, 1));
  {
    g_autoptr (GstPad) sink =
        gst_element_get_static_pad (storm.element, "sink");
    g_autoptr (GstPad) before = gst_pad_get_peer (sink);

    gst_pad_add_probe (
        before, GST_PAD_PROBE_TYPE_IDLE, take_out, &removal, NULL);
  }
  g_mutex_lock (&removal.lock);
  while (!removal.is_out)
    g_cond_wait (&removal.done, &removal.lock);
  g_mutex_unlock (&removal.lock);
  gst_element_set_state (storm.element, GST_STATE_NULL);
  g_assert_cmpuint (fake_analyzer_get_counts (storm.fake).n_cancelled, >=, 1);
  n_before = g_atomic_int_get (&n_frames);
  while (g_atomic_int_get (&n_frames) < n_before + 10) {
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    g_usleep (2000);
  }
  g_mutex_clear (&removal.lock);
  g_cond_clear (&removal.done);
  storm_clear (&storm);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/storm/seeks", test_seeks);
  g_test_add_func (
      "/vlmevents/storm/flush-within-a-step", test_flush_within_a_step);
  g_test_add_func ("/vlmevents/storm/caps", test_caps_storm);
  g_test_add_func ("/vlmevents/storm/rates", test_rates);
  g_test_add_func ("/vlmevents/storm/eos", test_eos);
  g_test_add_func ("/vlmevents/storm/states", test_state_storm);
  g_test_add_func ("/vlmevents/storm/removed", test_removed);
  status = g_test_run ();
  gst_deinit ();
  return status;
}
