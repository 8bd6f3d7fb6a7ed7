/* gst-vlm: vlmevents, the branch of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "support/watch-fixture.h"

#define SOURCE                                                                 \
  "videotestsrc num-buffers=48 ! video/x-raw, format=I420, width=64, "         \
  "height=48, framerate=4/1 ! vlmevents name=w window=2 hop=1 "                \
  "min-pixels=784 max-pixels=3136 "

/* For all that follows: the script is of one event, with HOSTILE. */
static gboolean is_hostile;

/* What a model could write to be more than text: another cue, markup of either
 * format, a title of the terminal, one more record for a reader of lines. */
#define HOSTILE                                                                \
  "a dog\n\n00:00:00.000 --> 00:59:00.000\nALL <b>CLEAR</b> {\\an8}\r\n2\n"    \
  "\033]0;title\007\302\233" /* U+009B: CSI */ "31m\302\205"                   \
  "\342\200\250" /* U+2028 */ "\342\200\256" /* U+202E */ "{\"id\": 1}"

static FakeAnalyzer *
make_script (void)
{
  FakeAnalyzer *fake = fake_analyzer_new ();

  if (is_hostile) {
    fake_analyzer_add_event (fake, HOSTILE, VLM_SECOND, 2 * VLM_SECOND, NULL);
    return fake;
  }
  fake_analyzer_add_event (
      fake, "a short thing", 1500 * GST_MSECOND, 1900 * GST_MSECOND, NULL);
  fake_analyzer_add_event (
      fake, "a long thing", 3 * VLM_SECOND, 8 * VLM_SECOND, NULL);
  return fake;
}

static void
run_line (const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) element = NULL;
  g_autoptr (FakeAnalyzer) fake = make_script ();

  g_assert_no_error (error);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  if (element != NULL)
    g_object_set (element, "analyzer", fake, NULL);
  watch_play_to_end (pipeline);
}

/* The path of a file in a folder of its own. */
static char *
make_output (void)
{
  g_autofree char *directory = g_dir_make_tmp ("vlmevents-XXXXXX", NULL);

  return g_build_filename (directory, "out", NULL);
}

static void
remove_output (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  g_unlink (path);
  g_rmdir (directory);
}

/* Runs SOURCE with @rest, which writes to a file "%s"; its contents. */
static char *
run_to_file (const char *rest)
{
  g_autofree char *path = make_output ();
  g_autofree char *tail = g_strdup_printf (rest, path);
  g_autofree char *line = g_strconcat (SOURCE, tail, NULL);
  char *contents = NULL;

  run_line (line);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  remove_output (path);
  return contents;
}

/* The line of the manual: no queues, one file sink. */
static void
test_json (void)
{
  g_autofree char *first = watch_drop_run (
      run_to_file ("! fakesink  w.events ! filesink location=%s"));
  g_autofree char *second = watch_drop_run (
      run_to_file ("! fakesink  w.events ! filesink location=%s"));
  g_auto (GStrv) lines = g_strsplit (first, "\n", -1);
  guint n_lines = g_strv_length (lines);

  g_assert_cmpstr (first, ==, second);
  g_assert_cmpint (n_lines, >, 4);
  g_assert_cmpstr (lines[n_lines - 1], ==, "");
  for (guint i = 0; i + 1 < n_lines; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);

    g_assert_nonnull (node);
    g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
  }
}

/* Nothing but line ends below a blank, and no character that is more. */
static void
assert_harmless (const char *text)
{
  static const char *const bad[] = { "\302\233", "\302\205", "\342\200\250" };

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *s = text; *s != '\0'; s++)
    g_assert_true ((guchar) *s >= 0x20 ? *s != 0x7f : *s == '\n');
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (strstr (text, bad[i]));
}

static void
assert_one_cue (const char *encoder, const char *expected)
{
  g_autofree char *rest = g_strdup_printf (
      "! fakesink  w.events ! %s ! filesink location=%%s", encoder);
  g_autofree char *text = run_to_file (rest);
  g_auto (GStrv) parts = g_strsplit (text, "-->", -1);

  assert_harmless (text);
  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  g_assert_nonnull (strstr (text, expected));
  g_assert_null (strpbrk (parts[1], "<>{}"));
}

