/* gst-vlm: vlmpublish never reveals a secret
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "publish/fixture.h"
#include "publish/secrets.h"
#include "publish/tcp-server.h"
#include "publish/transport.h"

/* With letters that are escaped in URIs, JSON and HTML. */
#define PASSWORD "p\"4ss <w>%rd&"
#define PASSWORD_IN_URI "p%224ss%20%3Cw%3e%25r%64%26"
#define TOKEN "t0ken/+=abcdefghijklmnopqrstuvwxyz0123456789.abcdefghijkl"
#define KEY_PASSWORD "k3y-pass"
#define PARAM "par4meter-value"
#define HOOK "h00k%2dpart-of-a-path"
#define HOOK_WORD "h00k-part-of-a-path"

/* No one of these may be seen anywhere; and what HTTP makes of a login. */
static const char *const secrets[] = { PASSWORD, PASSWORD_IN_URI,
  "p%224ss%20%3Cw%3E%25rd%26", "p\\\"4ss <w>%rd&", "p&quot;4ss", TOKEN,
  "t0ken/+=abcdef", "t0ken%2F", KEY_PASSWORD, PARAM, "par4meter", HOOK,
  HOOK_WORD, "bWU6cCI0c3MgPHc+JXJkJg==" };

/* Whether the element has a file of credentials. */
static gint knows_file; /* atomic */

static GMutex lock;
static GString *said; /* under the lock */

static void
note (const char *where, const char *text)
{
  if (text == NULL)
    return;
  g_mutex_lock (&lock);
  if (said != NULL)
    g_string_append_printf (said, "%s: %s\n", where, text);
  g_mutex_unlock (&lock);
}

static void
on_gst_log (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  note (
      gst_debug_category_get_name (category), gst_debug_message_get (message));
}

static GLogWriterOutput
on_glib_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      note ("glib", fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

/* --- what is searched ----------------------------------------------------- */

static void
note_messages (GstBus *bus)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL) {
    const GstStructure *structure = gst_message_get_structure (message);
    g_autofree char *text =
        structure != NULL ? gst_structure_to_string (structure) : NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *debug = NULL;

    note ("message", text);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &debug);
    else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning (message, &error, &debug);
    note ("message", error != NULL ? error->message : NULL);
    note ("message", debug);
    gst_message_unref (message);
  }
}

static void
note_properties (GstElement *element)
{
  g_autofree GParamSpec **specs = NULL;
  guint n;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;
    g_autofree char *text = NULL;

    if ((specs[i]->flags & G_PARAM_READABLE) == 0)
      continue;
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (element), specs[i]->name, &value);
    text = g_strdup_value_contents (&value);
    note (specs[i]->name, text);
    if (G_VALUE_HOLDS_STRING (&value))
      note (specs[i]->name, g_value_get_string (&value));
  }
}

/* Bytes between NULs as well: the spool is a database. */
static void
note_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *bytes = NULL;
    gsize size;

    note ("file", name);
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      note_files (path);
    else if (!g_str_has_prefix (name, "credentials") &&
        g_file_get_contents (path, &bytes, &size, NULL)) {
      for (gsize i = 0; i < size; i++)
        bytes[i] = bytes[i] != '\0' ? bytes[i] : ' ';
      note (name, bytes);
    }
  }
}

static void
check_said (const char *location)
{
  const char *found = NULL;
  g_autofree char *text = NULL;

  g_mutex_lock (&lock);
  text = g_strdup (said->str);
  g_string_truncate (said, 0);
  g_mutex_unlock (&lock);
  g_assert_cmpstr (text, !=, "");
  for (guint i = 0; i < G_N_ELEMENTS (secrets) && found == NULL; i++)
    found = strstr (text, secrets[i]);
  if (found == NULL)
    return;
  g_printerr ("%s: found in: %.*s\n", location, 400, MAX (text, found - 200));
  abort ();
}

/* --- other sides ---------------------------------------------------------- */

/* Sends back what it receives. */
static void
repeat (GIOStream *stream, GCancellable *stop, gpointer user_data)
{
  GInputStream *in = g_io_stream_get_input_stream (stream);
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  char bytes[4096];
  gssize n;

  while ((n = g_input_stream_read (in, bytes, sizeof bytes, stop, NULL)) > 0)
    if (!g_output_stream_write_all (out, bytes, (gsize) n, NULL, stop, NULL))
      return;
}

