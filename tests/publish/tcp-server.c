/* gst-vlm: a server on the loopback, with a thread for each connection
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/tcp-server.h"

struct _TcpServer
{
  TcpServerFunc func;
  gpointer user_data;
  GSocketListener *listener;
  GCancellable *stop;
  guint port;
  GThread *thread;
  GPtrArray *threads; /* of connections; of the thread that accepts */
};

typedef struct
{
  TcpServer *server;
  GIOStream *stream;
} Connection;

static gpointer
serve (gpointer data)
{
  Connection *connection = data;
  TcpServer *self = connection->server;

  self->func (connection->stream, self->stop, self->user_data);
  g_io_stream_close (connection->stream, NULL, NULL);
  g_object_unref (connection->stream);
  g_free (connection);
  return NULL;
}

static gpointer
accept_all (gpointer data)
{
  TcpServer *self = data;
  GSocketConnection *stream;

  while ((stream = g_socket_listener_accept (
              self->listener, NULL, self->stop, NULL)) != NULL) {
    Connection *connection = g_new0 (Connection, 1);

    connection->server = self;
    connection->stream = G_IO_STREAM (stream);
    g_ptr_array_add (
        self->threads, g_thread_new ("connection", serve, connection));
  }
  return NULL;
}

TcpServer *
tcp_server_new (TcpServerFunc func, gpointer user_data)
{
  TcpServer *self = g_new0 (TcpServer, 1);
  g_autoptr (GError) error = NULL;

  self->func = func;
  self->user_data = user_data;
  self->stop = g_cancellable_new ();
  self->threads = g_ptr_array_new ();
  self->listener = g_socket_listener_new ();
  self->port =
      g_socket_listener_add_any_inet_port (self->listener, NULL, &error);
  g_assert_no_error (error);
  self->thread = g_thread_new ("tcp-server", accept_all, self);
  return self;
}

void
tcp_server_free (TcpServer *self)
{
  g_cancellable_cancel (self->stop);
  g_thread_join (self->thread);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (self->threads->pdata[i]);
  g_ptr_array_unref (self->threads);
  g_object_unref (self->listener);
  g_object_unref (self->stop);
  g_free (self);
}

guint
tcp_server_get_port (TcpServer *self)
{
  return self->port;
}
