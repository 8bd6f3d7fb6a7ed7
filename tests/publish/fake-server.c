/* gst-vlm: a simulated web server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/fake-server.h"

#include <string.h>

#include "publish/tcp-server.h"

#define MAX_REQUEST (4 * 1024 * 1024)
#define PATIENCE (600 * G_USEC_PER_SEC)

struct _FakeServer
{
  TcpServer *server;

  GMutex lock;
  GCond changed;
  /* Under the lock. */
  FakeServerMood mood;
  guint status;
  char *refused;
  guint n_requests;
  GPtrArray *bodies;
  char *head;
};

/* The head of the next request, NULL at the end. */
static char *
read_head (GDataInputStream *in, GCancellable *stop, gsize *body_size)
{
  GString *head = g_string_new (NULL);
  char *line;

  *body_size = 0;
  while (
      (line = g_data_input_stream_read_line (in, NULL, stop, NULL)) != NULL) {
    gboolean is_end = *g_strstrip (line) == '\0';

    if (g_ascii_strncasecmp (line, "Content-Length:", 15) == 0)
      *body_size = (gsize) g_ascii_strtoull (line + 15, NULL, 10);
    g_string_append_printf (head, "%s\n", line);
    g_free (line);
    if (is_end)
      return g_string_free (head, FALSE);
  }
  g_string_free (head, TRUE);
  return NULL;
}

static char *
read_body (GDataInputStream *in, GCancellable *stop, gsize size)
{
  char *body;

  g_assert_cmpuint (size, <, MAX_REQUEST);
  body = g_malloc0 (size + 1);
  if (g_input_stream_read_all (
          G_INPUT_STREAM (in), body, size, NULL, stop, NULL))
    return body;
  g_free (body);
  return NULL;
}

/* Notes a request, and returns how to answer it. */
static FakeServerMood
note (FakeServer *self, char *head, const char *body, guint *status)
{
  FakeServerMood mood;

  g_mutex_lock (&self->lock);
  mood = self->mood;
  *status = self->status;
  if (self->refused != NULL && strstr (body, self->refused) != NULL) {
    mood = FAKE_SERVER_STATUS;
    *status = 400;
  }
  self->n_requests++;
  if (mood == FAKE_SERVER_TAKE || mood == FAKE_SERVER_ENDLESS)
    g_ptr_array_add (self->bodies, g_strdup (body));
  g_free (self->head);
  self->head = head;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return mood;
}

static gboolean
say (GOutputStream *out, GCancellable *stop, const char *text)
{
  return g_output_stream_write_all (out, text, strlen (text), NULL, stop, NULL);
}

static void
go_on_and_on (GOutputStream *out, GCancellable *stop)
{
  g_autofree char *block = g_strnfill (10000, 'x');

  say (out, stop, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  while (say (out, stop, block))
    ;
}

static void
wait_for_stop (GCancellable *stop)
{
  GPollFD fd;

  if (g_cancellable_make_pollfd (stop, &fd)) {
    g_poll (&fd, 1, -1);
    g_cancellable_release_fd (stop);
  }
}

/* FALSE: the connection ends. */
static gboolean
answer (
    GOutputStream *out, GCancellable *stop, FakeServerMood mood, guint status)
{
  g_autofree char *text = NULL;

  switch (mood) {
  case FAKE_SERVER_TAKE:
    return say (out, stop, "HTTP/1.1 204 No Content\r\n\r\n");
  case FAKE_SERVER_STATUS:
    text = g_strdup_printf ("HTTP/1.1 %u Because\r\nRetry-After: 0\r\n"
                            "Location: http://127.0.0.1:1/\r\n"
                            "Content-Length: 10\r\n\r\nno\x1b[2J\nway",
        status);
    return say (out, stop, text);
  case FAKE_SERVER_TRUNCATE:
    say (out, stop, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    return FALSE;
  case FAKE_SERVER_GARBAGE:
    say (out, stop, "220 mail.example.com ESMTP\r\n");
    return FALSE;
  case FAKE_SERVER_STALL:
    wait_for_stop (stop);
    return FALSE;
  case FAKE_SERVER_ENDLESS:
    go_on_and_on (out, stop);
    return FALSE;
  default:
    return FALSE;
  }
}

static void
on_connection (GIOStream *stream, GCancellable *stop, gpointer user_data)
{
  FakeServer *self = user_data;
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  gboolean goes_on = TRUE;

  while (goes_on) {
    gsize size;
    char *head = read_head (in, stop, &size);
    g_autofree char *body = head != NULL ? read_body (in, stop, size) : NULL;
    FakeServerMood mood;
    guint status;

    if (body == NULL) {
      g_free (head);
      break;
    }
    mood = note (self, head, body, &status);
    goes_on = answer (out, stop, mood, status);
  }
}

FakeServer *
fake_server_new (void)
{
  FakeServer *self = g_new0 (FakeServer, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->bodies = g_ptr_array_new_with_free_func (g_free);
  self->server = tcp_server_new (on_connection, self);
  return self;
}

void
fake_server_free (FakeServer *self)
{
  tcp_server_free (self->server);
  g_ptr_array_unref (self->bodies);
  g_free (self->head);
  g_free (self->refused);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

guint
fake_server_get_port (FakeServer *self)
{
  return tcp_server_get_port (self->server);
}

void
fake_server_set_mood (FakeServer *self, FakeServerMood mood, guint status)
{
  g_mutex_lock (&self->lock);
  self->mood = mood;
  self->status = status;
  g_mutex_unlock (&self->lock);
}

void
fake_server_refuse (FakeServer *self, const char *text)
{
  g_mutex_lock (&self->lock);
  g_free (self->refused);
  self->refused = g_strdup (text);
  g_mutex_unlock (&self->lock);
}

guint
fake_server_get_n_requests (FakeServer *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_requests;
  g_mutex_unlock (&self->lock);
  return n;
}

GPtrArray *
fake_server_get_bodies (FakeServer *self)
{
  GPtrArray *bodies = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->bodies->len; i++)
    g_ptr_array_add (bodies, g_strdup (self->bodies->pdata[i]));
  g_mutex_unlock (&self->lock);
  return bodies;
}

char *
fake_server_get_head (FakeServer *self)
{
  char *head;

  g_mutex_lock (&self->lock);
  head = g_strdup (self->head);
  g_mutex_unlock (&self->lock);
  return head;
}

void
fake_server_wait (FakeServer *self, guint n)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&self->lock);
  while (self->n_requests < n)
    g_assert_true (g_cond_wait_until (&self->changed, &self->lock, until));
  g_mutex_unlock (&self->lock);
}
