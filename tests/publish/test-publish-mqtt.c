/* gst-vlm: vlmpublish and brokers of MQTT, good and bad ones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>

#include "publish/broker.h"
#include "publish/fake-broker.h"
#include "publish/fixture.h"

static const char *program;

static void
set_broker (PublishFixture *f, const char *scheme, const char *login,
    guint port, const char *topic)
{
  g_autofree char *location =
      g_strdup_printf ("%s://%s127.0.0.1:%u/%s", scheme, login, port, topic);

  g_object_set (f->element, "location", location, NULL);
}

/* The number in a line of the listener, which must be of @topic. */
static gint64
seq_of (const char *line, const char *topic)
{
  g_autofree char *start = g_strconcat (topic, " 0 ", NULL);
  g_autoptr (JsonNode) node = NULL;

  g_assert_true (g_str_has_prefix (line, start));
  node = json_from_string (line + strlen (start), NULL);
  g_assert_nonnull (node);
  return json_object_get_int_member (json_node_get_object (node), "seq");
}

/* All from 0 to @n - 1 came, in order; some may have come again from where a
 * connection broke off. */
static void
check_all (const GStrv lines, const char *topic, gint64 n)
{
  gint64 next = 0;

  for (guint i = 0; lines[i] != NULL; i++) {
    gint64 seq = seq_of (lines[i], topic);

    g_assert_cmpint (seq, <=, next);
    next = MAX (next, seq + 1);
  }
  g_assert_cmpint (next, ==, n);
}

/* The lines up to the one with the number @n - 1. Their count is not enough: some
 * may have come twice. */
static GStrv
wait_all (Listener *listener, const char *topic, guint n)
{
  for (guint wanted = n;; wanted++) {
    g_auto (GStrv) lines = listener_wait (listener, wanted);
    guint n_lines = g_strv_length (lines);

    if (seq_of (lines[n_lines - 1], topic) == (gint64) n - 1)
      return g_steal_pointer (&lines);
    wanted = n_lines;
  }
}

static void
push_all (PublishFixture *f, guint first, guint end)
{
  for (guint i = first; i < end; i++)
    publish_fixture_push_event (f, "a", i, "update");
}

static void
test_plain (void)
{
  Broker broker;
  Listener listener;
  PublishFixture f;
  g_auto (GStrv) lines = NULL;
  g_autofree char *record = make_event ("gate", "a", 0, "update");

  broker_init (&broker, NULL);
  broker_start (&broker);
  listener_init (&listener, &broker, "cameras/#", NULL);
  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "", broker.port, "cameras/front%20gate/");
  publish_fixture_start (&f);
  push_all (&f, 0, 100);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 100);
  lines = listener_wait (&listener, 100);
  check_all (lines, "cameras/front gate", 100);
  g_assert_cmpuint (g_strv_length (lines), ==, 100);
  g_assert_true (g_str_has_suffix (lines[0], record));
  publish_fixture_clear (&f);
  listener_clear (&listener);
  broker_clear (&broker);
}

/* At QoS 0, too, a message counts when it is written, and no acknowledgement is
 * awaited in vain. */
static void
test_qos (void)
{
  for (guint qos = 0; qos <= 2; qos++) {
    Broker broker;
    Listener listener;
    PublishFixture f;
    g_auto (GStrv) lines = NULL;

    broker_init (&broker, NULL);
    broker_start (&broker);
    listener_init (&listener, &broker, "gate", NULL);
    publish_fixture_init (&f);
    g_object_set (f.element, "qos", qos, NULL);
    set_broker (&f, "mqtt", "", broker.port, "gate");
    publish_fixture_start (&f);
    push_all (&f, 0, 200);
    publish_fixture_finish (&f);
    g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 200);
    g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 0);
    g_assert_cmpuint (publish_fixture_get_stat (&f, "retried"), ==, 0);
    lines = listener_wait (&listener, 200);
    check_all (lines, "gate", 200);
    publish_fixture_clear (&f);
    listener_clear (&listener);
    broker_clear (&broker);
  }
}

