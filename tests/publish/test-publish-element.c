/* gst-vlm: vlmpublish as a pipeline meets it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "publish/fixture.h"

/* With the location of a file in the fixture's folder. */
static char *
set_file (PublishFixture *f, const char *name)
{
  char *path = g_build_filename (f->folder, name, NULL);

  g_object_set (f->element, "location", path, NULL);
  return path;
}

static GStrv
read_lines (const char *path)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_suffix (text, "\n"));
  text[strlen (text) - 1] = '\0';
  return g_strsplit (text, "\n", -1);
}

static void
test_file (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_autofree char *first = make_event ("gate", "a", 0, "begin");
  g_autofree char *last = make_event ("gate", "a", 9, "end");
  g_auto (GStrv) lines = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  for (guint i = 0; i < 10; i++)
    publish_fixture_push_event (&f, "a", i,
        i == 0       ? "begin"
            : i == 9 ? "end"
                     : "update");
  publish_fixture_finish (&f);
  lines = read_lines (path);
  g_assert_cmpuint (g_strv_length (lines), ==, 10);
  g_assert_cmpstr (lines[0], ==, first);
  g_assert_cmpstr (lines[9], ==, last);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 10);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 0);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-connected"));
  publish_fixture_clear (&f);
}

/* Lines may be cut anywhere, or several in a buffer, or without a newline. */
static void
test_pieces (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_auto (GStrv) lines = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  publish_fixture_push (&f, "{\"seq\": 0}\n{\"seq\": 1}\r\n\n{\"se");
  publish_fixture_push (&f, "q\": 2}");
  publish_fixture_push (&f, "{\"seq\": 3}\n{\"seq\":");
  publish_fixture_push (&f, " ");
  publish_fixture_push (&f, "4}\n");
  publish_fixture_finish (&f);
  lines = read_lines (path);
  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  g_assert_cmpstr (lines[1], ==, "{\"seq\": 1}");
  g_assert_cmpstr (lines[2], ==, "{\"seq\": 2}");
  g_assert_cmpstr (lines[4], ==, "{\"seq\": 4}");
  publish_fixture_clear (&f);
}

static char *
pop_text (PublishFixture *f, GstMessageType type)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (f->bus, 30 * GST_SECOND, type);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}

/* A line that is not a record is reported and left out; the rest is published. */
static void
test_no_record (void)
{
  static const char *const lines[] = { "what?\n", "[1]\n", "{\"a\": 1} x\n" };
  PublishFixture f;
  g_autofree char *path = NULL;
  g_auto (GStrv) written = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autofree char *text = NULL;

    publish_fixture_push (&f, lines[i]);
    text = pop_text (&f, GST_MESSAGE_WARNING);
    g_assert_nonnull (strstr (text, "record"));
  }
  publish_fixture_push (&f, "{\"seq\": 1}\n{\"half\": ");
  publish_fixture_finish (&f);
  g_free (pop_text (&f, GST_MESSAGE_WARNING));
  written = read_lines (path);
  g_assert_cmpuint (g_strv_length (written), ==, 1);
  publish_fixture_clear (&f);
}

/* The folder is not there yet: records wait, and nothing else does. */
static void
test_away (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "later/out.jsonl");
  folder = g_path_get_dirname (path);
  publish_fixture_start (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  text = pop_text (&f, GST_MESSAGE_WARNING);
  g_assert_nonnull (strstr (text, path));
  for (guint i = 0; i < 100; i++)
    publish_fixture_push_event (&f, "a", i, i < 99 ? "update" : "end");
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 100);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  publish_fixture_finish (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-connected"));
  lines = read_lines (path);
  g_assert_cmpuint (g_strv_length (lines), ==, 100);
  publish_fixture_clear (&f);
}

/* The end of the stream waits, but not for ever; what is left is sent at the next
 * start, with the end of events that were open. */
static void
test_stays_in_spool (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_auto (GStrv) lines = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "later/out.jsonl");
  g_object_set (f.element, "eos-drain-timeout", 0.05, NULL);
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 0, "begin");
  publish_fixture_push_event (&f, "a", 1, "update");
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 2);
  g_clear_pointer (&path, g_free);

  publish_fixture_restart (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  publish_fixture_finish (&f);
  lines = read_lines (path);
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_nonnull (strstr (lines[1], "\"seq\": 1,"));
  g_assert_nonnull (strstr (lines[2], "\"reason\": \"interrupted\""));
  publish_fixture_clear (&f);
}

static gpointer
finish (gpointer data)
{
  gst_harness_push_event (data, gst_event_new_eos ());
  return NULL;
}

