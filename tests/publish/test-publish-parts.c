/* gst-vlm: the small parts of vlmpublish
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "publish/backoff.h"
#include "publish/error.h"
#include "publish/records.h"
#include "publish/record.h"
#include "publish/transport.h"

static char *
rewrite (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node =
      gst_vlm_json_parse_object (text, strlen (text), &error);

  g_assert_no_error (error);
  return gst_vlm_json_write (node);
}

/* Numbers come out as they went in. */
static void
test_json (void)
{
  static const char *const texts[] = {
    "{\"a\": 4.35, \"b\": [0.1, -2.5e-07, 1607123955.475377], \"c\": {}}",
    "{\"utc\": 1796015999.123456789, \"big\": 9007199254740993}",
    "{\"s\": \"\\\"\\\\ \\n \\u0001 ä 😀\", \"t\": true, \"n\": null}",
    "{\"s\": \"\\u001f \\u0085 \\u2028 \\u009b31m\"}",
    "{\"z\": 0.0, \"m\": -1.0}",
  };
  g_autofree char *first = rewrite (texts[0]);
  g_autofree char *controls = rewrite (texts[3]);
  g_autofree char *last = rewrite (texts[4]);

  g_assert_cmpstr (first, ==, texts[0]);
  g_assert_cmpstr (controls, ==, texts[3]);
  g_assert_cmpstr (last, ==, texts[4]);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *once = rewrite (texts[i]);
    g_autofree char *twice = rewrite (once);

    g_assert_cmpstr (once, ==, twice);
    g_assert_null (strchr (once, '\n'));
  }
}

/* Nothing but one object, whatever json-glib would make of it. */
static void
test_json_refused (void)
{
  static const char *const texts[] = { "", "[]", "1", "{", "{\"a\"",
    "{\"a\": }", "{} {}", "{}x", "{\"a\": 'b'}", "{/* c */}",
    "{\"a\": 1}\n{\"b\": 2}", "var a = {}", "{\"a\": \"\xff\"}",
    "{\"a\": \"b\\", "{]", "{\"a\": nul}", "{\"a\": \"\\ud800\"}" };
  GString *deep = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node =
        gst_vlm_json_parse_object (texts[i], strlen (texts[i]), &error);

    g_assert_null (node);
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
  for (guint i = 0; i < 100000; i++)
    g_string_append (deep, "{\"a\":");
  g_assert_null (gst_vlm_json_parse_object (deep->str, deep->len, NULL));
  g_string_free (deep, TRUE);
}

static void
check_begin (const char *members, gint64 expected)
{
  g_autofree char *line = g_strdup_printf (
      "{\"type\": \"event\", \"start\": {\"stream_time\": 4.0}%s}", members);
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_parse (line, strlen (line), NULL);

  g_assert_nonnull (record);
  g_assert_cmpint (
      gst_vlm_record_guess_begin (record, 100 * G_TIME_SPAN_SECOND), ==,
      expected * G_TIME_SPAN_SECOND);
}

/* When an event began, by the clock of the recipient of the record. */
static void
test_begin (void)
{
  check_begin (", \"window\": {\"end\": 10.0}, \"latency_ms\": 2000.0", 92);
  check_begin (", \"window\": {\"end\": 10.0}", 100);
  check_begin (", \"latency_ms\": 2000.0", 100);
  check_begin (", \"window\": {\"end\": 3.0}, \"latency_ms\": 2000.0", 100);
  check_begin (", \"window\": {\"end\": 1e300}, \"latency_ms\": 2.0", 100);
  check_begin (", \"window\": 1, \"latency_ms\": \"no\"", 100);
}

