/* gst-vlm: publishing to an MQTT broker
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mqtt://HOST[:1883]/TOPIC and mqtts://HOST[:8883]/TOPIC. MQTT 5 reports why a
 * message was refused; a broker without it gets 3.1.1. The spool remembers
 * what is to be sent, so sessions are clean. A message is acknowledged by
 * PUBACK or, at QoS 2, by PUBCOMP. */
#include "publish/transport.h"

#include <errno.h>
#include <gst/gst.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publish/error.h"

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_publish_debug);
#define GST_CAT_DEFAULT gst_vlm_publish_debug

#define KEEPALIVE 30 /* s */
/* How often the library looks whether it must send a ping. */
#define TICK (5 * G_USEC_PER_SEC)
/* How long the last message may take, ms. */
#define LAST_PATIENCE 1000
#define SYSTEM_CERTIFICATES "/etc/ssl/certs"

/* Resolving a name and connecting block, and cannot be cancelled: they have a
 * thread of their own, which is left alone when it takes too long. Reference
 * counted. */
typedef struct
{
  struct mosquitto *mosq;
  char *host;
  int port;
  int done_fd; /* an eventfd */
  /* Of the thread, until done_fd is signalled. */
  int result;
  int code; /* errno, or that of getaddrinfo() */

  char *key_password; /* (nullable) */
  GstVlmSecrets *secrets;
  GMutex lock;
  char *said; /* by the library, under the lock: what went wrong */

  /* Of the publisher's thread. */
  gboolean answered;
  int reason; /* of CONNACK */
  GArray *mids;
  GArray *reasons; /* int; -1: not acknowledged */
  guint n_acknowledged;
  int early; /* acknowledged before publish() knew its number, or 0 */
} Link;

typedef struct
{
  GstVlmTransport parent;
  Link *link; /* NULL: not connected */
  int port;
  gboolean secure;
  int version; /* MQTT_PROTOCOL_V5 or MQTT_PROTOCOL_V311 */
} MqttTransport;

static void
link_clear (gpointer data)
{
  Link *link = data;

  mosquitto_destroy (link->mosq);
  if (link->done_fd >= 0)
    close (link->done_fd);
  if (link->key_password != NULL)
    explicit_bzero (link->key_password, strlen (link->key_password));
  g_free (link->key_password);
  gst_vlm_secrets_unref (link->secrets);
  g_free (link->host);
  g_free (link->said);
  g_array_unref (link->mids);
  g_array_unref (link->reasons);
  g_mutex_clear (&link->lock);
}

static void
link_unref (Link *link)
{
  g_atomic_rc_box_release_full (link, link_clear);
}