/* Going to READY ends the waiting of the end. */
static void
test_end_is_broken_off (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  GThread *thread;
  gint64 start = g_get_monotonic_time ();

  publish_fixture_init (&f);
  path = set_file (&f, "later/out.jsonl");
  g_object_set (f.element, "eos-drain-timeout", 3600.0, NULL);
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 0, "begin");
  thread = g_thread_new ("eos", finish, f.harness);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  gst_element_set_state (f.element, GST_STATE_READY);
  g_thread_join (thread);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 600 * G_USEC_PER_SEC);
  publish_fixture_clear (&f);
}

static void
test_two_on_one_spool (void)
{
  PublishFixture f;
  PublishFixture other;
  g_autofree char *spool = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  publish_fixture_init (&f);
  publish_fixture_init (&other);
  path = set_file (&f, "out.jsonl");
  g_object_get (f.element, "spool", &spool, NULL);
  g_object_set (other.element, "location", path, "spool", spool, NULL);
  publish_fixture_start (&f);
  g_assert_cmpint (gst_element_set_state (other.element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  text = pop_text (&other, GST_MESSAGE_ERROR);
  g_assert_nonnull (strstr (text, "another pipeline uses the spool"));
  g_assert_nonnull (strstr (text, spool));
  publish_fixture_clear (&f);
  publish_fixture_clear (&other);
}

static void
check_refused (const char *name, const char *value, const char *expected)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  gst_util_set_object_arg (G_OBJECT (f.element), name, value);
  g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  text = pop_text (&f, GST_MESSAGE_ERROR);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, expected));
  publish_fixture_clear (&f);
}

static void
test_settings (void)
{
  check_refused ("location", "", "`location` is not set");
  check_refused ("location", "gopher://a/", "there is no scheme gopher://");
  check_refused ("location", "mqtt:broker", "two slashes");
  check_refused ("location", "file://other/x", "three slashes");
  check_refused ("spool", "/dev/null/x", "the spool /dev/null/x");
  check_refused ("credentials", "/nowhere", "`credentials` /nowhere");
  check_refused ("ca-file", "/nowhere", "no file /nowhere");
  check_refused ("cert-file", "/dev/null", "no file /dev/null");
}

/* A change that comes too late gives a warning. */
static void
test_too_late (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  g_object_set (f.element, "eos-drain-timeout", 5.0, "location", "x", NULL);
  text = pop_text (&f, GST_MESSAGE_WARNING);
  g_assert_nonnull (strstr (text, "`location`"));
  publish_fixture_clear (&f);
}

/* The spool is full: this is reported, counted, and noted in one gap record. */
static void
test_spool_full (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *count = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "later/out.jsonl");
  g_object_set (f.element, "spool-size", G_GUINT64_CONSTANT (16384),
      "eos-drain-timeout", 0.0, NULL);
  publish_fixture_start (&f);
  for (guint i = 0; i < 100; i++)
    publish_fixture_push_event (&f, "a", i, i < 99 ? "note" : "end");
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-dropped"));
  count = g_strdup_printf ("\"records\": %" G_GUINT64_FORMAT ",",
      publish_fixture_get_stat (&f, "dropped"));
  g_clear_pointer (&path, g_free);

  publish_fixture_restart (&f);
  path = set_file (&f, "out.jsonl");
  publish_fixture_start (&f);
  publish_fixture_finish (&f);
  lines = read_lines (path);
  g_assert_nonnull (strstr (lines[0], "\"reason\": \"spool-full\""));
  g_assert_nonnull (strstr (lines[0], count));
  publish_fixture_clear (&f);
}

static guint n_leaks;

static void
look_for_secret (GstDebugCategory *category, GstDebugLevel level,
    const char *file, const char *function, int line, GObject *object,
    GstDebugMessage *message, gpointer user_data)
{
  const char *text = gst_debug_message_get (message);

  n_leaks += text != NULL && strstr (text, "s3cret") != NULL;
}

