/* gst-vlm: vlmevents with several outputs at once
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "support/watch-fixture.h"

/* A sink pad that keeps what comes, one buffer a line. One task writes, others
 * read when it has ended. */
typedef struct
{
  GstPad *sink;
  GMutex lock;
  GCond changed;
  GString *text;
  gboolean blocked; /* hold the task in the chain function */
  gboolean entered;
  gboolean ended;
} Output;

static GstFlowReturn
keep_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Output *output = gst_pad_get_element_private (pad);
  GstMapInfo map;

  g_mutex_lock (&output->lock);
  output->entered = TRUE;
  g_cond_broadcast (&output->changed);
  while (output->blocked)
    g_cond_wait (&output->changed, &output->lock);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_string_append_len (
      output->text, (const char *) map.data, (gssize) map.size);
  if (output->text->str[output->text->len - 1] != '\n')
    g_string_append_c (output->text, '\n');
  gst_buffer_unmap (buffer, &map);
  g_mutex_unlock (&output->lock);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
keep_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Output *output = gst_pad_get_element_private (pad);

  g_mutex_lock (&output->lock);
  output->ended |= GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  g_cond_broadcast (&output->changed);
  g_mutex_unlock (&output->lock);
  gst_event_unref (event);
  return TRUE;
}

static void
wait_for (Output *output, gboolean *flag)
{
  gint64 deadline = g_get_monotonic_time () + 600 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&output->lock);
  while (!*flag)
    g_assert_true (
        g_cond_wait_until (&output->changed, &output->lock, deadline));
  g_mutex_unlock (&output->lock);
}

/* @caps: what it takes */
static void
output_init (Output *output, const char *caps)
{
  g_autoptr (GstCaps) taken = gst_caps_from_string (caps);
  g_autoptr (GstPadTemplate) template =
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, taken);

  *output = (Output){ .text = g_string_new (NULL) };
  g_mutex_init (&output->lock);
  g_cond_init (&output->changed);
  output->sink =
      gst_object_ref_sink (gst_pad_new_from_template (template, "sink"));
  gst_pad_set_element_private (output->sink, output);
  gst_pad_set_chain_function (output->sink, keep_buffer);
  gst_pad_set_event_function (output->sink, keep_event);
  gst_pad_set_active (output->sink, TRUE);
}

static void
output_clear (Output *output)
{
  gst_pad_set_active (output->sink, FALSE);
  gst_object_unref (output->sink);
  g_string_free (output->text, TRUE);
  g_mutex_clear (&output->lock);
  g_cond_clear (&output->changed);
}

static GstPad *
request (WatchFixture *f, const char *name, Output *output)
{
  GstPad *pad = gst_element_request_pad_simple (f->element, name);

  g_assert_nonnull (pad);
  if (output != NULL)
    g_assert_cmpint (gst_pad_link (pad, output->sink), ==, GST_PAD_LINK_OK);
  return pad;
}

static void
release (WatchFixture *f, GstPad *pad)
{
  gst_element_release_request_pad (f->element, pad);
  gst_object_unref (pad);
}

#define JSON "application/x-json"
#define TEXT "text/x-raw, format=utf8"

static void
start (WatchFixture *f)
{
  watch_fixture_init (f);
  fake_analyzer_add_event (f->fake, "a dog", 0, VLM_SECOND, NULL);
  fake_analyzer_add_event (
      f->fake, "a cat", 3 * VLM_SECOND, 6 * VLM_SECOND, NULL);
}

