/* gst-vlm: requests to a web server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-http.h"

#include <curl/curl.h>
#include <vlm/vlm-error.h>

#include "analyzer/remote-key.h"
#include "config.h"

/* A list of events has a few kilobytes; token probabilities twenty times that. */
#define MAX_ANSWER (4 * 1024 * 1024)
#define CONNECT_MS 10000
/* How late it may notice if no descriptor is left to wait for. */
#define CANCEL_SLICE_MS 50

struct _VlmHttp
{
  char *ca_file;
  char *key;
  GMutex lock;
  GQueue idle; /* Line */
};

/* One request at a time, and the connection that the last one left open. */
typedef struct
{
  CURLM *multi;
  CURL *easy;
  char failure[CURL_ERROR_SIZE];
  GString *body; /* of what is running */
} Line;

void
vlm_http_reply_clear (VlmHttpReply *reply)
{
  if (reply->body != NULL)
    g_string_free (reply->body, TRUE);
  reply->body = NULL;
}

static void
line_free (gpointer data)
{
  Line *line = data;

  curl_easy_cleanup (line->easy);
  curl_multi_cleanup (line->multi);
  g_free (line);
}

static Line *
line_new (void)
{
  Line *line = g_new0 (Line, 1);

  line->multi = curl_multi_init ();
  line->easy = curl_easy_init ();
  return line;
}

VlmHttp *
vlm_http_new (const char *ca_file, const char *key, GError **error)
{
  static gsize initialised;
  VlmHttp *self = g_new0 (VlmHttp, 1);

  if (g_once_init_enter (&initialised)) {
    curl_global_init (CURL_GLOBAL_DEFAULT);
    g_once_init_leave (&initialised, 1);
  }
  self->ca_file = g_strdup (ca_file);
  self->key = g_strdup (key);
  g_mutex_init (&self->lock);
  g_queue_init (&self->idle);
  return self;
}

void
vlm_http_free (VlmHttp *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->idle, line_free);
  g_mutex_clear (&self->lock);
  vlm_remote_key_free (self->key);
  g_free (self->ca_file);
  g_free (self);
}

static Line *
take_line (VlmHttp *self)
{
  Line *line;

  g_mutex_lock (&self->lock);
  line = g_queue_pop_head (&self->idle);
  g_mutex_unlock (&self->lock);
  return line != NULL ? line : line_new ();
}

static void
give_line (VlmHttp *self, Line *line)
{
  line->body = NULL;
  curl_easy_reset (line->easy);
  g_mutex_lock (&self->lock);
  g_queue_push_head (&self->idle, line);
  g_mutex_unlock (&self->lock);
}

static size_t
on_answer (char *data, size_t size, size_t n, void *user_data)
{
  Line *line = user_data;

  if (line->body->len + size * n > MAX_ANSWER)
    return 0;
  g_string_append_len (line->body, data, (gssize) (size * n));
  return size * n;
}

static void
set_security (VlmHttp *self, CURL *easy)
{
  if (self->ca_file != NULL) {
    curl_easy_setopt (easy, CURLOPT_CAINFO, self->ca_file);
    curl_easy_setopt (easy, CURLOPT_CAPATH, NULL);
  }
  if (self->key != NULL) {
    curl_easy_setopt (easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt (easy, CURLOPT_XOAUTH2_BEARER, self->key);
  }
}

static void
set_request (VlmHttp *self, Line *line, const char *url, GBytes *body,
    struct curl_slist *headers, gint64 deadline)
{
  gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
  CURL *easy = line->easy;

  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Does not wait at the end for a name server that does not answer. */
  curl_easy_setopt (easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, (long) CLAMP (left, 1, G_MAXINT));
  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS, (long) CONNECT_MS);
  curl_easy_setopt (easy, CURLOPT_USERAGENT, "gst-vlm/" PACKAGE_VERSION);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, line->failure);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_answer);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, line);
  curl_easy_setopt (easy, CURLOPT_HTTPHEADER, headers);
  if (body != NULL) {
    curl_easy_setopt (easy, CURLOPT_POSTFIELDSIZE_LARGE,
        (curl_off_t) g_bytes_get_size (body));
    curl_easy_setopt (easy, CURLOPT_POSTFIELDS, g_bytes_get_data (body, NULL));
  }
  set_security (self, easy);
}

