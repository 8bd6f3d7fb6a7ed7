/* gst-vlm: transports of published messages
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One file a kind, transport-KIND.c, and one line in the table of transport.c.
 * All functions are called on the publisher's thread, and may wait if they use
 * params->wait: then they can be cancelled. */
#pragma once

#include "publish/credentials.h"
#include "publish/message.h"
#include "publish/secrets.h"
#include "publish/wait.h"

G_BEGIN_DECLS

typedef struct
{
  const GstVlmLocation *location;
  const GstVlmCredentials *credentials;
  GstVlmSecrets *secrets; /* for messages of libraries and servers */
  const char *ca_file;    /* (nullable): the authorities to trust */
  const char *cert_file;  /* (nullable): the certificate of this client */
  const char *key_file;   /* (nullable) */
  const char *client_id;
  int qos;                   /* MQTT */
  guint batch_size;          /* HTTP: maximum number of messages in a request */
  gint64 ack_timeout;        /* µs without any acknowledgement */
  const GstVlmMessage *will; /* (nullable): MQTT, if the connection is lost */
  GstVlmWait *wait;
} GstVlmTransportParams;

typedef struct _GstVlmTransport GstVlmTransport;

typedef struct
{
  /* Whether connect() finds out that the other side is there. */
  gboolean keeps_connection;
  /* Checks the settings, without the network. @params outlives it. */
  GstVlmTransport *(*create) (
      const GstVlmTransportParams *params, GError **error);
  void (*destroy) (GstVlmTransport *self);
  gboolean (*connect) (GstVlmTransport *self, GError **error);
  /* Sends in order and waits for the acknowledgements. Returns how many messages
   * from the first on have theirs. Fewer than all: @error is set;
   * GST_VLM_PUBLISH_ERROR_REFUSED is about the first one that has none. */
  guint (*deliver) (GstVlmTransport *self, GPtrArray *messages, GError **error);
  /* Keeps the connection alive until the wait is woken, or stopped. FALSE: it
   * is lost. */
  gboolean (*idle) (GstVlmTransport *self, GError **error);
  /* @last: (nullable): to be sent before, if possible */
  void (*disconnect) (GstVlmTransport *self, const GstVlmMessage *last);
} GstVlmTransportClass;

struct _GstVlmTransport
{
  const GstVlmTransportClass *klass;
  const GstVlmTransportParams *params;
  /* The pause that the server requested, µs; 0: none. */
  gint64 retry_after;
};

/* For the scheme of the location. */
GstVlmTransport *
gst_vlm_transport_new (const GstVlmTransportParams *params, GError **error);
void gst_vlm_transport_free (GstVlmTransport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmTransport, gst_vlm_transport_free)

/* Whether @scheme has topics below that of the location. */
gboolean gst_vlm_transport_has_topics (const char *scheme);
/* The schemes of this build, with commas. (transfer full) */
char *gst_vlm_transport_list_schemes (void);

extern const GstVlmTransportClass gst_vlm_transport_file;
extern const GstVlmTransportClass gst_vlm_transport_mqtt;
extern const GstVlmTransportClass gst_vlm_transport_kafka;
extern const GstVlmTransportClass gst_vlm_transport_http;

G_END_DECLS
