/* gst-vlm: vlmpublish and web servers, good and bad ones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "publish/broker.h"
#include "publish/fake-server.h"
#include "publish/fixture.h"

static void
set_server (
    PublishFixture *f, FakeServer *server, const char *login, const char *path)
{
  g_autofree char *location = g_strdup_printf (
      "http://%s127.0.0.1:%u%s", login, fake_server_get_port (server), path);

  g_object_set (f->element, "location", location, NULL);
}

static void
push_all (PublishFixture *f, guint first, guint end)
{
  for (guint i = first; i < end; i++)
    publish_fixture_push_event (f, "a", i, "note");
}

/* The record number @i, and no other, is body number @i. */
static void
check_bodies (FakeServer *server, guint n)
{
  g_autoptr (GPtrArray) bodies = fake_server_get_bodies (server);

  g_assert_cmpuint (bodies->len, ==, n);
  for (guint i = 0; i < n; i++) {
    g_autofree char *record = make_event ("gate", "a", i, "note");

    g_assert_cmpstr (bodies->pdata[i], ==, record);
  }
}

static void
test_plain (void)
{
  FakeServer *server = fake_server_new ();
  PublishFixture f;
  g_autofree char *credentials = NULL;
  g_autofree char *head = NULL;

  publish_fixture_init (&f);
  credentials = path_in (f.folder, "credentials");
  g_assert_true (g_file_set_contents (credentials, "token=s3cret", -1, NULL));
  g_object_set (f.element, "credentials", credentials, NULL);
  set_server (&f, server, "", "/hooks/a%20b?x=1");
  publish_fixture_start (&f);
  push_all (&f, 0, 20);
  publish_fixture_finish (&f);
  check_bodies (server, 20);
  head = fake_server_get_head (server);
  g_assert_true (g_str_has_prefix (head, "POST /hooks/a%20b?x=1 HTTP/1.1\n"));
  g_assert_nonnull (strstr (head, "Content-Type: application/json\n"));
  g_assert_nonnull (strstr (head, "Authorization: Bearer s3cret\n"));
  publish_fixture_clear (&f);

  /* A password instead; base64 of "me:pass". */
  publish_fixture_init (&f);
  set_server (&f, server, "me:pass@", "");
  publish_fixture_start (&f);
  push_all (&f, 0, 1);
  publish_fixture_finish (&f);
  g_free (head);
  head = fake_server_get_head (server);
  g_assert_true (g_str_has_prefix (head, "POST / HTTP/1.1\n"));
  g_assert_nonnull (strstr (head, "Authorization: Basic bWU6cGFzcw==\n"));
  publish_fixture_clear (&f);
  fake_server_free (server);
}

static void
test_batch (void)
{
  FakeServer *server = fake_server_new ();
  PublishFixture f;
  g_autoptr (GPtrArray) bodies = NULL;
  guint next = 0;

  /* What came before the server makes whole batches. */
  fake_server_set_mood (server, FAKE_SERVER_STATUS, 503);
  publish_fixture_init (&f);
  g_object_set (f.element, "batch-size", 10, NULL);
  set_server (&f, server, "", "/");
  publish_fixture_start (&f);
  push_all (&f, 0, 35);
  fake_server_set_mood (server, FAKE_SERVER_TAKE, 0);
  publish_fixture_finish (&f);
  bodies = fake_server_get_bodies (server);
  g_assert_cmpuint (bodies->len, <, 35);
  for (guint i = 0; i < bodies->len; i++) {
    g_autoptr (JsonNode) node = json_from_string (bodies->pdata[i], NULL);
    JsonArray *array = json_node_get_array (node);

    g_assert_cmpuint (json_array_get_length (array), <=, 10);
    for (guint k = 0; k < json_array_get_length (array); k++)
      g_assert_cmpint (json_object_get_int_member (
                           json_array_get_object_element (array, k), "seq"),
          ==, next++);
  }
  g_assert_cmpuint (next, ==, 35);
  publish_fixture_clear (&f);
  fake_server_free (server);
}

/* In each of its bad moods nothing counts as acknowledged; in a good one all of
 * it comes. */
static void
run_mood (FakeServerMood mood, guint status, const char *expected)
{
  FakeServer *server = fake_server_new ();
  PublishFixture f;
  g_autofree char *error = NULL;

  fake_server_set_mood (server, mood, status);
  publish_fixture_init (&f);
  g_object_set (
      f.element, "timeout", mood == FAKE_SERVER_STALL ? 0.2 : 30.0, NULL);
  set_server (&f, server, "me:s3cret@", "/hook");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  error = publish_fixture_wait_error (&f);
  g_assert_nonnull (strstr (error, expected));
  g_assert_null (strstr (error, "s3cret"));
  g_assert_null (strchr (error, '\x1b'));
  fake_server_wait (server, 3);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 0);
  fake_server_set_mood (server, FAKE_SERVER_TAKE, 0);
  publish_fixture_finish (&f);
  check_bodies (server, 10);
  publish_fixture_clear (&f);
  fake_server_free (server);
}

static void
test_moods (void)
{
  run_mood (FAKE_SERVER_STATUS, 500, "status 500: no [2J way");
  run_mood (FAKE_SERVER_STATUS, 429, "status 429");
  run_mood (FAKE_SERVER_STATUS, 401, "status 401");
  run_mood (FAKE_SERVER_STATUS, 302, "status 302, a redirection");
  run_mood (FAKE_SERVER_CLOSE, 0, "127.0.0.1");
  run_mood (FAKE_SERVER_TRUNCATE, 0, "127.0.0.1");
  run_mood (FAKE_SERVER_GARBAGE, 0, "127.0.0.1");
  run_mood (FAKE_SERVER_STALL, 0, "127.0.0.1");
}