/* Each has its own caps, and all have all records. */
static void
test_formats (void)
{
  static const char *const names[] = { "events", "events_%u", "events_7" };
  static const char *const caps[] = { JSON, TEXT, JSON };
  WatchFixture f;
  Output outputs[3];
  GstPad *pads[3];

  start (&f);
  for (guint i = 0; i < 3; i++) {
    output_init (&outputs[i], caps[i]);
    pads[i] = request (&f, names[i], &outputs[i]);
  }
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 10 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  for (guint i = 0; i < 3; i++)
    wait_for (&outputs[i], &outputs[i].ended);

  g_assert_nonnull (strstr (outputs[0].text->str, "\"a cat\""));
  g_assert_cmpstr (outputs[0].text->str, ==, outputs[2].text->str);
  g_assert_nonnull (strstr (outputs[1].text->str, "a dog\n"));
  g_assert_nonnull (strstr (outputs[1].text->str, "a cat\n"));
  g_assert_null (strchr (outputs[1].text->str, '{'));
  for (guint i = 0; i < 3; i++) {
    release (&f, pads[i]);
    output_clear (&outputs[i]);
  }
  watch_fixture_clear (&f);
}

static void
check_subjects (GstPad *pad, const char *stream, const char *expected)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, 0);
  g_autoptr (GString) joined = g_string_new (NULL);
  const GstStructure *structure;
  const GValue *subjects;

  g_assert_nonnull (event);
  structure = gst_event_get_structure (event);
  g_assert_true (gst_structure_has_name (structure, "vlm-subjects"));
  g_assert_cmpstr (gst_structure_get_string (structure, "stream"), ==, stream);
  /* As in event_uid. */
  g_assert_true (
      g_uuid_string_is_valid (gst_structure_get_string (structure, "source")));
  subjects = gst_structure_get_value (structure, "subjects");
  for (guint i = 0; i < gst_value_array_get_size (subjects); i++)
    g_string_append_printf (joined, "|%s",
        g_value_get_string (gst_value_array_get_value (subjects, i)));
  g_assert_cmpstr (joined->str, ==, expected);
}

/* A branch of JSON knows what events can be about before the first one comes,
 * and when that changes. */
static void
test_subjects (void)
{
  WatchFixture f;
  Output json;
  Output text;
  GstPad *json_pad;
  GstPad *text_pad;

  start (&f);
  output_init (&json, JSON);
  output_init (&text, TEXT);
  json_pad = request (&f, "events", &json);
  text_pad = request (&f, "events_%u", &text);
  g_object_set (f.element, "stream-label", "gate", "queries", "a dog; a cat",
      "conditions", "open = the gate is open; it rains", NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 5 * GST_SECOND, 4);
  wait_for (&json, &json.entered);
  check_subjects (json_pad, "gate", "|a dog|a cat|open|it rains");
  g_object_set (f.element, "queries", "", "conditions", "", NULL);
  g_object_set (f.element, "stream-label", "yard", NULL);
  watch_fixture_push_span (&f, 5 * GST_SECOND, 10 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  wait_for (&json, &json.ended);
  wait_for (&text, &text.ended);
  check_subjects (json_pad, "yard", "|");
  g_assert_null (gst_pad_get_sticky_event (
      text_pad, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, 0));
  release (&f, json_pad);
  release (&f, text_pad);
  output_clear (&json);
  output_clear (&text);
  watch_fixture_clear (&f);
}

static void
check_name (GstPad *pad, const char *name)
{
  g_autofree char *own = gst_pad_get_name (pad);

  g_assert_cmpstr (own, ==, name);
}

/* The pad without a number counts as the first; names that were released can be
 * had again. */
static void
test_names (void)
{
  WatchFixture f;
  GstPad *pads[4];
  GstPad *again;

  watch_fixture_init (&f);
  pads[0] = request (&f, "events_%u", NULL);
  check_name (pads[0], "events_0");
  pads[1] = request (&f, "events", NULL);
  pads[2] = request (&f, "events_%u", NULL);
  check_name (pads[2], "events_1");
  pads[3] = request (&f, "events_3", NULL);
  check_name (pads[3], "events_3");
  g_assert_null (gst_element_request_pad (f.element,
      gst_element_get_pad_template (f.element, "events"), NULL, NULL));
  release (&f, pads[2]);
  again = request (&f, "events_%u", NULL);
  check_name (again, "events_1");
  release (&f, again);
  release (&f, pads[0]);
  release (&f, pads[1]);
  release (&f, pads[3]);
  watch_fixture_start (&f, FALSE);
  watch_fixture_finish (&f);
  watch_fixture_clear (&f);
}

/* A stalled branch holds up neither the video nor another branch. */
static void
test_blocked (void)
{
  WatchFixture f;
  Output stuck;
  Output free_one;
  GstPad *pads[2];

  start (&f);
  output_init (&stuck, JSON);
  output_init (&free_one, JSON);
  stuck.blocked = TRUE;
  pads[0] = request (&f, "events_%u", &stuck);
  pads[1] = request (&f, "events_%u", &free_one);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 10 * GST_SECOND, 4);
  wait_for (&stuck, &stuck.entered);
  watch_fixture_finish (&f);
  wait_for (&free_one, &free_one.ended);
  g_assert_nonnull (strstr (free_one.text->str, "\"a cat\""));
  g_assert_cmpuint (stuck.text->len, ==, 0);

  g_mutex_lock (&stuck.lock);
  stuck.blocked = FALSE;
  g_cond_broadcast (&stuck.changed);
  g_mutex_unlock (&stuck.lock);
  wait_for (&stuck, &stuck.ended);
  g_assert_cmpstr (stuck.text->str, ==, free_one.text->str);
  release (&f, pads[0]);
  release (&f, pads[1]);
  output_clear (&stuck);
  output_clear (&free_one);
  watch_fixture_clear (&f);
}