/* 3000 records without a broker: none is lost, and the pipeline does not wait. */
static void
test_away (void)
{
  Broker broker;
  Listener listener;
  PublishFixture f;
  g_auto (GStrv) lines = NULL;

  /* The listener has a session from before. */
  broker_init (&broker, NULL);
  broker_start (&broker);
  listener_init (&listener, &broker, "gate", "-c -i listener");
  broker_stop (&broker);
  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "", broker.port, "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 1500);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  push_all (&f, 1500, 3000);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 3000);
  broker_start (&broker);
  publish_fixture_finish (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-connected"));
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 3000);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "dropped"), ==, 0);
  lines = listener_wait (&listener, 3000);
  g_assert_cmpuint (g_strv_length (lines), ==, 3000);
  check_all (lines, "gate", 3000);
  publish_fixture_clear (&f);
  listener_clear (&listener);
  broker_clear (&broker);
}

/* The broker stops and starts, again and again; the listener gets all of it. */
static void
test_restarting (void)
{
  Broker broker;
  Listener listener;
  PublishFixture f;
  g_auto (GStrv) lines = NULL;

  broker_init (&broker, NULL);
  broker_start (&broker);
  listener_init (&listener, &broker, "gate", "-c -i listener");
  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "", broker.port, "gate");
  publish_fixture_start (&f);
  for (guint i = 0; i < 5; i++) {
    push_all (&f, 200 * i, 200 * i + 100);
    broker_stop (&broker);
    push_all (&f, 200 * i + 100, 200 * i + 200);
    broker_start (&broker);
  }
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 1000);
  lines = wait_all (&listener, "gate", 1000);
  check_all (lines, "gate", 1000);
  publish_fixture_clear (&f);
  listener_clear (&listener);
  broker_clear (&broker);
}

/* The broker stalls, and the records wait; then it continues. */
static void
test_slow (void)
{
  Broker broker;
  Listener listener;
  PublishFixture f;
  g_auto (GStrv) lines = NULL;

  broker_init (&broker, NULL);
  broker_start (&broker);
  listener_init (&listener, &broker, "gate", NULL);
  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "", broker.port, "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  publish_fixture_wait_sent (&f, 10);
  broker_signal (&broker, SIGSTOP);
  push_all (&f, 10, 300);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 290);
  broker_signal (&broker, SIGCONT);
  publish_fixture_finish (&f);
  lines = wait_all (&listener, "gate", 300);
  check_all (lines, "gate", 300);
  publish_fixture_clear (&f);
  listener_clear (&listener);
  broker_clear (&broker);
}

static void
check_error (PublishFixture *f, const char *expected)
{
  g_autofree char *error = NULL;

  error = publish_fixture_wait_error (f);
  g_assert_nonnull (strstr (error, expected));
  g_assert_null (strstr (error, "s3cret"));
}

