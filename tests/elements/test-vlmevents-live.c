/* gst-vlm: vlmevents on a live stream, with a device that is far too slow
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs under the leaks tracer, as test-vlmevents-storm does. */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <string.h>
#include <sys/resource.h>

#include "support/watch-fixture.h"

#define FPS 30
#define N_FRAMES (2 * FPS)
#define MAX_ROUNDS 5
/* A tenth of a frame's time. */
#define SHORT_US (G_USEC_PER_SEC / FPS / 10)

/* A window takes 30 s, in steps of 10 ms. */
static void
make_slow (FakeAnalyzer *fake)
{
  fake_analyzer_set_steps (fake, 3000, 10000);
}

/* On a clock that only the test advances: each frame leaves at the time at
 * which it came, as the same buffer, and no reference to it is kept. The pool
 * upstream has one buffer only. */
static void
test_no_time_passes (void)
{
  const gsize size = 64 * 48 * 3;
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstBufferPoolAcquireParams params = {
    .flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT
  };
  WatchFixture f;
  GstTestClock *clock;

  watch_fixture_init (&f);
  make_slow (f.fake);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  clock = gst_harness_get_testclock (f.harness);
  g_assert_nonnull (clock);
  gst_buffer_pool_config_set_params (config, NULL, (guint) size, 1, 1);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  g_assert_true (gst_buffer_pool_set_active (pool, TRUE));

  for (guint i = 0; i < 10 * FPS; i++) {
    GstClockTime pts = gst_util_uint64_scale (i, GST_SECOND, FPS);
    GstBuffer *in = NULL;
    GstBuffer *out;

    g_assert_cmpint (
        gst_buffer_pool_acquire_buffer (pool, &in, &params), ==, GST_FLOW_OK);
    GST_BUFFER_PTS (in) = pts;
    GST_BUFFER_DURATION (in) = GST_SECOND / FPS;
    gst_harness_set_time (f.harness, pts);
    g_assert_cmpint (gst_harness_push (f.harness, in), ==, GST_FLOW_OK);
    g_assert_cmpuint (gst_clock_get_time (GST_CLOCK (clock)), ==, pts);
    g_assert_cmpuint (gst_test_clock_peek_id_count (clock), ==, 0);
    out = gst_harness_try_pull (f.harness);
    g_assert_true (out == in);
    g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (out), ==, 1);
    gst_buffer_unref (out);
  }
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  g_assert_cmpuint (fake_analyzer_get_counts (f.fake).n_returned, ==, 0);
  g_assert_true (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
  gst_object_unref (clock);
  watch_fixture_clear (&f);
}

/* The analysis beside the stream adds no latency to the answer of a query. */
static void
test_latency_query (void)
{
  WatchFixture f;
  GstClockTime latency;

  watch_fixture_init (&f);
  make_slow (f.fake);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  gst_harness_set_upstream_latency (f.harness, 40 * GST_MSECOND);
  latency = gst_harness_query_latency (f.harness);
  g_assert_cmpuint (latency, ==, 40 * GST_MSECOND);
  watch_fixture_push_span (&f, 0, 5 * GST_SECOND, FPS);
  latency = gst_harness_query_latency (f.harness);
  g_assert_cmpuint (latency, ==, 40 * GST_MSECOND);
  g_assert_null (
      watch_fixture_pop_message (&f, GST_MESSAGE_LATENCY, NULL, FALSE));
  watch_fixture_clear (&f);
}

/* --- beside identity ---------------------------------------------------- */

/* What one element does to frames, in their order. */
typedef struct
{
  gint64 entered_us;
  glong n_preempted;
  gint64 passes_us[N_FRAMES]; /* from its sink pad to its source pad */
  guint n_held; /* took long, and not because the machine was busy */
  guint n_frames;
} Branch;

/* How often the calling thread had to make room for another one. */
static glong
count_preempted (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_THREAD, &usage), ==, 0);
  return usage.ru_nivcsw;
}

static GstPadProbeReturn
on_enter (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Branch *branch = user_data;

  branch->n_preempted = count_preempted ();
  branch->entered_us = g_get_monotonic_time ();
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_leave (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Branch *branch = user_data;
  gint64 pass_us = g_get_monotonic_time () - branch->entered_us;

  g_assert_cmpuint (branch->n_frames, <, N_FRAMES);
  branch->passes_us[branch->n_frames++] = pass_us;
  branch->n_held +=
      pass_us > SHORT_US && count_preempted () == branch->n_preempted;
  return GST_PAD_PROBE_OK;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static void
query_latency (GstElement *sink, GstClockTime *min, GstClockTime *max)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live;

  g_assert_true (gst_pad_peer_query (pad, query));
  gst_query_parse_latency (query, &live, min, max);
  g_assert_true (live);
}

static GstElement *
get_probed (GstElement *pipeline, const char *name, Branch *branch)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, on_enter, branch, NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_leave, branch, NULL);
  return element;
}