static gpointer
push_video (gpointer data)
{
  watch_fixture_push_span (data, 0, 60 * GST_SECOND, 4);
  return NULL;
}

/* Outputs come and go while others get the records. */
static void
test_come_and_go (void)
{
  WatchFixture f;
  Output steady;
  GstPad *pad;
  GThread *thread;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "always", 0, 100 * VLM_SECOND, NULL);
  output_init (&steady, JSON);
  pad = request (&f, "events", &steady);
  watch_fixture_start (&f, FALSE);
  thread = g_thread_new ("push", push_video, &f);
  for (guint i = 0; i < 50; i++) {
    Output guest;
    GstPad *guest_pad;

    output_init (&guest, i % 2 == 0 ? JSON : TEXT);
    guest_pad = request (&f, "events_%u", &guest);
    g_thread_yield ();
    release (&f, guest_pad);
    output_clear (&guest);
  }
  g_thread_join (thread);
  watch_fixture_finish (&f);
  wait_for (&steady, &steady.ended);
  g_assert_nonnull (strstr (steady.text->str, "\"seq\": 1,"));
  g_assert_nonnull (strstr (steady.text->str, "\"state\": \"end\""));
  release (&f, pad);
  output_clear (&steady);
  watch_fixture_clear (&f);
}

/* What a text track shows. */
static void
on_cue (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  GString *cues = user_data;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  /* Between cues there are some without text. */
  if (map.size > 0 && map.data[0] != '\0')
    g_string_append_printf (cues,
        "%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT " %.*s; ",
        GST_BUFFER_PTS (buffer) / GST_MSECOND,
        GST_BUFFER_DURATION (buffer) / GST_MSECOND, (int) map.size,
        (const char *) map.data);
  gst_buffer_unmap (buffer, &map);
}

