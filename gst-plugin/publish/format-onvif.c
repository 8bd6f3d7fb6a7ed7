/* gst-vlm: events as those of ONVIF, in JSON over MQTT
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * As in "Event broker" of the ONVIF Core Specification: the topic is
 * PREFIX/onvif-ej/TOPIC/&SOURCE/…, the payload UtcTime, Source and Data, each a
 * flat list of names and values. Whether an event of a query is in progress is a
 * property of the query: retained, without the PropertyOperation. */
#include <string.h>

#include "publish/format.h"
#include "publish/topic.h"

#define EVENT_TOPIC "onvif-ej/RuleEngine/gstvlm:Event"
#define CAMERA_TOPIC "onvif-ej/VideoSource/"
#define OTHER_TOPIC "onvif-ej/VideoAnalytics/gstvlm:"
#define NO_STREAM "_vlm"
#define NO_RULE "_any"

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
}

/* Values are texts; numbers and logical values may be without quotes. A value
 * with parts, such as a box, is written as one text. */
static void
set_value (JsonObject *object, const char *name, JsonObject *record,
    const char *member)
{
  JsonNode *node = json_object_get_member (record, member);

  if (node == NULL)
    return;
  if (JSON_NODE_HOLDS_VALUE (node)) {
    json_object_set_member (object, name, json_node_copy (node));
  } else {
    g_autofree char *text = gst_vlm_json_write (node);

    json_object_set_string_member (object, name, text);
  }
}

static const char *
stream_of (const GstVlmRecord *record)
{
  return *record->stream != '\0' ? record->stream : NO_STREAM;
}

/* The time of a record: for a begin its start, for all others the end so far.
 * */
static char *
make_utc (const GstVlmEntry *entry)
{
  const char *utc = gst_vlm_record_get_utc_text (entry->record);
  g_autoptr (GDateTime) received = NULL;
  g_autofree char *text = NULL;

  if (utc != NULL)
    return g_strdup (utc);
  received = g_date_time_new_from_unix_utc (entry->received / G_USEC_PER_SEC);
  text = g_date_time_format (received, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf (
      "%s.%03uZ", text, (guint) (entry->received % G_USEC_PER_SEC / 1000));
}

/* Takes ownership of @source and @data. */
static char *
make_payload (const GstVlmEntry *entry, JsonObject *source, JsonObject *data)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *utc = make_utc (entry);
  JsonObject *object = json_object_new ();

  json_node_take_object (node, object);
  json_object_set_string_member (object, "UtcTime", utc);
  json_object_set_object_member (object, "Source", source);
  json_object_set_object_member (object, "Data", data);
  return gst_vlm_json_write (node);
}

static void
write_other (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  JsonObject *source = json_object_new ();
  JsonObject *data = json_object_new ();
  g_autofree char *stream =
      gst_vlm_topic_make_level (record->stream, NO_STREAM);
  g_autofree char *type = gst_vlm_topic_make_level (record->type, "Record");
  g_autofree char *topic = NULL;

  *type = g_ascii_toupper (*type);
  topic = g_strconcat (self->topic, "/" OTHER_TOPIC, type, "/&", stream, NULL);
  set_text (source, "VideoSource", stream_of (record));
  set_text (data, "Record", record->body);
  set_text (data, "Reason", record->reason);
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){
          .topic = topic, .payload = make_payload (entry, source, data) });
}

/* (transfer full) */
static char *
make_event_topic (const GstVlmFormat *self, const GstVlmRecord *record)
{
  g_autofree char *stream =
      gst_vlm_topic_make_level (record->stream, NO_STREAM);
  g_autofree char *rule = gst_vlm_topic_make_level (record->subject, NO_RULE);

  return g_strconcat (
      self->topic, "/" EVENT_TOPIC "/&", stream, "/", rule, NULL);
}

/* (transfer full) */
static JsonObject *
make_event_source (const GstVlmRecord *record)
{
  JsonObject *source = json_object_new ();

  set_text (source, "VideoSource", stream_of (record));
  set_text (
      source, "Rule", record->subject != NULL ? record->subject : NO_RULE);
  return source;
}

/* A property has a state before the first event, and an empty message deletes
 * it. */
