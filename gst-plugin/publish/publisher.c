/* gst-vlm: sending the content of the spool
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/publisher.h"

#include <gst/gst.h>
#include <signal.h>

#include "publish/backoff.h"
#include "publish/error.h"

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_publish_debug);
#define GST_CAT_DEFAULT gst_vlm_publish_debug

/* Records under way at one time. */
#define MAX_UNDER_WAY 64
/* How often the other side may refuse a record before it is dropped: with the
 * pauses between them, some four minutes. */
#define MAX_REFUSALS 10
/* The longest pause that a server may request. */
#define MAX_RETRY_AFTER (10 * 60 * G_USEC_PER_SEC)

struct _GstVlmPublisher
{
  GstVlmSpool *spool;
  GstVlmTransport *transport;
  GstVlmFormat *format;
  GstVlmWait *wait;
  gint64 max_backoff;
  GstVlmPublisherFuncs funcs;
  GThread *thread;

  /* Of the thread. */
  gboolean connected;
  gint64 connected_at;
  guint n_failures; /* in a row */
  char *reported;   /* what was reported of this outage, without measures */
  gint64 refused_id;
  guint n_refusals;

  GMutex lock;
  GCond changed;
  /* Under the lock. */
  gboolean flushing;
  GstVlmPublisherStats stats;
};

/* It works: the connection is open, or something was acknowledged. */
static void
note_up (GstVlmPublisher *self)
{
  gboolean news;

  g_mutex_lock (&self->lock);
  news = !self->stats.is_connected;
  self->stats.is_connected = TRUE;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->reported, g_free);
  if (news)
    self->funcs.connected (self->funcs.user_data);
}

/* Libraries say how long an attempt took, which differs each time. */
static char *
leave_out_measures (const char *message)
{
  static GRegex *measures;

  if (g_once_init_enter (&measures)) {
    GRegex *regex = g_regex_new ("\\d+ ?(ms|milliseconds|s|seconds|bytes)\\b",
        G_REGEX_OPTIMIZE, 0, NULL);

    g_once_init_leave (&measures, regex);
  }
  return g_regex_replace_literal (measures, message, -1, 0, "", 0, NULL);
}

static void
note_down (GstVlmPublisher *self, const GError *error)
{
  g_autofree char *what = leave_out_measures (error->message);

  g_mutex_lock (&self->lock);
  self->stats.is_connected = FALSE;
  g_free (self->stats.last_error);
  self->stats.last_error = g_strdup (error->message);
  g_mutex_unlock (&self->lock);
  if (g_strcmp0 (self->reported, what) == 0)
    return;
  g_free (self->reported);
  self->reported = g_steal_pointer (&what);
  self->funcs.disconnected (self->funcs.user_data, error);
}

static void
pause_after_failure (GstVlmPublisher *self)
{
  gint64 delay = gst_vlm_backoff_get_delay (
      ++self->n_failures, self->max_backoff, g_random_double ());
  gint64 wanted = MIN (self->transport->retry_after, MAX_RETRY_AFTER);

  self->transport->retry_after = 0;
  delay = MAX (delay, wanted);
  GST_DEBUG ("failure %u, retrying in %" G_GINT64_FORMAT " ms",
      self->n_failures, delay / 1000);
  gst_vlm_wait_for (self->wait, NULL, 0, delay, FALSE);
}

static gboolean
greet (GstVlmPublisher *self, GError **error)
{
  g_autoptr (GPtrArray) messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_message_free);
  GstVlmMessage *online =
      gst_vlm_format_make_presence (self->format, GST_VLM_PRESENCE_ONLINE);

  gst_vlm_format_restart (self->format);
  if (online == NULL)
    return TRUE;
  g_ptr_array_add (messages, online);
  return self->transport->klass->deliver (self->transport, messages, error) ==
      1;
}

static gboolean
set_up_connection (GstVlmPublisher *self, GError **error)
{
  GstVlmTransport *transport = self->transport;

  if (!transport->klass->connect (transport, error))
    return FALSE;
  if (!greet (self, error)) {
    transport->klass->disconnect (transport, NULL);
    return FALSE;
  }
  self->connected = TRUE;
  self->connected_at = g_get_monotonic_time ();
  if (transport->klass->keeps_connection)
    note_up (self);
  return TRUE;
}

/* One entry may be several messages: @ends has the number of messages up to the
 * last one of each entry. */
static GPtrArray *
write_messages (GstVlmPublisher *self, GPtrArray *entries, guint *ends)
{
  GPtrArray *messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_message_free);

  for (guint i = 0; i < entries->len; i++) {
    gst_vlm_format_write (self->format, entries->pdata[i], messages);
    ends[i] = messages->len;
  }
  return messages;
}

static void
drop_entry (GstVlmPublisher *self, const GstVlmEntry *entry, const GError *why)
{
  const GstVlmRecord *record = entry->record;
  g_autoptr (GError) error = NULL;
  gboolean good;

  /* The record that reports the refusal may be refused itself. */
  if (g_strcmp0 (record->reason, "refused") == 0)
    good = gst_vlm_spool_acknowledge (self->spool, entry->id, &error);
  else
    good = gst_vlm_spool_refuse (self->spool, entry, &error);
  if (!good)
    self->funcs.spool_failed (self->funcs.user_data, error);
  self->n_refusals = 0;
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  self->funcs.refused (self->funcs.user_data, why);
}

static void
count_refusal (
    GstVlmPublisher *self, const GstVlmEntry *entry, const GError *why)
{
  if (self->refused_id != entry->id)
    self->n_refusals = 0;
  self->refused_id = entry->id;
  if (++self->n_refusals >= MAX_REFUSALS)
    drop_entry (self, entry, why);
}

