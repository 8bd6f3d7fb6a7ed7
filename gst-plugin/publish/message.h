/* gst-vlm: published messages
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One message to the other side; a record becomes none, one or several. */
typedef struct
{
  char *topic; /* MQTT; NULL: the topic of the location */
  char *payload;
  char *key; /* Kafka; (nullable): same key, same partition, same order */
  const char *content_type; /* HTTP; static */
  const char *batch_type;   /* HTTP; of a JSON array of several; NULL: none */
  gboolean retain;          /* MQTT */
} GstVlmMessage;

static inline void
gst_vlm_message_free (GstVlmMessage *message)
{
  if (message == NULL)
    return;
  g_free (message->topic);
  g_free (message->payload);
  g_free (message->key);
  g_free (message);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmMessage, gst_vlm_message_free)

G_END_DECLS
