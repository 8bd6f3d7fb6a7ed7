/* gst-vlm: a real MQTT broker and a subscriber
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A free port of the loopback. */
guint find_port (void);
/* The path of @name in @folder. (transfer full) */
char *path_in (const char *folder, const char *name);

/* mosquitto, with its files in a folder of its own. */
typedef struct
{
  char *folder;
  char *extra; /* (nullable): lines of the configuration */
  guint port;
  GSubprocess *process; /* NULL: it does not run */
} Broker;

/* A free port, but no process yet. @extra: (nullable) */
void broker_init (Broker *broker, const char *extra);
/* Returns when it listens. */
void broker_start (Broker *broker);
/* Stops it; it saves its state for the next start. */
void broker_stop (Broker *broker);
void broker_signal (Broker *broker, int number);
void broker_clear (Broker *broker);

/* mosquitto_sub, which notes each message as "TOPIC RETAINED PAYLOAD". */
typedef struct
{
  char *path;
  GSubprocess *process;
} Listener;

/* Returns when it is subscribed. @arguments: (nullable): more of them, with
 * blanks between */
void listener_init (Listener *listener, const Broker *broker, const char *topic,
    const char *arguments);
/* The lines so far; waits until there are @n, for at most a minute. */
GStrv listener_wait (Listener *listener, guint n);
void listener_clear (Listener *listener);

/* A certificate for 127.0.0.1 and one for another name, of one CA; and a second
 * CA that signed nothing: ca.pem, other-ca.pem, good.pem, good.key, wrong.pem,
 * wrong.key. */
void make_certificates (const char *folder);
/* A web server on the loopback that uses @name.pem and @name.key of @folder. */
GSubprocess *
start_tls_server (const char *folder, const char *name, guint *port);

G_END_DECLS