/* Whatever a model writes is one cue of one line, and one record. */
static void
test_hostile_text (void)
{
  g_autofree char *json = NULL;
  g_auto (GStrv) lines = NULL;

  is_hostile = TRUE;
  assert_one_cue ("webvttenc",
      "\na dog 00:00:00.000 --\342\200\272 00:59:00.000 ALL "
      "\342\200\271b\342\200\272");
  assert_one_cue ("srtenc", "\na dog 00:00:00.000 --\342\200\272 00:59");
  json = run_to_file ("! fakesink  w.events ! filesink location=%s");
  is_hostile = FALSE;
  assert_harmless (json);
  lines = g_strsplit (json, "\n", -1);
  for (guint i = 0; i + 1 < g_strv_length (lines); i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
    JsonObject *record = json_node_get_object (node);

    g_assert_cmpstr (
        json_object_get_string_member (record, "description"), ==, HOSTILE);
  }
}

static void
test_webvtt (void)
{
  g_autofree char *text =
      run_to_file ("! fakesink  w.events ! webvttenc ! filesink location=%s");

  g_assert_true (g_str_has_prefix (text, "WEBVTT"));
  /* A second at least, or it cannot be read. */
  g_assert_nonnull (
      strstr (text, "00:00:01.500 --> 00:00:02.500\na short thing"));
  /* Begun when it was first seen, then carried on by every window. */
  g_assert_nonnull (
      strstr (text, "00:00:03.000 --> 00:00:04.000\na long thing"));
  g_assert_nonnull (
      strstr (text, "00:00:04.000 --> 00:00:05.000\na long thing"));
  g_assert_nonnull (
      strstr (text, "00:00:07.000 --> 00:00:08.000\na long thing"));
  g_assert_null (strstr (text, "00:00:08.000 -->"));
}

static void
on_cue (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  GPtrArray *cues = user_data;
  GstMapInfo map;

  /* The muxer of GStreamer 1.26 writes each gap down, as a cue without text. */
  if (gst_buffer_get_size (buffer) == 0)
    return;
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_ptr_array_add (cues,
      g_strdup_printf ("%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT " %.*s",
          GST_BUFFER_PTS (buffer) / GST_MSECOND,
          GST_BUFFER_DURATION (buffer) / GST_MSECOND, (int) map.size,
          (const char *) map.data));
  gst_buffer_unmap (buffer, &map);
}

static char *
matroska_line (const char *path)
{
  return g_strdup_printf (SOURCE
      "! mux.  w.events ! mux.  matroskamux name=mux ! filesink location=%s",
      path);
}

/* What is in a file of matroska_line(), which is removed. */
static GPtrArray *
read_cues (const char *path)
{
  g_autofree char *line = g_strdup_printf (
      "filesrc location=%s ! matroskademux name=d  d.video_0 ! queue ! "
      "fakesink "
      "d.subtitle_0 ! queue ! fakesink name=s signal-handoffs=true sync=false",
      path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  GPtrArray *cues = g_ptr_array_new_with_free_func (g_free);

  g_signal_connect (sink, "handoff", G_CALLBACK (on_cue), cues);
  watch_play_to_end (pipeline);
  remove_output (path);
  return cues;
}

/* A muxer without queues: it must neither stall nor lose a late cue. */
static void
test_matroska (void)
{
  g_autofree char *path = make_output ();
  g_autofree char *line = matroska_line (path);
  g_autoptr (GPtrArray) cues = NULL;

  run_line (line);
  cues = read_cues (path);
  g_assert_cmpuint (cues->len, ==, 6);
  g_assert_cmpstr (cues->pdata[0], ==, "1500+1000 a short thing");
  g_assert_cmpstr (cues->pdata[1], ==, "3000+1000 a long thing");
  g_assert_cmpstr (cues->pdata[5], ==, "7000+1000 a long thing");
}

static GstPadProbeReturn
dawdle (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_usleep (20000);
  return GST_PAD_PROBE_OK;
}

/* The muxer ends with the video: the last cues must be there before, however
 * slow their thread is. */
static void
test_matroska_end (void)
{
  g_autofree char *path = make_output ();
  g_autofree char *line = matroska_line (path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "events");
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GPtrArray) cues = NULL;

  fake_analyzer_add_event (
      fake, "the last thing", 10500 * GST_MSECOND, 10900 * GST_MSECOND, NULL);
  fake_analyzer_add_event (fake, "the very last thing", 11500 * GST_MSECOND,
      11900 * GST_MSECOND, NULL);
  g_object_set (element, "analyzer", fake, NULL);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, dawdle, NULL, NULL);
  watch_play_to_end (pipeline);
  cues = read_cues (path);
  g_assert_cmpuint (cues->len, ==, 2);
  g_assert_cmpstr (cues->pdata[0], ==, "10500+1000 the last thing");
  g_assert_cmpstr (cues->pdata[1], ==, "11500+1000 the very last thing");
}