/* The same as an answer of HTTP, with a status that the test wants. */
static void
repeat_in_http (GIOStream *stream, GCancellable *stop, gpointer user_data)
{
  const char *status = user_data;
  GInputStream *in = g_io_stream_get_input_stream (stream);
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  char bytes[4096];
  gssize n;

  while ((n = g_input_stream_read (in, bytes, sizeof bytes, stop, NULL)) > 0) {
    const char *more =
        g_atomic_int_get (&knows_file) ? PASSWORD TOKEN KEY_PASSWORD : "";
    g_autofree char *head = g_strdup_printf (
        "HTTP/1.1 %s\r\nLocation: http://127.0.0.1:1/?token=" PARAM "\r\n"
        "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
        status, (gsize) n + strlen (more));

    g_output_stream_write_all (out, head, strlen (head), NULL, stop, NULL);
    g_output_stream_write_all (out, more, strlen (more), NULL, stop, NULL);
    if (!g_output_stream_write_all (out, bytes, (gsize) n, NULL, stop, NULL))
      return;
  }
}

/* --- the test ------------------------------------------------------------- */

static void
write_credentials (PublishFixture *f)
{
  g_autofree char *path = g_build_filename (f->folder, "credentials", NULL);

  g_assert_true (g_file_set_contents (path,
      "username=me\npassword=" PASSWORD "\ntoken=" TOKEN
      "\nkey-password=" KEY_PASSWORD "\n",
      -1, NULL));
  g_object_set (f->element, "credentials", path, NULL);
}

static void
run (const char *location, gboolean has_file)
{
  PublishFixture f;

  publish_fixture_init (&f);
  g_object_set (f.element, "timeout", 0.3, "eos-drain-timeout", 0.0, "location",
      location, NULL);
  g_atomic_int_set (&knows_file, has_file);
  if (has_file)
    write_credentials (&f);
  note_properties (f.element);
  if (gst_element_set_state (f.element, GST_STATE_PAUSED) !=
      GST_STATE_CHANGE_FAILURE) {
    gst_element_set_state (f.element, GST_STATE_NULL);
    publish_fixture_start (&f);
    publish_fixture_push_event (&f, "a", 0, "begin");
    publish_fixture_push_event (&f, "a", 1, "end");
    gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
    publish_fixture_finish (&f);
    note_properties (f.element);
  }
  note_messages (f.bus);
  note_files (f.folder);
  publish_fixture_clear (&f);
  check_said (location);
}

/* @where: HOST:PORT */
static void
run_scheme (const char *scheme, const char *where)
{
  static const char *const logins[] = { "me:" PASSWORD_IN_URI "@",
    "me%3A" PASSWORD_IN_URI "@", "" };

  for (guint i = 0; i < G_N_ELEMENTS (logins); i++)
    for (guint with_file = 0; with_file < 2; with_file++) {
      g_autofree char *plain =
          g_strdup_printf ("%s://%s%s/gate", scheme, logins[i], where);
      g_autofree char *hidden = g_strdup_printf (
          "%s://%s%s/gate?p%%61ssword=" PARAM "&sasl.password=" PARAM
          "&t%%6Fken=par%%34meter-value",
          scheme, logins[i], where);

      run (plain, with_file > 0);
      run (hidden, with_file > 0);
    }
}

static gboolean
is_built (const char *scheme)
{
  g_autofree char *all = gst_vlm_transport_list_schemes ();
  g_auto (GStrv) list = g_strsplit (all, ", ", -1);

  return g_strv_contains ((const char *const *) list, scheme);
}

static void
test_scheme (gconstpointer scheme)
{
  TcpServer *server;
  g_autofree char *where = NULL;

  if (!is_built (scheme)) {
    g_test_skip ("it was not built");
    return;
  }
  server = tcp_server_new (repeat, NULL);
  where = g_strdup_printf ("127.0.0.1:%u", tcp_server_get_port (server));
  run_scheme (scheme, where);
  tcp_server_free (server);
  run_scheme (scheme, "no.such.invalid");
}

