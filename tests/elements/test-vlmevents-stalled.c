/* gst-vlm: vlmevents with a branch that is stalled for too long
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "support/watch-fixture.h"

/* As in the pad. */
#define MAX_RECORDS 4096

#define N_EVENTS 150
#define N_SECONDS 34
#define PATIENCE (600 * G_USEC_PER_SEC)

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean video_ended;
  guint n_told;
  GPtrArray *lines;
} Stalled;

static FakeAnalyzer *
make_script (void)
{
  FakeAnalyzer *fake = fake_analyzer_new ();

  for (guint i = 0; i < N_EVENTS; i++) {
    g_autofree char *text = g_strdup_printf ("thing %u", i);

    fake_analyzer_add_event (
        fake, text, 500 * GST_MSECOND, (N_SECONDS - 1) * VLM_SECOND, NULL);
  }
  return fake;
}

static GstPadProbeReturn
on_video_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Stalled *s = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS) {
    g_mutex_lock (&s->lock);
    s->video_ended = TRUE;
    g_cond_signal (&s->changed);
    g_mutex_unlock (&s->lock);
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
stand_still (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

static void
on_line (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  Stalled *s = user_data;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_ptr_array_add (s->lines, g_strndup ((const char *) map.data, map.size));
  gst_buffer_unmap (buffer, &map);
}

static void
on_event (GstElement *element, VlmEvent *event, gpointer user_data)
{
  Stalled *s = user_data;

  g_mutex_lock (&s->lock);
  s->n_told++;
  g_mutex_unlock (&s->lock);
}

static GstPad *
sink_pad_of (GstElement *pipeline, const char *name)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), name);

  return gst_element_get_static_pad (element, "sink");
}

static void
await_end_of_video (Stalled *s)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&s->lock);
  while (!s->video_ended)
    g_assert_true (g_cond_wait_until (&s->changed, &s->lock, until));
  g_mutex_unlock (&s->lock);
}

static JsonObject *
object_of (const Stalled *s, guint i, JsonNode **node)
{
  *node = json_from_string (s->lines->pdata[i], NULL);
  g_assert_nonnull (*node);
  return json_node_get_object (*node);
}

/* One gap record counts the dropped records, and is in their place. */
static void
check_lines (const Stalled *s)
{
  guint n_gaps = 0;
  gint64 next = 1;

  for (guint i = 0; i < s->lines->len; i++) {
    g_autoptr (JsonNode) node = NULL;
    JsonObject *record = object_of (s, i, &node);
    gint64 n = 1;

    if (strcmp (json_object_get_string_member (record, "type"), "gap") == 0) {
      n = json_object_get_int_member (record, "records");
      g_assert_cmpstr (
          json_object_get_string_member (record, "reason"), ==, "branch-full");
      g_assert_true (json_object_has_member (record, "event_uid"));
      n_gaps++;
    }
    g_assert_cmpint (
        json_object_get_int_member (record, "seq"), ==, next + n - 1);
    next += n;
  }
  g_assert_cmpuint (n_gaps, ==, 1);
  g_assert_cmpint (next - 1, ==, s->n_told);
  g_assert_cmpuint (s->lines->len, <=, MAX_RECORDS + 2);
}

static void
test_stalled (void)
{
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=%u ! video/x-raw, format=I420, width=64, "
      "height=48, framerate=4/1 ! vlmevents name=w window=2 hop=1 "
      "min-pixels=784 max-pixels=3136 ! fakesink name=video async=false  "
      "w.events ! fakesink name=s signal-handoffs=true async=false",
      4 * N_SECONDS);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) watch = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autoptr (GstPad) events = sink_pad_of (pipeline, "s");
  g_autoptr (GstPad) video = sink_pad_of (pipeline, "video");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (FakeAnalyzer) fake = make_script ();
  g_autoptr (GstMessage) message = NULL;
  Stalled s = { .lines = g_ptr_array_new_with_free_func (g_free) };
  gulong block;

  g_assert_no_error (error);
  g_object_set (watch, "analyzer", fake, NULL);
  g_signal_connect (watch, "event", G_CALLBACK (on_event), &s);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_line), &s);
  gst_pad_add_probe (
      video, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_video_event, &s, NULL);
  block = gst_pad_add_probe (events,
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, stand_still, NULL,
      NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  await_end_of_video (&s);
  g_assert_cmpuint (s.n_told, >, MAX_RECORDS + 100);
  gst_pad_remove_probe (events, block);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  check_lines (&s);
  g_ptr_array_unref (s.lines);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/stalled", test_stalled);
  return g_test_run ();
}
