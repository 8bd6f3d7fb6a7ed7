/* gst-vlm: publishing to a Kafka topic
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kafka://HOST[:9092][,HOST[:PORT]…]/TOPIC[?SETTING=VALUE…], with any setting of
 * librdkafka. Records of one stream have one key: they go to one partition, and
 * keep their order. A message is acknowledged by its delivery report. */
#include "publish/transport.h"

#include <gst/gst.h>
#include <librdkafka/rdkafka.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "publish/error.h"

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_publish_debug);
#define GST_CAT_DEFAULT gst_vlm_publish_debug

#define MAX_TOPIC 249
/* How long the purge of what was not sent may take. */
#define PURGE_PATIENCE 1000 /* ms */

typedef struct _KafkaTransport KafkaTransport;

/* The argument of a client's callbacks. Its threads write into the log until it
 * is destroyed, which may be later than the transport. */
typedef struct
{
  KafkaTransport *transport;
  GstVlmSecrets *secrets;
  rd_kafka_t *client;
} Session;

struct _KafkaTransport
{
  GstVlmTransport parent;
  rd_kafka_conf_t *conf;
  const char *topic;
  Session *session;
  rd_kafka_t *client; /* that of the session; NULL: not connected */
  int event_fd;       /* readable: the client has events */
  /* Of deliver(). */
  rd_kafka_resp_err_t *results; /* of each message */
  guint n_reports;
  char *failure; /* of the connection, according to the client */
};

/* Of a message without a report yet; Kafka does not report this error. */
#define PENDING RD_KAFKA_RESP_ERR__IN_PROGRESS

static gboolean
settings_error (KafkaTransport *self, const char *text, GError **error)
{
  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
      "%s: %s", self->parent.params->location->printable, text);
  return FALSE;
}

static gboolean
away (KafkaTransport *self, const char *text, GError **error)
{
  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY,
      "%s: %s", self->parent.params->location->printable, text);
  return FALSE;
}

static void
on_report (
    rd_kafka_t *client, const rd_kafka_message_t *message, void *user_data)
{
  KafkaTransport *self = ((Session *) user_data)->transport;
  guint i = GPOINTER_TO_UINT (message->_private);

  /* NULL: the report is of an earlier delivery. */
  if (self->results == NULL)
    return;
  self->results[i] = message->err;
  self->n_reports++;
}