/* Set, read, run and failed: the password is nowhere. */
static void
test_secrets (void)
{
  PublishFixture f;
  g_autofree char *text = NULL;
  GstMessage *message;

  gst_debug_add_log_function (look_for_secret, NULL, NULL);
  gst_debug_set_default_threshold (GST_LEVEL_MEMDUMP);
  gst_debug_remove_log_function (gst_debug_log_default);
  publish_fixture_init (&f);
  g_object_set (f.element, "location",
      "file://me:s3cret@localhost/nowhere/x.jsonl", NULL);
  g_object_get (f.element, "location", &text, NULL);
  g_assert_cmpstr (text, ==, "file://me@localhost/nowhere/x.jsonl");
  publish_fixture_start (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  gst_element_set_state (f.element, GST_STATE_NULL);
  while ((message = gst_bus_pop (f.bus)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    g_autofree char *said =
        structure != NULL ? gst_structure_to_string (structure) : NULL;

    g_assert_true (said == NULL || strstr (said, "s3cret") == NULL);
    gst_message_unref (message);
  }
  publish_fixture_clear (&f);
  gst_debug_set_default_threshold (GST_LEVEL_ERROR);
  gst_debug_remove_log_function (look_for_secret);
  gst_debug_add_log_function (gst_debug_log_default, NULL, NULL);
  g_assert_cmpuint (n_leaks, ==, 0);
}

static void
test_states (void)
{
  PublishFixture f;
  g_autofree char *path = NULL;
  g_auto (GStrv) lines = NULL;

  publish_fixture_init (&f);
  path = set_file (&f, "out.jsonl");
  for (guint i = 0; i < 20; i++) {
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (f.element, GST_STATE_READY);
  }
  gst_element_set_state (f.element, GST_STATE_NULL);
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 0, "end");
  gst_harness_push_event (f.harness, gst_event_new_flush_start ());
  gst_harness_push_event (f.harness, gst_event_new_flush_stop (TRUE));
  publish_fixture_finish (&f);
  lines = read_lines (path);
  g_assert_cmpuint (g_strv_length (lines), ==, 1);
  publish_fixture_clear (&f);
}

/* A property without effect gives a warning, above all without encryption. */
static void
test_idle (void)
{
  static const struct
  {
    const char *location; /* NULL: a file */
    const char *property;
    const char *value;
    const char *said; /* NULL: nothing */
  } cases[] = {
    { "mqtt://127.0.0.1:1/a", "ca-file", "/etc/passwd", "not encrypted" },
    { "http://127.0.0.1:1/a", "ca-file", "/etc/passwd", "not encrypted" },
    { "http://127.0.0.1:1/a", "qos", "2", "mqtt://" },
    { "mqtt://127.0.0.1:1/a", "batch-size", "2", "http://" },
    { "mqtt://127.0.0.1:1/a", "qos", "2", NULL },
    { "http://127.0.0.1:1/a", "batch-size", "2", NULL },
    { NULL, "ca-file", "/etc/passwd", "a file" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    PublishFixture f;
    g_autofree char *path = NULL;
    g_autoptr (GError) error = NULL;
    GstMessage *message;

    publish_fixture_init (&f);
    path = g_build_filename (f.folder, "out.jsonl", NULL);
    gst_util_set_object_arg (
        G_OBJECT (f.element), cases[i].property, cases[i].value);
    g_object_set (f.element, "location",
        cases[i].location != NULL ? cases[i].location : path, NULL);
    if (gst_element_set_state (f.element, GST_STATE_PAUSED) ==
        GST_STATE_CHANGE_FAILURE) {
      publish_fixture_clear (&f);
      g_test_skip ("a transport was not built");
      continue;
    }
    message = gst_bus_pop_filtered (f.bus, GST_MESSAGE_WARNING);
    if (cases[i].said != NULL) {
      g_assert_nonnull (message);
      gst_message_parse_warning (message, &error, NULL);
      g_assert_nonnull (strstr (error->message, cases[i].said));
    } else if (message != NULL) {
      gst_message_parse_warning (message, &error, NULL);
      g_assert_null (strstr (error->message, "no effect"));
    }
    gst_clear_message (&message);
    publish_fixture_clear (&f);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/element/file", test_file);
  g_test_add_func ("/publish/element/pieces", test_pieces);
  g_test_add_func ("/publish/element/no-record", test_no_record);
  g_test_add_func ("/publish/element/away", test_away);
  g_test_add_func ("/publish/element/stays-in-spool", test_stays_in_spool);
  g_test_add_func ("/publish/element/end-broken-off", test_end_is_broken_off);
  g_test_add_func ("/publish/element/two-on-one-spool", test_two_on_one_spool);
  g_test_add_func ("/publish/element/settings", test_settings);
  g_test_add_func ("/publish/element/too-late", test_too_late);
  g_test_add_func ("/publish/element/spool-full", test_spool_full);
  g_test_add_func ("/publish/element/secrets", test_secrets);
  g_test_add_func ("/publish/element/states", test_states);
  g_test_add_func ("/publish/element/idle", test_idle);
  return g_test_run ();
}