static gboolean
away (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
away (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (
      error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY, text);
  return FALSE;
}

static void
on_log (struct mosquitto *mosq, void *user_data, int level, const char *text)
{
  Link *link = user_data;
  g_autofree char *shown = gst_vlm_secrets_hide (link->secrets, text);

  GST_TRACE ("%s", shown);
  if (level != MOSQ_LOG_ERR && level != MOSQ_LOG_WARNING)
    return;
  g_mutex_lock (&link->lock);
  /* The first one is the cause. */
  if (link->said == NULL)
    link->said = g_steal_pointer (&shown);
  g_mutex_unlock (&link->lock);
}

static void
on_connect (struct mosquitto *mosq, void *user_data, int reason, int flags,
    const mosquitto_property *properties)
{
  Link *link = user_data;

  link->answered = TRUE;
  link->reason = reason;
}

static void
note_acknowledged (Link *link, guint i, int reason)
{
  g_array_index (link->reasons, int, i) = reason;
  link->n_acknowledged++;
}

/* At QoS 0 the library calls this when it has written the message, which may
 * be during the call that publishes it. */
static void
on_publish (struct mosquitto *mosq, void *user_data, int mid, int reason,
    const mosquitto_property *properties)
{
  Link *link = user_data;

  for (guint i = 0; i < link->mids->len; i++)
    if (g_array_index (link->mids, int, i) == mid &&
        g_array_index (link->reasons, int, i) < 0) {
      note_acknowledged (link, i, reason);
      return;
    }
  link->early = mid;
}

/* Without one, OpenSSL would prompt on the terminal. */
static int
on_password (char *buffer, int size, int writing, void *mosq)
{
  const Link *link = mosquitto_userdata (mosq);
  const char *password = link->key_password;

  if (password == NULL || strlen (password) >= (gsize) size)
    return 0;
  strcpy (buffer, password);
  return (int) strlen (password);
}

static gboolean
set_tls (MqttTransport *self, struct mosquitto *mosq)
{
  const GstVlmTransportParams *p = self->parent.params;

  if (!self->secure)
    return TRUE;
  if (p->ca_file == NULL && p->cert_file == NULL)
    return mosquitto_int_option (mosq, MOSQ_OPT_TLS_USE_OS_CERTS, 1) ==
        MOSQ_ERR_SUCCESS;
  return mosquitto_tls_set (mosq, p->ca_file,
             p->ca_file == NULL ? SYSTEM_CERTIFICATES : NULL, p->cert_file,
             p->key_file, on_password) == MOSQ_ERR_SUCCESS;
}

static gboolean
set_options (MqttTransport *self, struct mosquitto *mosq)
{
  const GstVlmTransportParams *p = self->parent.params;
  const GstVlmMessage *will = p->will;

  mosquitto_int_option (mosq, MOSQ_OPT_PROTOCOL_VERSION, self->version);
  mosquitto_int_option (mosq, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_log_callback_set (mosq, on_log);
  mosquitto_connect_v5_callback_set (mosq, on_connect);
  mosquitto_publish_v5_callback_set (mosq, on_publish);
  if (p->credentials->username != NULL &&
      mosquitto_username_pw_set (mosq, p->credentials->username,
          p->credentials->password) != MOSQ_ERR_SUCCESS)
    return FALSE;
  if (will != NULL &&
      mosquitto_will_set (mosq, will->topic, (int) strlen (will->payload),
          will->payload, 1, will->retain) != MOSQ_ERR_SUCCESS)
    return FALSE;
  return set_tls (self, mosq);
}

static Link *
link_new (MqttTransport *self, GError **error)
{
  const GstVlmTransportParams *p = self->parent.params;
  Link *link = g_atomic_rc_box_new0 (Link);

  g_mutex_init (&link->lock);
  link->host = g_strdup (p->location->host);
  link->port = self->port;
  link->key_password = g_strdup (p->credentials->key_password);
  link->secrets = gst_vlm_secrets_ref (p->secrets);
  link->mids = g_array_new (FALSE, FALSE, sizeof (int));
  link->reasons = g_array_new (FALSE, FALSE, sizeof (int));
  link->done_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  link->mosq = mosquitto_new (p->client_id, true, link);
  if (link->done_fd >= 0 && link->mosq != NULL &&
      set_options (self, link->mosq))
    return link;
  away (error, "the MQTT client cannot be set up: %s", g_strerror (errno));
  link_unref (link);
  return NULL;
}

static GstVlmTransport *
mqtt_create (const GstVlmTransportParams *params, GError **error)
{
  static const char *const names[] = { NULL };
  static gsize initialised;
  const GstVlmLocation *location = params->location;
  MqttTransport *self;

  if (!gst_vlm_location_check_params (location, names, error))
    return NULL;
  if (*location->host == '\0' || strchr (location->host, ',') != NULL) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
        "%s does not name one broker", location->printable);
    return NULL;
  }
  if (g_once_init_enter (&initialised)) {
    mosquitto_lib_init ();
    g_once_init_leave (&initialised, 1);
  }
  self = g_new0 (MqttTransport, 1);
  self->parent.klass = &gst_vlm_transport_mqtt;
  self->parent.params = params;
  self->secure = strcmp (location->scheme, "mqtts") == 0;
  self->version = MQTT_PROTOCOL_V5;
  self->port = location->port >= 0 ? location->port
      : self->secure               ? 8883
                                   : 1883;
  return (GstVlmTransport *) self;
}

static void
mqtt_destroy (GstVlmTransport *transport)
{
  MqttTransport *self = (MqttTransport *) transport;

  g_clear_pointer (&self->link, link_unref);
  g_free (self);
}

