/* gst-vlm: a simulated MQTT broker
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  FAKE_BROKER_SILENT,         /* takes connections, says nothing */
  FAKE_BROKER_NO_ACKNOWLEDGE, /* answers CONNECT only */
  FAKE_BROKER_OLD,            /* knows MQTT 3.1.1 only, and says so */
  FAKE_BROKER_OLD_AND_RUDE,   /* the same, but ends the connection */
  FAKE_BROKER_BREAKS_OFF,     /* ends it at each third message */
} FakeBrokerKind;

typedef struct _FakeBroker FakeBroker;

FakeBroker *fake_broker_new (FakeBrokerKind kind);
void fake_broker_free (FakeBroker *self);
guint fake_broker_get_port (FakeBroker *self);
/* How many messages it acknowledged. */
guint fake_broker_get_n_messages (FakeBroker *self);

G_END_DECLS
