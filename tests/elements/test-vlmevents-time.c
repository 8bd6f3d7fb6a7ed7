/* gst-vlm: vlmevents, which time is which
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#define SPAN (12 * GST_SECOND)

/* The instants that were looked at, window after window. */
static GArray *
collect_slots (WatchFixture *f)
{
  GArray *slots = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < fake_analyzer_get_n_windows (f->fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f->fake, i);

    g_array_append_vals (
        slots, window->slot_times->data, window->slot_times->len);
  }
  return slots;
}

static void
assert_frames_near_slots (WatchFixture *f, gint64 max_distance)
{
  for (guint i = 0; i < fake_analyzer_get_n_windows (f->fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f->fake, i);

    for (guint j = 0; j < window->slot_times->len; j++) {
      const VlmFrame *frame = window->frames->pdata[j];
      gint64 slot = g_array_index (window->slot_times, gint64, j);

      g_assert_cmpint (ABS (frame->time.stream_time - slot), <=, max_distance);
    }
  }
}

/* @jitter_ns: frames come up to so much early or late, and some not at all. */
static GArray *
run_rate (guint fps_n, guint fps_d, gint64 jitter_ns)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  gint64 duration = (gint64) gst_util_uint64_scale (GST_SECOND, fps_d, fps_n);
  WatchFixture f;
  GArray *slots;

  watch_fixture_init (&f);
  g_object_set (f.element, "window", 4.0, "hop", 2.0, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0;; i++) {
    gint64 pts = (gint64) gst_util_uint64_scale (i, GST_SECOND * fps_d, fps_n);

    if (pts >= (gint64) SPAN)
      break;
    if (jitter_ns > 0) {
      if (i % 7 == 3)
        continue;
      pts += i == 0
          ? 0
          : g_rand_int_range (rand, (gint32) -jitter_ns, (gint32) jitter_ns);
    }
    g_assert_cmpint (
        watch_fixture_push (&f, (GstClockTime) pts, (GstClockTime) duration),
        ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  slots = collect_slots (&f);
  assert_frames_near_slots (&f, duration * (jitter_ns > 0 ? 3 : 1));
  watch_fixture_clear (&f);
  return slots;
}

static void
assert_same_slots (GArray *a, GArray *b)
{
  g_assert_cmpmem (
      a->data, a->len * sizeof (gint64), b->data, b->len * sizeof (gint64));
}

/* One scene at many rates: the same instants are looked at. */
static void
test_rates (void)
{
  static const guint rates[][2] = { { 1, 1 }, { 5, 1 }, { 25, 2 }, { 30, 1 },
    { 30000, 1001 } };
  g_autoptr (GArray) reference = run_rate (2, 1, 0);
  g_autoptr (GArray) jittered = run_rate (30, 1, 9 * GST_MSECOND);

  /* Five windows of 4 s at 2 fps. */
  g_assert_cmpuint (reference->len, ==, 5 * 8);
  g_assert_cmpint (g_array_index (reference, gint64, 9), ==,
      2 * VLM_SECOND + VLM_SECOND / 2);
  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    g_autoptr (GArray) slots = run_rate (rates[i][0], rates[i][1], 0);

    assert_same_slots (slots, reference);
  }
  assert_same_slots (jittered, reference);
}

static const VlmFrame *
first_frame (WatchFixture *f)
{
  return fake_analyzer_get_window (f->fake, 0)->frames->pdata[0];
}

/* PTS 105 s, 5 s into a segment that is played twice as fast. */
static void
test_segment (void)
{
  WatchFixture f;
  GstSegment segment;
  const VlmFrame *frame;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = 2.0;
  segment.base = 50 * GST_SECOND;
  segment.start = 100 * GST_SECOND;
  segment.time = 1000 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  /* Before the segment: these frames are not shown. */
  watch_fixture_push_span (&f, 98 * GST_SECOND, 100 * GST_SECOND, 4);
  watch_fixture_push_span (&f, 105 * GST_SECOND, 109 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  frame = first_frame (&f);
  g_assert_cmpint (frame->time.pts, ==, 105 * VLM_SECOND);
  g_assert_cmpint (frame->time.stream_time, ==, 1005 * VLM_SECOND);
  g_assert_cmpint (
      frame->time.running_time, ==, 52 * VLM_SECOND + VLM_SECOND / 2);
  g_assert_cmpint (
      fake_analyzer_get_window (f.fake, 0)->start, ==, 1005 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* Windows only grow forward; reverse playback passes unwatched. */
static void
test_reverse (void)
{
  WatchFixture f;
  GstSegment segment;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1.0;
  segment.stop = 10 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  for (guint i = 0; i < 40; i++)
    g_assert_cmpint (
        watch_fixture_push (
            &f, 10 * GST_SECOND - (i + 1) * GST_SECOND / 4, GST_SECOND / 4),
        ==, GST_FLOW_OK);
  watch_fixture_finish (&f);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 40);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 0);
  watch_fixture_clear (&f);
}

static void
run_reference (const char *name, guint64 offset, VlmTimeSource source)
{
  /* 2026-01-02T03:04:05Z */
  const guint64 unix_ns = 1767323045 * GST_SECOND;
  g_autoptr (GstCaps) caps = gst_caps_from_string (name);
  WatchFixture f;
  const VlmFrame *frame;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 16; i++) {
    GstClockTime pts = i * GST_SECOND / 4;
    GstBuffer *buffer = watch_fixture_make_frame (pts, GST_SECOND / 4, 0);

    gst_buffer_add_reference_timestamp_meta (
        buffer, caps, unix_ns + offset + pts, GST_CLOCK_TIME_NONE);
    gst_harness_push (f.harness, buffer);
  }
  watch_fixture_finish (&f);
  frame = fake_analyzer_get_window (f.fake, 1)->frames->pdata[1];
  g_assert_cmpint (frame->time_source, ==, source);
  g_assert_cmpint (
      frame->time.utc, ==, (gint64) unix_ns + VLM_SECOND + VLM_SECOND / 2);
  watch_fixture_clear (&f);
}