/* A sink that gets few events prerolls all the same, and ends. */
static void
test_live_end (void)
{
  for (guint i = 0; i < 60; i++) {
    g_autofree char *line = g_strdup_printf (
        "videotestsrc is-live=true num-buffers=%u ! video/x-raw, "
        "format=I420, width=64, height=48, framerate=200/1 ! vlmevents name=w "
        "window=2 min-pixels=784 max-pixels=3136 ! fakesink  w.events ! "
        "fakesink",
        1 + i % 3);
    g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
    g_autoptr (GstElement) element =
        gst_bin_get_by_name (GST_BIN (pipeline), "w");
    g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();

    g_object_set (element, "analyzer", fake, NULL);
    watch_play_to_end (pipeline);
  }
}

/* Only one of the two branches, or none. */
static void
test_unlinked (void)
{
  g_autofree char *json = run_to_file (" w.events ! filesink location=%s");

  g_assert_nonnull (strstr (json, "a short thing"));
  run_line (SOURCE "! fakesink");
}

static void
test_sparse_stream (void)
{
  WatchFixture f;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstEvent) event = NULL;
  GstStreamFlags flags = GST_STREAM_FLAG_NONE;

  watch_fixture_init (&f);
  pad = gst_element_request_pad_simple (f.element, "events");
  g_assert_nonnull (pad);
  /* There is one only. */
  g_assert_null (gst_element_request_pad (f.element,
      gst_element_get_pad_template (f.element, "events"), NULL, NULL));
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 3 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  while (event == NULL)
    event = gst_pad_get_sticky_event (pad, GST_EVENT_EOS, 0);
  gst_clear_event (&event);
  event = gst_pad_get_sticky_event (pad, GST_EVENT_STREAM_START, 0);
  g_assert_nonnull (event);
  gst_event_parse_stream_flags (event, &flags);
  g_assert_true (flags & GST_STREAM_FLAG_SPARSE);
  gst_clear_event (&event);
  event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  g_assert_nonnull (event);
  gst_element_release_request_pad (f.element, pad);
  watch_fixture_clear (&f);
}

/* Each pad has its own thread. */
static GstPadProbeReturn
count_segment_done (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) ==
      GST_EVENT_SEGMENT_DONE)
    g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count_seeks (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_SEEK)
    ++*(guint *) user_data;
  return GST_PAD_PROBE_OK;
}

/* Both sinks get the seek, the source gets it once; what comes then begins a new
 * window. */
static void
test_seek (void)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc num-buffers=60 name=s ! video/x-raw, format=I420, "
      "width=64, height=48, framerate=4/1 ! vlmevents name=w window=2 "
      "min-pixels=784 max-pixels=3136 ! fakesink  w.events ! fakesink",
      NULL);
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (FakeAnalyzer) fake = make_script ();
  const FakeWindow *first;
  guint n_seeks = 0;

  g_object_set (element, "analyzer", fake, NULL);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, count_seeks, &n_seeks, NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (
      gst_element_get_state (pipeline, NULL, NULL, 600 * GST_SECOND), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_true (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, 50 * GST_SECOND));
  g_assert_cmpuint (n_seeks, ==, 1);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  first = fake_analyzer_get_window (fake, 0);
  g_assert_cmpint (first->start, ==, 50 * VLM_SECOND);
}

/* A seek with GST_SEEK_FLAG_SEGMENT does not end with EOS; both branches have to
 * say so, after what was found. */
static void
test_segment_seek (void)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc num-buffers=60 ! video/x-raw, format=I420, width=64, "
      "height=48, framerate=4/1 ! vlmevents name=w window=2 min-pixels=784 "
      "max-pixels=3136 ! fakesink  w.events ! fakesink",
      NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (FakeAnalyzer) fake = make_script ();
  g_autoptr (GstPad) video = gst_element_get_static_pad (element, "src");
  g_autoptr (GstPad) events = gst_element_get_static_pad (element, "events");
  gint n_ends = 0;

  gst_pad_add_probe (video, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      count_segment_done, &n_ends, NULL);
  gst_pad_add_probe (events, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      count_segment_done, &n_ends, NULL);
  g_object_set (element, "analyzer", fake, NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_get_state (pipeline, NULL, NULL, 600 * GST_SECOND);
  g_assert_true (gst_element_seek (pipeline, 1.0, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT, GST_SEEK_TYPE_SET, 0,
      GST_SEEK_TYPE_SET, 5 * GST_SECOND));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 1000 && g_atomic_int_get (&n_ends) < 2; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&n_ends), ==, 2);
  g_assert_cmpuint (fake_analyzer_get_n_windows (fake), ==, 3);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* What a test's sink pad saw; one task calls, others read when it is done. */
