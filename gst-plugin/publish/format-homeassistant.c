/* gst-vlm: events for Home Assistant
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A stream is a device. Each query has an event entity, which gets each
 * record, and a binary sensor, which is on while any event of the query is
 * open. Both are announced by retained messages of MQTT discovery as soon as
 * the queries are known, and again on each connection that uses them. When a
 * query is removed, both are deleted. States are retained, events are not: Home
 * Assistant would take an old event for a new one. */
#include "config.h"

#include <string.h>

#include "publish/format.h"
#include "publish/topic.h"

#define DISCOVERY "homeassistant"
#define NO_STREAM "_vlm"

static const char *const event_types[] = { "begin", "update", "end", NULL };

/* Of a stream and a query, or another property of it. */
typedef struct
{
  char *stream; /* ids */
  char *what;
  char *unique; /* of all entities of all publishers */
  char *topic;  /* without a slash at its end */
  const char *stream_name;
  const char *name; /* as it is shown */
} Entity;

/* @query: NULL for an entity of @own, which belongs to no query. */
static void
entity_init (Entity *entity, const GstVlmFormat *self,
    const GstVlmRecord *record, const char *query, const char *own,
    const char *name)
{
  g_autofree char *node = gst_vlm_topic_make_id (self->client_id, "gst-vlm");
  g_autofree char *stream_level =
      gst_vlm_topic_make_level (record->stream, NO_STREAM);
  g_autofree char *what_level = gst_vlm_topic_make_level (query, own);

  entity->stream = gst_vlm_topic_make_id (record->stream, NO_STREAM);
  entity->what = gst_vlm_topic_make_id (query, own);
  entity->unique = g_strjoin ("-", node, entity->stream, entity->what, NULL);
  entity->topic = g_strjoin ("/", self->topic, stream_level, what_level, NULL);
  entity->stream_name = *record->stream != '\0' ? record->stream : "gst-vlm";
  entity->name = name;
}

static void
entity_clear (Entity *entity)
{
  g_free (entity->stream);
  g_free (entity->what);
  g_free (entity->unique);
  g_free (entity->topic);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entity, entity_clear)

static char *
availability_topic (const GstVlmFormat *self)
{
  g_autofree char *client =
      gst_vlm_topic_make_level (self->client_id, "gst-vlm");

  return g_strjoin ("/", self->topic, client, "availability", NULL);
}

static JsonObject *
make_device (const GstVlmFormat *self, const Entity *entity)
{
  JsonObject *device = json_object_new ();
  JsonArray *identifiers = json_array_new ();
  g_autofree char *id = g_strjoin ("-", self->client_id, entity->stream, NULL);

  json_array_add_string_element (identifiers, id);
  json_object_set_array_member (device, "identifiers", identifiers);
  json_object_set_string_member (device, "name", entity->stream_name);
  json_object_set_string_member (device, "manufacturer", "gst-vlm");
  json_object_set_string_member (device, "model", "vlmevents");
  json_object_set_string_member (device, "sw_version", PACKAGE_VERSION);
  return device;
}

/* What both kinds of entities have. */
static JsonObject *
make_config (
    const GstVlmFormat *self, const Entity *entity, const char *component)
{
  JsonObject *config = json_object_new ();
  JsonObject *origin = json_object_new ();
  g_autofree char *unique = g_strjoin ("-", entity->unique, component, NULL);
  g_autofree char *availability = availability_topic (self);

  json_object_set_string_member (config, "name", entity->name);
  json_object_set_string_member (config, "unique_id", unique);
  json_object_set_string_member (config, "availability_topic", availability);
  json_object_set_int_member (config, "qos", 1);
  json_object_set_object_member (config, "device", make_device (self, entity));
  json_object_set_string_member (origin, "name", "gst-vlm");
  json_object_set_string_member (origin, "sw_version", PACKAGE_VERSION);
  json_object_set_object_member (config, "origin", origin);
  return config;
}

static void
set_topic (JsonObject *config, const char *name, const Entity *entity,
    const char *level)
{
  g_autofree char *topic = g_strjoin ("/", entity->topic, level, NULL);

  json_object_set_string_member (config, name, topic);
}

