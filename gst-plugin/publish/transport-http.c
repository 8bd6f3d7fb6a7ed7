/* gst-vlm: publishing to a web server, by POST
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * http://HOST/PATH and https://HOST/PATH. A request has one message, or with
 * batch-size a JSON array of several. It is acknowledged by a status of 2xx.
 * Redirections are not followed, because they turn a POST into a GET. */
#include "publish/transport.h"

#include <curl/curl.h>
#include <string.h>

#include "config.h"
#include "publish/error.h"

/* How much of an answer is read; its beginning goes into messages, without our
 * secrets, which it may repeat. */
#define MAX_ANSWER (64 * 1024)
#define MAX_KEPT (16 * 1024)
#define MAX_QUOTED 120

typedef struct
{
  GstVlmTransport parent;
  char *url; /* without user and password */
  CURLM *multi;
  CURL *easy;
  char failure[CURL_ERROR_SIZE];
  GString *answer; /* its beginning */
  gsize n_answered;
} HttpTransport;

static size_t
on_answer (char *data, size_t size, size_t n, void *user_data)
{
  HttpTransport *self = user_data;
  gsize n_bytes = size * n;

  if (self->answer->len < MAX_KEPT)
    g_string_append_len (self->answer, data,
        (gssize) MIN (n_bytes, MAX_KEPT - self->answer->len));
  self->n_answered += n_bytes;
  return self->n_answered <= MAX_ANSWER ? n_bytes : 0;
}

static char *
make_url (const GstVlmLocation *location)
{
  gboolean is_v6 = strchr (location->host, ':') != NULL;
  g_autofree char *port =
      location->port >= 0 ? g_strdup_printf (":%d", location->port) : NULL;

  return g_strconcat (location->scheme, "://", is_v6 ? "[" : "", location->host,
      is_v6 ? "]" : "", port != NULL ? port : "",
      *location->raw_path != '\0' ? location->raw_path : "/",
      location->query != NULL ? "?" : "",
      location->query != NULL ? location->query : "", NULL);
}

static void
set_tls (CURL *easy, const GstVlmTransportParams *params)
{
  if (params->ca_file != NULL) {
    curl_easy_setopt (easy, CURLOPT_CAINFO, params->ca_file);
    curl_easy_setopt (easy, CURLOPT_CAPATH, NULL);
  }
  curl_easy_setopt (easy, CURLOPT_SSLCERT, params->cert_file);
  curl_easy_setopt (easy, CURLOPT_SSLKEY, params->key_file);
  /* Without one, OpenSSL would prompt on the terminal. */
  curl_easy_setopt (easy, CURLOPT_KEYPASSWD,
      params->credentials->key_password != NULL
          ? params->credentials->key_password
          : "");
}

static void
set_login (CURL *easy, const GstVlmCredentials *credentials)
{
  if (credentials->token != NULL) {
    curl_easy_setopt (easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt (easy, CURLOPT_XOAUTH2_BEARER, credentials->token);
  } else if (credentials->username != NULL) {
    curl_easy_setopt (easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt (easy, CURLOPT_USERNAME, credentials->username);
    curl_easy_setopt (easy, CURLOPT_PASSWORD, credentials->password);
  }
}

static void
set_options (HttpTransport *self)
{
  const GstVlmTransportParams *params = self->parent.params;
  long timeout = (long) (params->ack_timeout / 1000);
  CURL *easy = self->easy;

  curl_easy_setopt (easy, CURLOPT_URL, self->url);
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Does not wait at the end for a name server that does not answer. */
  curl_easy_setopt (easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, MAX (1, timeout));
  curl_easy_setopt (easy, CURLOPT_USERAGENT, "gst-vlm/" PACKAGE_VERSION);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, self->failure);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_answer);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, self);
  set_tls (easy, params);
  set_login (easy, params->credentials);
}

static void
http_destroy (GstVlmTransport *transport)
{
  HttpTransport *self = (HttpTransport *) transport;

  curl_easy_cleanup (self->easy);
  curl_multi_cleanup (self->multi);
  g_string_free (self->answer, TRUE);
  g_free (self->url);
  g_free (self);
}

static GstVlmTransport *
http_create (const GstVlmTransportParams *params, GError **error)
{
  static gsize initialised;
  HttpTransport *self;

  if (*params->location->host == '\0' ||
      strchr (params->location->host, ',') != NULL) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
        "%s does not name one server", params->location->printable);
    return NULL;
  }
  if (g_once_init_enter (&initialised)) {
    curl_global_init (CURL_GLOBAL_DEFAULT);
    g_once_init_leave (&initialised, 1);
  }
  self = g_new0 (HttpTransport, 1);
  self->parent.klass = &gst_vlm_transport_http;
  self->parent.params = params;
  self->url = make_url (params->location);
  self->answer = g_string_new (NULL);
  self->multi = curl_multi_init ();
  self->easy = curl_easy_init ();
  set_options (self);
  return (GstVlmTransport *) self;
}

static gboolean
http_connect (GstVlmTransport *transport, GError **error)
{
  return TRUE;
}

/* CURLE_OK, the error, or -1: it was stopped. */
static int
perform (HttpTransport *self)
{
  const GPollFD *stop = &self->parent.params->wait->stop_fd;
  struct curl_waitfd extra = { .fd = stop->fd, .events = CURL_WAIT_POLLIN };
  int n_running = 1;
  int n_left;
  CURLMsg *message;

  curl_multi_add_handle (self->multi, self->easy);
  while (curl_multi_perform (self->multi, &n_running) == CURLM_OK &&
      n_running > 0 && !gst_vlm_wait_is_stopped (self->parent.params->wait))
    if (curl_multi_poll (self->multi, &extra, 1, 60000, NULL) != CURLM_OK)
      break;
  message = curl_multi_info_read (self->multi, &n_left);
  curl_multi_remove_handle (self->multi, self->easy);
  if (gst_vlm_wait_is_stopped (self->parent.params->wait))
    return -1;
  return message != NULL ? (int) message->data.result : CURLE_RECV_ERROR;
}