typedef struct
{
  guint n_buffers;
  guint n_gaps;
  gint n_notes;
  gint n_ends;
  GstClockTime last_gap;
} Seen;

static GstFlowReturn
count_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Seen *seen = gst_pad_get_element_private (pad);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  if (g_strstr_len (
          (const char *) map.data, (gssize) map.size, "\"state\": \"gap\""))
    g_atomic_int_inc (&seen->n_notes);
  gst_buffer_unmap (buffer, &map);
  seen->n_buffers++;
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
count_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Seen *seen = gst_pad_get_element_private (pad);

  if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
    gst_event_parse_gap (event, &seen->last_gap, NULL);
    seen->n_gaps++;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    g_atomic_int_inc (&seen->n_ends);
  gst_event_unref (event);
  return TRUE;
}

/* The stream of events ends some time after that of the video; a pad that is
 * released earlier drops records that were not sent yet. */
static void
wait_for_end (Seen *seen)
{
  for (guint i = 0; i < 6000 && g_atomic_int_get (&seen->n_ends) == 0; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&seen->n_ends), ==, 1);
}

static GstPad *
make_sink_pad (Seen *seen)
{
  GstPad *sink = gst_object_ref_sink (gst_pad_new ("sink", GST_PAD_SINK));

  gst_pad_set_element_private (sink, seen);
  gst_pad_set_chain_function (sink, count_buffer);
  gst_pad_set_event_function (sink, count_event);
  gst_pad_set_active (sink, TRUE);
  return sink;
}

/* Pads come and go while the video flows. */
static void
test_request_release (void)
{
  WatchFixture f;
  Seen seen = { 0 };

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "always", 0, 100 * VLM_SECOND, NULL);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 40; i++) {
    g_autoptr (GstPad) pad =
        gst_element_request_pad_simple (f.element, "events");
    g_autoptr (GstPad) sink = make_sink_pad (&seen);

    if (i % 2 == 0)
      g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
    watch_fixture_push_span (&f, i * GST_SECOND, (i + 1) * GST_SECOND, 4);
    gst_element_release_request_pad (f.element, pad);
    gst_pad_set_active (sink, FALSE);
  }
  watch_fixture_finish (&f);
  watch_fixture_clear (&f);
}

/* On a live stream, gap records are among the events. */
static void
test_notes (void)
{
  WatchFixture f;
  Seen seen = { 0 };
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) sink = make_sink_pad (&seen);

  watch_fixture_init (&f);
  g_object_set (f.element, "max-queue", 1, NULL);
  pad = gst_element_request_pad_simple (f.element, "events");
  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_entered (f.fake, 1));
  watch_fixture_push_span (&f, 2 * GST_SECOND, 6 * GST_SECOND, 4);
  fake_analyzer_set_stalled (f.fake, FALSE);
  for (guint i = 0; i < 1000 && g_atomic_int_get (&seen.n_notes) < 3; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&seen.n_notes), ==, 3);
  gst_element_release_request_pad (f.element, pad);
  g_assert_cmpuint (seen.n_gaps, >, 0);
  gst_pad_set_active (sink, FALSE);
  watch_fixture_clear (&f);
}

typedef struct
{
  GstClockTime last_base;
  gboolean has_started;
  gboolean went_back;
} Order;

static gboolean
watch_order (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Order *order = gst_pad_get_element_private (pad);
  const GstSegment *segment;

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    order->has_started = TRUE;
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    gst_event_parse_segment (event, &segment);
    order->went_back |= !order->has_started || segment->base < order->last_base;
    order->last_base = segment->base;
  }
  gst_event_unref (event);
  return TRUE;
}

static gpointer
push_segments (gpointer data)
{
  WatchFixture *f = data;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < 400; i++) {
    segment.base = i * GST_SECOND;
    gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
    watch_fixture_push (f, 0, GST_SECOND / 4);
  }
  return NULL;
}