static gpointer
connect_thread (gpointer data)
{
  Link *link = data;

  link->result =
      mosquitto_connect (link->mosq, link->host, link->port, KEEPALIVE);
  link->code = errno;
  eventfd_write (link->done_fd, 1);
  link_unref (link);
  return NULL;
}

/* From a result of the library. @code is errno, or that of getaddrinfo(). */
static gboolean
lost (MqttTransport *self, int result, int code, GError **error)
{
  const char *where = self->parent.params->location->printable;
  g_autofree char *text = g_strdup (mosquitto_strerror (result));
  g_autofree char *said = NULL;

  g_mutex_lock (&self->link->lock);
  said = g_strdup (self->link->said);
  g_mutex_unlock (&self->link->lock);
  if (result == MOSQ_ERR_ERRNO || result == MOSQ_ERR_EAI) {
    g_free (text);
    text = g_strdup (
        result == MOSQ_ERR_EAI ? gai_strerror (code) : g_strerror (code));
  }
  if (g_str_has_suffix (text, "."))
    text[strlen (text) - 1] = '\0';
  return away (error, "%s: %s%s%s", where, text, said != NULL ? ": " : "",
      said != NULL ? said : "");
}

static gboolean
stopped (GError **error)
{
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "it was stopped");
  return FALSE;
}

static gboolean
open_socket (MqttTransport *self, gint64 until, GError **error)
{
  GstVlmWait *wait = self->parent.params->wait;
  GPollFD fd = { .fd = self->link->done_fd, .events = G_IO_IN };
  g_autoptr (GThread) thread = g_thread_try_new ("vlmpublish-mqtt",
      connect_thread, g_atomic_rc_box_acquire (self->link), NULL);
  GstVlmWaitResult result;

  if (thread == NULL) {
    link_unref (self->link);
    return away (error, "no thread can be started");
  }
  result = gst_vlm_wait_for (
      wait, &fd, 1, MAX (0, until - g_get_monotonic_time ()), FALSE);
  if (result == GST_VLM_WAIT_STOPPED)
    return stopped (error);
  if (result != GST_VLM_WAIT_READY)
    return away (error, "%s: no connection in time",
        self->parent.params->location->printable);
  if (self->link->result == MOSQ_ERR_SUCCESS)
    return TRUE;
  return lost (self, self->link->result, self->link->code, error);
}

/* During the TLS handshake the library takes the end of a connection for a
 * temporary failure. */
