/* gst-vlm: vlmevents, settings that make no sense, have no effect or come late
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gstvlm.h"
#include "support/watch-fixture.h"

/* The text of the next warning or error, NULL if there is none by now. */
static char *
pop_complaint (WatchFixture *f, GstMessageType type)
{
  GstMessage *message = watch_fixture_pop_message (f, type, NULL, FALSE);
  g_autoptr (GError) error = NULL;

  if (message == NULL)
    return NULL;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  gst_message_unref (message);
  return g_strdup (error->message);
}

static void
set (WatchFixture *f, const char *settings)
{
  g_auto (GStrv) pairs = g_strsplit (settings, " ", -1);

  for (guint i = 0; pairs[i] != NULL; i++) {
    g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);

    gst_util_set_object_arg (G_OBJECT (f->element), pair[0], pair[1]);
  }
}

/* The element does not start with settings that cannot work. */
static void
test_contradictions (void)
{
  static const char *const cases[][2] = {
    { "fps=bogus", "fps=bogus" },
    { "fps=0", "fps=0" },
    { "fps=-2", "fps=-2" },
    { "fps=1e9", "fps=1e9" },
    { "fps=nan", "fps=nan" },
    { "min-fps=5/1 max-fps=2/1", "min-fps=5/1" },
    { "min-pixels=100000 max-pixels=5000", "min-pixels=100000" },
    { "on-threshold=0.5 off-threshold=0.75", "off-threshold=0.75" },
    { "refine=true delay-video=true", "refine=true" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    WatchFixture f;
    g_autofree char *error = NULL;

    watch_fixture_init (&f);
    if (strstr (cases[i][0], "fps") != NULL)
      set (&f, "fps=auto");
    set (&f, cases[i][0]);
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    error = pop_complaint (&f, GST_MESSAGE_ERROR);
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error, cases[i][1]));
    gst_element_set_state (f.element, GST_STATE_NULL);
    watch_fixture_clear (&f);
  }
}

