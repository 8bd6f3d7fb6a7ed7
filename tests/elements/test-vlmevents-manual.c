/* gst-vlm: the launch lines of the manual run
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every launch line of the elements' sources, of the README and of the pages in
 * docs/ that have any is run, with what is not here replaced: files and cameras
 * by a test picture, screens by nothing, and the model by $VLM_TEST_MODEL or the
 * tiny one of the tests. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "support/files.h"

#define TEST_SOURCE                                                            \
  "videotestsrc num-buffers=32 ! video/x-raw, format=I420, width=64, "         \
  "height=48, framerate=4/1"

/* What vlmpublish says of a transport that was left out. */
#define NOT_BUILT "this build does not support"

static const struct
{
  const char *pattern;
  const char *replacement;
} substitutions[] = {
  /* The comment's margin, and the shell's way to go on in the next line. */
  { "\\\\\\n( \\*)?", "" },
  { "\\bgst-launch-1.0\\s+(-\\S+\\s+)*", "" },
  { "\\b(filesrc|rtspsrc)(\\s+[\\w-]+=\\S+)*\\s+! decodebin", TEST_SOURCE },
  /* Of a newer GStreamer, where it was built with ONNX. */
  { "\\bonnxinference\\b.*\\bssdobjectdetector\\b(\\s+[\\w-]+=\\S+)*",
      "identity" },
  { "\\bv4l2src(\\s+[\\w-]+=\\S+)*", TEST_SOURCE },
  { "\\bvlmtestsrc\\b", "vlmtestsrc num-buffers=40" },
  { "/dev/stdout", "stdout.jsonl" },
  { "\\bautovideosink\\b", "fakesink" },
  { "\\bvlmevents\\b",
      "vlmevents min-pixels=784 max-pixels=3136 max-fps=1 max-tokens=48" },
  { " model=\\S+", "" },
  /* Nobody is there; what is left in the spool is no concern of this test. */
  { "\\bvlmpublish\\b", "vlmpublish spool=. eos-drain-timeout=0" },
  { "\\bvlmtestsrc\\b", "vlmtestsrc num-scenes=1 duration=1" },
};

static char *yes_no_model; /* a folder */

static char *
substitute (const char *line)
{
  char *text = g_strdup (line);

  for (guint i = 0; i < G_N_ELEMENTS (substitutions); i++) {
    g_autoptr (GRegex) regex =
        g_regex_new (substitutions[i].pattern, 0, 0, NULL);
    g_autofree char *before = text;

    text = g_regex_replace_literal (
        regex, before, -1, 0, substitutions[i].replacement, 0, NULL);
    g_assert_nonnull (text);
  }
  return text;
}

/* A model that knows the words yes and no, for conditions: most have none. */
static const char *
get_yes_no_model (void)
{
  if (yes_no_model == NULL) {
    g_autofree char *tiny =
        g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);

    yes_no_model = files_new_folder (tiny);
    files_teach_yes_no (yes_no_model);
  }
  return yes_no_model;
}

static void
give_model (GstElement *pipeline)
{
  const char *wanted = g_getenv ("VLM_TEST_MODEL");
  g_autofree char *tiny =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GstIterator) elements =
      gst_bin_iterate_all_by_element_factory_name (
          GST_BIN (pipeline), "vlmevents");
  g_auto (GValue) value = G_VALUE_INIT;

  while (gst_iterator_next (elements, &value) == GST_ITERATOR_OK) {
    g_autofree char *conditions = NULL;

    g_object_get (g_value_get_object (&value), "conditions", &conditions, NULL);
    g_object_set (g_value_get_object (&value), "model",
        conditions != NULL   ? get_yes_no_model ()
            : wanted != NULL ? wanted
                             : tiny,
        NULL);
    g_value_reset (&value);
  }
}

