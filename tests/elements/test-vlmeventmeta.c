/* gst-vlm: events on buffers and on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

#include "gstvlm.h"

static GPtrArray *
make_events (guint n_events)
{
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  for (guint i = 0; i < n_events; i++) {
    VlmEvent *event = vlm_event_new ();

    event->id = i + 1;
    event->description = g_strdup_printf ("event %u", i + 1);
    g_ptr_array_add (events, event);
  }
  return events;
}

static void
test_add (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GPtrArray) events = make_events (2);
  GstVlmEventMeta *meta;

  g_assert_null (gst_vlm_buffer_get_event_meta (buffer));
  g_assert_nonnull (gst_vlm_buffer_add_event_meta (buffer, events));
  meta = gst_vlm_buffer_get_event_meta (buffer);
  g_assert_nonnull (meta);
  g_assert_cmpuint (gst_vlm_event_meta_get_n_events (meta), ==, 2);
  g_assert_true (gst_vlm_event_meta_get_event (meta, 1) == events->pdata[1]);
}

/* Copies keep the events, also after the original is gone. */
static void
test_copy (void)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64, NULL);
  g_autoptr (GPtrArray) events = make_events (1);
  g_autoptr (GstBuffer) copy = NULL;
  g_autoptr (GstBuffer) part = NULL;
  VlmEvent *event;

  gst_vlm_buffer_add_event_meta (buffer, events);
  copy = gst_buffer_copy_deep (buffer);
  part = gst_buffer_copy_region (
      buffer, GST_BUFFER_COPY_META | GST_BUFFER_COPY_MEMORY, 8, 16);
  gst_buffer_unref (buffer);
  g_clear_pointer (&events, g_ptr_array_unref);

  event =
      gst_vlm_event_meta_get_event (gst_vlm_buffer_get_event_meta (copy), 0);
  g_assert_cmpstr (event->description, ==, "event 1");
  event =
      gst_vlm_event_meta_get_event (gst_vlm_buffer_get_event_meta (part), 0);
  g_assert_cmpuint (event->id, ==, 1);
}

static void
test_free (void)
{
  GstBuffer *buffer = gst_buffer_new ();
  GPtrArray *events = make_events (1);
  VlmEvent *event = vlm_event_ref (events->pdata[0]);

  gst_vlm_buffer_add_event_meta (buffer, events);
  g_ptr_array_unref (events);
  gst_buffer_unref (buffer);
  /* Ours is the last reference. */
  g_assert_cmpstr (event->description, ==, "event 1");
  vlm_event_unref (event);
}

static void
test_message (void)
{
  g_autoptr (GPtrArray) events = make_events (1);
  g_autoptr (GstMessage) message =
      gst_vlm_message_new_event (NULL, events->pdata[0]);
  g_autoptr (GstMessage) other = gst_message_new_eos (NULL);
  g_autoptr (VlmEvent) event = gst_vlm_message_get_event (message);
  g_autofree char *json = vlm_event_to_json (events->pdata[0]);

  g_assert_true (event == events->pdata[0]);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "json"),
      ==, json);
  g_assert_null (gst_vlm_message_get_event (other));
}

/* The truth of a scene and what was found in it stay apart, on the buffer and on
 * the bus. */
static void
test_truth (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GPtrArray) truth = make_events (1);
  g_autoptr (GPtrArray) found = make_events (2);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (VlmEvent) told = NULL;
  VlmEvent *first = truth->pdata[0];
  const GstStructure *structure;
  gint64 start;

  first->type = VLM_RECORD_TYPE_TRUTH;
  first->start.stream_time = 7;
  gst_vlm_buffer_add_event_meta (buffer, truth);
  g_assert_true (gst_vlm_event_meta_get_event (
                     gst_vlm_buffer_get_event_meta (buffer), 0) == first);
  gst_vlm_buffer_add_event_meta (buffer, found);
  g_assert_cmpuint (
      gst_vlm_event_meta_get_n_events (gst_vlm_buffer_get_event_meta (buffer)),
      ==, 2);

  message = gst_vlm_message_new_event (NULL, first);
  structure = gst_message_get_structure (message);
  g_assert_true (gst_structure_has_name (structure, "vlm-truth"));
  g_assert_true (gst_structure_get_int64 (structure, "start", &start));
  g_assert_cmpint (start, ==, 7);
  g_assert_null (gst_vlm_message_get_event (message));
  told = gst_vlm_message_get_truth (message);
  g_assert_true (told == first);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/event-meta/add", test_add);
  g_test_add_func ("/event-meta/copy", test_copy);
  g_test_add_func ("/event-meta/free", test_free);
  g_test_add_func ("/event-meta/message", test_message);
  g_test_add_func ("/event-meta/truth", test_truth);
  return g_test_run ();
}
