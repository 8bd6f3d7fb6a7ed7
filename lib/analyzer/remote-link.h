/* gst-vlm: the link to one server, shared by all its users
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All users in a process that name the same server with the same key share one:
 * connections, turns, and what was found out about the server. Any thread. */
#pragma once

#include <gio/gio.h>
#include <vlm/vlm-model-params.h>

#include "analyzer/remote-address.h"

typedef struct _VlmRemoteLink VlmRemoteLink;

/* (transfer full); VLM_REMOTE_ERROR_SETTINGS for a key or a file that cannot be
 * used. */
VlmRemoteLink *vlm_remote_link_get (const VlmRemoteAddress *address,
    const VlmModelParams *params, GError **error);
void vlm_remote_link_unref (VlmRemoteLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmRemoteLink, vlm_remote_link_unref)

/* (transfer full): the body, made when it is the request's turn, so that no more
 * bodies are in memory than there are connections. */
typedef GBytes *(*VlmRemoteBodyFunc) (gpointer user_data, GError **error);

/* Sends a request until it was answered with status 2xx, or it makes no sense to
 * send it again. @make: NULL to fetch @url; @timeout: µs, for all tries and the
 * waiting. *status: nullable, of the last try, 0 for none. (transfer full): the
 * answer, bytes. Errors: VLM_REMOTE_ERROR_SERVER or _TIMEOUT with the server's
 * name and words, those of @make, G_IO_ERROR_CANCELLED within a moment. */
GString *vlm_remote_link_ask (VlmRemoteLink *link, const char *url,
    VlmRemoteBodyFunc make, gpointer user_data, gint64 timeout, long *status,
    GCancellable *cancellable, GError **error);

/* What was found out about the server, by name: FALSE if nothing was yet. */
gboolean
vlm_remote_link_recall (VlmRemoteLink *link, const char *name, gint *value);
void
vlm_remote_link_remember (VlmRemoteLink *link, const char *name, gint value);
