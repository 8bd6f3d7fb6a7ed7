/* gst-vlm: vlmevents with a checkpoint whose numbers are not finite
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlm.h"
#include "support/files.h"
#include "support/watch-fixture.h"

#include <string.h>

#define LINE                                                                   \
  "videotestsrc num-buffers=12 ! video/x-raw, format=RGB, width=64, "          \
  "height=48, framerate=2/1 ! vlmevents name=w model=%s window=2 "             \
  "min-pixels=784 max-pixels=3136 max-tokens=40 on-error=%s ! fakesink"

typedef struct
{
  GstElement *pipeline;
  GstElement *element;
  guint n_warnings;
  guint n_events;
  char *text; /* of the last warning or error */
  GstMessageType end;
} Run;

static void
note (Run *run, GstMessage *message)
{
  const GstStructure *s = gst_message_get_structure (message);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning (message, &error, NULL);
    run->n_warnings++;
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
  } else if (s != NULL && gst_structure_has_name (s, "vlm-event")) {
    run->n_events++;
  }
  if (error != NULL) {
    g_free (run->text);
    run->text = g_strdup (error->message);
  }
}

/* Plays to the end of the stream or to an error. */
static void
play (Run *run, const char *folder, const char *on_error)
{
  g_autofree char *line = g_strdup_printf (LINE, folder, on_error);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) error = NULL;

  *run = (Run){ .pipeline = gst_parse_launch (line, &error) };
  g_assert_no_error (error);
  run->element = gst_bin_get_by_name (GST_BIN (run->pipeline), "w");
  bus = gst_element_get_bus (run->pipeline);
  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  while (run->end != GST_MESSAGE_EOS && run->end != GST_MESSAGE_ERROR) {
    GstMessage *message = gst_bus_timed_pop (bus, 600 * GST_SECOND);

    g_assert_nonnull (message);
    run->end = GST_MESSAGE_TYPE (message);
    note (run, message);
    gst_message_unref (message);
  }
}

static void
run_clear (Run *run)
{
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  g_clear_object (&run->element);
  g_clear_object (&run->pipeline);
  g_clear_pointer (&run->text, g_free);
}

static guint64
get_stat (const Run *run, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  g_object_get (run->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

/* There is a warning that says where, and no event; the video continues. */
static void
test_warn (gconstpointer data)
{
  const char *weights = data;
  g_autofree char *folder = files_new_spoilt_checkpoint (weights, FILES_NAN);
  Run run;

  play (&run, folder, "warn");
  g_assert_cmpint (run.end, ==, GST_MESSAGE_EOS);
  g_assert_cmpuint (run.n_events, ==, 0);
  g_assert_cmpuint (get_stat (&run, "windows-analysed"), ==, 0);
  g_assert_cmpuint (get_stat (&run, "windows-failed"), ==, 3);
  g_assert_cmpuint (run.n_warnings, >, 0);
  g_test_message ("%s", run.text);
  g_assert_nonnull (strstr (run.text, "not finite"));
  g_assert_nonnull (strstr (run.text,
      weights[0] == 'm' ? "layer 1 of the language model"
                        : "block 2 of the vision tower"));
  run_clear (&run);
  files_remove (folder);
}

static void
test_fail (void)
{
  g_autofree char *folder =
      files_new_spoilt_checkpoint ("model.layers.1.", FILES_INFINITY);
  Run run;

  play (&run, folder, "fail");
  g_assert_cmpint (run.end, ==, GST_MESSAGE_ERROR);
  g_assert_cmpuint (run.n_events, ==, 0);
  g_assert_nonnull (strstr (run.text, "layer 1 of the language model"));
  run_clear (&run);
  files_remove (folder);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/vlmevents/damaged/layer", "model.layers.1.", test_warn);
  g_test_add_data_func (
      "/vlmevents/damaged/block", "visual.blocks.2.", test_warn);
  g_test_add_func ("/vlmevents/damaged/fail", test_fail);
  return g_test_run ();
}
