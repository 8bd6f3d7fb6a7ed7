/* gst-vlm: from video to the server, without waiting
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "publish/broker.h"
#include "publish/records.h"
#include "support/watch-fixture.h"

#define N_EVENTS 100
#define N_SECONDS 32
#define MIN_RECORDS 3000

/* Each window reports all of them: more than MIN_RECORDS in all. */
static void
add_events (FakeAnalyzer *fake)
{
  for (guint i = 0; i < N_EVENTS; i++) {
    g_autofree char *text = g_strdup_printf ("thing %u", i);

    fake_analyzer_add_event (
        fake, text, 500 * GST_MSECOND, (N_SECONDS - 1) * VLM_SECOND, NULL);
  }
}

static FakeAnalyzer *
make_script (void)
{
  FakeAnalyzer *fake = fake_analyzer_new ();

  add_events (fake);
  return fake;
}

static GstElement *
launch (const char *spool, const char *location)
{
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=%u ! video/x-raw, format=I420, width=64, "
      "height=48, framerate=4/1 ! vlmevents name=w window=2 hop=1 "
      "min-pixels=784 max-pixels=3136 ! fakesink name=video  w.events ! "
      "vlmpublish name=p max-backoff=0.05 eos-drain-timeout=0 spool=%s "
      "location=%s",
      4 * N_SECONDS, spool, location);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return pipeline;
}

static guint64
get_stat (GstElement *element, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

/* How many events were posted on the bus until the end of the stream. */
static guint
play_to_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  guint n = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, 300 * GST_SECOND);

    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_ERROR);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
      return n;
    n += gst_message_has_name (message, "vlm-event");
  }
}

static gint64
get_seq (const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  g_assert_nonnull (node);
  return json_object_get_int_member (json_node_get_object (node), "seq");
}

static void
stop (GstElement *element)
{
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

/* The next start finds each of the @n records that wait in @spool. */
static void
check_all_sent (const char *folder, const char *spool, guint n)
{
  g_autofree char *out = path_in (folder, "out.jsonl");
  g_autofree char *written = NULL;
  g_auto (GStrv) lines = NULL;
  GstElement *pipeline =
      gst_parse_launch ("fakesrc num-buffers=0 ! vlmpublish name=p", NULL);
  g_autoptr (GstElement) publish =
      gst_bin_get_by_name (GST_BIN (pipeline), "p");

  g_object_set (publish, "spool", spool, "location", out, "eos-drain-timeout",
      300.0, NULL);
  play_to_end (pipeline);
  stop (pipeline);
  g_assert_true (g_file_get_contents (out, &written, NULL, NULL));
  lines = g_strsplit (written, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (get_seq (lines[i]), ==, i + 1);
}

/* There is no server during the whole video, which passes all the same. */
static void
test_nobody_there (void)
{
  char *folder = make_folder ();
  g_autofree char *spool = path_in (folder, "spool");
  g_autofree char *away =
      g_strdup_printf ("http://127.0.0.1:%u/", find_port ());
  g_autoptr (FakeAnalyzer) fake = make_script ();
  GstElement *pipeline = launch (spool, away);
  g_autoptr (GstElement) watch = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (GstElement) publish =
      gst_bin_get_by_name (GST_BIN (pipeline), "p");
  guint n_told;

  g_object_set (watch, "analyzer", fake, NULL);
  n_told = play_to_end (pipeline);
  g_assert_cmpuint (n_told, >=, MIN_RECORDS);
  g_assert_cmpuint (get_stat (publish, "waiting"), ==, n_told);
  g_assert_cmpuint (get_stat (publish, "dropped"), ==, 0);
  stop (pipeline);
  check_all_sent (folder, spool, n_told);
  remove_folder (folder);
}

/* Behind the pad `events` of an element that is in a harness. */
static GstElement *
start_publisher (WatchFixture *f, const char *spool, const char *location)
{
  GstElement *publish = gst_element_factory_make ("vlmpublish", NULL);
  g_autoptr (GstPad) source =
      gst_element_request_pad_simple (f->element, "events");
  g_autoptr (GstPad) sink = NULL;

  g_assert_nonnull (publish);
  gst_object_ref_sink (publish);
  sink = gst_element_get_static_pad (publish, "sink");
  g_object_set (publish, "spool", spool, "location", location, "max-backoff",
      0.05, "eos-drain-timeout", 0.0, NULL);
  g_assert_cmpint (gst_pad_link_full (source, sink, GST_PAD_LINK_CHECK_NOTHING),
      ==, GST_PAD_LINK_OK);
  g_assert_cmpint (gst_element_set_state (publish, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_SUCCESS);
  return publish;
}

/* Each frame leaves at the time at which it came, on a clock that only the test
 * advances. */
static void
push_live (WatchFixture *f)
{
  g_autoptr (GstTestClock) clock = gst_harness_get_testclock (f->harness);

  for (guint i = 0; i < 4 * N_SECONDS; i++) {
    GstClockTime pts = i * GST_SECOND / 4;

    gst_harness_set_time (f->harness, pts);
    g_assert_cmpint (
        watch_fixture_push (f, pts, GST_SECOND / 4), ==, GST_FLOW_OK);
    gst_buffer_unref (gst_harness_try_pull (f->harness));
    g_assert_cmpuint (gst_clock_get_time (GST_CLOCK (clock)), ==, pts);
    g_assert_cmpuint (gst_test_clock_peek_id_count (clock), ==, 0);
  }
}

static guint
count_events (WatchFixture *f)
{
  GstMessage *message;
  guint n = 0;

  while ((message = watch_fixture_pop_message (
              f, GST_MESSAGE_ELEMENT, "vlm-event", FALSE)) != NULL) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

/* The same with a camera, which does not wait. */
static void
test_live (void)
{
  char *folder = make_folder ();
  g_autofree char *spool = path_in (folder, "spool");
  g_autofree char *away =
      g_strdup_printf ("http://127.0.0.1:%u/", find_port ());
  gint64 until = g_get_monotonic_time () + 300 * G_USEC_PER_SEC;
  WatchFixture f;
  GstElement *publish;
  guint n_told;

  watch_fixture_init (&f);
  add_events (f.fake);
  g_object_set (f.element, "max-queue", N_SECONDS, NULL);
  publish = start_publisher (&f, spool, away);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  push_live (&f);
  watch_fixture_finish (&f);
  n_told = count_events (&f);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "windows-dropped"), ==, 0);
  g_assert_cmpuint (n_told, >=, MIN_RECORDS);
  while (get_stat (publish, "waiting") < n_told) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (5000);
  }
  g_assert_cmpuint (get_stat (publish, "dropped"), ==, 0);
  watch_fixture_clear (&f);
  stop (publish);
  check_all_sent (folder, spool, n_told);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_setenv ("no_proxy", "*", TRUE);
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/video/unreachable", test_nobody_there);
  g_test_add_func ("/publish/video/live", test_live);
  return g_test_run ();
}