/* 1080p30, the same frames through identity and through vlmevents, in threads
 * of their own. */
static void
run_beside_identity (Branch *plain, Branch *watched)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc is-live=true name=source pattern=solid-color ! "
      "video/x-raw,format=NV12,width=1920,height=1080,framerate=30/1 ! "
      "tee name=t ! queue ! identity name=i ! fakesink name=plain sync=false "
      "t. ! queue ! vlmevents name=w window=1 ! "
      "fakesink name=watched sync=false",
      NULL);
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_autoptr (GstElement) identity = get_probed (pipeline, "i", plain);
  g_autoptr (GstElement) element = get_probed (pipeline, "w", watched);
  g_autoptr (GstElement) plain_sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "plain");
  g_autoptr (GstElement) watched_sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "watched");
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  GstClockTime min[2];
  GstClockTime max[2];

  make_slow (fake);
  g_object_set (source, "num-buffers", N_FRAMES, NULL);
  g_object_set (element, "analyzer", fake, "eos-drain-timeout", 0.0, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  query_latency (plain_sink, &min[0], &max[0]);
  query_latency (watched_sink, &min[1], &max[1]);
  g_assert_cmpuint (min[0], ==, min[1]);
  g_assert_cmpuint (max[0], ==, max[1]);

  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpuint (fake_analyzer_get_counts (fake).n_entered, >=, 1);
  g_assert_cmpuint (fake_analyzer_get_n_windows (fake), ==, 0);
  g_assert_cmpuint (plain->n_frames, ==, N_FRAMES);
  g_assert_cmpuint (watched->n_frames, ==, N_FRAMES);
}

/* The frames that are sampled cost some work, at most eight of a round. */
static gboolean
is_alike (Branch *plain, Branch *watched)
{
  qsort (plain->passes_us, N_FRAMES, sizeof (gint64), compare_times);
  qsort (watched->passes_us, N_FRAMES, sizeof (gint64), compare_times);
  for (guint i = 1; i < 10; i += 2) {
    guint at = i * N_FRAMES / 10;

    g_test_message ("%u %% in %.3f ms, through identity in %.3f ms", 10 * i,
        (double) watched->passes_us[at] / 1000.0,
        (double) plain->passes_us[at] / 1000.0);
  }
  g_test_message ("%u held up, by identity %u", watched->n_held, plain->n_held);
  return watched->passes_us[N_FRAMES / 2] <
      plain->passes_us[N_FRAMES / 2] + SHORT_US &&
      watched->n_held <= plain->n_held + N_FRAMES / 5;
}

/* A frame stays no longer in vlmevents than in identity. What passes between
 * elements is not measured: on a busy machine a frame is late on either branch
 * because of others. An element that held up the stream would do so in each
 * round. */
static void
test_like_identity (void)
{
  for (guint i = 0; i < MAX_ROUNDS; i++) {
    Branch plain = { 0 };
    Branch watched = { 0 };

    run_beside_identity (&plain, &watched);
    if (is_alike (&plain, &watched))
      return;
  }
  g_error ("slower than identity in each of %d rounds", MAX_ROUNDS);
}

/* --- what was not analysed ---------------------------------------------- */

/* Spans of whole seconds of the stream, a bit each. */
static guint64
bits_of (gint64 start, gint64 end)
{
  guint64 bits = 0;

  g_assert_cmpint (start % VLM_SECOND, ==, 0);
  g_assert_cmpint (end % VLM_SECOND, ==, 0);
  for (gint64 t = start; t < end; t += VLM_SECOND)
    bits |= G_GUINT64_CONSTANT (1) << (t / VLM_SECOND);
  return bits;
}

static guint
count_bits (guint64 bits)
{
  guint n = 0;

  for (; bits != 0; bits &= bits - 1)
    n++;
  return n;
}

static guint64
take_gaps (WatchFixture *f, guint *n_gaps)
{
  GstMessage *message;
  guint64 bits = 0;

  *n_gaps = 0;
  while ((message = watch_fixture_pop_message (
              f, GST_MESSAGE_ELEMENT | GST_MESSAGE_QOS, NULL, FALSE)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    gint64 start;
    gint64 end;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_QOS) {
      GstFormat format;
      guint64 processed;
      guint64 dropped;

      g_assert_cmpuint (*n_gaps, >, 0);
      gst_message_parse_qos_stats (message, &format, &processed, &dropped);
      g_assert_cmpuint (dropped, >, 0);
      *n_gaps += 1000; /* reported this way, too */
    } else {
      g_assert_true (gst_structure_has_name (structure, "vlm-gap"));
      g_assert_true (gst_structure_get_int64 (structure, "start", &start));
      g_assert_true (gst_structure_get_int64 (structure, "end", &end));
      bits |= bits_of (start, end);
      *n_gaps += 1;
    }
    gst_message_unref (message);
  }
  return bits;
}