static void
test_record (void)
{
  g_autofree char *line = make_event ("gate", "u1", 3, "begin");
  g_autoptr (GstVlmRecord) record =
      gst_vlm_record_parse (line, strlen (line), NULL);
  g_autoptr (GstVlmRecord) gap = NULL;
  g_autoptr (GstVlmRecord) more = NULL;

  g_assert_cmpstr (record->body, ==, line);
  g_assert_cmpstr (record->type, ==, "event");
  g_assert_cmpstr (record->stream, ==, "gate");
  g_assert_cmpint (record->state, ==, GST_VLM_RECORD_BEGIN);
  gap = gst_vlm_record_new_gap (NULL, record, "spool-full");
  more = gst_vlm_record_new_gap (gap, record, "spool-full");
  g_assert_cmpuint (gst_vlm_record_count (gap), ==, 1);
  g_assert_cmpuint (gst_vlm_record_count (more), ==, 2);
  g_assert_cmpstr (more->type, ==, "gap");
  g_assert_cmpint (more->seq, ==, 3);
  g_assert_cmpint (more->state, ==, GST_VLM_RECORD_NOTE);
}

static void
check_location (const char *text, const char *printable, const char *host,
    int port, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstVlmLocation) location = gst_vlm_location_parse (text, &error);
  g_autofree char *redacted = gst_vlm_location_redact (text);

  g_assert_no_error (error);
  g_assert_cmpstr (location->printable, ==, printable);
  g_assert_cmpstr (redacted, ==, printable);
  g_assert_cmpstr (location->host, ==, host);
  g_assert_cmpint (location->port, ==, port);
  g_assert_cmpstr (location->path, ==, path);
}

static void
test_location (void)
{
  g_autoptr (GstVlmLocation) location = NULL;
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *path = g_build_filename (here, "a b.jsonl", NULL);

  check_location ("mqtt://broker/cameras/gate", "mqtt://broker/cameras/gate",
      "broker", -1, "/cameras/gate");
  check_location ("mqtts://me:pa%2Fss@broker:8883/a%20b",
      "mqtts://me@broker:8883/a%20b", "broker", 8883, "/a b");
  check_location ("https://[::1]:8443/hook?token=s3cret&x=1",
      "https://[::1]:8443/…?token=***&x=1", "::1", 8443, "/hook");
  check_location ("http://a/", "http://a/", "a", -1, "/");
  check_location ("HTTP://a/b", "http://a/…", "a", -1, "/b");
  check_location ("kafka://me:pw@a:9092,b:9093,c/events",
      "kafka://me@a:9092,b:9093,c/events", "a:9092,b:9093,c", -1, "/events");
  check_location ("kafka:///events?sasl.password=x&acks=all",
      "kafka:///events?sasl.password=***&acks=all", "", -1, "/events");
  check_location ("file:///tmp/a.jsonl?max-size=5",
      "file:///tmp/a.jsonl?max-size=5", "", -1, "/tmp/a.jsonl");
  location = gst_vlm_location_parse ("a b.jsonl", NULL);
  g_assert_cmpstr (location->scheme, ==, "file");
  g_assert_cmpstr (location->path, ==, path);
}

/* What cannot be parsed may have a password in any place. */
static void
test_location_refused (void)
{
  static const char *const texts[] = { "mqtt://me:s3cret/x@broker/", "mqtt:x",
    "mqtt://me:s3cret@broker:port/", "https://me:s3cret@[::1/", "",
    "mqtt://me:s3cret@b/#s3cret", "http://a/?s3cret", "http://a/%zz" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstVlmLocation) location =
        gst_vlm_location_parse (texts[i], &error);
    g_autofree char *redacted = gst_vlm_location_redact (texts[i]);

    g_assert_null (location);
    g_assert_error (
        error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS);
    g_assert_null (strstr (error->message, "s3cret"));
    g_assert_null (strstr (redacted, "s3cret"));
  }
}

static gboolean
read_credentials (
    GstVlmCredentials *credentials, const char *text, GError **error)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "credentials", NULL);
  g_autoptr (GstVlmLocation) location =
      gst_vlm_location_parse ("mqtt://me:old@broker/", NULL);
  gboolean good;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  good = gst_vlm_credentials_read (credentials, path, location, error);
  remove_folder (folder);
  return good;
}

