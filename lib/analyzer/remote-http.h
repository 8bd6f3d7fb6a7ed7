/* gst-vlm: requests to a web server
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Connections are kept open and reused by later requests. Any thread; each
 * request runs on the thread of its caller. */
#pragma once

#include <gio/gio.h>

typedef struct _VlmHttp VlmHttp;

typedef struct
{
  long status;        /* 0: there is none */
  GString *body;      /* of any status; bytes */
  gint64 retry_after; /* µs, requested by the server; 0: none */
} VlmHttpReply;

void vlm_http_reply_clear (VlmHttpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmHttpReply, vlm_http_reply_clear)

/* @ca_file: nullable, what certificates are checked against; @key: nullable, sent
 * with each request and never in a message. VLM_REMOTE_ERROR_SETTINGS if this was
 * built without libcurl. */
VlmHttp *vlm_http_new (const char *ca_file, const char *key, GError **error);
void vlm_http_free (VlmHttp *http);

/* One try. @body: what is POSTed as JSON; NULL: the @url is fetched. TRUE with
 * any status. Else VLM_REMOTE_ERROR_SERVER, or _TIMEOUT after @deadline (of
 * g_get_monotonic_time()), or G_IO_ERROR_CANCELLED at once; *may_change: the
 * next try may end otherwise. Redirections are not followed. */
gboolean vlm_http_exchange (VlmHttp *http, const char *url, GBytes *body,
    gint64 deadline, VlmHttpReply *reply, gboolean *may_change,
    GCancellable *cancellable, GError **error);