static char *
config_topic (
    const GstVlmFormat *self, const Entity *entity, const char *component)
{
  g_autofree char *node = gst_vlm_topic_make_id (self->client_id, "gst-vlm");
  g_autofree char *object = g_strjoin ("-", entity->stream, entity->what, NULL);

  return g_strjoin ("/", DISCOVERY, component, node, object, "config", NULL);
}

/* Takes ownership of @config. */
static void
announce (GstVlmFormat *self, const GstVlmEntry *entry, const Entity *entity,
    const char *component, JsonObject *config, GPtrArray *messages)
{
  g_autofree char *topic = config_topic (self, entity, component);
  g_autoptr (JsonNode) json = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (json, config);
  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic,
          .payload = gst_vlm_json_write (json),
          .retain = TRUE });
}

static void
announce_event (GstVlmFormat *self, const GstVlmEntry *entry,
    const Entity *entity, const char *const *types, GPtrArray *messages)
{
  JsonObject *config = make_config (self, entity, "event");
  JsonArray *array = json_array_new ();

  for (guint i = 0; types[i] != NULL; i++)
    json_array_add_string_element (array, types[i]);
  json_object_set_array_member (config, "event_types", array);
  set_topic (config, "state_topic", entity, "event");
  announce (self, entry, entity, "event", config, messages);
}

/* @device_class: (nullable): Home Assistant's name for what it means */
static void
announce_sensor (GstVlmFormat *self, const GstVlmEntry *entry,
    const Entity *entity, const char *device_class, GPtrArray *messages)
{
  JsonObject *config = make_config (self, entity, "binary_sensor");

  if (device_class != NULL)
    json_object_set_string_member (config, "device_class", device_class);
  set_topic (config, "state_topic", entity, "state");
  set_topic (config, "json_attributes_topic", entity, "attributes");
  announce (self, entry, entity, "binary_sensor", config, messages);
}

static void
add_payload (GstVlmFormat *self, const GstVlmEntry *entry, const Entity *entity,
    const char *level, char *payload, gboolean retain, GPtrArray *messages)
{
  g_autofree char *topic = g_strjoin ("/", entity->topic, level, NULL);

  gst_vlm_format_add (self, entry, messages,
      &(GstVlmMessage){ .topic = topic, .payload = payload, .retain = retain });
}

/* The attributes come first, so that they are there when the state arrives. */
static void
add_state (GstVlmFormat *self, const GstVlmEntry *entry, const Entity *entity,
    GPtrArray *messages)
{
  add_payload (self, entry, entity, "attributes",
      g_strdup (entry->record->body), TRUE, messages);
  add_payload (self, entry, entity, "state",
      g_strdup (entry->active ? "ON" : "OFF"), TRUE, messages);
}

/* The record, with Home Assistant's name for it in front. */
static char *
make_event (const GstVlmRecord *record, const char *event_type)
{
  g_autoptr (JsonNode) json = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_node_take_object (json, object);
  json_object_set_string_member (object, "event_type", event_type);
  gst_vlm_json_copy_members (record->json, object);
  /* Again, in case a member of the record has replaced it. */
  json_object_set_string_member (object, "event_type", event_type);
  return gst_vlm_json_write (json);
}

static void
write_as_event (GstVlmFormat *self, const GstVlmEntry *entry, const char *what,
    const char *name, GPtrArray *messages)
{
  const char *types[] = { what, NULL };
  g_auto (Entity) entity = { 0 };
  g_autofree char *own = g_strconcat ("_", what, NULL);

  entity_init (&entity, self, entry->record, NULL, own, name);
  if (gst_vlm_format_is_new (self, entity.unique))
    announce_event (self, entry, &entity, types, messages);
  add_payload (self, entry, &entity, "event", make_event (entry->record, what),
      FALSE, messages);
}

static void
write_gap (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  write_as_event (self, entry, "gap", "Not analysed", messages);
}

static void
write_answer (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  write_as_event (self, entry, "answer", "Answers", messages);
}

static void
write_other (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  write_as_event (self, entry, "record", "Other records", messages);
}

