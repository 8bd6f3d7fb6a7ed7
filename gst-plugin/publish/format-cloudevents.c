/* gst-vlm: records as CloudEvents 1.0, in structured mode
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The record is the data. `source` and `id` identify it, as event_uid and seq
 * do. There is a `time` if the record has UTC: it must not have different
 * meanings in different CloudEvents. */
#include <string.h>

#include "publish/format.h"

#define TYPE_PREFIX "org.gst-vlm."

/* From event_uid and seq; without them, something that is always the same for the
 * same record. */
static char *
make_id (const GstVlmRecord *record)
{
  if (record->uid != NULL && record->seq >= 0)
    return g_strdup_printf ("%s/%" G_GINT64_FORMAT, record->uid, record->seq);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, record->body, -1);
}

static char *
make_type (const GstVlmRecord *record)
{
  const char *state = gst_vlm_json_get_string (record->json, "state");

  if (record->state == GST_VLM_RECORD_NOTE || state == NULL)
    return g_strconcat (TYPE_PREFIX, record->type, NULL);
  return g_strconcat (TYPE_PREFIX, record->type, ".", state, NULL);
}

static void
write_any (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  g_autofree char *stream = g_uri_escape_string (record->stream, NULL, FALSE);
  g_autofree char *source =
      g_strconcat ("/gst-vlm", *stream != '\0' ? "/" : "", stream, NULL);
  g_autofree char *id = make_id (record);
  g_autofree char *type = make_type (record);
  const char *time = gst_vlm_record_get_utc_text (record);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *event = json_object_new ();

  json_node_take_object (node, event);
  json_object_set_string_member (event, "specversion", "1.0");
  json_object_set_string_member (event, "id", id);
  json_object_set_string_member (event, "source", source);
  json_object_set_string_member (event, "type", type);
  if (time != NULL)
    json_object_set_string_member (event, "time", time);
  if (record->uid != NULL)
    json_object_set_string_member (event, "subject", record->uid);
  json_object_set_string_member (event, "datacontenttype", "application/json");
  json_object_set_member (event, "data", json_node_copy (record->node));
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = self->topic,
          .payload = gst_vlm_json_write (node),
          .content_type = "application/cloudevents+json",
          .batch_type = "application/cloudevents-batch+json" });
}

static const GstVlmFormatRule rules[] = {
  { NULL, write_any },
};

const GstVlmFormatClass gst_vlm_format_cloudevents = {
  .nick = "cloudevents",
  .description = "CloudEvents 1.0, with the record as data",
  .default_topic = "vlm",
  .rules = rules,
};