static void
run_against_fake (FakeBrokerKind kind, const char *expected)
{
  FakeBroker *fake = fake_broker_new (kind);
  PublishFixture f;

  publish_fixture_init (&f);
  g_object_set (f.element, "timeout", 0.3, "eos-drain-timeout", 0.0, NULL);
  set_broker (&f, "mqtt", "", fake_broker_get_port (fake), "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  check_error (&f, expected);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 0);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 10);
  publish_fixture_clear (&f);
  fake_broker_free (fake);
}

static void
test_silent (void)
{
  run_against_fake (FAKE_BROKER_SILENT, "does not answer");
}

static void
test_no_acknowledge (void)
{
  run_against_fake (FAKE_BROKER_NO_ACKNOWLEDGE, "does not acknowledge");
}

static void
run_to_end (FakeBrokerKind kind)
{
  FakeBroker *fake = fake_broker_new (kind);
  PublishFixture f;

  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "", fake_broker_get_port (fake), "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 10);
  g_assert_cmpuint (fake_broker_get_n_messages (fake), >=, 10);
  publish_fixture_clear (&f);
  fake_broker_free (fake);
}

static void
test_old (void)
{
  run_to_end (FAKE_BROKER_OLD);
  run_to_end (FAKE_BROKER_OLD_AND_RUDE);
}

static void
test_breaks_off (void)
{
  run_to_end (FAKE_BROKER_BREAKS_OFF);
}

static void
test_unknown_host (void)
{
  PublishFixture f;

  publish_fixture_init (&f);
  g_object_set (
      f.element, "location", "mqtt://me:s3cret@no.such.invalid/gate", NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  check_error (&f, "mqtt://me@no.such.invalid/gate: ");
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 3);
  publish_fixture_clear (&f);
}

/* Wrong password first, then a topic that is not allowed, then neither. */
static void
test_refusing (void)
{
  Broker broker;
  PublishFixture f;
  g_autofree char *acl = NULL;
  g_autofree char *users = NULL;
  g_autofree char *credentials = NULL;
  g_autofree char *extra = NULL;
  g_autoptr (GSubprocess) process = NULL;

  broker_init (&broker, NULL);
  acl = path_in (broker.folder, "acl");
  users = path_in (broker.folder, "users");
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, NULL, "mosquitto_passwd",
      "-b", "-c", users, "me", "s3cret", NULL);
  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
  g_assert_true (
      g_file_set_contents (acl, "user me\ntopic write gate\n", -1, NULL));
  extra = g_strdup_printf (
      "allow_anonymous false\npassword_file %s\nacl_file %s\n", users, acl);
  g_free (broker.extra);
  broker.extra = g_steal_pointer (&extra);
  broker_start (&broker);

  publish_fixture_init (&f);
  set_broker (&f, "mqtt", "me:not-s3cret@", broker.port, "gate");
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 0, "begin");
  check_error (&f, "the broker refused the connection: Not authorized");
  publish_fixture_restart (&f);
  set_broker (&f, "mqtt", "me:s3cret@", broker.port, "yard");
  publish_fixture_start (&f);
  check_error (&f, "does not accept messages on yard: Not authorized");
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 0);

  publish_fixture_restart (&f);
  credentials = path_in (f.folder, "credentials");
  g_assert_true (g_file_set_contents (
      credentials, "username=me\npassword=s3cret\n", -1, NULL));
  g_object_set (f.element, "credentials", credentials, NULL);
  set_broker (&f, "mqtt", "", broker.port, "gate");
  publish_fixture_start (&f);
  publish_fixture_finish (&f);
  /* The begin, and the end that a later start added. */
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 0);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 2);
  publish_fixture_clear (&f);
  broker_clear (&broker);
}