/* A pad that is requested at any moment gets the same events as an older one. */
static void
test_request_in_order (void)
{
  WatchFixture f;
  GThread *thread;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  thread = g_thread_new ("push", push_segments, &f);
  for (guint i = 0; i < 100; i++) {
    Order order = { 0 };
    g_autoptr (GstPad) sink =
        gst_object_ref_sink (gst_pad_new ("sink", GST_PAD_SINK));
    g_autoptr (GstPad) pad =
        gst_element_request_pad_simple (f.element, "events");

    gst_pad_set_element_private (sink, &order);
    gst_pad_set_event_function (sink, watch_order);
    gst_pad_set_active (sink, TRUE);
    g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
    g_usleep (500);
    gst_element_release_request_pad (f.element, pad);
    gst_pad_set_active (sink, FALSE);
    g_assert_false (order.went_back);
  }
  g_thread_join (thread);
  watch_fixture_clear (&f);
}

/* A sink that was shut down makes room for another one. */
static void
test_replaced_sink (void)
{
  WatchFixture f;
  Seen first = { 0 };
  Seen second = { 0 };
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) old = make_sink_pad (&first);
  g_autoptr (GstPad) new = make_sink_pad (&second);

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "always", 0, 100 * VLM_SECOND, NULL);
  pad = gst_element_request_pad_simple (f.element, "events");
  g_assert_cmpint (gst_pad_link (pad, old), ==, GST_PAD_LINK_OK);
  watch_fixture_start (&f, FALSE);
  gst_pad_set_active (old, FALSE);
  watch_fixture_push_span (&f, 0, 4 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 2));
  gst_pad_unlink (pad, old);
  g_assert_cmpint (gst_pad_link (pad, new), ==, GST_PAD_LINK_OK);
  watch_fixture_push_span (&f, 4 * GST_SECOND, 8 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  wait_for_end (&second);
  gst_element_release_request_pad (f.element, pad);
  g_assert_cmpuint (first.n_buffers, ==, 0);
  g_assert_cmpuint (second.n_buffers, >, 0);
  gst_pad_set_active (new, FALSE);
  watch_fixture_clear (&f);
}

/* The sink of the events must wake up with the first frame of the video, also
 * if that is all of the segment, or its end. */
static void
test_gap_in_segment (void)
{
  WatchFixture f;
  Seen seen = { 0 };
  GstSegment segment;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) sink = make_sink_pad (&seen);

  watch_fixture_init (&f);
  pad = gst_element_request_pad_simple (f.element, "events");
  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
  watch_fixture_start (&f, FALSE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.stop = GST_SECOND / 4;
  gst_harness_push_event (f.harness, gst_event_new_segment (&segment));
  watch_fixture_push_span (&f, 0, GST_SECOND / 4, 4);
  watch_fixture_finish (&f);
  wait_for_end (&seen);
  gst_element_release_request_pad (f.element, pad);
  g_assert_cmpuint (seen.n_gaps, >, 0);
  g_assert_cmpuint (seen.last_gap, <, segment.stop);
  gst_pad_set_active (sink, FALSE);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/pad/json", test_json);
  g_test_add_func ("/vlmevents/pad/hostile-text", test_hostile_text);
  g_test_add_func ("/vlmevents/pad/webvtt", test_webvtt);
  g_test_add_func ("/vlmevents/pad/matroska", test_matroska);
  g_test_add_func ("/vlmevents/pad/matroska-end", test_matroska_end);
  g_test_add_func ("/vlmevents/pad/live-end", test_live_end);
  g_test_add_func ("/vlmevents/pad/unlinked", test_unlinked);
  g_test_add_func ("/vlmevents/pad/seek", test_seek);
  g_test_add_func ("/vlmevents/pad/segment-seek", test_segment_seek);
  g_test_add_func ("/vlmevents/pad/sparse-stream", test_sparse_stream);
  g_test_add_func ("/vlmevents/pad/request-release", test_request_release);
  g_test_add_func ("/vlmevents/pad/request-in-order", test_request_in_order);
  g_test_add_func ("/vlmevents/pad/notes", test_notes);
  g_test_add_func ("/vlmevents/pad/replaced-sink", test_replaced_sink);
  g_test_add_func ("/vlmevents/pad/gap-in-segment", test_gap_in_segment);
  return g_test_run ();
}