static gboolean
has_ended (MqttTransport *self, const GPollFD *fd)
{
  char byte;

  if (self->link->answered)
    return FALSE;
  return (fd->revents & (G_IO_ERR | G_IO_NVAL)) != 0 ||
      recv (fd->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* One round of the library. FALSE: the connection is lost, or it was
 * stopped. */
static gboolean
turn (MqttTransport *self, gint64 timeout, gboolean for_wake,
    GstVlmWaitResult *result, GError **error)
{
  struct mosquitto *mosq = self->link->mosq;
  GPollFD fd = { .fd = mosquitto_socket (mosq), .events = G_IO_IN };
  int status = MOSQ_ERR_SUCCESS;

  if (fd.fd < 0)
    return lost (self, MOSQ_ERR_CONN_LOST, 0, error);
  if (mosquitto_want_write (mosq))
    fd.events |= G_IO_OUT;
  *result = gst_vlm_wait_for (
      self->parent.params->wait, &fd, 1, CLAMP (timeout, 0, TICK), for_wake);
  if (*result == GST_VLM_WAIT_STOPPED)
    return stopped (error);
  if (has_ended (self, &fd))
    return lost (self, MOSQ_ERR_CONN_LOST, 0, error);
  if (fd.revents & (G_IO_IN | G_IO_HUP | G_IO_ERR))
    status = mosquitto_loop_read (mosq, 1);
  if (status == MOSQ_ERR_SUCCESS && (fd.revents & G_IO_OUT) != 0)
    status = mosquitto_loop_write (mosq, 1);
  if (status == MOSQ_ERR_SUCCESS)
    status = mosquitto_loop_misc (mosq);
  return status == MOSQ_ERR_SUCCESS || lost (self, status, errno, error);
}

static gboolean
await_answer (MqttTransport *self, gint64 until, GError **error)
{
  Link *link = self->link;

  while (!link->answered) {
    gint64 left = until - g_get_monotonic_time ();
    GstVlmWaitResult result;

    if (left <= 0)
      return away (error, "%s: the broker does not answer",
          self->parent.params->location->printable);
    if (!turn (self, left, FALSE, &result, error) && !link->answered)
      return FALSE;
    g_clear_error (error);
  }
  if (link->reason == 0)
    return TRUE;
  return away (error, "%s: the broker refused the connection: %s",
      self->parent.params->location->printable,
      self->version == MQTT_PROTOCOL_V5
          ? mosquitto_reason_string (link->reason)
          : mosquitto_connack_string (link->reason));
}

/* A broker without MQTT 5 reports that, or ends the connection. The other
 * version is used for the next attempt, at once in the first case. */
static gboolean
try_version (MqttTransport *self, gboolean *other, GError **error)
{
  gint64 until = g_get_monotonic_time () + self->parent.params->ack_timeout;
  gboolean open;
  gboolean good;

  *other = FALSE;
  self->link = link_new (self, error);
  if (self->link == NULL)
    return FALSE;
  open = open_socket (self, until, error);
  good = open && await_answer (self, until, error);
  if (good)
    return TRUE;
  *other = self->version == MQTT_PROTOCOL_V5 && self->link->answered &&
      self->link->reason == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION;
  if (*other || (open && !self->link->answered))
    self->version = self->version == MQTT_PROTOCOL_V5 ? MQTT_PROTOCOL_V311
                                                      : MQTT_PROTOCOL_V5;
  g_clear_pointer (&self->link, link_unref);
  return FALSE;
}

static gboolean
mqtt_connect (GstVlmTransport *transport, GError **error)
{
  MqttTransport *self = (MqttTransport *) transport;
  g_autoptr (GError) failure = NULL;
  gboolean other;

  if (try_version (self, &other, &failure))
    return TRUE;
  if (other)
    return try_version (self, &other, error);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
refused (GError **error, const char *topic, const char *why)
{
  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_REFUSED,
      "the broker does not accept a message on %s: %s", topic, why);
  return FALSE;
}

static gboolean
publish (MqttTransport *self, const GstVlmMessage *message, GError **error)
{
  mosquitto_property *properties = NULL;
  Link *link = self->link;
  int none = -1;
  int mid = 0;
  int status;

  if (self->version == MQTT_PROTOCOL_V5 && message->content_type != NULL)
    mosquitto_property_add_string (
        &properties, MQTT_PROP_CONTENT_TYPE, message->content_type);
  link->early = 0;
  status = mosquitto_publish_v5 (link->mosq, &mid, message->topic,
      (int) strlen (message->payload), message->payload,
      self->parent.params->qos, message->retain, properties);
  mosquitto_property_free_all (&properties);
  if (status == MOSQ_ERR_PAYLOAD_SIZE || status == MOSQ_ERR_OVERSIZE_PACKET ||
      status == MOSQ_ERR_INVAL || status == MOSQ_ERR_MALFORMED_UTF8)
    return refused (error, message->topic, mosquitto_strerror (status));
  if (status != MOSQ_ERR_SUCCESS)
    return lost (self, status, errno, error);
  g_array_append_val (link->mids, mid);
  g_array_append_val (link->reasons, none);
  if (link->early == mid)
    note_acknowledged (link, link->mids->len - 1, 0);
  return TRUE;
}

/* The broker's result for one message. Only an error about this message is a
 * refusal; rights and quotas may change. */
static gboolean
check_reason (MqttTransport *self, const GstVlmMessage *message, int reason,
    GError **error)
{
  const char *text = mosquitto_reason_string (reason);

  switch (reason) {
  case MQTT_RC_TOPIC_NAME_INVALID:
  case MQTT_RC_PACKET_TOO_LARGE:
  case MQTT_RC_PAYLOAD_FORMAT_INVALID:
    return refused (error, message->topic, text);
  default:
    return reason < MQTT_RC_UNSPECIFIED ||
        away (error, "%s: the broker does not accept messages on %s: %s",
            self->parent.params->location->printable, message->topic, text);
  }
}

/* Waits until all that was sent is acknowledged. */
static gboolean
await_acknowledgements (MqttTransport *self, GError **error)
{
  Link *link = self->link;
  gint64 patience = self->parent.params->ack_timeout;
  gint64 until = g_get_monotonic_time () + patience;
  guint n_before = link->n_acknowledged;

  while (link->n_acknowledged < link->mids->len) {
    gint64 now = g_get_monotonic_time ();
    GstVlmWaitResult result;

    if (link->n_acknowledged != n_before)
      until = now + patience;
    n_before = link->n_acknowledged;
    if (now >= until)
      return away (error, "%s: the broker does not acknowledge",
          self->parent.params->location->printable);
    if (!turn (self, until - now, FALSE, &result, error))
      return FALSE;
  }
  return TRUE;
}

static guint
mqtt_deliver (GstVlmTransport *transport, GPtrArray *messages, GError **error)
{
  MqttTransport *self = (MqttTransport *) transport;
  Link *link = self->link;
  g_autoptr (GError) not_sent = NULL;
  guint n = 0;

  g_array_set_size (link->mids, 0);
  g_array_set_size (link->reasons, 0);
  link->n_acknowledged = 0;
  for (guint i = 0; i < messages->len && not_sent == NULL; i++)
    publish (self, messages->pdata[i], &not_sent);
  await_acknowledgements (self, error);
  while (n < link->mids->len) {
    int reason = g_array_index (link->reasons, int, n);

    if (reason < 0)
      return n;
    if (reason >= MQTT_RC_UNSPECIFIED) {
      g_clear_error (error);
      check_reason (self, messages->pdata[n], reason, error);
      return n;
    }
    n++;
  }
  if (not_sent != NULL)
    g_propagate_error (error, g_steal_pointer (&not_sent));
  return n;
}

static gboolean
mqtt_idle (GstVlmTransport *transport, GError **error)
{
  MqttTransport *self = (MqttTransport *) transport;
  GstVlmWaitResult result;

  do
    if (!turn (self, TICK, TRUE, &result, error))
      return FALSE;
  while (result != GST_VLM_WAIT_WOKEN);
  return TRUE;
}

/* Sends it although the wait was stopped, and waits for at most a second. */
static void
send_last (MqttTransport *self, const GstVlmMessage *message)
{
  gint64 until = g_get_monotonic_time () + LAST_PATIENCE * 1000;
  Link *link = self->link;
  guint n = link->n_acknowledged;
  int fd = mosquitto_socket (link->mosq);

  if (fd < 0 || !publish (self, message, NULL))
    return;
  while (link->n_acknowledged == n && g_get_monotonic_time () < until) {
    GPollFD poll = { .fd = fd, .events = G_IO_IN };

    if (mosquitto_want_write (link->mosq))
      poll.events |= G_IO_OUT;
    g_poll (&poll, 1, LAST_PATIENCE / 10);
    if (mosquitto_loop_write (link->mosq, 1) != MOSQ_ERR_SUCCESS ||
        ((poll.revents & ~G_IO_OUT) != 0 &&
            mosquitto_loop_read (link->mosq, 1) != MOSQ_ERR_SUCCESS))
      return;
  }
}

static void
mqtt_disconnect (GstVlmTransport *transport, const GstVlmMessage *last)
{
  MqttTransport *self = (MqttTransport *) transport;

  if (last != NULL)
    send_last (self, last);
  mosquitto_disconnect (self->link->mosq);
  g_clear_pointer (&self->link, link_unref);
}

const GstVlmTransportClass gst_vlm_transport_mqtt = {
  .keeps_connection = TRUE,
  .create = mqtt_create,
  .destroy = mqtt_destroy,
  .connect = mqtt_connect,
  .deliver = mqtt_deliver,
  .idle = mqtt_idle,
  .disconnect = mqtt_disconnect,
};
