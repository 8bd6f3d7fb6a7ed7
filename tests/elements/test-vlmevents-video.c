/* gst-vlm: vlmevents, the video that passes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlm.h"
#include "support/watch-fixture.h"

static void
test_format (gconstpointer data)
{
  const char *format = data;
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=4 pattern=red ! video/x-raw, format=%s, "
      "width=70, height=50, framerate=2/1 ! vlmevents name=w window=2 ! "
      "fakesink",
      format);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  const VlmFrame *frame;

  g_object_set (element, "analyzer", fake, "min-pixels", (guint64) 784,
      "max-pixels", (guint64) 3136, NULL);
  watch_play_to_end (pipeline);
  g_assert_cmpuint (fake_analyzer_get_n_windows (fake), ==, 1);
  frame = fake_analyzer_get_window (fake, 0)->frames->pdata[0];
  g_assert_cmpuint (frame->source_width, ==, 70);
  g_assert_cmpuint (frame->width % 28, ==, 0);
  if (g_str_equal (format, "GRAY8")) {
    g_assert_cmpint (frame->pixels[0], ==, frame->pixels[1]);
    g_assert_cmpint (frame->pixels[0], <, 128);
  } else {
    g_assert_cmpint (frame->pixels[0], >=, 250);
    g_assert_cmpint (frame->pixels[1], <=, 5);
    g_assert_cmpint (frame->pixels[2], <=, 5);
  }
}

/* If no model is set, the one that VLM_MODEL_PATH names is used. */
static void
test_unset_model (void)
{
  const char *line = "videotestsrc num-buffers=8 ! video/x-raw, format=RGB, "
                     "width=64, height=48, framerate=2/1 ! vlmevents name=w "
                     "window=2 min-pixels=784 max-pixels=3136 max-tokens=8 ! "
                     "fakesink";
  g_autofree char *tiny =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autofree char *saved = g_strdup (g_getenv ("VLM_MODEL_PATH"));
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  guint64 n_windows;

  g_setenv ("VLM_MODEL_PATH", "/nonexistent/model", TRUE);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/model"));
  gst_element_set_state (pipeline, GST_STATE_NULL);

  g_setenv ("VLM_MODEL_PATH", tiny, TRUE);
  watch_play_to_end (pipeline);
  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (
      gst_structure_get_uint64 (stats, "windows-analysed", &n_windows));
  g_assert_cmpuint (n_windows, ==, 2);
  if (saved != NULL)
    g_setenv ("VLM_MODEL_PATH", saved, TRUE);
}

/* The same buffers come out, and no reference to one is kept. */
static void
test_untouched (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < 20; i++) {
    GstBuffer *in = watch_fixture_make_frame (
        i * GST_SECOND / 4, GST_SECOND / 4, (guint8) i);
    GstBuffer *out = gst_harness_push_and_pull (f.harness, in);

    g_assert_true (out == in);
    g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (out), ==, 1);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * GST_SECOND / 4);
    g_assert_null (gst_vlm_buffer_get_event_meta (out));
    gst_buffer_unref (out);
  }
  watch_fixture_finish (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "buffers"), ==, 20);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "frames-sampled"), ==, 10);
  watch_fixture_clear (&f);
}

static void
on_event (GstElement *element, VlmEvent *event, gpointer user_data)
{
  g_ptr_array_add (user_data, vlm_event_ref (event));
}