/* An answer without end is no reason to wait, or to send again. */
static void
test_endless (void)
{
  FakeServer *server = fake_server_new ();
  PublishFixture f;

  fake_server_set_mood (server, FAKE_SERVER_ENDLESS, 0);
  publish_fixture_init (&f);
  set_server (&f, server, "", "/");
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  publish_fixture_finish (&f);
  check_bodies (server, 3);
  publish_fixture_clear (&f);
  fake_server_free (server);
}

/* One record is refused: it alone is left out, and a gap says so. */
static void
run_refused (guint batch_size)
{
  FakeServer *server = fake_server_new ();
  PublishFixture f;
  g_autoptr (GPtrArray) bodies = NULL;
  g_autofree char *all = NULL;

  fake_server_refuse (server,
      "\"event\", \"schema_version\": 1, "
      "\"event_uid\": \"poison\"");
  publish_fixture_init (&f);
  g_object_set (f.element, "batch-size", batch_size, NULL);
  set_server (&f, server, "", "/");
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 0, "note");
  publish_fixture_push_event (&f, "poison", 1, "note");
  publish_fixture_push_event (&f, "a", 2, "note");
  publish_fixture_finish (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-dropped"));
  g_assert_cmpuint (publish_fixture_get_stat (&f, "dropped"), ==, 1);
  bodies = fake_server_get_bodies (server);
  g_ptr_array_add (bodies, NULL);
  all = g_strjoinv ("\n", (char **) bodies->pdata);
  g_assert_nonnull (strstr (all, "\"seq\": 0,"));
  g_assert_nonnull (strstr (all, "\"seq\": 2,"));
  g_assert_nonnull (strstr (all,
      "\"poison-lost-1\", \"seq\": 1, "
      "\"state\": \"gap\", \"reason\": "
      "\"refused\", \"records\": 1"));
  /* Each of the others came once, and in order. */
  g_assert_true (strstr (all, "\"seq\": 0,") < strstr (all, "refused"));
  g_assert_true (strstr (all, "refused") < strstr (all, "\"seq\": 2,"));
  g_assert_null (strstr (strstr (all, "\"seq\": 2,") + 1, "\"seq\": 2,"));
  publish_fixture_clear (&f);
  fake_server_free (server);
}

static void
test_refused (void)
{
  run_refused (1);
  run_refused (3);
}

/* Nothing listens on the port; then the host does not exist. */
static void
test_away (void)
{
  PublishFixture f;
  g_autofree char *location = NULL;
  g_autofree char *error = NULL;

  publish_fixture_init (&f);
  location = g_strdup_printf ("http://127.0.0.1:%u/", find_port ());
  g_object_set (
      f.element, "location", location, "eos-drain-timeout", 0.0, NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  error = publish_fixture_wait_error (&f);
  g_assert_nonnull (strstr (error, location));
  publish_fixture_check_outage (&f);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 10);
  publish_fixture_clear (&f);

  publish_fixture_init (&f);
  g_object_set (f.element, "location", "https://no.such.invalid/", NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 1);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  publish_fixture_clear (&f);
}

static void
run_tls (guint port, const char *ca_file, const char *expected)
{
  PublishFixture f;
  g_autofree char *location =
      g_strdup_printf ("https://127.0.0.1:%u/hook", port);

  publish_fixture_init (&f);
  g_object_set (f.element, "location", location, "ca-file", ca_file, NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  if (expected == NULL) {
    publish_fixture_finish (&f);
    g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 3);
  } else {
    g_autofree char *error = NULL;

    error = publish_fixture_wait_error (&f);
    g_assert_nonnull (strstr (error, expected));
    g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 0);
  }
  publish_fixture_clear (&f);
}

static void
test_tls (void)
{
  char *folder = make_folder ();
  g_autofree char *ca = path_in (folder, "ca.pem");
  g_autofree char *other = path_in (folder, "other-ca.pem");
  g_autoptr (GSubprocess) good = NULL;
  g_autoptr (GSubprocess) wrong = NULL;
  guint good_port;
  guint wrong_port;

  make_certificates (folder);
  good = start_tls_server (folder, "good", &good_port);
  wrong = start_tls_server (folder, "wrong", &wrong_port);
  run_tls (good_port, ca, NULL);
  run_tls (good_port, other, "certificate");
  run_tls (good_port, NULL, "certificate");
  run_tls (wrong_port, ca, "127.0.0.1");
  g_subprocess_force_exit (good);
  g_subprocess_force_exit (wrong);
  g_subprocess_wait (good, NULL, NULL);
  g_subprocess_wait (wrong, NULL, NULL);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_setenv ("no_proxy", "*", TRUE);
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/http/plain", test_plain);
  g_test_add_func ("/publish/http/batch", test_batch);
  g_test_add_func ("/publish/http/moods", test_moods);
  g_test_add_func ("/publish/http/endless", test_endless);
  g_test_add_func ("/publish/http/refused", test_refused);
  g_test_add_func ("/publish/http/away", test_away);
  g_test_add_func ("/publish/http/tls", test_tls);
  return g_test_run ();
}
