/* gst-vlm: vlmpublish and brokers of Kafka, by librdkafka's own
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <string.h>

#include "publish/broker.h"
#include "publish/fixture.h"

#define TOPIC "cameras"
#define N_PARTITIONS 4
#define API_PRODUCE 0
#define PATIENCE (600 * G_USEC_PER_SEC)

/* A cluster of one broker, in this process. */
typedef struct
{
  rd_kafka_t *client;
  rd_kafka_mock_cluster_t *cluster;
  char *servers;
} Cluster;

static void
cluster_init (Cluster *c)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char reason[256];

  c->client = rd_kafka_new (RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  g_assert_nonnull (c->client);
  c->cluster = rd_kafka_mock_cluster_new (c->client, 1);
  g_assert_nonnull (c->cluster);
  rd_kafka_mock_topic_create (c->cluster, TOPIC, N_PARTITIONS, 1);
  c->servers = g_strdup (rd_kafka_mock_cluster_bootstraps (c->cluster));
}

static void
cluster_clear (Cluster *c)
{
  rd_kafka_mock_cluster_destroy (c->cluster);
  rd_kafka_destroy (c->client);
  g_free (c->servers);
}

static void
set_cluster (PublishFixture *f, const Cluster *c, const char *query)
{
  g_autofree char *location =
      g_strdup_printf ("kafka://%s/" TOPIC "%s", c->servers, query);

  g_object_set (f->element, "location", location, NULL);
}

static void
set (rd_kafka_conf_t *conf, const char *name, const char *value)
{
  char reason[256];

  g_assert_cmpint (rd_kafka_conf_set (conf, name, value, reason, sizeof reason),
      ==, RD_KAFKA_CONF_OK);
}

/* The first @n payloads of the topic. Those of one key have one partition. */
static GPtrArray *
consume (const Cluster *c, guint n)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  rd_kafka_topic_partition_list_t *topics =
      rd_kafka_topic_partition_list_new (N_PARTITIONS);
  GPtrArray *payloads = g_ptr_array_new_with_free_func (g_free);
  gint64 until = g_get_monotonic_time () + PATIENCE;
  rd_kafka_t *consumer;

  set (conf, "bootstrap.servers", c->servers);
  set (conf, "group.id", "test");
  consumer = rd_kafka_new (RD_KAFKA_CONSUMER, conf, NULL, 0);
  g_assert_nonnull (consumer);
  rd_kafka_poll_set_consumer (consumer);
  for (int i = 0; i < N_PARTITIONS; i++)
    rd_kafka_topic_partition_list_add (topics, TOPIC, i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign (consumer, topics);
  while (payloads->len < n) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll (consumer, 100);

    g_assert_cmpint (g_get_monotonic_time (), <, until);
    if (message == NULL)
      continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      g_assert_cmpuint (message->key_len, ==, strlen ("gate"));
      g_ptr_array_add (payloads, g_strndup (message->payload, message->len));
    }
    rd_kafka_message_destroy (message);
  }
  rd_kafka_topic_partition_list_destroy (topics);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
  return payloads;
}

static void
push_all (PublishFixture *f, guint first, guint end)
{
  for (guint i = first; i < end; i++)
    publish_fixture_push_event (f, "a", i, "note");
}

static void
check_payloads (const Cluster *c, guint n)
{
  g_autoptr (GPtrArray) payloads = consume (c, n);

  for (guint i = 0; i < n; i++) {
    g_autofree char *record = make_event ("gate", "a", i, "note");

    g_assert_cmpstr (payloads->pdata[i], ==, record);
  }
}

static void
test_plain (void)
{
  Cluster c;
  PublishFixture f;

  cluster_init (&c);
  publish_fixture_init (&f);
  set_cluster (&f, &c, "?linger.ms=1");
  publish_fixture_start (&f);
  push_all (&f, 0, 200);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 200);
  check_payloads (&c, 200);
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