/* What would block or never end in the place of a schema. */
static void
test_irregular_schema (void)
{
  g_autofree char *folder = g_dir_make_tmp ("vlm-settings-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  const char *const paths[] = { fifo, "/dev/zero", folder };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    WatchFixture f;
    g_autofree char *error = NULL;

    watch_fixture_init (&f);
    g_object_set (f.element, "schema-file", paths[i], NULL);
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    error = pop_complaint (&f, GST_MESSAGE_ERROR);
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error, paths[i]));
    g_assert_nonnull (strstr (error, "not a regular file"));
    gst_element_set_state (f.element, GST_STATE_NULL);
    watch_fixture_clear (&f);
  }
  g_assert_cmpint (g_unlink (fifo), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* A setting that has no effect beside the others gets a warning, and all runs. */
static void
test_no_effect (void)
{
  static const char *const cases[][2] = {
    { "window=0 hop=2", "`hop`" },
    { "window=0 hop=0 skip-still=true", "`skip-still`" },
    { "window=4 hop=0 context=20", "`context`" },
    { "window=4 hop=6 context=20", "`context`" },
    { "fps=2 max-fps=8", "`max-fps`" },
    { "prompt=see queries=a;b", "`queries`" },
    { "window=0 hop=2 refine=true", "`hop`" },
    { "refine=true skip-still=true", "`skip-still`" },
    { "refine=true trigger=external", "`refine`" },
    { "refine=true conditions=rain", "`refine`" },
    { "refine=true task=describe", "`refine`" },
    { "trigger-label=a", "`trigger-label`" },
    { "trigger-after=9", "`trigger-after`" },
    { "delay-bytes=1000", "`delay-bytes`" },
    { "snapshot-location=x", "`snapshot-location`" },
    { "on-threshold=0.7", "`on-threshold`" },
    { "cooldown=4", "`cooldown`" },
    { "max-requests=2", "`max-requests`" },
    { "conditions=rain confirm=2", NULL },
    { "refine=true window=0 hop=0 context=20", NULL },
    { "window=4 hop=2 context=20", NULL },
    { "fps=auto min-fps=1 max-fps=8", NULL },
    { "prompt={query} query=a", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    WatchFixture f;
    g_autofree char *warning = NULL;

    watch_fixture_init (&f);
    set (&f, cases[i][0]);
    watch_fixture_start (&f, FALSE);
    warning = pop_complaint (&f, GST_MESSAGE_WARNING);
    g_test_message ("%s: %s", cases[i][0], warning);
    g_assert_cmpint (warning != NULL, ==, cases[i][1] != NULL);
    if (warning != NULL)
      g_assert_nonnull (strstr (warning, cases[i][1]));
    g_assert_cmpint (
        watch_fixture_push (&f, 0, GST_SECOND / 4), ==, GST_FLOW_OK);
    watch_fixture_finish (&f);
    watch_fixture_clear (&f);
  }
}

/* A property that is read at the start warns when it is set later; one that may
 * be set at any time, or does not change, does not. */
static void
test_too_late (void)
{
  static const char *const late[][2] = {
    { "window=7", "`window`" },
    { "hop=3", "`hop`" },
    { "model=/elsewhere", "`model`" },
    { "device=1", "`device`" },
    { "fps=bogus", "fps=bogus" },
    { "max-pixels=5", "`max-pixels`" },
    { "skip-still=true", "`skip-still`" },
    { "refine=true", "`refine`" },
  };
  static const char *const in_time[] = { "query=a", "policy=block",
    "stream-label=gate", "max-queue=3", "hop=3", "window=7", "ground=true" };
  WatchFixture f;

  watch_fixture_init (&f);
  set (&f, "window=2 hop=1");
  watch_fixture_start (&f, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++) {
    g_autofree char *warning = NULL;

    set (&f, late[i][0]);
    warning = pop_complaint (&f, GST_MESSAGE_WARNING);
    g_assert_nonnull (warning);
    g_assert_nonnull (strstr (warning, late[i][1]));
    g_assert_nonnull (strstr (warning, "next start"));
  }
  for (guint i = 0; i < G_N_ELEMENTS (in_time); i++) {
    set (&f, in_time[i]);
    g_assert_null (pop_complaint (&f, GST_MESSAGE_WARNING));
  }
  /* As before, also after new caps. */
  gst_harness_set_src_caps_str (
      f.harness, "video/x-raw, format=RGB, width=32, height=32, framerate=4/1");
  gst_harness_set_src_caps_str (
      f.harness, "video/x-raw, format=RGB, width=64, height=48, framerate=4/1");
  watch_fixture_push_span (&f, 0, 4 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  for (guint i = 0; i < 3; i++) {
    g_assert_cmpint (
        fake_analyzer_get_window (f.fake, i)->start, ==, i * VLM_SECOND);
    g_assert_cmpint (
        fake_analyzer_get_window (f.fake, i)->end, ==, (i + 2) * VLM_SECOND);
  }
  watch_fixture_clear (&f);
}

/* A warning of GLib's, and a critical message of newer ones. */
static void
on_refused (const char *domain, GLogLevelFlags level, const char *message,
    gpointer n_refused)
{
  g_assert_nonnull (strstr (message, "invalid or out of range"));
  ++*(guint *) n_refused;
}

static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message,
    gpointer user_data)
{
  return FALSE;
}

/* GLib enforces ranges: the value stays as it was, with a warning. */
static void
test_out_of_range (void)
{
  static const char *const cases[] = { "window=-1", "window=nan", "hop=1e9",
    "max-queue=0", "min-fps=0/1", "max-frames=1" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    WatchFixture f;
    double window;
    double hop;
    guint n_refused;
    guint handler;

    watch_fixture_init (&f);
    set (&f, "window=4 hop=2");
    n_refused = 0;
    handler = g_log_set_handler ("GLib-GObject",
        G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL,
        on_refused, &n_refused);
    g_test_log_set_fatal_handler (is_fatal, NULL);
    set (&f, cases[i]);
    g_test_log_set_fatal_handler (NULL, NULL);
    g_log_remove_handler ("GLib-GObject", handler);
    g_assert_cmpuint (n_refused, ==, 1);
    g_object_get (f.element, "window", &window, "hop", &hop, NULL);
    g_assert_cmpfloat (window, ==, 4.0);
    g_assert_cmpfloat (hop, ==, 2.0);
    watch_fixture_clear (&f);
  }
}

/* A hop of more than the window leaves spans out, at the end too: each is a gap
 * of its own, and counted. */
static void
test_between (void)
{
  static const gint64 expected[][2] = { { 2, 6 }, { 8, 12 }, { 14, 16 } };
  WatchFixture f;
  GstMessage *message;
  guint n_gaps = 0;

  watch_fixture_init (&f);
  set (&f, "window=2 hop=6");
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 16 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  while ((message = watch_fixture_pop_message (
              &f, GST_MESSAGE_ELEMENT, "vlm-gap", FALSE)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    gint64 start;
    gint64 end;

    g_assert_cmpuint (n_gaps, <, G_N_ELEMENTS (expected));
    g_assert_cmpstr (
        gst_structure_get_string (structure, "reason"), ==, "between");
    gst_structure_get (structure, "start", G_TYPE_INT64, &start, "end",
        G_TYPE_INT64, &end, NULL);
    g_assert_cmpint (start, ==, expected[n_gaps][0] * VLM_SECOND);
    g_assert_cmpint (end, ==, expected[n_gaps][1] * VLM_SECOND);
    n_gaps++;
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_gaps, ==, 3);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "unwatched"), ==, 10 * GST_SECOND);
  g_assert_cmpuint (watch_fixture_get_stat (&f, "watched"), ==, 6 * GST_SECOND);
  watch_fixture_clear (&f);
}

/* The states of the records about @description, as letters. */
static char *
get_life (WatchFixture *f, const char *description)
{
  GString *life = g_string_new (NULL);
  guint n = gst_bus_have_pending (f->bus) ? 1000 : 0;

  for (guint i = 0; i < n; i++) {
    GstMessage *message = gst_bus_pop (f->bus);
    g_autoptr (VlmEvent) event = NULL;

    if (message == NULL)
      break;
    event = gst_vlm_message_get_event (message);
    if (event != NULL && g_str_equal (event->description, description))
      g_string_append_c (life, "bue"[event->state]);
    gst_message_unref (message);
  }
  return g_string_free (life, FALSE);
}

/* An event is reported once it is sure enough, and from then on to its end. */
static void
test_min_confidence (void)
{
  static const struct
  {
    double min, first, step;
    gboolean is_reported;
    guint n_unsure;
  } cases[] = {
    { 0.0, 0.1, 0.0, TRUE, 0 },
    { 0.5, 0.5, 0.0, TRUE, 0 },
    { 0.5, 0.4, 0.0, FALSE, 1 },
    { 0.5, 0.3, 0.1, TRUE, 1 },
    { 0.5, 0.9, -0.3, TRUE, 0 },
    { 0.5, -1.0, 0.0, TRUE, 0 },
    /* the model's own threshold is 0.6 */
    { -1.0, 0.5, 0.0, FALSE, 1 },
    { -1.0, 0.7, 0.0, TRUE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    WatchFixture f;
    g_autofree char *life = NULL;

    watch_fixture_init (&f);
    g_object_set (f.element, "min-confidence", cases[i].min, NULL);
    fake_analyzer_set_min_confidence (f.fake, 0.6);
    fake_analyzer_set_confidence (f.fake, cases[i].first, cases[i].step);
    fake_analyzer_add_event (f.fake, "it", 0, 4 * VLM_SECOND, NULL);
    watch_fixture_start (&f, FALSE);
    watch_fixture_push_span (&f, 0, 9 * GST_SECOND, 4);
    watch_fixture_finish (&f);
    life = get_life (&f, "it");
    g_test_message ("case %u: %s", i, life);
    g_assert_cmpuint (life[0] != '\0', ==, cases[i].is_reported);
    if (life[0] != '\0') {
      g_assert_cmpint (life[0], ==, 'b');
      g_assert_cmpint (life[strlen (life) - 1], ==, 'e');
      g_assert_null (strchr (life + 1, 'b'));
    }
    g_assert_cmpuint (
        watch_fixture_get_stat (&f, "events-unsure"), ==, cases[i].n_unsure);
    g_assert_cmpuint (watch_fixture_get_stat (&f, "events"), ==, strlen (life));
    watch_fixture_clear (&f);
  }
}

/* What the analyzer changes in the reports of its model is no secret. */
static void
test_counts (void)
{
  WatchFixture f;
  guint64 n_windows;

  watch_fixture_init (&f);
  fake_analyzer_set_counts (f.fake, 3, 1);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 9 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  n_windows = watch_fixture_get_stat (&f, "windows-analysed");
  g_assert_cmpuint (n_windows, >, 1);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "reports-cut"), ==, 3 * n_windows);
  g_assert_cmpuint (
      watch_fixture_get_stat (&f, "reports-repeated"), ==, n_windows);
  watch_fixture_clear (&f);
}

