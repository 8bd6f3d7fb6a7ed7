/* gst-vlm: waiting that can be cancelled
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/wait.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "publish/error.h"

#define MAX_FDS 6

gboolean
gst_vlm_wait_init (GstVlmWait *self, GError **error)
{
  self->stop = g_cancellable_new ();
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->wake_fd >= 0 &&
      g_cancellable_make_pollfd (self->stop, &self->stop_fd))
    return TRUE;
  g_set_error_literal (error, GST_VLM_PUBLISH_ERROR,
      GST_VLM_PUBLISH_ERROR_SPOOL, "no file descriptor is left");
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  g_clear_object (&self->stop);
  return FALSE;
}

void
gst_vlm_wait_clear (GstVlmWait *self)
{
  if (self->stop == NULL)
    return;
  close (self->wake_fd);
  g_cancellable_release_fd (self->stop);
  g_clear_object (&self->stop);
}

void
gst_vlm_wait_wake (GstVlmWait *self)
{
  eventfd_write (self->wake_fd, 1);
}

void
gst_vlm_wait_stop (GstVlmWait *self)
{
  g_cancellable_cancel (self->stop);
}

gboolean
gst_vlm_wait_is_stopped (GstVlmWait *self)
{
  return g_cancellable_is_cancelled (self->stop);
}

/* g_poll() takes milliseconds, rounded up: never early. */
static int
to_ms (gint64 timeout)
{
  if (timeout < 0)
    return -1;
  return (int) MIN (G_MAXINT, timeout / 1000 + (timeout % 1000 != 0));
}

GstVlmWaitResult
gst_vlm_wait_for (GstVlmWait *self, GPollFD *fds, guint n_fds, gint64 timeout,
    gboolean for_wake)
{
  GPollFD all[MAX_FDS + 2] = { 0 };
  guint n = n_fds;
  gboolean ready = FALSE;
  eventfd_t count;
  int result;

  g_assert (n_fds <= MAX_FDS);
  for (guint i = 0; i < n_fds; i++)
    all[i] = fds[i];
  if (for_wake)
    all[n++] = (GPollFD){ .fd = self->wake_fd, .events = G_IO_IN };
  all[n++] = self->stop_fd;
  do
    result = g_poll (all, n, to_ms (timeout));
  while (result < 0 && errno == EINTR);

  for (guint i = 0; i < n_fds; i++) {
    fds[i].revents = all[i].revents;
    ready |= all[i].revents != 0;
  }
  if (gst_vlm_wait_is_stopped (self))
    return GST_VLM_WAIT_STOPPED;
  if (ready)
    return GST_VLM_WAIT_READY;
  if (for_wake && all[n_fds].revents != 0) {
    eventfd_read (self->wake_fd, &count);
    return GST_VLM_WAIT_WOKEN;
  }
  return GST_VLM_WAIT_TIMEOUT;
}