/* The server's message, on one line. */
static void
append_answer (HttpTransport *self, GString *text)
{
  g_autofree char *quoted =
      gst_vlm_secrets_quote (self->parent.params->secrets, self->answer->str,
          self->answer->len, self->n_answered > self->answer->len, MAX_QUOTED);

  if (*quoted != '\0')
    g_string_append_printf (text, ": %s", quoted);
}

/* Only a status about these very messages is a refusal. */
static gboolean
is_refusal (long status)
{
  return status == 400 || status == 413 || status == 415 || status == 422;
}

static gboolean
check_status (HttpTransport *self, GError **error)
{
  g_autoptr (GString) text = NULL;
  curl_off_t wait = 0;
  long status = 0;

  curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300)
    return TRUE;
  curl_easy_getinfo (self->easy, CURLINFO_RETRY_AFTER, &wait);
  self->parent.retry_after = CLAMP (wait, 0, 86400) * G_USEC_PER_SEC;
  text = g_string_new (self->parent.params->location->printable);
  g_string_append_printf (text, " returned status %ld", status);
  if (status >= 300 && status < 400)
    g_string_append (
        text, ", a redirection: set `location` to the new address");
  append_answer (self, text);
  g_set_error_literal (error, GST_VLM_PUBLISH_ERROR,
      is_refusal (status) ? GST_VLM_PUBLISH_ERROR_REFUSED
                          : GST_VLM_PUBLISH_ERROR_AWAY,
      text->str);
  return FALSE;
}

static void
set_failure (HttpTransport *self, CURLcode result, GError **error)
{
  g_autofree char *why = gst_vlm_secrets_hide (self->parent.params->secrets,
      *self->failure != '\0' ? self->failure : curl_easy_strerror (result));

  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY,
      "%s: %s", self->parent.params->location->printable, why);
}

static gboolean
post (HttpTransport *self, const char *type, const char *body, GError **error)
{
  g_autofree char *header = g_strconcat ("Content-Type: ", type, NULL);
  struct curl_slist *headers = curl_slist_append (NULL, header);
  int result;

  headers = curl_slist_append (headers, "Expect:");
  *self->failure = '\0';
  g_string_truncate (self->answer, 0);
  self->n_answered = 0;
  curl_easy_setopt (self->easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (
      self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen (body));
  curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, body);
  result = perform (self);
  curl_easy_setopt (self->easy, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, NULL);
  curl_slist_free_all (headers);
  /* The rest of a long answer is not read. */
  if (result == CURLE_OK ||
      (result == CURLE_WRITE_ERROR && self->n_answered > MAX_ANSWER))
    return check_status (self, error);
  if (result < 0)
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "it was stopped");
  else
    set_failure (self, (CURLcode) result, error);
  return FALSE;
}

static const GstVlmMessage *
message_at (GPtrArray *messages, guint i)
{
  return g_ptr_array_index (messages, i);
}

/* How many from @first on make one request. */
static guint
count_batch (HttpTransport *self, GPtrArray *messages, guint first)
{
  const char *type = message_at (messages, first)->batch_type;
  guint n = 1;

  if (type == NULL)
    return 1;
  while (n < self->parent.params->batch_size && first + n < messages->len &&
      g_strcmp0 (message_at (messages, first + n)->batch_type, type) == 0)
    n++;
  return n;
}

static gboolean
post_batch (HttpTransport *self, GPtrArray *messages, guint first, guint n,
    GError **error)
{
  const GstVlmMessage *message = message_at (messages, first);
  g_autoptr (GString) body = NULL;

  if (self->parent.params->batch_size == 1 || message->batch_type == NULL)
    return post (self, message->content_type, message->payload, error);
  body = g_string_new ("[");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (body, "%s%s", i > 0 ? ",\n " : "",
        message_at (messages, first + i)->payload);
  g_string_append_c (body, ']');
  return post (self, message->batch_type, body->str, error);
}

/* A batch that is refused is sent again in batches of one: the reason may be one
 * of its messages, or their number. */
static guint
http_deliver (GstVlmTransport *transport, GPtrArray *messages, GError **error)
{
  HttpTransport *self = (HttpTransport *) transport;
  gboolean singly = FALSE;
  guint i = 0;

  while (i < messages->len) {
    guint n = singly ? 1 : count_batch (self, messages, i);
    g_autoptr (GError) failure = NULL;

    if (post_batch (self, messages, i, n, &failure)) {
      i += n;
      continue;
    }
    if (n == 1 ||
        !g_error_matches (
            failure, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_REFUSED)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      break;
    }
    singly = TRUE;
  }
  return i;
}

static gboolean
http_idle (GstVlmTransport *transport, GError **error)
{
  gst_vlm_wait_for (transport->params->wait, NULL, 0, -1, TRUE);
  return TRUE;
}

static void
http_disconnect (GstVlmTransport *transport, const GstVlmMessage *last)
{
}

const GstVlmTransportClass gst_vlm_transport_http = {
  .create = http_create,
  .destroy = http_destroy,
  .connect = http_connect,
  .deliver = http_deliver,
  .idle = http_idle,
  .disconnect = http_disconnect,
};
