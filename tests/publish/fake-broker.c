/* gst-vlm: a broker of MQTT that does what a test wants
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/fake-broker.h"

#include <string.h>

#define CONNECT 1
#define PUBLISH 3
#define DISCONNECT 14
#define VERSION_5 5
#define MAX_PACKET 65536

struct _FakeBroker
{
  GSocketService *service;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GCancellable *stop;
  FakeBrokerKind kind;
  guint port;
  int n_messages; /* atomic */
};

/* A byte of the stream; -1 at its end. */
static int
read_byte (GInputStream *in, FakeBroker *self)
{
  guint8 byte;

  return g_input_stream_read (in, &byte, 1, self->stop, NULL) == 1 ? byte : -1;
}

/* The kind of the next packet, 0 at the end; its body in @body. */
static int
read_packet (FakeBroker *self, GInputStream *in, guint8 *body, gsize *size)
{
  int first = read_byte (in, self);
  gsize length = 0;
  int byte = 0x80;

  for (guint shift = 0; first >= 0 && (byte & 0x80) != 0; shift += 7) {
    byte = read_byte (in, self);
    if (byte < 0 || shift > 21)
      return 0;
    length |= (gsize) (byte & 0x7f) << shift;
  }
  if (first < 0 || length > MAX_PACKET ||
      !g_input_stream_read_all (in, body, length, size, self->stop, NULL) ||
      *size != length)
    return 0;
  return first >> 4;
}

static gboolean
write_bytes (GIOStream *stream, const guint8 *bytes, gsize size)
{
  return g_output_stream_write_all (
      g_io_stream_get_output_stream (stream), bytes, size, NULL, NULL, NULL);
}

/* FALSE: the connection ends. */
static gboolean
answer_connect (FakeBroker *self, GIOStream *stream, gboolean is_5)
{
  static const guint8 welcome[] = { 0x20, 2, 0, 0 };
  static const guint8 welcome_5[] = { 0x20, 3, 0, 0, 0 };
  static const guint8 wrong_version[] = { 0x20, 2, 0, 1 };
  gboolean is_old =
      self->kind == FAKE_BROKER_OLD || self->kind == FAKE_BROKER_OLD_AND_RUDE;

  if (is_old && is_5) {
    if (self->kind == FAKE_BROKER_OLD)
      write_bytes (stream, wrong_version, sizeof wrong_version);
    return FALSE;
  }
  return is_5 ? write_bytes (stream, welcome_5, sizeof welcome_5)
              : write_bytes (stream, welcome, sizeof welcome);
}

static gboolean
answer_publish (FakeBroker *self, GIOStream *stream, const guint8 *body)
{
  guint topic = body[0] * 256u + body[1];
  const guint8 acknowledge[] = { 0x40, 2, body[2 + topic], body[3 + topic] };

  if (self->kind == FAKE_BROKER_NO_ACKNOWLEDGE)
    return TRUE;
  if (g_atomic_int_add (&self->n_messages, 1) % 3 == 2 &&
      self->kind == FAKE_BROKER_BREAKS_OFF)
    return FALSE;
  return write_bytes (stream, acknowledge, sizeof acknowledge);
}

static gboolean
on_run (GThreadedSocketService *service, GSocketConnection *connection,
    GObject *source, gpointer user_data)
{
  FakeBroker *self = user_data;
  GIOStream *stream = G_IO_STREAM (connection);
  GInputStream *in = g_io_stream_get_input_stream (stream);
  g_autofree guint8 *body = g_malloc (MAX_PACKET);
  gboolean goes_on = TRUE;

  while (goes_on) {
    gsize size = 0;
    int kind = read_packet (self, in, body, &size);

    if (kind == 0 || kind == DISCONNECT)
      break;
    if (self->kind == FAKE_BROKER_SILENT)
      continue;
    /* The version stands behind the name "MQTT". */
    if (kind == CONNECT)
      goes_on = answer_connect (self, stream, body[6] == VERSION_5);
    else if (kind == PUBLISH)
      goes_on = answer_publish (self, stream, body);
  }
  return TRUE;
}

static gpointer
run (gpointer data)
{
  FakeBroker *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

FakeBroker *
fake_broker_new (FakeBrokerKind kind)
{
  FakeBroker *self = g_new0 (FakeBroker, 1);
  g_autoptr (GError) error = NULL;

  self->kind = kind;
  self->stop = g_cancellable_new ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_main_context_push_thread_default (self->context);
  self->service = g_threaded_socket_service_new (8);
  self->port = g_socket_listener_add_any_inet_port (
      G_SOCKET_LISTENER (self->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "run", G_CALLBACK (on_run), self);
  g_socket_service_start (self->service);
  g_main_context_pop_thread_default (self->context);
  self->thread = g_thread_new ("fake-broker", run, self);
  return self;
}

void
fake_broker_free (FakeBroker *self)
{
  g_cancellable_cancel (self->stop);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_object_unref (self->service);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_object_unref (self->stop);
  g_free (self);
}

guint
fake_broker_get_port (FakeBroker *self)
{
  return self->port;
}

guint
fake_broker_get_n_messages (FakeBroker *self)
{
  return (guint) g_atomic_int_get (&self->n_messages);
}