static void
init_subject (
    Entity *entity, const GstVlmFormat *self, const GstVlmRecord *record)
{
  entity_init (entity, self, record, record->subject, "_events",
      record->subject != NULL ? record->subject : "Events");
}

static void
announce_subject (GstVlmFormat *self, const GstVlmEntry *entry,
    const Entity *entity, GPtrArray *messages)
{
  if (!gst_vlm_format_is_new (self, entity->unique))
    return;
  announce_event (self, entry, entity, event_types, messages);
  announce_sensor (self, entry, entity, NULL, messages);
}

/* An empty retained message removes the entity. */
static void
remove_subject (GstVlmFormat *self, const GstVlmEntry *entry,
    const Entity *entity, GPtrArray *messages)
{
  static const char *const components[] = { "event", "binary_sensor" };

  for (guint i = 0; i < G_N_ELEMENTS (components); i++) {
    g_autofree char *topic = config_topic (self, entity, components[i]);

    gst_vlm_format_add (self, entry, messages,
        &(GstVlmMessage){
            .topic = topic, .payload = g_strdup (""), .retain = TRUE });
  }
  add_payload (
      self, entry, entity, "attributes", g_strdup (""), TRUE, messages);
  add_payload (self, entry, entity, "state", g_strdup (""), TRUE, messages);
  gst_vlm_format_forget (self, entity->unique);
}

/* There may be no event of it for a long time: so it exists, and is off. */
static void
write_subject (
    GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  g_auto (Entity) entity = { 0 };

  init_subject (&entity, self, entry->record);
  if (gst_vlm_record_is_removed_subject (entry->record)) {
    remove_subject (self, entry, &entity, messages);
    return;
  }
  announce_subject (self, entry, &entity, messages);
  add_payload (self, entry, &entity, "state",
      g_strdup (entry->active ? "ON" : "OFF"), TRUE, messages);
}

static void
write_event (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  g_auto (Entity) entity = { 0 };

  if (record->state == GST_VLM_RECORD_NOTE) {
    write_other (self, entry, messages);
    return;
  }
  init_subject (&entity, self, record);
  announce_subject (self, entry, &entity, messages);
  add_payload (self, entry, &entity, "event",
      make_event (record, event_types[record->state - GST_VLM_RECORD_BEGIN]),
      FALSE, messages);
  add_state (self, entry, &entity, messages);
}

/* A problem of the camera, or its end. */
static void
write_camera (GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmRecord *record = entry->record;
  g_auto (Entity) entity = { 0 };
  g_autofree char *id = NULL;
  g_autofree char *own = NULL;
  g_autofree char *name = NULL;

  if (record->state == GST_VLM_RECORD_NOTE || record->subject == NULL) {
    write_other (self, entry, messages);
    return;
  }
  id = gst_vlm_topic_make_id (record->subject, "unknown");
  own = g_strconcat ("_camera-", id, NULL);
  name = g_strconcat ("Camera ", record->subject, NULL);
  entity_init (&entity, self, record, NULL, own, name);
  if (gst_vlm_format_is_new (self, entity.unique))
    announce_sensor (self, entry, &entity, "problem", messages);
  add_state (self, entry, &entity, messages);
}

static GstVlmMessage *
make_presence (GstVlmFormat *self, GstVlmPresence presence)
{
  GstVlmMessage *message = g_new0 (GstVlmMessage, 1);

  message->topic = availability_topic (self);
  message->payload =
      g_strdup (presence == GST_VLM_PRESENCE_ONLINE ? "online" : "offline");
  message->retain = TRUE;
  return message;
}

static const GstVlmFormatRule rules[] = {
  { "event", write_event },
  { GST_VLM_RECORD_SUBJECT, write_subject },
  { "camera", write_camera },
  { "gap", write_gap },
  { "answer", write_answer },
  { NULL, write_other },
};

const GstVlmFormatClass gst_vlm_format_homeassistant = {
  .nick = "homeassistant",
  .description = "Home Assistant entities, with MQTT discovery",
  .needs_topics = TRUE,
  .has_subjects = TRUE,
  .needs_begin = TRUE,
  .default_topic = "gst-vlm",
  .rules = rules,
  .make_presence = make_presence,
};
