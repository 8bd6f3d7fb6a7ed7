/* gst-vlm: whose request a server gets next
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A limited number of requests at a time, in order of arrival: after a
 * request, a thread queues behind all others. Each thread has one request at a
 * time, so this is fair between elements. Any thread. */
#pragma once

#include <gio/gio.h>

typedef struct _VlmRemoteQueue VlmRemoteQueue;

VlmRemoteQueue *vlm_remote_queue_new (void);
void vlm_remote_queue_free (VlmRemoteQueue *queue);
/* At least @n_places at a time from now on. */
void vlm_remote_queue_allow (VlmRemoteQueue *queue, guint n_places);
/* Nobody is let in before @time, of g_get_monotonic_time(). */
void vlm_remote_queue_pause (VlmRemoteQueue *queue, gint64 time);
/* FALSE, without a place: G_IO_ERROR_CANCELLED, or VLM_REMOTE_ERROR_TIMEOUT when
 * it is later than @deadline. */
gboolean vlm_remote_queue_enter (VlmRemoteQueue *queue, gint64 deadline,
    GCancellable *cancellable, GError **error);
void vlm_remote_queue_leave (VlmRemoteQueue *queue);