static void
test_credentials (void)
{
  GstVlmCredentials credentials = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (read_credentials (
      &credentials, "# of the broker\n\npassword = a=b \r\ntoken=t\n", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (credentials.username, ==, "me");
  g_assert_cmpstr (credentials.password, ==, "a=b");
  g_assert_cmpstr (credentials.token, ==, "t");
  gst_vlm_credentials_clear (&credentials);
  g_assert_null (credentials.password);

  g_assert_false (
      read_credentials (&credentials, "username=x\ns3cret\n", &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "line 2"));
  g_assert_null (strstr (error->message, "s3cret"));
  gst_vlm_credentials_clear (&credentials);
}

static void
test_backoff (void)
{
  const gint64 max = 60 * G_USEC_PER_SEC;
  gint64 longest = 0;

  for (guint n = 1; n < 100; n++) {
    gint64 low = gst_vlm_backoff_get_delay (n, max, 0.0);
    gint64 high = gst_vlm_backoff_get_delay (n, max, 1.0);

    g_assert_cmpint (low, >, 0);
    g_assert_cmpint (2 * low, ==, high);
    g_assert_cmpint (high, >=, longest);
    g_assert_cmpint (high, <=, max);
    longest = high;
  }
  g_assert_cmpint (longest, ==, max);
  g_assert_cmpint (
      gst_vlm_backoff_get_delay (1, max, 1.0), ==, G_USEC_PER_SEC / 2);
  g_assert_cmpint (gst_vlm_backoff_get_delay (50, 10, 1.0), ==, 10);
}

typedef struct
{
  char *folder;
  char *path;
  GstVlmWait wait;
  GstVlmCredentials credentials;
  GstVlmLocation *location;
  GstVlmTransportParams params;
} FileFixture;

static void
file_fixture_init (FileFixture *f, const char *query)
{
  g_autofree char *text = NULL;

  *f = (FileFixture){ .folder = make_folder () };
  f->path = g_build_filename (f->folder, "out.jsonl", NULL);
  text = g_strconcat ("file://", f->path, query, NULL);
  g_assert_true (gst_vlm_wait_init (&f->wait, NULL));
  f->location = gst_vlm_location_parse (text, NULL);
  f->params = (GstVlmTransportParams){
    .location = f->location, .credentials = &f->credentials, .wait = &f->wait
  };
}

static void
file_fixture_clear (FileFixture *f)
{
  gst_vlm_location_free (f->location);
  gst_vlm_wait_clear (&f->wait);
  g_free (f->path);
  remove_folder (f->folder);
}

static guint
deliver (GstVlmTransport *transport, guint first, guint n, GError **error)
{
  g_autoptr (GPtrArray) messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_message_free);

  for (guint i = first; i < first + n; i++) {
    GstVlmMessage *message = g_new0 (GstVlmMessage, 1);

    message->payload = g_strdup_printf ("{\"seq\": %06u}", i);
    g_ptr_array_add (messages, message);
  }
  return transport->klass->deliver (transport, messages, error);
}

static char *
read_all (FileFixture *f, const char *suffix)
{
  g_autofree char *path = g_strconcat (f->path, suffix, NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

/* A record is 16 bytes: three go into 50. */
static void
test_file_rotation (void)
{
  FileFixture f;
  g_autoptr (GstVlmTransport) transport = NULL;
  g_autofree char *now = NULL;
  g_autofree char *newest = NULL;
  g_autofree char *older = NULL;
  g_autofree char *oldest = NULL;
  g_autofree char *foreign = NULL;

  file_fixture_init (&f, "?max-size=50&max-files=2");
  foreign = g_strconcat (f.path, ".old", NULL);
  g_assert_true (g_file_set_contents (foreign, "mine", -1, NULL));
  transport = gst_vlm_transport_new (&f.params, NULL);
  g_assert_true (transport->klass->connect (transport, NULL));
  g_assert_cmpuint (deliver (transport, 0, 10, NULL), ==, 10);
  g_assert_cmpuint (deliver (transport, 10, 1, NULL), ==, 1);
  now = read_all (&f, "");
  newest = read_all (&f, ".3");
  older = read_all (&f, ".2");
  oldest = read_all (&f, ".1");
  g_assert_cmpstr (now, ==, "{\"seq\": 000009}\n{\"seq\": 000010}\n");
  g_assert_cmpstr (
      newest, ==, "{\"seq\": 000006}\n{\"seq\": 000007}\n{\"seq\": 000008}\n");
  g_assert_nonnull (older);
  g_assert_null (oldest);
  g_assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
  file_fixture_clear (&f);
}

/* Appends, never continues a broken line, and follows a file that was renamed. */
static void
test_file_appends (void)
{
  FileFixture f;
  g_autoptr (GstVlmTransport) transport = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *moved = NULL;

  file_fixture_init (&f, "");
  g_assert_true (g_file_set_contents (f.path, "{\"seq\": 0000", -1, NULL));
  transport = gst_vlm_transport_new (&f.params, NULL);
  g_assert_true (transport->klass->connect (transport, NULL));
  g_assert_cmpuint (deliver (transport, 1, 1, NULL), ==, 1);
  first = read_all (&f, "");
  g_assert_cmpstr (first, ==, "{\"seq\": 0000\n{\"seq\": 000001}\n");
  moved = g_strconcat (f.path, "-moved", NULL);
  g_assert_cmpint (g_rename (f.path, moved), ==, 0);
  g_assert_cmpuint (deliver (transport, 2, 1, NULL), ==, 1);
  second = read_all (&f, "");
  g_assert_cmpstr (second, ==, "{\"seq\": 000002}\n");
  file_fixture_clear (&f);
}

static void
test_file_refused (void)
{
  static const char *const queries[] = { "?max-size=0", "?max-size=x",
    "?maxsize=10", "?max-files=-1" };
  FileFixture f;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstVlmTransport) transport = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    file_fixture_init (&f, queries[i]);
    g_assert_null (gst_vlm_transport_new (&f.params, &error));
    g_assert_error (
        error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS);
    g_clear_error (&error);
    file_fixture_clear (&f);
  }
  file_fixture_init (&f, "");
  g_assert_cmpint (g_mkdir (f.path, 0700), ==, 0);
  transport = gst_vlm_transport_new (&f.params, NULL);
  g_assert_false (transport->klass->connect (transport, &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY);
  file_fixture_clear (&f);
}

static void
test_unknown_scheme (void)
{
  GstVlmTransportParams params = { 0 };
  g_autoptr (GstVlmLocation) location =
      gst_vlm_location_parse ("gopher://a/b", NULL);
  g_autoptr (GError) error = NULL;

  params.location = location;
  g_assert_null (gst_vlm_transport_new (&params, &error));
  g_assert_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "file"));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/json", test_json);
  g_test_add_func ("/publish/json/refused", test_json_refused);
  g_test_add_func ("/publish/record", test_record);
  g_test_add_func ("/publish/parts/begin", test_begin);
  g_test_add_func ("/publish/location", test_location);
  g_test_add_func ("/publish/location/refused", test_location_refused);
  g_test_add_func ("/publish/credentials", test_credentials);
  g_test_add_func ("/publish/backoff", test_backoff);
  g_test_add_func ("/publish/file/rotation", test_file_rotation);
  g_test_add_func ("/publish/file/appends", test_file_appends);
  g_test_add_func ("/publish/file/refused", test_file_refused);
  g_test_add_func ("/publish/unknown-scheme", test_unknown_scheme);
  return g_test_run ();
}