static void
test_utc_reference (void)
{
  run_reference ("timestamp/x-ntp, host=camera, port=554",
      2208988800 * GST_SECOND, VLM_TIME_SOURCE_NTP);
  run_reference ("timestamp/x-unix", 0, VLM_TIME_SOURCE_UNIX);
  run_reference ("timestamp/x-ptp, version=IEEE1588-2008, domain=1",
      37 * GST_SECOND, VLM_TIME_SOURCE_PTP);
}

/* A camera that has no clock counts from its start: no UTC from that. */
static void
test_utc_nonsense (void)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string ("timestamp/x-ntp");
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 8; i++) {
    GstBuffer *buffer =
        watch_fixture_make_frame (i * GST_SECOND / 4, GST_SECOND / 4, 0);

    gst_buffer_add_reference_timestamp_meta (
        buffer, caps, i * GST_SECOND, GST_CLOCK_TIME_NONE);
    gst_harness_push (f.harness, buffer);
  }
  watch_fixture_finish (&f);
  g_assert_cmpint (first_frame (&f)->time_source, ==, VLM_TIME_SOURCE_NONE);
  g_assert_false (VLM_TIME_IS_VALID (first_frame (&f)->time.utc));
  watch_fixture_clear (&f);
}

/* Live: a frame that is 2 s old on the pipeline's clock is as old in UTC. */
static void
test_utc_clock (void)
{
  WatchFixture f;
  gint64 before;
  gint64 after;
  const VlmFrame *frame;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  g_assert_cmpint (watch_fixture_push (&f, 0, GST_SECOND), ==, GST_FLOW_OK);
  gst_harness_set_time (f.harness, 12 * GST_SECOND);
  before = g_get_real_time () * 1000;
  for (guint i = 0; i < 8; i++)
    g_assert_cmpint (watch_fixture_push (&f,
                         10 * GST_SECOND + i * GST_SECOND / 4, GST_SECOND / 4),
        ==, GST_FLOW_OK);
  after = g_get_real_time () * 1000;
  watch_fixture_finish (&f);
  frame = fake_analyzer_get_window (
      f.fake, fake_analyzer_get_n_windows (f.fake) - 1)
              ->frames->pdata[0];
  g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_CLOCK);
  g_assert_cmpint (frame->time.running_time, ==, 10 * VLM_SECOND);
  g_assert_cmpint (frame->time.utc, >=, before - 2 * VLM_SECOND);
  g_assert_cmpint (frame->time.utc, <=, after - 2 * VLM_SECOND);
  watch_fixture_clear (&f);
}

/* Live video that passes before the element plays: its base time is not known
 * yet, so UTC is not either, although there is a clock. */
static void
test_utc_before_playing (void)
{
  WatchFixture f;
  const VlmFrame *frame;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), !=,
      GST_STATE_CHANGE_FAILURE);
  gst_harness_set_time (f.harness, 100 * GST_SECOND);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_SUCCESS);
  watch_fixture_push_span (&f, 2 * GST_SECOND, 3 * GST_SECOND, 4);
  /* A live element drops the first window if the others come too soon. */
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  watch_fixture_push_span (&f, 3 * GST_SECOND, 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  frame = first_frame (&f);
  g_assert_cmpint (frame->time.running_time, ==, 0);
  g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_NONE);
  g_assert_false (VLM_TIME_IS_VALID (frame->time.utc));
  frame = fake_analyzer_get_window (
      f.fake, fake_analyzer_get_n_windows (f.fake) - 1)
              ->frames->pdata[0];
  g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_CLOCK);
  watch_fixture_clear (&f);
}

/* The camera's clock is set by an hour in the middle of the stream: no window
 * has both times, and each event has that of its own frames. Every fifth frame
 * lacks its metadata, as decoders may lose it, and this breaks nothing. */
