/* gst-vlm: several vlmevents in one pipeline
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlm.h"

#define N_STREAMS 8

static gint n_loads; /* atomic */

/* The engine says when it loads a model. */
static GLogWriterOutput
count_loads (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE") &&
        g_str_has_prefix (fields[i].value, "loading "))
      g_atomic_int_inc (&n_loads);
  return g_log_writer_default (level, fields, n_fields, user_data);
}

static GstElement *
make_pipeline (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline;

  for (guint i = 0; i < N_STREAMS; i++)
    g_string_append_printf (line,
        "videotestsrc num-buffers=8 pattern=%u ! video/x-raw, format=RGB, "
        "width=64, height=48, framerate=2/1 ! vlmevents name=w%u model=%s "
        "window=2 hop=1 min-pixels=784 max-pixels=3136 max-tokens=60 "
        "! fakesink ",
        i, i, path);
  pipeline = gst_parse_launch (line->str, &error);
  g_assert_no_error (error);
  return pipeline;
}

/* Eight streams, each with windows of its own: one model, which is loaded once,
 * and every window is analysed. */
static void
test_one_load (void)
{
  g_autoptr (GstElement) pipeline = make_pipeline ();
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  for (guint i = 0; i < N_STREAMS; i++) {
    g_autofree char *name = g_strdup_printf ("w%u", i);
    g_autoptr (GstElement) element =
        gst_bin_get_by_name (GST_BIN (pipeline), name);
    g_autoptr (GstStructure) stats = NULL;
    guint64 n_windows;

    g_object_get (element, "stats", &stats, NULL);
    g_assert_true (
        gst_structure_get_uint64 (stats, "windows-analysed", &n_windows));
    g_assert_cmpuint (n_windows, ==, 3);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpint (g_atomic_int_get (&n_loads), ==, 1);
}

int
main (int argc, char **argv)
{
  g_log_set_writer_func (count_loads, NULL, NULL);
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/many/one-load", test_one_load);
  return g_test_run ();
}