/* Records of gaps on the pad "events", as JSON. That has a thread of its own. */
static guint
count_records (GstHarness *records)
{
  GstEventType type = GST_EVENT_UNKNOWN;
  GstBuffer *buffer;
  guint n_gaps = 0;

  while (type != GST_EVENT_EOS) {
    GstEvent *event = gst_harness_pull_event (records);

    g_assert_nonnull (event);
    type = GST_EVENT_TYPE (event);
    gst_event_unref (event);
  }

  while ((buffer = gst_harness_try_pull (records)) != NULL) {
    GstMapInfo map;

    g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
    if (g_strstr_len ((const char *) map.data, (gssize) map.size,
            "\"state\": \"gap\"") != NULL)
      n_gaps++;
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  return n_gaps;
}

/* @hop: windows of 2 s overlap, abut or leave seconds out. The span of a gap was
 * in a window that was dropped, or between two windows. Without what other
 * windows saw of it, it is `unwatched`, to the nanosecond. What was left out on
 * purpose is not reported as QoS. */
static void
run_policy (const char *policy, double hop)
{
  WatchFixture f;
  GstHarness *records;
  guint64 watched = 0;
  guint64 gaps;
  guint n_gaps;
  guint n_dropped;
  guint n_between = hop > 2.0 ? 6 : 0;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "policy", policy);
  g_object_set (f.element, "hop", hop, NULL);
  watch_fixture_start (&f, FALSE);
  records = gst_harness_new_with_element (f.element, NULL, "events");
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  watch_fixture_push_span (&f, 2 * GST_SECOND, 17 * GST_SECOND, 4);
  fake_analyzer_set_stalled (f.fake, FALSE);
  watch_fixture_push_span (&f, 17 * GST_SECOND, 20 * GST_SECOND, 4);
  watch_fixture_finish (&f);

  for (guint i = 0; i < fake_analyzer_get_n_windows (f.fake); i++) {
    const FakeWindow *window = fake_analyzer_get_window (f.fake, i);

    watched |= bits_of (window->start, window->end);
  }
  n_dropped = (guint) watch_fixture_get_stat (&f, "windows-dropped");
  gaps = take_gaps (&f, &n_gaps);
  g_test_message ("%s, hop %g: %u windows given up", policy, hop, n_dropped);
  g_assert_cmpuint (n_dropped, >, 0);
  g_assert_cmpuint (n_gaps, ==, 1001 * n_dropped + n_between);
  g_assert_cmpuint (count_records (records), ==, n_dropped + n_between);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==,
      count_bits (watched) * GST_SECOND);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==,
      count_bits (gaps & ~watched) * GST_SECOND);
  g_assert_cmpuint (watched | gaps, ==, (1u << 20) - 1);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 80);
  gst_harness_teardown (records);
  watch_fixture_clear (&f);
}

static void
test_unwatched (gconstpointer data)
{
  run_policy (data, 1.0);
  run_policy (data, 2.0);
  run_policy (data, 3.0);
}

static gpointer
push_all (gpointer data)
{
  watch_fixture_push_span (data, 0, 20 * GST_SECOND, 4);
  return NULL;
}

static guint
get_queue_level (WatchFixture *f)
{
  g_autoptr (GstStructure) stats = NULL;
  guint level = 0;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint (stats, "queue-level", &level));
  return level;
}

/* The video waits, live or not, and nothing is dropped. */
static void
test_block (void)
{
  WatchFixture f;
  GThread *thread;
  guint n_gaps;

  watch_fixture_init (&f);
  gst_util_set_object_arg (G_OBJECT (f.element), "policy", "block");
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  thread = g_thread_new ("push", push_all, &f);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  /* One window is being analysed and two wait: the next one finds no room. */
  while (get_queue_level (&f) < 2)
    g_usleep (1000);
  g_usleep (20000);
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), <, 24);
  fake_analyzer_set_stalled (f.fake, FALSE);
  g_thread_join (thread);
  watch_fixture_finish (&f);
  g_assert_cmpuint (fake_analyzer_get_n_windows (f.fake), ==, 19);
  g_assert_cmpuint (take_gaps (&f, &n_gaps), ==, 0);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "unwatched"), ==, 0);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "watched"), ==, 20 * GST_SECOND);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/live/no-time-passes", test_no_time_passes);
  g_test_add_func ("/vlmevents/live/latency-query", test_latency_query);
  g_test_add_func ("/vlmevents/live/like-identity", test_like_identity);
  g_test_add_data_func (
      "/vlmevents/live/drop-oldest", "drop-oldest", test_unwatched);
  g_test_add_data_func (
      "/vlmevents/live/drop-newest", "drop-newest", test_unwatched);
  g_test_add_data_func (
      "/vlmevents/live/latest-only", "latest-only", test_unwatched);
  g_test_add_func ("/vlmevents/live/block", test_block);
  status = g_test_run ();
  gst_deinit ();
  return status;
}