static void
run_clock_set (gint64 step, guint n_finishes)
{
  const guint64 ntp = (2208988800 + 1767323045) * GST_SECOND;
  g_autoptr (GstCaps) caps = gst_caps_from_string ("timestamp/x-ntp");
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 30; i++) {
    GstClockTime pts = i * GST_SECOND / 4;
    GstBuffer *buffer = watch_fixture_make_frame (pts, GST_SECOND / 4, 0);

    if (i % 5 != 4)
      gst_buffer_add_reference_timestamp_meta (buffer, caps,
          ntp + pts + (guint64) (i < 15 ? 0 : step), GST_CLOCK_TIME_NONE);
    gst_harness_push (f.harness, buffer);
  }
  watch_fixture_finish (&f);
  for (guint i = 0; i < fake_analyzer_get_n_windows (f.fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f.fake, i);
    gint64 offset = VLM_TIME_NONE;

    for (guint j = 0; j < window->frames->len; j++) {
      const VlmFrame *frame = window->frames->pdata[j];

      if (!VLM_TIME_IS_VALID (frame->time.utc))
        continue;
      if (VLM_TIME_IS_VALID (offset) && n_finishes > 1)
        g_assert_cmpint (frame->time.utc - frame->time.stream_time, ==, offset);
      offset = frame->time.utc - frame->time.stream_time;
    }
  }
  g_assert_cmpuint (
      fake_analyzer_get_counts (f.fake).n_finishes, ==, n_finishes);
  watch_fixture_clear (&f);
}

static void
test_clock_set (void)
{
  run_clock_set (3600 * VLM_SECOND, 2);
  run_clock_set (-3600 * VLM_SECOND, 2);
  /* A step as small as those of slewing does not close a window. */
  run_clock_set (VLM_SECOND / 10, 1);
}

static void
run_hostile (const GstSegment *segment, GstClockTime duration, gboolean live)
{
  WatchFixture f;
  GstPad *pad;

  watch_fixture_init (&f);
  g_object_set (f.element, "hop", 3.0, NULL);
  fake_analyzer_add_event (f.fake, "always", 0, G_MAXINT64, NULL);
  pad = gst_element_request_pad_simple (f.element, "events");
  watch_fixture_start (&f, live);
  watch_fixture_wait_loaded (&f);
  gst_harness_push_event (f.harness, gst_event_new_segment (segment));
  for (guint i = 0; i < 30; i++)
    g_assert_cmpint (
        watch_fixture_push (&f, segment->start + i * GST_SECOND / 2, duration),
        ==, GST_FLOW_OK);
  gst_harness_push_event (f.harness,
      gst_event_new_gap (segment->start + 15 * GST_SECOND, duration));
  g_assert_cmpint (
      watch_fixture_push (&f, segment->start + 16 * GST_SECOND, duration), ==,
      GST_FLOW_OK);
  watch_fixture_finish (&f);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 31);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), <=, (guint64) G_MAXINT64);
  gst_element_release_request_pad (f.element, pad);
  gst_object_unref (pad);
  watch_fixture_clear (&f);
}

/* Whatever a stream says of its times, nothing overflows (which a sanitizer
 * sees), and the video passes. */
static void
test_hostile (void)
{
  static const GstClockTime durations[] = { 0, GST_SECOND / 2, G_MAXINT64,
    GST_CLOCK_TIME_NONE - 1, GST_CLOCK_TIME_NONE };
  static const double rates[] = { 1.0, -1.0, 1e-300, 1e300 };
  static const GstClockTime bases[] = { 0, G_MAXINT64 - GST_SECOND,
    GST_CLOCK_TIME_NONE - GST_SECOND };

  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    for (guint k = 0; k < G_N_ELEMENTS (rates); k++)
      for (guint n = 0; n < G_N_ELEMENTS (bases); n++) {
        GstSegment segment;

        gst_segment_init (&segment, GST_FORMAT_TIME);
        segment.stop = k % 2 == 0 ? GST_CLOCK_TIME_NONE : G_MAXINT64;
        segment.base = bases[n];
        segment.applied_rate = rates[k];
        run_hostile (&segment, durations[i], FALSE);
        segment.applied_rate = 1.0;
        segment.rate = rates[k];
        run_hostile (&segment, durations[i], TRUE);
        segment.rate = 1.0;
        segment.time = bases[n];
        run_hostile (&segment, durations[i], TRUE);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/time/rates", test_rates);
  g_test_add_func ("/vlmevents/time/segment", test_segment);
  g_test_add_func ("/vlmevents/time/reverse", test_reverse);
  g_test_add_func ("/vlmevents/time/utc-reference", test_utc_reference);
  g_test_add_func ("/vlmevents/time/utc-nonsense", test_utc_nonsense);
  g_test_add_func ("/vlmevents/time/utc-clock", test_utc_clock);
  g_test_add_func (
      "/vlmevents/time/utc-before-playing", test_utc_before_playing);
  g_test_add_func ("/vlmevents/time/clock-set", test_clock_set);
  g_test_add_func ("/vlmevents/time/hostile", test_hostile);
  return g_test_run ();
}