static void
run_tls (Broker *broker, const char *ca, const char *expected)
{
  PublishFixture f;
  g_autofree char *ca_file = ca != NULL ? path_in (broker->folder, ca) : NULL;

  publish_fixture_init (&f);
  g_object_set (f.element, "ca-file", ca_file, NULL);
  set_broker (&f, "mqtts", "me:s3cret@", broker->port, "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  if (expected != NULL)
    check_error (&f, expected);
  else
    publish_fixture_finish (&f);
  g_assert_cmpuint (
      publish_fixture_get_stat (&f, "sent"), ==, expected != NULL ? 0 : 10);
  publish_fixture_clear (&f);
}

static char *
tls_lines (const Broker *broker, const char *name)
{
  return g_strdup_printf ("allow_anonymous true\ncertfile %s/%s.pem\n"
                          "keyfile %s/%s.key\n",
      broker->folder, name, broker->folder, name);
}

/* A server whose identity is not proven gets nothing. */
static void
test_tls (void)
{
  Broker broker;

  broker_init (&broker, NULL);
  make_certificates (broker.folder);
  broker.extra = tls_lines (&broker, "good");
  broker_start (&broker);
  run_tls (&broker, "ca.pem", NULL);
  run_tls (&broker, "other-ca.pem", "certificate");
  run_tls (&broker, NULL, "certificate");
  broker_stop (&broker);
  g_free (broker.extra);
  broker.extra = tls_lines (&broker, "wrong");
  broker_start (&broker);
  run_tls (&broker, "ca.pem", "verif"); /* in words of the version */
  broker_stop (&broker);
  /* No TLS at all. */
  g_clear_pointer (&broker.extra, g_free);
  broker_start (&broker);
  run_tls (&broker, "ca.pem", "mqtts://me@127.0.0.1");
  broker_clear (&broker);
}

/* The broker requires a certificate of the client. */
static void
test_client_certificate (void)
{
  Broker broker;
  PublishFixture f;
  g_autofree char *lines = NULL;
  g_autofree char *ca = NULL;
  g_autofree char *cert = NULL;
  g_autofree char *key = NULL;

  broker_init (&broker, NULL);
  make_certificates (broker.folder);
  lines = tls_lines (&broker, "good");
  ca = path_in (broker.folder, "ca.pem");
  cert = path_in (broker.folder, "wrong.pem");
  key = path_in (broker.folder, "wrong.key");
  broker.extra =
      g_strdup_printf ("%scafile %s\nrequire_certificate true\n", lines, ca);
  /* Only a client with a certificate sees that it listens. */
  broker_start (&broker);
  run_tls (&broker, "ca.pem", "mqtts://me@127.0.0.1");
  publish_fixture_init (&f);
  g_object_set (
      f.element, "ca-file", ca, "cert-file", cert, "key-file", key, NULL);
  set_broker (&f, "mqtts", "", broker.port, "gate");
  publish_fixture_start (&f);
  push_all (&f, 0, 10);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 10);
  publish_fixture_clear (&f);
  broker_clear (&broker);
}

static void
set_up_home (PublishFixture *f, guint port)
{
  gst_util_set_object_arg (G_OBJECT (f->element), "format", "homeassistant");
  g_object_set (f->element, "client-id", "box", NULL);
  set_broker (f, "mqtt", "", port, "home");
}

/* Says "sent" when the broker has the begin of an event, and waits for its
 * end. */
static int
child_open_event (const char *folder, const char *port)
{
  PublishFixture f;

  publish_fixture_init_in (&f, folder);
  set_up_home (&f, (guint) g_ascii_strtoull (port, NULL, 10));
  publish_fixture_start (&f);
  publish_fixture_push_event (&f, "a", 1, "begin");
  publish_fixture_wait_sent (&f, 1);
  g_print ("sent\n");
  g_usleep (600 * G_USEC_PER_SEC);
  return 1;
}

static void
kill_in_the_middle (const char *folder, guint port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program,
          "open-event", folder, text, NULL);
  g_autoptr (GDataInputStream) lines =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  g_autofree char *line =
      g_data_input_stream_read_line (lines, NULL, NULL, NULL);

  g_assert_cmpstr (line, ==, "sent");
  g_subprocess_force_exit (child);
  g_subprocess_wait (child, NULL, NULL);
  g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
}

static gboolean
has_line (const GStrv lines, const char *start, const char *part)
{
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], start) && strstr (lines[i], part) != NULL)
      return TRUE;
  return FALSE;
}

/* The broker announces that the publisher is gone; the next one switches off what
 * was on, and announces itself. */