/* Events travel on the next buffer, on the bus and as a signal. */
static void
test_ways_out (void)
{
  WatchFixture f;
  const VlmRect box = { 60, 10, 20, 20 };
  g_autoptr (GPtrArray) signalled =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  g_autoptr (VlmEvent) posted = NULL;
  GstVlmEventMeta *meta;
  GstVideoRegionOfInterestMeta *roi;
  GstMessage *message;
  GstBuffer *in;
  GstBuffer *out;
  VlmEvent *event;

  watch_fixture_init (&f);
  g_object_set (f.element, "stream-label", "gate", NULL);
  fake_analyzer_add_event (f.fake, "a thing", VLM_SECOND / 2, VLM_SECOND, &box);
  g_signal_connect (f.element, "event", G_CALLBACK (on_event), signalled);
  watch_fixture_start (&f, FALSE);
  fake_analyzer_set_stalled (f.fake, TRUE);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  fake_analyzer_set_stalled (f.fake, FALSE);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-event", TRUE);
  posted = gst_vlm_message_get_event (message);
  gst_message_unref (message);
  g_assert_cmpstr (posted->description, ==, "a thing");
  g_assert_cmpstr (posted->stream, ==, "gate");
  g_assert_cmpint (posted->start.stream_time, ==, VLM_SECOND / 2);
  /* Not live: how long it took does not matter, and is not repeatable. */
  g_assert_cmpfloat (posted->latency_ms, ==, -1.0);

  while ((out = gst_harness_try_pull (f.harness)) != NULL) {
    g_assert_null (gst_vlm_buffer_get_event_meta (out));
    gst_buffer_unref (out);
  }
  in = gst_buffer_ref (
      watch_fixture_make_frame (2 * GST_SECOND, GST_SECOND / 4, 1));
  out = gst_harness_push_and_pull (f.harness, in);
  /* Somebody else looks at this buffer: what is changed is a copy, of the
   * buffer but not of its bytes. */
  g_assert_true (out != in);
  g_assert_true (
      gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (in, 0));
  g_assert_null (gst_vlm_buffer_get_event_meta (in));
  meta = gst_vlm_buffer_get_event_meta (out);
  g_assert_nonnull (meta);
  event = gst_vlm_event_meta_get_event (meta, 0);
  g_assert_true (vlm_event_equal (event, posted));
  roi = gst_buffer_get_video_region_of_interest_meta_id (out, 1);
  g_assert_nonnull (roi);
  g_assert_cmpuint (roi->x, ==, 60);
  g_assert_cmpuint (roi->w, ==, 4);
  g_assert_nonnull (
      gst_video_region_of_interest_meta_get_param (roi, "vlm-event"));
  gst_buffer_unref (in);
  gst_buffer_unref (out);

  /* what is open ends when the element stops */
  gst_element_set_state (f.element, GST_STATE_NULL);
  g_assert_cmpuint (signalled->len, ==, 2);
  g_assert_true (vlm_event_equal (signalled->pdata[0], posted));
  event = signalled->pdata[1];
  g_assert_cmpstr (event->event_uid, ==, posted->event_uid);
  g_assert_cmpint (event->state, ==, VLM_EVENT_STATE_END);
  watch_fixture_clear (&f);
}

static void
test_queries (void)
{
  WatchFixture f;
  g_autoptr (GstQuery) allocation = NULL;
  g_autoptr (GstQuery) accept = NULL;
  g_autoptr (GstCaps) caps =
      gst_caps_from_string ("video/x-raw, format=RGB, width=64, height=48");
  g_autoptr (GstCaps) unreadable = gst_caps_from_string (
      "video/x-raw, format=P010_10LE, width=64, height=48");
  gboolean accepted = TRUE;

  watch_fixture_init (&f);
  watch_fixture_start (&f, TRUE);
  gst_harness_set_upstream_latency (f.harness, 40 * GST_MSECOND);
  g_assert_cmpuint (
      gst_harness_query_latency (f.harness), ==, 40 * GST_MSECOND);

  gst_harness_add_propose_allocation_meta (
      f.harness, GST_VIDEO_META_API_TYPE, NULL);
  allocation = gst_query_new_allocation (caps, TRUE);
  g_assert_true (gst_pad_peer_query (f.harness->srcpad, allocation));
  g_assert_true (gst_query_find_allocation_meta (
      allocation, GST_VIDEO_META_API_TYPE, NULL));

  accept = gst_query_new_accept_caps (unreadable);
  g_assert_true (gst_pad_peer_query (f.harness->srcpad, accept));
  gst_query_parse_accept_caps_result (accept, &accepted);
  g_assert_false (accepted);
  watch_fixture_clear (&f);
}

/* A buffer that is smaller than its caps say is reported, not read. */
static void
test_short_buffer (void)
{
  WatchFixture f;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  GstMessage *message;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  GST_BUFFER_PTS (buffer) = 0;
  g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
  message = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, TRUE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  static const char *const formats[] = { "NV12", "I420", "YV12", "YUY2", "UYVY",
    "RGB", "BGR", "RGBx", "BGRx", "RGBA", "BGRA", "GRAY8" };

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree char *path =
        g_strdup_printf ("/vlmevents/format/%s", formats[i]);

    g_test_add_data_func (path, formats[i], test_format);
  }
  g_test_add_func ("/vlmevents/unset-model", test_unset_model);
  g_test_add_func ("/vlmevents/untouched", test_untouched);
  g_test_add_func ("/vlmevents/ways-out", test_ways_out);
  g_test_add_func ("/vlmevents/queries", test_queries);
  g_test_add_func ("/vlmevents/short-buffer", test_short_buffer);
  return g_test_run ();
}