/* What gst-inspect-1.0 shows of it. */
static void
test_names (void)
{
  static const char *const names[] = { "vlmevents", "vlmoverlay",
    "vlmtestsrc" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);
    g_autoptr (GstPlugin) plugin =
        gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));

    g_assert_true (g_str_has_prefix (gst_element_factory_get_metadata (factory,
                                         GST_ELEMENT_METADATA_LONGNAME),
        "Video "));
    g_assert_true (g_uri_is_valid (
        gst_plugin_get_origin (plugin), G_URI_FLAGS_NONE, NULL));
  }
}

/* After a fork the child gets an error: it lacks the parent's threads. */
static void
test_forked (void)
{
  WatchFixture f;
  pid_t child;
  int status;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  watch_fixture_finish (&f);
  watch_fixture_clear (&f);

  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    GstElement *element = gst_element_factory_make ("vlmevents", NULL);
    GstBus *bus = gst_bus_new ();
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;

    alarm (60);
    gst_element_set_bus (element, bus);
    if (gst_element_set_state (element, GST_STATE_PAUSED) !=
        GST_STATE_CHANGE_FAILURE)
      _exit (1);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    if (message == NULL)
      _exit (2);
    gst_message_parse_error (message, &error, NULL);
    _exit (strstr (error->message, "forked") != NULL ? 0 : 3);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/settings/contradictions", test_contradictions);
  g_test_add_func (
      "/vlmevents/settings/irregular-schema", test_irregular_schema);
  g_test_add_func ("/vlmevents/settings/no-effect", test_no_effect);
  g_test_add_func ("/vlmevents/settings/too-late", test_too_late);
  g_test_add_func ("/vlmevents/settings/out-of-range", test_out_of_range);
  g_test_add_func ("/vlmevents/settings/between", test_between);
  g_test_add_func ("/vlmevents/settings/min-confidence", test_min_confidence);
  g_test_add_func ("/vlmevents/settings/counts", test_counts);
  g_test_add_func ("/vlmevents/settings/names", test_names);
  g_test_add_func ("/vlmevents/settings/forked", test_forked);
  return g_test_run ();
}