/* CURLE_OK, or what went wrong; CURLE_ABORTED_BY_CALLBACK: it was cancelled. */
static CURLcode
perform (Line *line, GCancellable *cancellable)
{
  GPollFD fd;
  gboolean has_fd = g_cancellable_make_pollfd (cancellable, &fd);
  int wait_ms = has_fd || cancellable == NULL ? 60000 : CANCEL_SLICE_MS;
  struct curl_waitfd extra = { .events = CURL_WAIT_POLLIN };
  CURLcode result = CURLE_RECV_ERROR;
  int n_running = 1;
  int n_left;
  CURLMsg *message;

  if (has_fd)
    extra.fd = fd.fd;
  curl_multi_add_handle (line->multi, line->easy);
  while (!g_cancellable_is_cancelled (cancellable) &&
      curl_multi_perform (line->multi, &n_running) == CURLM_OK && n_running > 0)
    if (curl_multi_poll (line->multi, &extra, has_fd ? 1 : 0, wait_ms, NULL) !=
        CURLM_OK)
      break;
  message = curl_multi_info_read (line->multi, &n_left);
  if (message != NULL)
    result = message->data.result;
  else if (g_cancellable_is_cancelled (cancellable))
    result = CURLE_ABORTED_BY_CALLBACK;
  /* An unfinished request closes its connection here, so the server notices. */
  curl_multi_remove_handle (line->multi, line->easy);
  if (has_fd)
    g_cancellable_release_fd (cancellable);
  return result;
}

static gboolean
may_change_of (CURLcode code)
{
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_CONNECT:
  case CURLE_OPERATION_TIMEDOUT: /* of the connection: there is time left */
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_PARTIAL_FILE:
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM:
    return TRUE;
  default:
    return FALSE;
  }
}

static void
set_failure (const Line *line, CURLcode code, gint64 deadline, GError **error)
{
  const char *reason =
      line->failure[0] != '\0' ? line->failure : curl_easy_strerror (code);

  if (code == CURLE_ABORTED_BY_CALLBACK)
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the request was cancelled");
  else if (code == CURLE_WRITE_ERROR)
    g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER,
        "the answer is longer than %d bytes", MAX_ANSWER);
  else if (code == CURLE_OPERATION_TIMEDOUT &&
      g_get_monotonic_time () >= deadline)
    g_set_error (
        error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_TIMEOUT, "%s", reason);
  else
    g_set_error (
        error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER, "%s", reason);
}

static void
read_reply (Line *line, VlmHttpReply *reply)
{
  curl_off_t seconds = 0;

  curl_easy_getinfo (line->easy, CURLINFO_RESPONSE_CODE, &reply->status);
  curl_easy_getinfo (line->easy, CURLINFO_RETRY_AFTER, &seconds);
  reply->retry_after = CLAMP (seconds, 0, 86400) * G_USEC_PER_SEC;
}

gboolean
vlm_http_exchange (VlmHttp *self, const char *url, GBytes *body,
    gint64 deadline, VlmHttpReply *reply, gboolean *may_change,
    GCancellable *cancellable, GError **error)
{
  Line *line = take_line (self);
  struct curl_slist *headers =
      curl_slist_append (NULL, "Content-Type: application/json");
  CURLcode result;

  headers = curl_slist_append (headers, "Accept: application/json");
  /* No waiting for a "100 Continue" that many servers never send. */
  headers = curl_slist_append (headers, "Expect:");
  *reply = (VlmHttpReply){ .body = g_string_new (NULL) };
  line->body = reply->body;
  line->failure[0] = '\0';
  set_request (self, line, url, body, headers, deadline);
  result = perform (line, cancellable);
  if (result == CURLE_OK)
    read_reply (line, reply);
  else
    set_failure (line, result, deadline, error);
  *may_change = may_change_of (result);
  give_line (self, line);
  curl_slist_free_all (headers);
  return result == CURLE_OK;
}
