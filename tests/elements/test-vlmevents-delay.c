/* gst-vlm: vlmevents with video that waits for its analysis
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "gstvlm.h"
#include "support/watch-fixture.h"

#define FPS 4
#define SLICE (VLM_SECOND)

/* What came out, in order. */
typedef struct
{
  GPtrArray *buffers;
  GString *log; /* a letter each: buffer, Caps, Segment, Gap, End, Tag */
} Out;

static void
out_init (Out *out)
{
  out->buffers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  out->log = g_string_new (NULL);
}

static void
out_clear (Out *out)
{
  g_ptr_array_unref (out->buffers);
  g_string_free (out->log, TRUE);
}

/* Everything up to EOS, which must come. */
static void
drain (WatchFixture *f, Out *out)
{
  GstEventType type = GST_EVENT_UNKNOWN;
  GstBuffer *buffer;

  while (type != GST_EVENT_EOS) {
    GstEvent *event = gst_harness_pull_event (f->harness);

    g_assert_nonnull (event);
    type = GST_EVENT_TYPE (event);
    gst_event_unref (event);
  }
  while ((buffer = gst_harness_try_pull (f->harness)) != NULL)
    g_ptr_array_add (out->buffers, buffer);
}

static gint64
time_of (const Out *out, guint i)
{
  return (gint64) GST_BUFFER_PTS ((GstBuffer *) out->buffers->pdata[i]);
}

static void
start (WatchFixture *f, gboolean live)
{
  g_object_set (f->element, "delay-video", TRUE, NULL);
  watch_fixture_start (f, live);
}

static void
check_order (const Out *out, guint n_buffers, gint64 step)
{
  g_assert_cmpuint (out->buffers->len, ==, n_buffers);
  for (guint i = 0; i < n_buffers; i++)
    g_assert_cmpint (time_of (out, i), ==, i * step);
}

/* The frames that carry a record about @description, as times. */
static GArray *
find_frames (const Out *out, const char *description, VlmEventState state)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < out->buffers->len; i++) {
    GstVlmEventMeta *meta =
        gst_vlm_buffer_get_event_meta (out->buffers->pdata[i]);

    for (guint k = 0;
         meta != NULL && k < gst_vlm_event_meta_get_n_events (meta); k++) {
      const VlmEvent *event = gst_vlm_event_meta_get_event (meta, k);
      gint64 time = time_of (out, i);

      if (event->state == state &&
          g_str_equal (event->description, description))
        g_array_append_val (times, time);
    }
  }
  return times;
}

/* The records of an event are on its first and its last frame. Its box is on
 * these and on all frames between them, and on no other. */