/* Plays to the end, without a warning. */
static void
play_quietly (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 600 * GST_SECOND,
      GST_MESSAGE_WARNING | GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static char *
read_cues (const char *demux, const char *path)
{
  g_autofree char *line = g_strdup_printf (
      "filesrc location=%s ! %s name=d  d.video_0 ! queue ! fakesink  "
      "d.subtitle_0 ! queue ! fakesink name=s signal-handoffs=true sync=false",
      path, demux);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  GString *cues = g_string_new (NULL);

  g_signal_connect (sink, "handoff", G_CALLBACK (on_cue), cues);
  play_quietly (pipeline);
  return g_string_free (cues, FALSE);
}

/* A dog and a cat at once, then a bird for two windows; 160 s later a mouse,
 * whose window says that nothing comes any more that is older than a minute. */
static char *
mux_and_read (const char *encoder, const char *mux, const char *demux)
{
  g_autofree char *directory = g_dir_make_tmp ("vlmevents-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "out", NULL);
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=340 ! video/x-raw, format=I420, width=64, "
      "height=48, framerate=2/1 ! vlmevents name=w window=2 min-pixels=784 "
      "max-pixels=3136 ! queue max-size-buffers=0 max-size-bytes=0 "
      "max-size-time=0 ! %s ! %s name=mux ! filesink location=%s  "
      "w.events ! queue ! mux.subtitle_%%u",
      encoder, mux, path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  char *cues;

  fake_analyzer_add_event (fake, "a dog", 0, 1500 * GST_MSECOND, NULL);
  fake_analyzer_add_event (fake, "a cat", VLM_SECOND, 2 * VLM_SECOND, NULL);
  fake_analyzer_add_event (
      fake, "a bird", 2500 * GST_MSECOND, 5500 * GST_MSECOND, NULL);
  fake_analyzer_add_event (
      fake, "a mouse", 165 * VLM_SECOND, 166 * VLM_SECOND, NULL);
  g_object_set (element, "analyzer", fake, NULL);
  play_quietly (pipeline);
  cues = read_cues (demux, path);
  g_unlink (path);
  g_rmdir (directory);
  return cues;
}

/* MP4 shows one cue at a time: each cue has the text of all events of its span,
 * and lasts as long as they do. */
static void
test_mp4 (void)
{
  static const char flat[] =
      "0+1000 a dog; 1000+500 a dog\na cat; 1500+500 a cat; "
      "2500+3000 a bird; 165000+1000 a mouse; ";
  g_autofree char *mov = mux_and_read ("jpegenc", "qtmux", "qtdemux");
  g_autofree char *mp4 = mux_and_read (
      "vp9enc deadline=1 cpu-used=8 ! vp9parse", "mp4mux", "qtdemux");
  g_autofree char *mkv =
      mux_and_read ("jpegenc", "matroskamux", "matroskademux");

  g_assert_cmpstr (mov, ==, flat);
  g_assert_cmpstr (mp4, ==, flat);
  g_assert_cmpstr (mkv, ==,
      "0+1500 a dog; 1000+1000 a cat; 2500+1500 a bird; 4000+1500 a bird; "
      "165000+1000 a mouse; ");
}

/* An event that is open when the element stops, or when its source fails, gets
 * its end: on the bus and on each output that still takes it. */
static void
test_stop (void)
{
  WatchFixture f;
  Output output;
  GstMessage *message;
  const char *last = NULL;
  g_autofree char *json = NULL;
  GstPad *pad;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "a dog", 0, 100 * VLM_SECOND, NULL);
  output_init (&output, JSON);
  pad = request (&f, "events", &output);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 6 * GST_SECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 3));
  gst_element_set_state (f.element, GST_STATE_READY);
  while ((message = watch_fixture_pop_message (
              &f, GST_MESSAGE_ELEMENT, "vlm-event", FALSE)) != NULL) {
    g_free (json);
    json = g_strdup (
        gst_structure_get_string (gst_message_get_structure (message), "json"));
    gst_message_unref (message);
  }
  g_assert_nonnull (json);
  g_assert_nonnull (strstr (json, "\"state\": \"end\""));
  last = strstr (output.text->str, json);
  g_assert_nonnull (last);
  g_assert_cmpuint (strlen (last), ==, strlen (json) + 1);
  release (&f, pad);
  output_clear (&output);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/outputs/formats", test_formats);
  g_test_add_func ("/vlmevents/outputs/subjects", test_subjects);
  g_test_add_func ("/vlmevents/outputs/names", test_names);
  g_test_add_func ("/vlmevents/outputs/blocked", test_blocked);
  g_test_add_func ("/vlmevents/outputs/come-and-go", test_come_and_go);
  g_test_add_func ("/vlmevents/outputs/mp4", test_mp4);
  g_test_add_func ("/vlmevents/outputs/stop", test_stop);
  return g_test_run ();
}
