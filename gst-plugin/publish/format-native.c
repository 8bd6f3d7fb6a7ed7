/* gst-vlm: records as they are
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/format.h"

static void
write_any (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  GstVlmMessage *message = g_new0 (GstVlmMessage, 1);

  message->topic = g_strdup (self->topic);
  message->payload = g_strdup (entry->record->body);
  message->key = g_strdup (entry->record->stream);
  message->content_type = "application/json";
  message->batch_type = "application/json";
  g_ptr_array_add (messages, message);
}

static const GstVlmFormatRule rules[] = {
  { NULL, write_any },
};

const GstVlmFormatClass gst_vlm_format_native = {
  .nick = "native",
  .description = "The record as it is",
  .default_topic = "vlm",
  .rules = rules,
};
