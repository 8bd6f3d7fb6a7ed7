/* gst-vlm: whose request a server gets next
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-queue.h"

#include <vlm/vlm-error.h>

struct _VlmRemoteQueue
{
  GMutex lock;
  GCond changed;
  GQueue waiting; /* the address of something on the stack of each */
  guint n_places;
  guint n_inside;
  gint64 paused_until;
};

VlmRemoteQueue *
vlm_remote_queue_new (void)
{
  VlmRemoteQueue *self = g_new0 (VlmRemoteQueue, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->waiting);
  self->n_places = 1;
  return self;
}

void
vlm_remote_queue_free (VlmRemoteQueue *self)
{
  g_assert (self->n_inside == 0 && g_queue_is_empty (&self->waiting));
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

void
vlm_remote_queue_allow (VlmRemoteQueue *self, guint n_places)
{
  g_mutex_lock (&self->lock);
  self->n_places = MAX (self->n_places, n_places);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
vlm_remote_queue_pause (VlmRemoteQueue *self, gint64 time)
{
  g_mutex_lock (&self->lock);
  self->paused_until = MAX (self->paused_until, time);
  g_mutex_unlock (&self->lock);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  VlmRemoteQueue *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* With the lock. Waits until @ticket is first and there is a place. */
static gboolean
wait_turn (VlmRemoteQueue *self, const void *ticket, gint64 deadline,
    GCancellable *cancellable, GError **error)
{
  while (!g_cancellable_set_error_if_cancelled (cancellable, error)) {
    gboolean is_next = g_queue_peek_head (&self->waiting) == ticket &&
        self->n_inside < self->n_places;
    gint64 now = g_get_monotonic_time ();

    if (is_next && now >= self->paused_until)
      return TRUE;
    if (now >= deadline) {
      g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_TIMEOUT,
          "the request timed out before its turn came");
      return FALSE;
    }
    g_cond_wait_until (&self->changed, &self->lock,
        is_next ? MIN (deadline, self->paused_until) : deadline);
  }
  return FALSE;
}

gboolean
vlm_remote_queue_enter (VlmRemoteQueue *self, gint64 deadline,
    GCancellable *cancellable, GError **error)
{
  gulong handler = 0;
  gboolean entered;
  char ticket;

  /* Not under the lock: one that is already cancelled calls back at once. */
  if (cancellable != NULL)
    handler = g_cancellable_connect (
        cancellable, G_CALLBACK (on_cancelled), self, NULL);
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->waiting, &ticket);
  entered = wait_turn (self, &ticket, deadline, cancellable, error);
  g_queue_remove (&self->waiting, &ticket);
  if (entered)
    self->n_inside++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);
  return entered;
}

void
vlm_remote_queue_leave (VlmRemoteQueue *self)
{
  g_mutex_lock (&self->lock);
  g_assert (self->n_inside > 0);
  self->n_inside--;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}