/* The broker is down, then up: all of it comes, in order. */
static void
test_away (void)
{
  Cluster c;
  PublishFixture f;

  cluster_init (&c);
  rd_kafka_mock_broker_set_down (c.cluster, 1);
  publish_fixture_init (&f);
  set_cluster (&f, &c, "");
  publish_fixture_start (&f);
  push_all (&f, 0, 100);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  push_all (&f, 100, 200);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 200);
  rd_kafka_mock_broker_set_up (c.cluster, 1);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 200);
  check_payloads (&c, 200);
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

/* The broker stops and starts, again and again. */
static void
test_restarting (void)
{
  Cluster c;
  PublishFixture f;

  cluster_init (&c);
  publish_fixture_init (&f);
  set_cluster (&f, &c, "");
  publish_fixture_start (&f);
  for (guint i = 0; i < 4; i++) {
    push_all (&f, 20 * i, 20 * i + 10);
    publish_fixture_wait_sent (&f, 20 * i + 10);
    rd_kafka_mock_broker_set_down (c.cluster, 1);
    push_all (&f, 20 * i + 10, 20 * i + 20);
    gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
    rd_kafka_mock_broker_set_up (c.cluster, 1);
    publish_fixture_wait_sent (&f, 20 * i + 20);
  }
  publish_fixture_finish (&f);
  check_payloads (&c, 80);
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

/* Nothing listens: that is one outage, however many attempts there are. */
static void
test_outage (void)
{
  PublishFixture f;
  g_autofree char *location =
      g_strdup_printf ("kafka://127.0.0.1:%u/" TOPIC, find_port ());

  publish_fixture_init (&f);
  g_object_set (f.element, "location", location, NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  publish_fixture_check_outage (&f);
  publish_fixture_clear (&f);
}

static void
run_tls (guint port, const char *ca_file, gboolean is_trusted)
{
  PublishFixture f;
  g_autofree char *location = g_strdup_printf (
      "kafka://127.0.0.1:%u/" TOPIC "?api.version.request.timeout.ms=500",
      port);
  g_autofree char *error = NULL;

  publish_fixture_init (&f);
  g_object_set (f.element, "location", location, "ca-file", ca_file, NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  error = publish_fixture_wait_error (&f);
  g_assert_cmpint (strstr (error, "certificate") == NULL, ==, is_trusted);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 3);
  publish_fixture_clear (&f);
}

/* A server whose identity is not proven gets nothing. (The mock cluster has no
 * TLS: one that is trusted is no broker, and says so after the handshake.) */
static void
test_tls (void)
{
  char *folder = make_folder ();
  g_autofree char *ca = path_in (folder, "ca.pem");
  g_autofree char *other = path_in (folder, "other-ca.pem");
  g_autoptr (GSubprocess) server = NULL;
  guint port;

  make_certificates (folder);
  server = start_tls_server (folder, "good", &port);
  run_tls (port, ca, TRUE);
  run_tls (port, other, FALSE);
  g_subprocess_force_exit (server);
  g_subprocess_wait (server, NULL, NULL);
  remove_folder (folder);
}

/* The broker is slower than the timeout allows. */
static void
test_slow (void)
{
  Cluster c;
  PublishFixture f;
  g_autofree char *error = NULL;

  cluster_init (&c);
  publish_fixture_init (&f);
  g_object_set (f.element, "timeout", 0.5, NULL);
  set_cluster (&f, &c, "");
  publish_fixture_start (&f);
  push_all (&f, 0, 1);
  publish_fixture_wait_sent (&f, 1);
  rd_kafka_mock_broker_set_rtt (c.cluster, 1, 5000);
  push_all (&f, 1, 20);
  error = publish_fixture_wait_error (&f);
  g_assert_nonnull (strstr (error, "no acknowledgement in time"));
  rd_kafka_mock_broker_set_rtt (c.cluster, 1, 0);
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 20);
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

/* The broker refuses with passing errors, after which the client itself retries,
 * and with one that does not pass. */
static void
test_refusing (void)
{
  Cluster c;
  PublishFixture f;
  g_autofree char *error = NULL;

  cluster_init (&c);
  publish_fixture_init (&f);
  set_cluster (&f, &c, "?retry.backoff.ms=10");
  rd_kafka_mock_push_request_errors (c.cluster, API_PRODUCE, 3,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  publish_fixture_start (&f);
  push_all (&f, 0, 20);
  error = publish_fixture_wait_error (&f);
  g_assert_nonnull (strstr (error, "authorization"));
  publish_fixture_finish (&f);
  g_assert_cmpuint (publish_fixture_get_stat (&f, "sent"), ==, 20);
  check_payloads (&c, 20);
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

/* A record that no broker would accept is left out. */
static void
test_too_large (void)
{
  Cluster c;
  PublishFixture f;
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *line = g_strdup_printf (
      "{\"type\": \"event\", \"event_uid\": \"b\", \"seq\": 1, \"stream\": "
      "\"gate\", \"description\": \"%s\"}\n",
      filler);
  g_autoptr (GPtrArray) payloads = NULL;

  cluster_init (&c);
  publish_fixture_init (&f);
  set_cluster (&f, &c, "?message.max.bytes=2000");
  publish_fixture_start (&f);
  push_all (&f, 0, 1);
  publish_fixture_push (&f, line);
  push_all (&f, 2, 3);
  publish_fixture_finish (&f);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-dropped"));
  payloads = consume (&c, 3);
  g_assert_nonnull (strstr (payloads->pdata[1], "\"reason\": \"refused\""));
  g_assert_nonnull (strstr (payloads->pdata[2], "\"seq\": 2,"));
  publish_fixture_clear (&f);
  cluster_clear (&c);
}

static void
test_unknown_host (void)
{
  PublishFixture f;

  publish_fixture_init (&f);
  g_object_set (
      f.element, "location", "kafka://me:s3cret@no.such.invalid/a", NULL);
  publish_fixture_start (&f);
  push_all (&f, 0, 3);
  gst_message_unref (publish_fixture_wait (&f, "vlm-publish-disconnected"));
  g_assert_cmpuint (publish_fixture_get_stat (&f, "waiting"), ==, 3);
  publish_fixture_clear (&f);
}

static void
test_settings (void)
{
  static const char *const locations[] = { "kafka://a/", "kafka://a/b/c",
    "kafka://a/b?no.such=1", "kafka://a/b?acks=s3cret",
    "kafka://a/b?plugin.library.paths=x" };

  for (guint i = 0; i < G_N_ELEMENTS (locations); i++) {
    PublishFixture f;
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;

    publish_fixture_init (&f);
    g_object_set (f.element, "location", locations[i], NULL);
    g_assert_cmpint (gst_element_set_state (f.element, GST_STATE_PAUSED), ==,
        GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (f.bus, GST_MESSAGE_ERROR);
    gst_message_parse_error (message, &error, NULL);
    g_test_message ("%s", error->message);
    publish_fixture_clear (&f);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/kafka/plain", test_plain);
  g_test_add_func ("/publish/kafka/away", test_away);
  g_test_add_func ("/publish/kafka/restarting", test_restarting);
  g_test_add_func ("/publish/kafka/outage", test_outage);
  g_test_add_func ("/publish/kafka/tls", test_tls);
  g_test_add_func ("/publish/kafka/slow", test_slow);
  g_test_add_func ("/publish/kafka/refusing", test_refusing);
  g_test_add_func ("/publish/kafka/too-large", test_too_large);
  g_test_add_func ("/publish/kafka/unknown-host", test_unknown_host);
  g_test_add_func ("/publish/kafka/settings", test_settings);
  return g_test_run ();
}
