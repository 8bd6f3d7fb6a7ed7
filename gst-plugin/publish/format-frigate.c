/* gst-vlm: events as Frigate reviews
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * As Frigate 0.16 and newer write them to frigate/reviews: `new`, `update` and
 * `end`, each with the states before and after; and frigate/available. Records
 * that Frigate has no message for go to frigate/vlm/TYPE, unchanged. */
#include <string.h>

#include "publish/format.h"
#include "publish/topic.h"

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static void
take_array (JsonObject *object, const char *name, const char *only)
{
  JsonArray *array = json_array_new ();

  if (only != NULL)
    json_array_add_string_element (array, only);
  json_object_set_array_member (object, name, array);
}

/* Unix time. Readers of reviews expect a `start_time` that does not change, find
 * recordings by it, and take the duration from it and `end_time`: so without UTC
 * it is the same in all messages of an event, and the duration is that of the
 * stream. */
static double
time_of (const GstVlmEntry *entry, const GstVlmRecord *record, gboolean is_end)
{
  gint64 start = gst_vlm_record_get_utc (record, "start");
  gint64 end = gst_vlm_record_get_utc (record, "end");
  gint64 us;

  /* A double would not have all digits of nanoseconds. */
  if (start >= 0 && (end >= 0 || !is_end))
    us = (is_end ? end : start) / 1000;
  else
    us = entry->begun + (is_end ? gst_vlm_record_get_duration (record) : 0);
  return (double) us / G_USEC_PER_SEC;
}

/* The description of a review by Frigate's own language model. */
static JsonObject *
make_metadata (const GstVlmRecord *record)
{
  JsonObject *metadata = json_object_new ();
  const char *description =
      or_empty (gst_vlm_json_get_string (record->json, "description"));
  const char *title = record->subject != NULL ? record->subject : description;

  json_object_set_string_member (metadata, "title", title);
  json_object_set_string_member (metadata, "scene", description);
  json_object_set_string_member (metadata, "shortSummary", description);
  json_object_set_double_member (metadata, "confidence",
      gst_vlm_json_get_double (record->json, "confidence", 0.0));
  json_object_set_int_member (metadata, "potential_threat_level", 0);
  take_array (metadata, "other_concerns", NULL);
  return metadata;
}

static JsonObject *
make_data (const GstVlmRecord *record)
{
  JsonObject *data = json_object_new ();

  take_array (data, "detections", record->uid);
  take_array (data, "objects", gst_vlm_json_get_string (record->json, "label"));
  take_array (data, "verified_objects", NULL);
  take_array (data, "sub_labels", NULL);
  take_array (data, "zones", gst_vlm_json_get_string (record->json, "zone"));
  take_array (data, "audio", NULL);
  json_object_set_null_member (data, "thumb_time");
  json_object_set_object_member (data, "metadata", make_metadata (record));
  return data;
}

/* The path of the picture, if it is a file. */
static const char *
path_of (const GstVlmRecord *record)
{
  const char *snapshot = gst_vlm_json_get_string (record->json, "snapshot");

  return snapshot != NULL && !g_str_has_prefix (snapshot, "data:") ? snapshot
                                                                   : "";
}

/* Queried events are alerts. */
static JsonObject *
make_review (const GstVlmEntry *entry, const GstVlmRecord *record)
{
  JsonObject *review = json_object_new ();

  json_object_set_string_member (review, "id", record->uid);
  json_object_set_string_member (
      review, "camera", *record->stream != '\0' ? record->stream : "vlm");
  json_object_set_double_member (
      review, "start_time", time_of (entry, record, FALSE));
  if (record->state == GST_VLM_RECORD_END)
    json_object_set_double_member (
        review, "end_time", time_of (entry, record, TRUE));
  else
    json_object_set_null_member (review, "end_time");
  json_object_set_string_member (
      review, "severity", record->subject != NULL ? "alert" : "detection");
  json_object_set_string_member (review, "thumb_path", path_of (record));
  json_object_set_object_member (review, "data", make_data (record));
  return review;
}

static void
write_other (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  g_autofree char *type =
      gst_vlm_topic_make_level (entry->record->type, "record");
  g_autofree char *topic = g_strconcat (self->topic, "/vlm/", type, NULL);

  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){
          .topic = topic, .payload = g_strdup (entry->record->body) });
}

static void
write_event (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  static const char *const types[] = { [GST_VLM_RECORD_BEGIN] = "new",
    [GST_VLM_RECORD_UPDATE] = "update",
    [GST_VLM_RECORD_END] = "end" };
  const GstVlmRecord *record = entry->record;
  g_autofree char *topic = g_strconcat (self->topic, "/reviews", NULL);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  if (record->state == GST_VLM_RECORD_NOTE) {
    write_other (self, entry, messages);
    return;
  }
  object = json_object_new ();
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  json_object_set_string_member (object, "type", types[record->state]);
  json_object_set_object_member (object, "before",
      make_review (entry, entry->previous != NULL ? entry->previous : record));
  json_object_set_object_member (object, "after", make_review (entry, record));
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic, .payload = gst_vlm_json_write (node) });
}

static GstVlmMessage *
make_presence (GstVlmFormat *self, GstVlmPresence presence)
{
  static const char *const words[] = { [GST_VLM_PRESENCE_ONLINE] = "online",
    [GST_VLM_PRESENCE_STOPPED] = "stopped",
    [GST_VLM_PRESENCE_LOST] = "offline" };
  GstVlmMessage *message = g_new0 (GstVlmMessage, 1);

  message->topic = g_strconcat (self->topic, "/available", NULL);
  message->payload = g_strdup (words[presence]);
  message->retain = TRUE;
  return message;
}

static const GstVlmFormatRule rules[] = {
  { "event", write_event },
  { NULL, write_other },
};

const GstVlmFormatClass gst_vlm_format_frigate = {
  .nick = "frigate",
  .description = "Frigate reviews",
  .needs_topics = TRUE,
  .needs_begin = TRUE,
  .default_topic = "frigate",
  .rules = rules,
  .make_presence = make_presence,
};
