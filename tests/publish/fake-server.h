/* gst-vlm: a simulated web server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  FAKE_SERVER_TAKE,     /* 204 */
  FAKE_SERVER_STATUS,   /* the status that is set, with "Retry-After: 0" */
  FAKE_SERVER_CLOSE,    /* reads the request and ends the connection */
  FAKE_SERVER_TRUNCATE, /* promises more than it sends */
  FAKE_SERVER_GARBAGE,  /* answers with bytes that are not HTTP */
  FAKE_SERVER_STALL,    /* never answers */
  FAKE_SERVER_ENDLESS,  /* 200, and an answer without end */
} FakeServerMood;

typedef struct _FakeServer FakeServer;

FakeServer *fake_server_new (void);
void fake_server_free (FakeServer *self);
guint fake_server_get_port (FakeServer *self);
/* Of all requests from now on. */
void fake_server_set_mood (FakeServer *self, FakeServerMood mood, guint status);
/* Requests with @text in them are refused with status 400; NULL: none. */
void fake_server_refuse (FakeServer *self, const char *text);
guint fake_server_get_n_requests (FakeServer *self);
/* The bodies of the requests that were accepted; a copy. (transfer full) */
GPtrArray *fake_server_get_bodies (FakeServer *self);
/* The head of the last request. (transfer full) */
char *fake_server_get_head (FakeServer *self);
/* Waits for @n requests in all. */
void fake_server_wait (FakeServer *self, guint n);

G_END_DECLS