static void
test_line (gconstpointer data)
{
  g_autofree char *line = substitute (data);
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_test_message ("%s", line);
  g_assert_true (g_shell_parse_argv (line, NULL, &words, &error));
  pipeline = gst_parse_launchv_full (
      (const char **) words, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  g_assert_no_error (error);
  give_model (pipeline);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (error != NULL && strstr (error->message, NOT_BUILT) != NULL)
    g_test_skip (error->message);
  else
    g_assert_no_error (error);
}

/* The lines of one file, added as tests. A line begins on its own, and goes on
 * while it ends with a backslash. */
static guint
add_lines (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GRegex) regex =
      g_regex_new ("^(?: \\* )?(gst-launch-1.0 (?:.*\\\\\\n)*.*)$",
          G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *name = g_path_get_basename (path);
  guint n_lines = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_regex_match (regex, text, 0, &match);
  while (g_match_info_matches (match)) {
    g_autofree char *test = g_strdup_printf ("/manual/%s/%u", name, n_lines++);

    g_test_add_data_func_full (
        test, g_match_info_fetch (match, 1), test_line, g_free);
    g_match_info_next (match, NULL);
  }
  return n_lines;
}

static guint
add_sources (const char *folder)
{
  g_autofree char *directory =
      g_test_build_filename (G_TEST_DIST, "..", "gst-plugin", folder, NULL);
  g_autoptr (GDir) sources = g_dir_open (directory, 0, NULL);
  const char *name;
  guint n_lines = 0;

  while ((name = g_dir_read_name (sources)) != NULL) {
    g_autofree char *path = g_build_filename (directory, name, NULL);

    if (g_str_has_suffix (name, ".c"))
      n_lines += add_lines (path);
  }
  return n_lines;
}

static void
remove_all (const char *directory)
{
  g_autoptr (GDir) files = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (files)) != NULL) {
    g_autofree char *path = g_build_filename (directory, name, NULL);

    g_unlink (path);
  }
  g_rmdir (directory);
}

/* What a page writes with echo before its lines, here. */
static void
write_files (const char *page)
{
  g_autofree char *text = NULL;
  g_autoptr (GRegex) regex =
      g_regex_new ("^echo '([^']*)' > (\\S+)$", G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_assert_true (g_file_get_contents (page, &text, NULL, NULL));
  g_regex_match (regex, text, 0, &match);
  while (g_match_info_matches (match)) {
    g_autofree char *contents = g_match_info_fetch (match, 1);
    g_autofree char *name = g_match_info_fetch (match, 2);

    g_assert_true (g_file_set_contents (name, contents, -1, NULL));
    g_match_info_next (match, NULL);
  }
}

static guint
add_page (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", name, NULL);

  return add_lines (path);
}

int
main (int argc, char **argv)
{
  g_autofree char *page = NULL;
  g_autofree char *scratch = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  /* That the tiny model answers no condition is one. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  gst_init (&argc, &argv);
  page = g_test_build_filename (G_TEST_DIST, "..", "docs", "elements.md", NULL);
  g_assert_cmpuint (add_sources ("elements"), >=, 4);
  g_assert_cmpuint (add_lines (page), >=, 4);
  g_assert_cmpuint (add_page ("docs/remote.md"), >=, 1);
  if (gst_registry_check_feature_version (
          gst_registry_get (), "vlmpublish", 0, 0, 0)) {
    g_assert_cmpuint (add_page ("README.md"), >=, 4);
    g_assert_cmpuint (add_sources ("publish"), >=, 1);
    g_assert_cmpuint (add_page ("docs/publishing.md"), >=, 3);
    g_assert_cmpuint (add_page ("docs/scaling.md"), >=, 1);
  }

  /* The lines write where they are run. */
  scratch = g_dir_make_tmp ("vlm-manual-XXXXXX", NULL);
  g_assert_cmpint (g_chdir (scratch), ==, 0);
  write_files (page);
  result = g_test_run ();
  g_chdir ("/");
  remove_all (scratch);
  if (yes_no_model != NULL)
    files_remove (yes_no_model);
  g_free (yes_no_model);
  return result;
}