static void
acknowledge (GstVlmPublisher *self, GPtrArray *entries, guint n)
{
  const GstVlmEntry *last = g_ptr_array_index (entries, n - 1);
  g_autoptr (GError) error = NULL;
  gboolean good;

  /* A thread that waits for an empty spool must find all records counted. */
  g_mutex_lock (&self->lock);
  good = gst_vlm_spool_acknowledge (self->spool, last->id, &error);
  self->stats.n_sent += n;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (!good)
    self->funcs.spool_failed (self->funcs.user_data, error);
  self->n_failures = 0;
  self->n_refusals = 0;
  note_up (self);
}

/* What is not acknowledged stays in the spool. */
static void
hand_back (GstVlmPublisher *self, guint n)
{
  gst_vlm_spool_hand_back (self->spool);
  g_mutex_lock (&self->lock);
  self->stats.n_retried += n;
  g_mutex_unlock (&self->lock);
}

static gboolean
send_entries (GstVlmPublisher *self, GPtrArray *entries, GError **error)
{
  g_autofree guint *ends = g_new (guint, entries->len);
  g_autoptr (GPtrArray) messages = write_messages (self, entries, ends);
  g_autoptr (GError) failure = NULL;
  guint n_messages = messages->len == 0
      ? 0
      : self->transport->klass->deliver (self->transport, messages, &failure);
  guint n = 0;

  while (n < entries->len && ends[n] <= n_messages)
    n++;
  if (n > 0)
    acknowledge (self, entries, n);
  if (n < entries->len) {
    hand_back (self, entries->len - n);
    if (g_error_matches (
            failure, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_REFUSED))
      count_refusal (self, g_ptr_array_index (entries, n), failure);
    g_propagate_error (error, g_steal_pointer (&failure));
  }
  return n == entries->len;
}

/* Sends what there is, or waits for more. FALSE: the connection is lost. */
static gboolean
work (GstVlmPublisher *self, GError **error)
{
  g_autoptr (GError) failure = NULL;
  /* A record that is refused is retried alone: those after it must not arrive
   * again and again. */
  g_autoptr (GPtrArray) entries = gst_vlm_spool_take (
      self->spool, self->n_refusals > 0 ? 1 : MAX_UNDER_WAY, &failure);

  if (entries == NULL) {
    self->funcs.spool_failed (self->funcs.user_data, failure);
    pause_after_failure (self);
    return TRUE;
  }
  if (entries->len > 0)
    return send_entries (self, entries, error);
  return self->transport->klass->idle (self->transport, error);
}

static void
end_connection (GstVlmPublisher *self, const GstVlmMessage *last)
{
  if (!self->connected)
    return;
  self->transport->klass->disconnect (self->transport, last);
  self->connected = FALSE;
  /* A connection that was open for long worked, even without any record. */
  if (g_get_monotonic_time () - self->connected_at > self->max_backoff &&
      self->n_refusals == 0)
    self->n_failures = 0;
}

/* A connection that ends while it is written to must not end the process. */
static void
block_sigpipe (void)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
}

static gpointer
loop (gpointer data)
{
  GstVlmPublisher *self = data;
  g_autoptr (GstVlmMessage) farewell = NULL;

  block_sigpipe ();
  while (!gst_vlm_wait_is_stopped (self->wait)) {
    g_autoptr (GError) error = NULL;

    if (self->connected ? work (self, &error)
                        : set_up_connection (self, &error))
      continue;
    if (gst_vlm_wait_is_stopped (self->wait))
      break;
    end_connection (self, NULL);
    note_down (self, error);
    pause_after_failure (self);
  }
  farewell =
      gst_vlm_format_make_presence (self->format, GST_VLM_PRESENCE_STOPPED);
  end_connection (self, farewell);
  return NULL;
}

GstVlmPublisher *
gst_vlm_publisher_start (GstVlmSpool *spool, GstVlmTransport *transport,
    GstVlmFormat *format, gint64 max_backoff, const GstVlmPublisherFuncs *funcs)
{
  GstVlmPublisher *self = g_new0 (GstVlmPublisher, 1);

  self->spool = spool;
  self->transport = transport;
  self->format = format;
  self->wait = transport->params->wait;
  self->max_backoff = max_backoff;
  self->funcs = *funcs;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->thread = g_thread_new ("vlmpublish", loop, self);
  return self;
}

void
gst_vlm_publisher_stop (GstVlmPublisher *self)
{
  gst_vlm_wait_stop (self->wait);
  g_thread_join (self->thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->stats.last_error);
  g_free (self->reported);
  g_free (self);
}

void
gst_vlm_publisher_wake (GstVlmPublisher *self)
{
  gst_vlm_wait_wake (self->wait);
}

gboolean
gst_vlm_publisher_drain (GstVlmPublisher *self, gint64 timeout)
{
  gint64 until = g_get_monotonic_time () + timeout;
  gboolean in_time = TRUE;
  gboolean drained;

  g_mutex_lock (&self->lock);
  while (!(drained = gst_vlm_spool_get_level (self->spool).n_waiting == 0) &&
      !self->flushing && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, until);
  g_mutex_unlock (&self->lock);
  return drained;
}

void
gst_vlm_publisher_set_flushing (GstVlmPublisher *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_publisher_get_stats (GstVlmPublisher *self, GstVlmPublisherStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  stats->last_error = g_strdup (self->stats.last_error);
  g_mutex_unlock (&self->lock);
}