static void
write_subject (
    GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  g_autofree char *topic = make_event_topic (self, record);
  char *payload;

  if (gst_vlm_record_is_removed_subject (record)) {
    payload = g_strdup ("");
  } else {
    JsonObject *data = json_object_new ();

    json_object_set_boolean_member (data, "State", entry->active);
    payload = make_payload (entry, make_event_source (record), data);
  }
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic, .payload = payload, .retain = TRUE });
}

static void
write_event (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  g_autofree char *topic = NULL;
  JsonObject *source;
  JsonObject *data;

  if (record->state == GST_VLM_RECORD_NOTE) {
    write_other (self, entry, messages);
    return;
  }
  source = make_event_source (record);
  data = json_object_new ();
  topic = make_event_topic (self, record);
  json_object_set_boolean_member (data, "State", entry->active);
  set_text (data, "EventUid", record->uid);
  set_value (data, "EventState", record->json, "state");
  set_value (data, "Label", record->json, "label");
  set_value (data, "Description", record->json, "description");
  set_value (data, "Likelihood", record->json, "confidence");
  set_value (data, "BoundingBox", record->json, "bbox");
  set_text (data, "Start", gst_vlm_record_get_time_text (record, "start"));
  set_text (data, "End", gst_vlm_record_get_time_text (record, "end"));
  set_text (data, "Reason", record->reason);
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic,
          .payload = make_payload (entry, source, data),
          .retain = TRUE });
}

/* ONVIF's topic for a camera that shows nothing. */
static const char *
topic_of_condition (const char *condition)
{
  static const struct
  {
    const char *condition;
    const char *topic;
  } topics[] = {
    { "black", "ImageTooDark/AnalyticsService" },
    { "overexposed", "ImageTooBright/AnalyticsService" },
    { "covered", "GlobalSceneChange/AnalyticsService" },
    { "frozen", "gstvlm:Frozen" },
    { "no-signal", "SignalLoss" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    if (g_strcmp0 (condition, topics[i].condition) == 0)
      return topics[i].topic;
  return NULL;
}

static void
write_camera (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  const char *topic_end = topic_of_condition (record->subject);
  g_autofree char *stream =
      gst_vlm_topic_make_level (record->stream, NO_STREAM);
  g_autofree char *topic = NULL;
  JsonObject *source;
  JsonObject *data;

  if (topic_end == NULL || record->state == GST_VLM_RECORD_NOTE) {
    write_other (self, entry, messages);
    return;
  }
  source = json_object_new ();
  data = json_object_new ();
  topic = g_strconcat (
      self->topic, "/" CAMERA_TOPIC, topic_end, "/&", stream, NULL);
  set_text (source, "Source", stream_of (record));
  json_object_set_boolean_member (data, "State", entry->active);
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic,
          .payload = make_payload (entry, source, data),
          .retain = TRUE });
}

/* A question about a span and its answer: it is over when it is known. */
static void
write_answer (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  JsonObject *source = json_object_new ();
  JsonObject *data = json_object_new ();
  g_autofree char *stream =
      gst_vlm_topic_make_level (record->stream, NO_STREAM);
  g_autofree char *topic =
      g_strconcat (self->topic, "/" OTHER_TOPIC "Answer/&", stream, NULL);

  set_text (source, "VideoSource", stream_of (record));
  set_value (data, "Task", record->json, "task");
  set_value (data, "Question", record->json, "question");
  set_value (data, "Answer", record->json, "answer");
  set_value (data, "Value", record->json, "value");
  set_value (data, "Error", record->json, "error");
  set_value (data, "Likelihood", record->json, "confidence");
  set_text (data, "Start", gst_vlm_record_get_time_text (record, "start"));
  set_text (data, "End", gst_vlm_record_get_time_text (record, "end"));
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){
          .topic = topic, .payload = make_payload (entry, source, data) });
}

static const GstVlmFormatRule rules[] = {
  { "event", write_event },
  { GST_VLM_RECORD_SUBJECT, write_subject },
  { "camera", write_camera },
  { "answer", write_answer },
  { NULL, write_other },
};

const GstVlmFormatClass gst_vlm_format_onvif = {
  .nick = "onvif",
  .description = "ONVIF events, as JSON over MQTT",
  .needs_topics = TRUE,
  .has_subjects = TRUE,
  .needs_begin = TRUE,
  .default_topic = "gst-vlm",
  .rules = rules,
};