static void
test_killed (void)
{
  Broker broker;
  Listener listener;
  PublishFixture f;
  char *folder = make_folder ();
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  guint n;

  broker_init (&broker, NULL);
  broker_start (&broker);
  listener_init (&listener, &broker, "home/#", NULL);
  kill_in_the_middle (folder, broker.port);
  before = listener_wait (&listener, 5);
  n = g_strv_length (before);
  g_assert_cmpuint (n, ==, 5);
  g_assert_cmpstr (before[0], ==, "home/box/availability 0 online");
  g_assert_true (has_line (before, "home/gate/a person falls/event 0 ",
      "\"event_type\": \"begin\""));
  g_assert_cmpstr (before[3], ==, "home/gate/a person falls/state 0 ON");
  g_assert_cmpstr (before[4], ==, "home/box/availability 0 offline");

  publish_fixture_init_in (&f, folder);
  set_up_home (&f, broker.port);
  publish_fixture_start (&f);
  publish_fixture_finish (&f);
  publish_fixture_clear (&f);
  after = listener_wait (&listener, n + 5);
  g_assert_cmpuint (g_strv_length (after), ==, n + 5);
  g_assert_cmpstr (after[n], ==, "home/box/availability 0 online");
  g_assert_true (has_line (after + n, "home/gate/a person falls/event 0 ",
      "\"reason\": \"interrupted\""));
  g_assert_cmpstr (after[n + 3], ==, "home/gate/a person falls/state 0 OFF");
  g_assert_cmpstr (after[n + 4], ==, "home/box/availability 0 offline");
  listener_clear (&listener);

  /* A later listener finds the state, and no old event. */
  listener_init (&listener, &broker, "home/#", NULL);
  g_strfreev (before);
  before = listener_wait (&listener, 3);
  g_assert_cmpuint (g_strv_length (before), ==, 3);
  g_assert_true (has_line (before, "home/gate/a person falls/state 1 ", "OFF"));
  g_assert_true (has_line (before, "home/box/availability 1 ", "offline"));
  listener_clear (&listener);
  listener_init (&listener, &broker, "homeassistant/#", NULL);
  g_strfreev (before);
  before = listener_wait (&listener, 2);
  g_assert_cmpuint (g_strv_length (before), ==, 2);
  listener_clear (&listener);
  broker_clear (&broker);
}

static void
push_subjects (PublishFixture *f, const char *source, const char *stream,
    const char *subjects)
{
  g_auto (GStrv) list = g_strsplit (subjects, ";", -1);
  GstStructure *structure = gst_structure_new ("vlm-subjects", "source",
      G_TYPE_STRING, source, "stream", G_TYPE_STRING, stream, NULL);
  GValue array = G_VALUE_INIT;

  gst_value_array_init (&array, 0);
  for (guint i = 0; list[i] != NULL; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_STRING);
    g_value_set_string (&value, list[i]);
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_structure_take_value (structure, "subjects", &array);
  g_assert_true (gst_harness_push_event (f->harness,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure)));
}

/* The number of retained messages whose lines contain @part. */
static guint
count_retained (const Broker *broker, const char *part)
{
  Listener listener;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  listener_init (&listener, broker, "'#'", NULL);
  lines = listener_wait (&listener, 1);
  for (guint i = 0; lines[i] != NULL; i++)
    n += strstr (lines[i], part) != NULL;
  listener_clear (&listener);
  return n;
}

/* The entities of a query are removed with it: while playing, and at a start. */
static void
test_removed_queries (void)
{
  Broker broker;
  PublishFixture f;

  broker_init (&broker, NULL);
  broker_start (&broker);
  publish_fixture_init (&f);
  set_up_home (&f, broker.port);
  publish_fixture_start (&f);
  push_subjects (&f, "1", "gate", "a dog;a cat");
  publish_fixture_wait_sent (&f, 2);
  g_assert_cmpuint (count_retained (&broker, "/a dog/"), ==, 3);
  push_subjects (&f, "1", "gate", "a cat");
  publish_fixture_wait_sent (&f, 4);
  g_assert_cmpuint (count_retained (&broker, "/a dog/"), ==, 0);
  g_assert_cmpuint (count_retained (&broker, "/a cat/"), ==, 3);
  publish_fixture_finish (&f);

  publish_fixture_restart (&f);
  set_up_home (&f, broker.port);
  publish_fixture_start (&f);
  push_subjects (&f, "1", "gate", "a bird");
  publish_fixture_wait_sent (&f, 2);
  g_assert_cmpuint (count_retained (&broker, "/a cat/"), ==, 0);
  g_assert_cmpuint (count_retained (&broker, "/a bird/"), ==, 3);
  publish_fixture_finish (&f);
  publish_fixture_clear (&f);
  broker_clear (&broker);
}