static void
test_places (void)
{
  static const struct
  {
    const char *name;
    gint64 start, end; /* ms */
  } events[] = { { "short", 500, 1400 }, { "long", 2600, 8300 },
    { "late", 9000, 11300 } };
  const VlmRect box = { 10, 10, 20, 20 };
  WatchFixture f;
  Out out;

  watch_fixture_init (&f);
  out_init (&out);
  g_object_set (f.element, "hop", 2.0, NULL);
  fake_analyzer_set_prompt (f.fake, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    fake_analyzer_add_event (f.fake, events[i].name,
        events[i].start * GST_MSECOND, events[i].end * GST_MSECOND, &box);
  start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 12 * GST_SECOND, FPS);
  watch_fixture_finish (&f);
  drain (&f, &out);
  check_order (&out, 12 * FPS, GST_SECOND / FPS);

  for (guint i = 0; i < G_N_ELEMENTS (events); i++) {
    gint64 from = events[i].start * GST_MSECOND;
    gint64 to = MIN (events[i].end * GST_MSECOND, 12 * VLM_SECOND);
    g_autoptr (GArray) begins =
        find_frames (&out, events[i].name, VLM_EVENT_STATE_BEGIN);
    g_autoptr (GArray) ends =
        find_frames (&out, events[i].name, VLM_EVENT_STATE_END);

    /* The short one has ended when it is first seen: its one record is on both
     * of its frames. */
    g_array_append_vals (begins, ends->data, ends->len);
    g_assert_cmpuint (begins->len, ==, 2);
    g_assert_cmpint (
        ABS (g_array_index (begins, gint64, 0) - from), <=, GST_SECOND / FPS);
    g_assert_cmpint (
        ABS (g_array_index (begins, gint64, 1) - to), <=, GST_SECOND / FPS);
    for (guint k = 0; k < out.buffers->len; k++) {
      gboolean is_there = gst_buffer_get_video_region_of_interest_meta_id (
                              out.buffers->pdata[k], (gint) i + 1) != NULL;
      gint64 time = time_of (&out, k);

      g_assert_cmpint (
          is_there, ==, time + GST_SECOND / FPS > from && time < to);
    }
  }
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* A frame leaves when its window was analysed, not before and not much later. */
static void
test_waits (void)
{
  WatchFixture f;
  Out out;
  guint n_left = 0;

  watch_fixture_init (&f);
  out_init (&out);
  g_object_set (f.element, "hop", 2.0, NULL);
  start (&f, FALSE);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, FPS);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 0);
  fake_analyzer_set_stalled (f.fake, FALSE);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  while (n_left < 2 * FPS) {
    GstBuffer *buffer = gst_harness_pull (f.harness);

    g_assert_nonnull (buffer);
    gst_buffer_unref (buffer);
    n_left++;
  }
  /* The rest waits for a window that is not yet complete. */
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, 2 * FPS);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "delayed-bytes"), ==, FPS * 64 * 48 * 3);
  watch_fixture_finish (&f);
  drain (&f, &out);
  g_assert_cmpuint (out.buffers->len, ==, FPS);
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* A pool of one buffer is enough upstream: what waits are copies. */
static void
test_pool_of_one (void)
{
  WatchFixture f;
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstBufferPoolAcquireParams params = {
    .flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT
  };
  Out out;

  watch_fixture_init (&f);
  out_init (&out);
  start (&f, FALSE);
  gst_buffer_pool_config_set_params (config, NULL, 64 * 48 * 3, 1, 1);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  g_assert_true (gst_buffer_pool_set_active (pool, TRUE));
  for (guint i = 0; i < 10 * FPS; i++) {
    GstBuffer *in = NULL;

    g_assert_cmpint (
        gst_buffer_pool_acquire_buffer (pool, &in, &params), ==, GST_FLOW_OK);
    GST_BUFFER_PTS (in) = i * GST_SECOND / FPS;
    GST_BUFFER_DURATION (in) = GST_SECOND / FPS;
    g_assert_cmpint (gst_harness_push (f.harness, in), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (&f);
  drain (&f, &out);
  check_order (&out, 10 * FPS, GST_SECOND / FPS);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* Windows that are dropped, failed or still, or that leave spans out, delay
 * nothing: no buffer is lost, and the order is kept. */
static void
run_all (const char *policy, double hop, gboolean fails, gboolean skips)
{
  WatchFixture f;
  Out out;

  watch_fixture_init (&f);
  out_init (&out);
  gst_util_set_object_arg (G_OBJECT (f.element), "policy", policy);
  g_object_set (
      f.element, "hop", hop, "skip-still", skips, "max-queue", 1, NULL);
  if (fails)
    fake_analyzer_set_errors (
        f.fake, g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "no"), 3);
  start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 21 * GST_SECOND, FPS);
  watch_fixture_finish (&f);
  drain (&f, &out);
  check_order (&out, 21 * FPS, GST_SECOND / FPS);
  out_clear (&out);
  watch_fixture_clear (&f);
}

static void
test_nothing_lost (void)
{
  static const char *const policies[] = { "block", "drop-oldest", "drop-newest",
    "latest-only" };

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    for (double hop = 1.0; hop <= 5.0; hop += 2.0) {
      run_all (policies[i], hop, FALSE, FALSE);
      run_all (policies[i], hop, TRUE, FALSE);
      run_all (policies[i], hop, FALSE, TRUE);
    }
}

static gboolean
log_event (GstPad *pad, GstPadProbeInfo *info, GString *log)
{
  switch (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
  case GST_EVENT_CAPS:
    g_string_append_c (log, 'C');
    break;
  case GST_EVENT_SEGMENT:
    g_string_append_c (log, 'S');
    break;
  case GST_EVENT_GAP:
    g_string_append_c (log, 'G');
    break;
  case GST_EVENT_TAG:
    g_string_append_c (log, 'T');
    break;
  case GST_EVENT_EOS:
    g_string_append_c (log, 'E');
    break;
  default:
    break;
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
log_flow (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GString *log = user_data;

  if ((GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) == 0)
    return log_event (pad, info, log);
  if (log->len == 0 || log->str[log->len - 1] != 'b')
    g_string_append_c (log, 'b');
  return GST_PAD_PROBE_OK;
}

/* Whatever is serialized keeps its place among the frames. */
static void
test_events (void)
{
  WatchFixture f;
  Out out;
  GstSegment segment;
  g_autoptr (GstPad) pad = NULL;

  watch_fixture_init (&f);
  out_init (&out);
  pad = gst_element_get_static_pad (f.element, "src");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, log_flow,
      out.log, NULL);
  start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, FPS);
  gst_harness_push_event (
      f.harness, gst_event_new_tag (gst_tag_list_new_empty ()));
  watch_fixture_push_span (&f, 3 * GST_SECOND, 4 * GST_SECOND, FPS);
  gst_harness_push_event (
      f.harness, gst_event_new_gap (4 * GST_SECOND, 8 * GST_SECOND));
  watch_fixture_push_span (&f, 12 * GST_SECOND, 15 * GST_SECOND, FPS);
  gst_harness_set_src_caps_str (
      f.harness, "video/x-raw, format=RGB, width=64, height=48, framerate=4/1");
  watch_fixture_push_span (&f, 15 * GST_SECOND, 16 * GST_SECOND, FPS);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 20 * GST_SECOND;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  watch_fixture_push_span (&f, 0, GST_SECOND, FPS);
  watch_fixture_finish (&f);
  drain (&f, &out);
  g_assert_cmpuint (out.buffers->len, ==, 9 * FPS);
  g_test_message ("%s", out.log->str);
  g_assert_true (g_str_has_suffix (out.log->str, "bTbGbCSbSbE") ||
      g_str_has_suffix (out.log->str, "bTbGbCbSbE"));
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* A flush drops the frames that wait, and none of them comes later. */
static void
test_flush (void)
{
  WatchFixture f;
  Out out;
  GstSegment segment;

  watch_fixture_init (&f);
  out_init (&out);
  start (&f, FALSE);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, FPS);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  fake_analyzer_set_stalled (f.fake, FALSE);
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  g_assert_cmpuint (watch_fixture_get_stat (&f, "delayed-bytes"), ==, 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  watch_fixture_push_span (&f, 0, 5 * GST_SECOND, FPS);
  watch_fixture_finish (&f);
  drain (&f, &out);
  check_order (&out, 5 * FPS, GST_SECOND / FPS);
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* A live frame leaves in time, whatever its analysis does. */
static void
test_live (void)
{
  WatchFixture f;
  GstTestClock *clock;
  guint n_left;

  watch_fixture_init (&f);
  g_object_set (f.element, "delay-margin", 1.0, "max-queue", 50, NULL);
  start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  gst_harness_set_upstream_latency (f.harness, 40 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_query_latency (f.harness), ==,
      3 * GST_SECOND + 40 * GST_MSECOND);
  fake_analyzer_set_stalled (f.fake, TRUE);
  clock = gst_harness_get_testclock (f.harness);
  for (guint i = 0; i < 10 * FPS; i++) {
    gst_harness_set_time (f.harness, i * GST_SECOND / FPS);
    g_assert_cmpint (
        watch_fixture_push (&f, i * GST_SECOND / FPS, GST_SECOND / FPS), ==,
        GST_FLOW_OK);
  }
  /* Now is 9.75 s: what is from before 6.75 s must have left. */
  for (n_left = 0; n_left < 27; n_left++) {
    GstBuffer *buffer = gst_harness_pull (f.harness);

    g_assert_nonnull (buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, n_left * GST_SECOND / FPS);
    gst_buffer_unref (buffer);
  }
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), <=, 28);
  fake_analyzer_set_stalled (f.fake, FALSE);
  gst_object_unref (clock);
  watch_fixture_clear (&f);
}

/* A delay that needs too many bytes is refused, with the number it takes; if the
 * rate is unknown, the frames leave early, with a warning. */
static void
test_bytes (void)
{
  WatchFixture f;
  GstMessage *message;
  g_autoptr (GError) error = NULL;
  Out out;

  watch_fixture_init (&f);
  out_init (&out);
  g_object_set (f.element, "delay-bytes", (guint64) 30 * 64 * 48 * 3, NULL);
  start (&f, FALSE);
  /* 2 s at 20 frames a second, and two. */
  gst_harness_set_src_caps_str (f.harness,
      "video/x-raw, format=RGB, width=64, height=48, framerate=20/1");
  message = watch_fixture_pop_message (&f, GST_MESSAGE_ERROR, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  gst_message_unref (message);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
  g_assert_nonnull (strstr (error->message, " 387072 bytes"));
  watch_fixture_clear (&f);

  watch_fixture_init (&f);
  g_object_set (f.element, "delay-bytes", (guint64) 5 * 64 * 48 * 3, NULL);
  start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 6 * GST_SECOND, FPS);
  watch_fixture_finish (&f);
  drain (&f, &out);
  check_order (&out, 6 * FPS, GST_SECOND / FPS);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, FALSE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  out_clear (&out);
  watch_fixture_clear (&f);
}

/* Plays @line, with a fake analyzer, to its end. The text of the first warning,
 * or NULL. */
static char *
play (const char *line)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &failure);
  g_autoptr (GstElement) element = NULL;
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GstBus) bus = NULL;
  GstMessageType type = GST_MESSAGE_UNKNOWN;
  char *warning = NULL;

  g_assert_no_error (failure);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  bus = gst_element_get_bus (pipeline);
  g_object_set (element, "analyzer", fake, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (type != GST_MESSAGE_EOS) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
            GST_MESSAGE_WARNING | GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

    g_assert_nonnull (message);
    type = GST_MESSAGE_TYPE (message);
    g_assert_cmpint (type, !=, GST_MESSAGE_ERROR);
    if (type == GST_MESSAGE_WARNING && warning == NULL) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_warning (message, &error, NULL);
      warning = g_strdup (error->message);
    }
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return warning;
}

