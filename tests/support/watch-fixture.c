/* gst-vlm: a vlmevents in a harness, with an analyzer of ours
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#define CAPS "video/x-raw, format=RGB, width=64, height=48, framerate=0/1"

void
watch_fixture_init (WatchFixture *f)
{
  f->fake = fake_analyzer_new ();
  f->element = gst_element_factory_make ("vlmevents", NULL);
  if (f->element == NULL)
    g_error ("there is no element vlmevents: source build/pipelines/env.sh");
  gst_object_ref_sink (f->element);
  g_object_set (f->element, "analyzer", f->fake, "fps", "2", "window", 2.0,
      "hop", 1.0, "min-pixels", (guint64) 784, "max-pixels", (guint64) 3136,
      NULL);
  f->harness = NULL;
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
}

void
watch_fixture_start (WatchFixture *f, gboolean live)
{
  f->harness = gst_harness_new_with_element (f->element, "sink", "src");
  gst_harness_set_live (f->harness, live);
  gst_harness_set_src_caps_str (f->harness, CAPS);
}

void
watch_fixture_wait_loaded (WatchFixture *f)
{
  GstProgressType type = GST_PROGRESS_TYPE_START;

  while (type != GST_PROGRESS_TYPE_COMPLETE) {
    GstMessage *message =
        watch_fixture_pop_message (f, GST_MESSAGE_PROGRESS, NULL, TRUE);

    g_assert_nonnull (message);
    gst_message_parse_progress (message, &type, NULL, NULL);
    gst_message_unref (message);
  }
}

void
watch_fixture_clear (WatchFixture *f)
{
  g_clear_pointer (&f->harness, gst_harness_teardown);
  gst_element_set_bus (f->element, NULL);
  /* Its messages have references to the element. */
  g_assert_finalize_object (f->bus);
  g_assert_finalize_object (f->element);
  g_assert_finalize_object (f->fake);
}

GstBuffer *
watch_fixture_make_frame (GstClockTime pts, GstClockTime duration, guint8 luma)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL);

  gst_buffer_memset (buffer, 0, luma, 64 * 48 * 3);
  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = duration;
  return buffer;
}

GstFlowReturn
watch_fixture_push (WatchFixture *f, GstClockTime pts, GstClockTime duration)
{
  GstBuffer *buffer = watch_fixture_make_frame (pts, duration, 100);

  return gst_harness_push (f->harness, buffer);
}

void
watch_fixture_push_span (
    WatchFixture *f, GstClockTime start, GstClockTime end, guint fps)
{
  for (guint i = 0;; i++) {
    GstClockTime pts = start + gst_util_uint64_scale (i, GST_SECOND, fps);

    if (pts >= end)
      return;
    g_assert_cmpint (
        watch_fixture_push (f, pts, GST_SECOND / fps), ==, GST_FLOW_OK);
  }
}

void
watch_fixture_finish (WatchFixture *f)
{
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_eos ()));
}

guint64
watch_fixture_get_stat (WatchFixture *f, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

GstMessage *
watch_fixture_pop_message (
    WatchFixture *f, GstMessageType type, const char *name, gboolean wait)
{
  GstClockTime timeout = wait ? 600 * GST_SECOND : 0;
  GstMessage *message;

  while ((message = gst_bus_timed_pop_filtered (f->bus, timeout, type))) {
    const GstStructure *structure = gst_message_get_structure (message);

    if (name == NULL ||
        (structure != NULL && gst_structure_has_name (structure, name)))
      return message;
    gst_message_unref (message);
  }
  return NULL;
}

void
watch_play_to_end (GstElement *pipeline)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

char *
watch_drop_run (char *json)
{
  g_autoptr (GRegex) uuid =
      g_regex_new ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 0, 0, NULL);
  char *without = g_regex_replace_literal (uuid, json, -1, 0, "run", 0, NULL);

  g_free (json);
  return without;
}