static void
test_file (void)
{
  run_scheme ("file", "localhost/nowhere");
  run_scheme ("nonsense", "there");
  run ("mqtt:me:" PASSWORD, FALSE);
  run ("mqtt://me:" PASSWORD_IN_URI "@[::1/gate", TRUE);
}

/* A path that is itself a secret. */
static void
run_hook (const char *where)
{
  g_autofree char *hook =
      g_strdup_printf ("http://%s/services/%s/x", where, HOOK);

  run (hook, FALSE);
}

/* An answer that repeats what was sent, whatever its status; also if it is longer
 * than what is shown of it. */
static void
test_answers (void)
{
  static const char *const statuses[] = { "400 Bad", "401 No", "307 There",
    "500 Oh" };

  if (!is_built ("http")) {
    g_test_skip ("it was not built");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    TcpServer *server = tcp_server_new (repeat_in_http, (gpointer) statuses[i]);
    g_autofree char *where =
        g_strdup_printf ("127.0.0.1:%u", tcp_server_get_port (server));

    run_scheme ("http", where);
    run_hook (where);
    tcp_server_free (server);
  }
}

/* --- texts ---------------------------------------------------------------- */

static GstVlmSecrets *
make_secrets (const char *password, const char *token)
{
  g_autoptr (GstVlmLocation) location =
      gst_vlm_location_parse ("http://a/?key=" PARAM, NULL);
  const GstVlmCredentials credentials = { .username = (char *) "me",
    .password = (char *) password,
    .token = (char *) token };

  return gst_vlm_secrets_new (location, &credentials);
}

static void
check_quote (const char *password, const char *text, gboolean is_cut_off,
    gsize max, const char *expected)
{
  g_autoptr (GstVlmSecrets) hidden = make_secrets (password, NULL);
  g_autofree char *quoted =
      gst_vlm_secrets_quote (hidden, text, strlen (text), is_cut_off, max);

  g_assert_cmpstr (quoted, ==, expected);
}

static void
test_texts (void)
{
  check_quote (
      "s3cret", "no s3cret\nhere, " PARAM, FALSE, 100, "no *** here, ***");
  check_quote ("s3cret", "Basic bWU6czNjcmV0!", FALSE, 100, "Basic ***!");
  /* Text that may be the beginning of a secret is left out. */
  check_quote (
      "s3cret-long-enough-for-it", "it is s3cret-long-enough", TRUE, 100, "");
  check_quote (
      "s3cret", "so much text before a s3cre", FALSE, 12, "so much text");
  check_quote ("s3cret", "s3crets3cret and more", FALSE, 8, "****** a");
  /* A short secret may be anywhere: if the text contains it, all is hidden. */
  check_quote ("ab", "this is about it", FALSE, 100, "***");
  check_quote ("ab", "this is it", FALSE, 100, "this is it");
  check_quote (NULL, "\xc3\xa4\xc3\xb6\xff", FALSE, 3, "\xc3\xa4");
  check_quote ("\xc3\xa4\"<&",
      "%C3%A4%22%3C%26 %c3%a4%22%3c%26 \xc3\xa4\\\"<&"
      " \xc3\xa4&quot;&lt;&amp;",
      FALSE, 100, "*** *** *** ***");
}

int
main (int argc, char **argv)
{
  static const char *const schemes[] = { "mqtt", "mqtts", "kafka", "http",
    "https" };

  g_setenv ("no_proxy", "*", TRUE);
  /* Warnings are read, not fatal. */
  g_log_set_writer_func (on_glib_log, NULL, NULL);
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  said = g_string_new (NULL);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (on_gst_log, NULL, NULL);
  gst_debug_set_active (TRUE);
  gst_debug_set_default_threshold (GST_LEVEL_MEMDUMP);
  g_test_add_func ("/publish/secrets/texts", test_texts);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autofree char *name = g_strconcat ("/publish/secrets/", schemes[i], NULL);

    g_test_add_data_func (name, schemes[i], test_scheme);
  }
  g_test_add_func ("/publish/secrets/file", test_file);
  g_test_add_func ("/publish/secrets/answers", test_answers);
  return g_test_run ();
}
