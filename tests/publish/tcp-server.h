/* gst-vlm: a server on the loopback, with a thread for each connection
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The connection ends when it returns; it returns soon after @stop. */
typedef void (*TcpServerFunc) (
    GIOStream *connection, GCancellable *stop, gpointer user_data);

typedef struct _TcpServer TcpServer;

TcpServer *tcp_server_new (TcpServerFunc func, gpointer user_data);
/* Waits until no thread is left. */
void tcp_server_free (TcpServer *self);
guint tcp_server_get_port (TcpServer *self);

G_END_DECLS
