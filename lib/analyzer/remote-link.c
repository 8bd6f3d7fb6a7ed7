/* gst-vlm: the link to one server, shared by all its users
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-link.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/remote-http.h"
#include "analyzer/remote-key.h"
#include "analyzer/remote-queue.h"
#include "analyzer/remote-retry.h"
#include "base/log.h"

/* How much of a server's words a message quotes. */
#define MAX_QUOTED 200
#define DEFAULT_REQUESTS 16

struct _VlmRemoteLink
{
  guint n_users; /* with the lock of the table */
  char *name;    /* in the table */
  char *host;
  char *key; /* nullable */
  VlmHttp *http;
  VlmRemoteQueue *queue;
  GMutex lock;
  GHashTable *known; /* of its lock: name -> value */
};

static GMutex table_lock;
static GHashTable *table;

/* --- sharing -------------------------------------------------------------- */

static void
link_free (VlmRemoteLink *self)
{
  g_free (self->name);
  g_free (self->host);
  vlm_remote_key_free (self->key);
  vlm_http_free (self->http);
  if (self->queue != NULL)
    vlm_remote_queue_free (self->queue);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The same for the same server; does not reveal the key. */
static char *
make_name (const char *base, const char *ca_file, const char *key)
{
  g_autofree char *digest = key != NULL
      ? g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1)
      : g_strdup ("");

  return g_strjoin ("\n", base, ca_file != NULL ? ca_file : "", digest, NULL);
}

/* (transfer full). Takes ownership of @key. */
static VlmRemoteLink *
link_new (const VlmRemoteAddress *address, const char *ca_file, char *key,
    GError **error)
{
  VlmRemoteLink *self = g_new0 (VlmRemoteLink, 1);

  g_mutex_init (&self->lock);
  self->key = key;
  self->name = make_name (address->base, ca_file, key);
  self->host = g_strdup (address->host);
  self->http = vlm_http_new (ca_file, key, error);
  if (self->http == NULL) {
    link_free (self);
    return NULL;
  }
  self->queue = vlm_remote_queue_new ();
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

static gboolean
check_ca_file (const char *path, GError **error)
{
  if (path == NULL || g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
      "`ca-file` %s: there is no such file", path);
  return FALSE;
}

VlmRemoteLink *
vlm_remote_link_get (const VlmRemoteAddress *address,
    const VlmModelParams *params, GError **error)
{
  const char *ca_file = params->ca_file != NULL && *params->ca_file != '\0'
      ? params->ca_file
      : NULL;
  VlmRemoteLink *fresh;
  VlmRemoteLink *self;
  gboolean warns = FALSE;
  char *key;

  if (!check_ca_file (ca_file, error) ||
      !vlm_remote_key_read (params->api_key_file, &key, error))
    return NULL;
  fresh = link_new (address, ca_file, key, error);
  if (fresh == NULL)
    return NULL;
  g_mutex_lock (&table_lock);
  if (table == NULL)
    table = g_hash_table_new (g_str_hash, g_str_equal);
  self = g_hash_table_lookup (table, fresh->name);
  if (self == NULL) {
    self = g_steal_pointer (&fresh);
    g_hash_table_insert (table, self->name, self);
    warns = self->key != NULL && !address->is_private;
  }
  self->n_users++;
  g_mutex_unlock (&table_lock);
  if (fresh != NULL)
    link_free (fresh);
  if (warns)
    vlm_warning (
        "the key is sent to %s unencrypted and can be intercepted: use https",
        address->host);
  vlm_remote_queue_allow (self->queue,
      params->max_requests > 0 ? params->max_requests : DEFAULT_REQUESTS);
  return self;
}

void
vlm_remote_link_unref (VlmRemoteLink *self)
{
  gboolean is_last;

  g_mutex_lock (&table_lock);
  is_last = --self->n_users == 0;
  if (is_last)
    g_hash_table_remove (table, self->name);
  g_mutex_unlock (&table_lock);
  if (is_last)
    link_free (self);
}

gboolean
vlm_remote_link_recall (VlmRemoteLink *self, const char *name, gint *value)
{
  gpointer found;
  gboolean is_known;

  g_mutex_lock (&self->lock);
  is_known = g_hash_table_lookup_extended (self->known, name, NULL, &found);
  g_mutex_unlock (&self->lock);
  if (is_known)
    *value = GPOINTER_TO_INT (found);
  return is_known;
}

void
vlm_remote_link_remember (VlmRemoteLink *self, const char *name, gint value)
{
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->known, g_strdup (name), GINT_TO_POINTER (value));
  g_mutex_unlock (&self->lock);
}

/* --- what a status means -------------------------------------------------- */

/* The beginning of its message, on one line, without the key: a server may
 * send back what it received. (transfer full) */