/* A file with sound through a demuxer and into a muxer: the queue of the sound
 * has to hold a window; where it cannot, that is said, and nothing hangs. */
static void
test_muxer (void)
{
  static const char source[] =
      "videotestsrc num-buffers=80 ! video/x-raw, format=I420, width=64, "
      "height=48, framerate=4/1 ! matroskamux name=m ! filesink location=%s  "
      "audiotestsrc num-buffers=862 samplesperbuffer=1024 ! m.";
  static const char copy[] =
      "filesrc location=%s ! matroskademux name=d  matroskamux name=m "
      "! fakesink  d.video_0 ! queue ! vlmevents name=w delay-video=true "
      "window=5 min-pixels=784 max-pixels=3136 ! m.video_0  "
      "d.audio_0 ! queue name=sound %s ! m.audio_0";
  g_autofree char *folder = g_dir_make_tmp ("vlmevents-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "av.mkv", NULL);
  g_autofree char *make = g_strdup_printf (source, path);
  g_autofree char *wide = g_strdup_printf (copy, path,
      "max-size-time=11000000000 max-size-buffers=0 max-size-bytes=0");
  g_autofree char *narrow = g_strdup_printf (copy, path, "");
  g_autoptr (GstElement) maker = gst_parse_launch (make, NULL);
  g_autofree char *no_warning = NULL;
  g_autofree char *warning = NULL;

  watch_play_to_end (maker);
  no_warning = play (wide);
  g_assert_cmpstr (no_warning, ==, NULL);
  warning = play (narrow);
  g_assert_nonnull (warning);
  g_assert_nonnull (strstr (warning, "sound"));
  g_assert_nonnull (strstr (warning, "max-size-time"));
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/delay/places", test_places);
  g_test_add_func ("/vlmevents/delay/waits", test_waits);
  g_test_add_func ("/vlmevents/delay/pool-of-one", test_pool_of_one);
  g_test_add_func ("/vlmevents/delay/nothing-lost", test_nothing_lost);
  g_test_add_func ("/vlmevents/delay/events", test_events);
  g_test_add_func ("/vlmevents/delay/flush", test_flush);
  g_test_add_func ("/vlmevents/delay/live", test_live);
  g_test_add_func ("/vlmevents/delay/bytes", test_bytes);
  g_test_add_func ("/vlmevents/delay/muxer", test_muxer);
  return g_test_run ();
}
