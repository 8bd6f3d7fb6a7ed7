/* gst-vlm: vlmevents, messages in the log
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/watch-fixture.h"

typedef struct
{
  GMutex lock;
  GString *text; /* "category level message" a line */
} Log;

static void
keep_message (GstDebugCategory *category, GstDebugLevel level,
    const gchar *file, const gchar *function, gint line, GObject *object,
    GstDebugMessage *message, gpointer user_data)
{
  Log *log = user_data;

  g_mutex_lock (&log->lock);
  g_string_append_printf (log->text, "%s %d %s\n",
      gst_debug_category_get_name (category), level,
      gst_debug_message_get (message));
  g_mutex_unlock (&log->lock);
}

/* One window of a small model, with @thresholds. */
static char *
run (const char *thresholds)
{
  Log log = { .text = g_string_new (NULL) };
  g_autofree char *model =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=8 pattern=ball "
      "! video/x-raw, width=64, height=48, framerate=4/1 "
      "! vlmevents name=w model=%s min-pixels=784 max-pixels=3136 window=2 "
      "fps=2 max-tokens=24 ! fakesink",
      model);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");

  g_mutex_init (&log.lock);
  /* A terminal would obey. */
  g_object_set (element, "prompt", "what is \033[2Jhere?", NULL);
  gst_debug_set_threshold_from_string (thresholds, TRUE);
  gst_debug_add_log_function (keep_message, &log, NULL);
  watch_play_to_end (pipeline);
  gst_debug_remove_log_function (keep_message);
  gst_debug_set_threshold_from_string ("*:1", TRUE);
  g_mutex_clear (&log.lock);
  return g_string_free (log.text, FALSE);
}

/* What the engine does, without prompts and answers. */
static void
test_engine (void)
{
  g_autofree char *log = run ("vlm:5");

  g_assert_nonnull (strstr (log, "vlm 4 loading "));
  g_assert_nonnull (strstr (log, "vlm 5 matmul of "));
  g_assert_nonnull (strstr (log, "vlm 5 the cache grows from 0 tokens"));
  g_assert_nonnull (strstr (log, " kept, "));
  g_assert_null (strstr (log, "vlm-answer"));
}

static void
test_answer (void)
{
  g_autofree char *log = run ("vlm-answer:6");

  g_assert_nonnull (strstr (log, "vlm-answer 6 prompt: "));
  g_assert_nonnull (strstr (log, "<4 frames of video> what is "));
  g_assert_nonnull (strstr (log, "vlm-answer 6 answer to "));
  g_assert_nonnull (strstr (log, "\\u001b[2Jhere?"));
  g_assert_null (strchr (log, '\033'));
  g_assert_null (strstr (log, "vlm 5"));
}

/* Without a debug level there is none of it. */
static void
test_silent (void)
{
  g_autofree char *log = run ("vlm:2,vlm-answer:5");

  g_assert_cmpstr (log, ==, "");
}

int
main (int argc, char **argv)
{
  gst_debug_remove_log_function (gst_debug_log_default);
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  gst_debug_set_active (TRUE);
  g_test_add_func ("/vlmevents/log/engine", test_engine);
  g_test_add_func ("/vlmevents/log/answer", test_answer);
  g_test_add_func ("/vlmevents/log/silent", test_silent);
  return g_test_run ();
}