/* A stream that is renamed while it plays: its entities are removed, also that of
 * an event that is open, whose end has the new name. Of two sources with one
 * stream it is the other's, still. */
static void
test_renamed_stream (void)
{
  Broker broker;
  PublishFixture f;

  broker_init (&broker, NULL);
  broker_start (&broker);
  publish_fixture_init (&f);
  set_up_home (&f, broker.port);
  publish_fixture_start (&f);
  push_subjects (&f, "1", "gate", "a person falls;it rains");
  publish_fixture_push_event (&f, "a", 0, "begin");
  publish_fixture_wait_sent (&f, 3);
  g_assert_cmpuint (count_retained (&broker, "/gate"), ==, 4 + 3);
  push_subjects (&f, "1", "yard", "a person falls");
  publish_fixture_wait_sent (&f, 6);
  g_assert_cmpuint (count_retained (&broker, "/gate"), ==, 0);
  g_assert_cmpuint (count_retained (&broker, "/yard"), ==, 2 + 1);

  push_subjects (&f, "2", "yard", "a person falls");
  push_subjects (&f, "1", "door", "a person falls");
  publish_fixture_wait_sent (&f, 8);
  g_assert_cmpuint (count_retained (&broker, "/yard"), ==, 2 + 1);
  g_assert_cmpuint (count_retained (&broker, "/door"), ==, 2 + 1);
  publish_fixture_finish (&f);
  publish_fixture_clear (&f);
  broker_clear (&broker);
}

static void
test_settings (void)
{
  static const char *const locations[] = { "mqtt:///gate", "mqtt://a,b/gate",
    "mqtt://a/gate/%23", "mqtt://a/%2B", "mqtt://a/gate?x=y",
    "mqtt://a/gate%0Ayard" };

  for (guint i = 0; i < G_N_ELEMENTS (locations); i++) {
    PublishFixture f;

    publish_fixture_init (&f);
    g_object_set (f.element, "location", locations[i], NULL);
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    publish_fixture_clear (&f);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  program = argv[0];
  if (argc == 4 && strcmp (argv[1], "open-event") == 0)
    return child_open_event (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/mqtt/plain", test_plain);
  g_test_add_func ("/publish/mqtt/qos", test_qos);
  g_test_add_func ("/publish/mqtt/away", test_away);
  g_test_add_func ("/publish/mqtt/restarting", test_restarting);
  g_test_add_func ("/publish/mqtt/slow", test_slow);
  g_test_add_func ("/publish/mqtt/silent", test_silent);
  g_test_add_func ("/publish/mqtt/no-acknowledge", test_no_acknowledge);
  g_test_add_func ("/publish/mqtt/old", test_old);
  g_test_add_func ("/publish/mqtt/breaks-off", test_breaks_off);
  g_test_add_func ("/publish/mqtt/unknown-host", test_unknown_host);
  g_test_add_func ("/publish/mqtt/refusing", test_refusing);
  g_test_add_func ("/publish/mqtt/tls", test_tls);
  g_test_add_func ("/publish/mqtt/client-certificate", test_client_certificate);
  g_test_add_func ("/publish/mqtt/killed", test_killed);
  g_test_add_func ("/publish/mqtt/removed-queries", test_removed_queries);
  g_test_add_func ("/publish/mqtt/renamed-stream", test_renamed_stream);
  g_test_add_func ("/publish/mqtt/settings", test_settings);
  return g_test_run ();
}