static char *
quote (VlmRemoteLink *self, const GString *body)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char *end;

  /* A key that the cut goes through would no longer be found. */
  g_string_append_len (text, body->str,
      (gssize) MIN (body->len,
          MAX_QUOTED + (self->key != NULL ? strlen (self->key) : 0)));
  for (gsize i = 0; i < text->len; i++)
    if (g_ascii_iscntrl (text->str[i]))
      text->str[i] = ' ';
  if (self->key != NULL)
    g_string_replace (text, self->key, "...", 0);
  g_string_truncate (text, MIN (text->len, MAX_QUOTED));
  end = g_utf8_make_valid (text->str, (gssize) text->len);
  return g_strstrip (end);
}

static const char *
explain (long status)
{
  if (status >= 300 && status < 400)
    return ": it is somewhere else: set `model` to where";
  switch (status) {
  case 401:
  case 403:
    return ": it wants another key, from `api-key-file` or VLM_API_KEY";
  case 404:
    return ": the path or the model is another one";
  case 413:
    return ": that is too much for it: use a lower `max-pixels` or `fps`, or a "
           "shorter `window`";
  default:
    return "";
  }
}

static void
set_status_error (
    VlmRemoteLink *self, const VlmHttpReply *reply, GError **error)
{
  g_autofree char *words = quote (self, reply->body);

  g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER,
      "%s replied with status %ld%s%s%s", self->host, reply->status,
      explain (reply->status), *words != '\0' ? ": " : "", words);
}

/* --- asking --------------------------------------------------------------- */

/* One try, in its turn. TRUE with status 2xx. *may_change as in
 * vlm_http_exchange(). */
static gboolean
try_once (VlmRemoteLink *self, const char *url, VlmRemoteBodyFunc make,
    gpointer user_data, gint64 deadline, VlmHttpReply *reply,
    gboolean *may_change, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  gboolean good;

  *may_change = FALSE;
  if (!vlm_remote_queue_enter (self->queue, deadline, cancellable, error))
    return FALSE;
  body = make != NULL ? make (user_data, error) : NULL;
  good = (make == NULL || body != NULL) &&
      vlm_http_exchange (self->http, url, body, deadline, reply, may_change,
          cancellable, error);
  vlm_remote_queue_leave (self->queue);
  if (!good || (reply->status >= 200 && reply->status < 300))
    return good;
  *may_change = vlm_remote_retry_is_worth (reply->status);
  set_status_error (self, reply, error);
  return FALSE;
}

/* FALSE when @cancellable ends it. */
static gboolean
sleep_for (gint64 delay, GCancellable *cancellable, GError **error)
{
  gint64 end = g_get_monotonic_time () + delay;
  GPollFD fd;
  gboolean has_fd = g_cancellable_make_pollfd (cancellable, &fd);
  gint64 left;

  while (!g_cancellable_is_cancelled (cancellable) &&
      (left = end - g_get_monotonic_time ()) > 0)
    g_poll (&fd, has_fd ? 1 : 0,
        has_fd || cancellable == NULL ? (gint) MIN (left / 1000 + 1, G_MAXINT)
                                      : 50);
  if (has_fd)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Waits until the next try; FALSE if there is none, with @problem or what ended
 * the wait as the error. */
static gboolean
wait_for_next (VlmRemoteLink *self, guint n_failures, const VlmHttpReply *reply,
    gint64 deadline, GError *problem, GCancellable *cancellable, GError **error)
{
  gint64 delay = vlm_remote_retry_delay (
      n_failures, reply->retry_after, g_random_double ());
  gint64 next = g_get_monotonic_time () + delay;

  if (delay < 0 || next >= deadline) {
    g_propagate_prefixed_error (error, problem,
        n_failures > 1 ? "after %u attempts: " : "", n_failures);
    return FALSE;
  }
  vlm_info ("%s; retrying in %.1f s", problem->message,
      (double) delay / G_USEC_PER_SEC);
  g_error_free (problem);
  /* Its Retry-After is for all requests of this process. */
  if (reply->retry_after > 0)
    vlm_remote_queue_pause (self->queue, next);
  return sleep_for (delay, cancellable, error);
}

GString *
vlm_remote_link_ask (VlmRemoteLink *self, const char *url,
    VlmRemoteBodyFunc make, gpointer user_data, gint64 timeout, long *status,
    GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + timeout;

  for (guint n_failures = 1;; n_failures++) {
    g_auto (VlmHttpReply) reply = { 0 };
    GError *problem = NULL;
    gboolean may_change;
    gboolean good = try_once (self, url, make, user_data, deadline, &reply,
        &may_change, cancellable, &problem);

    if (status != NULL)
      *status = reply.status;
    if (good)
      return g_steal_pointer (&reply.body);
    if (problem->domain == VLM_REMOTE_ERROR && reply.status == 0)
      g_prefix_error (&problem, "%s: ", self->host);
    if (!may_change) {
      g_propagate_error (error, problem);
      return NULL;
    }
    if (!wait_for_next (
            self, n_failures, &reply, deadline, problem, cancellable, error))
      return NULL;
  }
}
