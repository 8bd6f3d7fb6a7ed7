/* gst-vlm: vlmevents, messages in the log
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/files.h"
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

/* One window of @model. @prompt: NULL for none */
static char *
run_model (const char *model, const char *settings, const char *prompt,
    const char *thresholds)
{
  Log log = { .text = g_string_new (NULL) };
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=8 pattern=ball "
      "! video/x-raw, width=64, height=48, framerate=4/1 "
      "! vlmevents name=w model=%s min-pixels=784 max-pixels=3136 window=2 "
      "fps=2 max-tokens=24 %s ! fakesink",
      model, settings);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "w");

  g_mutex_init (&log.lock);
  g_object_set (element, "prompt", prompt, NULL);
  gst_debug_set_threshold_from_string (thresholds, TRUE);
  gst_debug_add_log_function (keep_message, &log, NULL);
  watch_play_to_end (pipeline);
  gst_debug_remove_log_function (keep_message);
  gst_debug_set_threshold_from_string ("*:1", TRUE);
  g_mutex_clear (&log.lock);
  return g_string_free (log.text, FALSE);
}

static char *
run (const char *thresholds)
{
  g_autofree char *model =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);

  /* A terminal would obey. */
  return run_model (model, "", "what is \033[2Jhere?", thresholds);
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

/* A condition is a question as any other; its answer are probabilities. */
static void
test_condition (void)
{
  g_autofree char *tiny =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autofree char *model = files_new_folder (tiny);
  g_autofree char *log = NULL;
  GLogLevelFlags fatal;
  const char *prompt;
  const char *answer;

  files_teach_yes_no (model);
  /* That its answers are neither is a warning. */
  fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  log = run_model (
      model, "conditions=\"the gate is open\"", NULL, "vlm-answer:6");
  g_log_set_always_fatal (fatal);
  prompt = strstr (log, "vlm-answer 6 prompt: ");
  g_assert_nonnull (prompt);
  g_assert_nonnull (strstr (prompt, "<4 frames of video> Is this true "));
  g_assert_nonnull (strstr (prompt, "'the gate is open'"));
  answer = strstr (prompt, "vlm-answer 6 answer to ");
  g_assert_nonnull (answer);
  g_assert_true (g_regex_match_simple (
      "^vlm-answer 6 answer to [1-9]\\d* tokens, vision [\\d.]+ s, prefill "
      "[\\d.]+ s: yes 0\\.\\d{4}, no 0\\.\\d{4}\n",
      answer, 0, 0));
  /* and nothing of the token that was chosen */
  g_assert_null (strstr (answer + 1, "vlm-answer 6 answer to "));
  files_remove (model);
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
  g_test_add_func ("/vlmevents/log/condition", test_condition);
  g_test_add_func ("/vlmevents/log/silent", test_silent);
  return g_test_run ();
}
