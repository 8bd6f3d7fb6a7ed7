/* gst-vlm: waiting that can be cancelled
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The publisher's thread waits here for the network, for records and for time
 * to pass. Others wake it, or stop it for good. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  int wake_fd;
  GPollFD stop_fd;
  GCancellable *stop; /* for calls of GIO */
} GstVlmWait;

/* Fails when the process has no file descriptor left. */
gboolean gst_vlm_wait_init (GstVlmWait *self, GError **error);
/* Also for one that was only zeroed. */
void gst_vlm_wait_clear (GstVlmWait *self);

/* From any thread. */
void gst_vlm_wait_wake (GstVlmWait *self);
void gst_vlm_wait_stop (GstVlmWait *self);
gboolean gst_vlm_wait_is_stopped (GstVlmWait *self);

typedef enum
{
  GST_VLM_WAIT_STOPPED,
  GST_VLM_WAIT_WOKEN,
  GST_VLM_WAIT_READY, /* one of the descriptors is */
  GST_VLM_WAIT_TIMEOUT,
} GstVlmWaitResult;

/* For @fds, at most 6, and no longer than @timeout µs; negative for no limit.
 * @for_wake: whether being woken ends it; if not, that is kept for later. */
GstVlmWaitResult gst_vlm_wait_for (GstVlmWait *self, GPollFD *fds, guint n_fds,
    gint64 timeout, gboolean for_wake);

G_END_DECLS