/* Errors for which a message would wait without end. */
static void
on_error (rd_kafka_t *client, int code, const char *reason, void *user_data)
{
  const Session *session = user_data;
  KafkaTransport *self = session->transport;
  g_autofree char *shown = gst_vlm_secrets_hide (session->secrets, reason);
  char *counts = g_strrstr (shown, " (after ");

  GST_DEBUG ("%s: %s", rd_kafka_err2name (code), shown);
  /* How long it took, and how often it happened before. */
  if (counts != NULL)
    *counts = '\0';
  /* The first one is the cause; that all brokers are down does not help. */
  if (self->failure != NULL && code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    return;
  g_free (self->failure);
  self->failure = g_steal_pointer (&shown);
}

static void
on_log (
    const rd_kafka_t *client, int level, const char *facility, const char *text)
{
  const Session *session = rd_kafka_opaque (client);
  g_autofree char *shown = gst_vlm_secrets_hide (session->secrets, text);

  GST_DEBUG ("%s: %s", facility, shown);
}

/* librdkafka's message about an invalid value may contain the value. */
static gboolean
set (KafkaTransport *self, const char *name, const char *value, GError **error)
{
  char reason[256];
  g_autofree char *text = NULL;

  if (value == NULL ||
      rd_kafka_conf_set (self->conf, name, value, reason, sizeof reason) ==
          RD_KAFKA_CONF_OK)
    return TRUE;
  text = g_strdup_printf ("Kafka does not accept this value of `%s`", name);
  return settings_error (self, text, error);
}

static gboolean
set_security (KafkaTransport *self, GError **error)
{
  const GstVlmTransportParams *params = self->parent.params;
  const GstVlmCredentials *c = params->credentials;
  gboolean tls = params->ca_file != NULL || params->cert_file != NULL;
  gboolean login = c->username != NULL;
  const char *protocol = tls ? login ? "sasl_ssl" : "ssl"
      : login                ? "sasl_plaintext"
                             : NULL;

  return set (self, "security.protocol", protocol, error) &&
      set (self, "sasl.mechanisms", login ? "PLAIN" : NULL, error) &&
      set (self, "sasl.username", c->username, error) &&
      set (self, "sasl.password", c->password, error) &&
      set (self, "ssl.ca.location", params->ca_file, error) &&
      set (self, "ssl.certificate.location", params->cert_file, error) &&
      set (self, "ssl.key.location", params->key_file, error) &&
      set (self, "ssl.key.password", c->key_password, error);
}

/* Those of the location, which are set last. */
static gboolean
set_params (KafkaTransport *self, GError **error)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, self->parent.params->location->params);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    /* This one loads code. */
    if (strcmp (name, "plugin.library.paths") == 0)
      return settings_error (self, "no plugins can be loaded", error);
    if (!set (self, name, value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_all (KafkaTransport *self, GError **error)
{
  const GstVlmTransportParams *params = self->parent.params;
  g_autofree char *brokers = params->location->port >= 0
      ? g_strdup_printf (
            strchr (params->location->host, ':') ? "[%s]:%d" : "%s:%d",
            params->location->host, params->location->port)
      : g_strdup (params->location->host);

  rd_kafka_conf_set_dr_msg_cb (self->conf, on_report);
  rd_kafka_conf_set_error_cb (self->conf, on_error);
  rd_kafka_conf_set_log_cb (self->conf, on_log);
  /* Retries keep the order, and this transport decides how long they take. */
  return set (self, "bootstrap.servers", *brokers != '\0' ? brokers : NULL,
             error) &&
      set (self, "client.id", params->client_id, error) &&
      set (self, "enable.idempotence", "true", error) &&
      set (self, "message.timeout.ms", "0", error) &&
      set_security (self, error) && set_params (self, error);
}

static gboolean
check_topic (KafkaTransport *self, GError **error)
{
  gsize size = strlen (self->topic);

  if (size > 0 && size <= MAX_TOPIC &&
      strspn (self->topic, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") ==
          size)
    return TRUE;
  return settings_error (self,
      "the host must be followed by the topic, of letters, digits, dots, "
      "dashes and underscores: kafka://HOST/TOPIC",
      error);
}

static void
kafka_destroy (GstVlmTransport *transport)
{
  KafkaTransport *self = (KafkaTransport *) transport;

  rd_kafka_conf_destroy (self->conf);
  g_free (self->failure);
  g_free (self);
}

static GstVlmTransport *
kafka_create (const GstVlmTransportParams *params, GError **error)
{
  KafkaTransport *self = g_new0 (KafkaTransport, 1);
  const char *path = params->location->path;

  self->parent.klass = &gst_vlm_transport_kafka;
  self->parent.params = params;
  self->event_fd = -1;
  self->topic = *path == '/' ? path + 1 : path;
  self->conf = rd_kafka_conf_new ();
  if (check_topic (self, error) && set_all (self, error))
    return (GstVlmTransport *) self;
  kafka_destroy ((GstVlmTransport *) self);
  return NULL;
}

static void
serve (KafkaTransport *self)
{
  while (rd_kafka_poll (self->client, 0) > 0)
    ;
}

static Session *
session_new (KafkaTransport *self)
{
  Session *session = g_new0 (Session, 1);

  session->transport = self;
  session->secrets = gst_vlm_secrets_ref (self->parent.params->secrets);
  return session;
}

static void
session_free (Session *session)
{
  if (session->client != NULL)
    rd_kafka_destroy (session->client);
  gst_vlm_secrets_unref (session->secrets);
  g_free (session);
}

static gboolean
kafka_connect (GstVlmTransport *transport, GError **error)
{
  static const guint64 one = 1;
  KafkaTransport *self = (KafkaTransport *) transport;
  rd_kafka_conf_t *conf = rd_kafka_conf_dup (self->conf);
  char reason[512];
  rd_kafka_queue_t *queue;

  g_clear_pointer (&self->failure, g_free);
  self->event_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->event_fd < 0) {
    rd_kafka_conf_destroy (conf);
    return away (self, "no file descriptor is left", error);
  }
  self->session = session_new (self);
  rd_kafka_conf_set_opaque (conf, self->session);
  self->client = rd_kafka_new (RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  self->session->client = self->client;
  if (self->client == NULL) {
    g_autofree char *shown =
        gst_vlm_secrets_hide (self->session->secrets, reason);

    rd_kafka_conf_destroy (conf);
    g_clear_pointer (&self->session, session_free);
    close (self->event_fd);
    return away (self, shown, error);
  }
  queue = rd_kafka_queue_get_main (self->client);
  rd_kafka_queue_io_event_enable (queue, self->event_fd, &one, sizeof one);
  rd_kafka_queue_destroy (queue);
  /* Only records that come to an empty queue are signalled. */
  serve (self);
  return TRUE;
}

/* FALSE: it was stopped. */
static gboolean
turn (KafkaTransport *self, gint64 timeout, gboolean for_wake,
    GstVlmWaitResult *result)
{
  GPollFD fd = { .fd = self->event_fd, .events = G_IO_IN };
  eventfd_t count;

  *result =
      gst_vlm_wait_for (self->parent.params->wait, &fd, 1, timeout, for_wake);
  eventfd_read (self->event_fd, &count);
  serve (self);
  return *result != GST_VLM_WAIT_STOPPED;
}

static rd_kafka_resp_err_t
produce (KafkaTransport *self, const GstVlmMessage *message, guint i)
{
  const char *key = message->key != NULL && *message->key != '\0'
      ? message->key
      : self->parent.params->client_id;
  const char *content_type = message->content_type;
  ssize_t type_size = content_type != NULL ? -1 : 0;

  return rd_kafka_producev (self->client, RD_KAFKA_V_TOPIC (self->topic),
      RD_KAFKA_V_KEY (key, strlen (key)),
      RD_KAFKA_V_VALUE (message->payload, strlen (message->payload)),
      RD_KAFKA_V_HEADER ("content-type", content_type, type_size),
      RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_OPAQUE (GUINT_TO_POINTER (i)), RD_KAFKA_V_END);
}

/* Until each of @n messages has its report. */
static gboolean
await_reports (KafkaTransport *self, guint n, GError **error)
{
  gint64 patience = self->parent.params->ack_timeout;
  gint64 until = g_get_monotonic_time () + patience;
  guint n_before = self->n_reports;

  while (self->n_reports < n) {
    gint64 now = g_get_monotonic_time ();
    GstVlmWaitResult result;

    if (self->n_reports != n_before)
      until = now + patience;
    n_before = self->n_reports;
    if (self->failure != NULL)
      return away (self, self->failure, error);
    if (now >= until)
      return away (self, "no acknowledgement in time", error);
    if (!turn (self, until - now, FALSE, &result)) {
      g_set_error_literal (
          error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "it was stopped");
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
is_refusal (rd_kafka_resp_err_t code)
{
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
      code == RD_KAFKA_RESP_ERR_INVALID_MSG ||
      code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
      code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
      code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

static void
report (KafkaTransport *self, rd_kafka_resp_err_t code, GError **error)
{
  g_clear_error (error);
  g_set_error (error, GST_VLM_PUBLISH_ERROR,
      is_refusal (code) ? GST_VLM_PUBLISH_ERROR_REFUSED
                        : GST_VLM_PUBLISH_ERROR_AWAY,
      "%s: %s", self->parent.params->location->printable,
      rd_kafka_err2str (code));
}

static guint
kafka_deliver (GstVlmTransport *transport, GPtrArray *messages, GError **error)
{
  KafkaTransport *self = (KafkaTransport *) transport;
  g_autofree rd_kafka_resp_err_t *results =
      g_new (rd_kafka_resp_err_t, messages->len);
  rd_kafka_resp_err_t not_sent = RD_KAFKA_RESP_ERR_NO_ERROR;
  guint n_sent = 0;
  guint n = 0;

  self->results = results;
  self->n_reports = 0;
  g_clear_pointer (&self->failure, g_free);
  for (guint i = 0; i < messages->len; i++)
    results[i] = PENDING;
  while (n_sent < messages->len && not_sent == RD_KAFKA_RESP_ERR_NO_ERROR) {
    not_sent = produce (self, messages->pdata[n_sent], n_sent);
    n_sent += not_sent == RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  await_reports (self, n_sent, error);
  self->results = NULL;
  while (n < n_sent && results[n] == RD_KAFKA_RESP_ERR_NO_ERROR)
    n++;
  if (n < n_sent && results[n] != PENDING)
    report (self, results[n], error);
  else if (n == n_sent && n < messages->len)
    report (self, not_sent, error);
  return n;
}

static gboolean
kafka_idle (GstVlmTransport *transport, GError **error)
{
  KafkaTransport *self = (KafkaTransport *) transport;
  GstVlmWaitResult result;

  while (turn (self, -1, TRUE, &result) && result != GST_VLM_WAIT_WOKEN)
    ;
  return TRUE;
}

static gpointer
destroy_thread (gpointer session)
{
  session_free (session);
  return NULL;
}

/* Records that were not acknowledged stay in the spool: the client must not send
 * them later. It waits for its own threads, which may wait for a name server. */
static void
kafka_disconnect (GstVlmTransport *transport, const GstVlmMessage *last)
{
  KafkaTransport *self = (KafkaTransport *) transport;
  rd_kafka_queue_t *queue = rd_kafka_queue_get_main (self->client);

  rd_kafka_purge (self->client,
      RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
          RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_flush (self->client, PURGE_PATIENCE);
  rd_kafka_queue_io_event_enable (queue, -1, NULL, 0);
  rd_kafka_queue_destroy (queue);
  close (self->event_fd);
  self->event_fd = -1;
  g_thread_unref (g_thread_new (
      "vlmpublish-kafka", destroy_thread, g_steal_pointer (&self->session)));
  self->client = NULL;
}

const GstVlmTransportClass gst_vlm_transport_kafka = {
  .create = kafka_create,
  .destroy = kafka_destroy,
  .connect = kafka_connect,
  .deliver = kafka_deliver,
  .idle = kafka_idle,
  .disconnect = kafka_disconnect,
};
