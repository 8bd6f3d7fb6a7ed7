/* gst-vlm: records as they are
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/format.h"

static void
write_any (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = self->topic,
          .payload = g_strdup (entry->record->body),
          .content_type = "application/json",
          .batch_type = "application/json" });
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
