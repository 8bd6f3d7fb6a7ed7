/* gst-vlm: a simulated MQTT broker
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/fake-broker.h"

#include <string.h>

#include "publish/tcp-server.h"

#define CONNECT 1
#define PUBLISH 3
#define DISCONNECT 14
#define VERSION_5 5
#define MAX_PACKET 65536

struct _FakeBroker
{
  TcpServer *server;
  FakeBrokerKind kind;
  int n_messages; /* atomic */
};

/* A byte of the stream; -1 at its end. */
static int
read_byte (GInputStream *in, GCancellable *stop)
{
  guint8 byte;

  return g_input_stream_read (in, &byte, 1, stop, NULL) == 1 ? byte : -1;
}

/* The kind of the next packet, 0 at the end; its body in @body. */
static int
read_packet (GInputStream *in, GCancellable *stop, guint8 *body, gsize *size)
{
  int first = read_byte (in, stop);
  gsize length = 0;
  int byte = 0x80;

  for (guint shift = 0; first >= 0 && (byte & 0x80) != 0; shift += 7) {
    byte = read_byte (in, stop);
    if (byte < 0 || shift > 21)
      return 0;
    length |= (gsize) (byte & 0x7f) << shift;
  }
  if (first < 0 || length > MAX_PACKET ||
      !g_input_stream_read_all (in, body, length, size, stop, NULL) ||
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

static void
on_connection (GIOStream *stream, GCancellable *stop, gpointer user_data)
{
  FakeBroker *self = user_data;
  GInputStream *in = g_io_stream_get_input_stream (stream);
  g_autofree guint8 *body = g_malloc (MAX_PACKET);
  gboolean goes_on = TRUE;

  while (goes_on) {
    gsize size = 0;
    int kind = read_packet (in, stop, body, &size);

    if (kind == 0 || kind == DISCONNECT)
      break;
    if (self->kind == FAKE_BROKER_SILENT)
      continue;
    /* The version follows the name "MQTT". */
    if (kind == CONNECT)
      goes_on = answer_connect (self, stream, body[6] == VERSION_5);
    else if (kind == PUBLISH)
      goes_on = answer_publish (self, stream, body);
  }
}

FakeBroker *
fake_broker_new (FakeBrokerKind kind)
{
  FakeBroker *self = g_new0 (FakeBroker, 1);

  self->kind = kind;
  self->server = tcp_server_new (on_connection, self);
  return self;
}

void
fake_broker_free (FakeBroker *self)
{
  tcp_server_free (self->server);
  g_free (self);
}

guint
fake_broker_get_port (FakeBroker *self)
{
  return tcp_server_get_port (self->server);
}

guint
fake_broker_get_n_messages (FakeBroker *self)
{
  return (guint) g_atomic_int_get (&self->n_messages);
}
