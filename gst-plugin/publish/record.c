/* gst-vlm: a record to be published
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/record.h"

#include <string.h>

#include "publish/error.h"

#define SCHEMA_VERSION 1
/* Seconds; longer ones are not from vlmevents. */
#define MAX_BEFORE (24.0 * 3600.0)
#define MAX_DURATION 1e9

static GstVlmRecordState
parse_state (const char *state, const char *uid)
{
  if (uid == NULL)
    return GST_VLM_RECORD_NOTE;
  if (g_strcmp0 (state, "begin") == 0)
    return GST_VLM_RECORD_BEGIN;
  if (g_strcmp0 (state, "update") == 0)
    return GST_VLM_RECORD_UPDATE;
  if (g_strcmp0 (state, "end") == 0)
    return GST_VLM_RECORD_END;
  return GST_VLM_RECORD_NOTE;
}

/* Takes ownership of @body and @node. */
static GstVlmRecord *
record_new (char *body, JsonNode *node)
{
  GstVlmRecord *self = g_atomic_rc_box_new0 (GstVlmRecord);
  const char *state;

  self->body = body;
  self->node = node;
  self->json = json_node_get_object (node);
  state = gst_vlm_json_get_string (self->json, "state");
  self->type = gst_vlm_json_get_string (self->json, "type");
  if (self->type == NULL)
    self->type = g_strcmp0 (state, "gap") == 0 ? "gap" : "event";
  self->stream = gst_vlm_json_get_string (self->json, "stream");
  if (self->stream == NULL)
    self->stream = "";
  self->uid = gst_vlm_json_get_string (self->json, "event_uid");
  self->subject = gst_vlm_json_get_string (self->json, "condition");
  if (self->subject == NULL)
    self->subject = gst_vlm_json_get_string (self->json, "query");
  self->reason = gst_vlm_json_get_string (self->json, "reason");
  self->seq = gst_vlm_json_get_int (self->json, "seq", -1);
  self->state = parse_state (state, self->uid);
  return self;
}

GstVlmRecord *
gst_vlm_record_parse (const char *line, gsize size, GError **error)
{
  JsonNode *node;

  if (size > GST_VLM_RECORD_MAX_BYTES) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_RECORD,
        "%" G_GSIZE_FORMAT " bytes, more than %d", size,
        GST_VLM_RECORD_MAX_BYTES);
    return NULL;
  }
  node = gst_vlm_json_parse_object (line, size, error);
  if (node == NULL)
    return NULL;
  return record_new (g_strndup (line, size), node);
}

GstVlmRecord *
gst_vlm_record_ref (GstVlmRecord *record)
{
  return g_atomic_rc_box_acquire (record);
}

static void
record_clear (gpointer data)
{
  GstVlmRecord *record = data;

  g_free (record->body);
  json_node_unref (record->node);
}

void
gst_vlm_record_unref (GstVlmRecord *record)
{
  g_atomic_rc_box_release_full (record, record_clear);
}

const char *
gst_vlm_record_get_time_text (const GstVlmRecord *record, const char *name)
{
  JsonObject *instant = gst_vlm_json_get_object (record->json, name);

  return instant != NULL ? gst_vlm_json_get_string (instant, "utc") : NULL;
}

const char *
gst_vlm_record_get_utc_text (const GstVlmRecord *record)
{
  return gst_vlm_record_get_time_text (
      record, record->state == GST_VLM_RECORD_BEGIN ? "start" : "end");
}

gint64
gst_vlm_record_get_utc (const GstVlmRecord *record, const char *name)
{
  const char *text = gst_vlm_record_get_time_text (record, name);
  g_autoptr (GDateTime) time =
      text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  if (time == NULL || g_date_time_to_unix (time) < 0)
    return -1;
  return g_date_time_to_unix (time) * G_GINT64_CONSTANT (1000000000) +
      (gint64) g_date_time_get_microsecond (time) * 1000;
}

static double
get_seconds (const GstVlmRecord *record, const char *name, const char *clock)
{
  JsonObject *instant = gst_vlm_json_get_object (record->json, name);

  return instant != NULL ? gst_vlm_json_get_double (instant, clock, -1.0)
                         : -1.0;
}

gint64
gst_vlm_record_guess_begin (const GstVlmRecord *record, gint64 received)
{
  JsonObject *window = gst_vlm_json_get_object (record->json, "window");
  double late_ms = gst_vlm_json_get_double (record->json, "latency_ms", -1.0);
  double start = get_seconds (record, "start", "stream_time");
  double end =
      window != NULL ? gst_vlm_json_get_double (window, "end", -1.0) : -1.0;
  double before = late_ms / 1e3 + end - start;

  if (late_ms < 0.0 || start < 0.0 || end < start || !(before < MAX_BEFORE))
    return received;
  return received - (gint64) (before * G_USEC_PER_SEC);
}

gint64
gst_vlm_record_get_duration (const GstVlmRecord *record)
{
  static const char *const clocks[] = { "running_time", "stream_time", "pts" };

  for (guint i = 0; i < G_N_ELEMENTS (clocks); i++) {
    double start = get_seconds (record, "start", clocks[i]);
    double end = get_seconds (record, "end", clocks[i]);

    if (start >= 0.0 && end >= start && end - start < MAX_DURATION)
      return (gint64) ((end - start) * G_USEC_PER_SEC);
  }
  return 0;
}

/* Takes ownership of @object. */
static GstVlmRecord *
record_from_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return record_new (gst_vlm_json_write (node), node);
}

static void
copy_member (JsonObject *to, const char *name, JsonObject *from)
{
  JsonNode *member = json_object_get_member (from, name);

  if (member != NULL)
    json_object_set_member (to, name, json_node_copy (member));
}

GstVlmRecord *
gst_vlm_record_new_subject (
    const char *stream, const char *subject, const char *state)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "type", GST_VLM_RECORD_SUBJECT);
  if (stream != NULL)
    json_object_set_string_member (object, "stream", stream);
  if (subject != NULL)
    json_object_set_string_member (object, "query", subject);
  if (state != NULL)
    json_object_set_string_member (object, "state", state);
  return record_from_object (object);
}

gboolean
gst_vlm_record_is_removed_subject (const GstVlmRecord *record)
{
  return strcmp (record->type, GST_VLM_RECORD_SUBJECT) == 0 &&
      g_strcmp0 (gst_vlm_json_get_string (record->json, "state"), "removed") ==
      0;
}

GstVlmRecord *
gst_vlm_record_new_begin (const GstVlmRecord *end)
{
  JsonObject *object = json_object_new ();

  gst_vlm_json_copy_members (end->json, object);
  json_object_set_string_member (object, "state", "begin");
  json_object_set_boolean_member (object, "ongoing", TRUE);
  /* Another one than that of @end: the event has no record before it. */
  if (end->seq > 0)
    json_object_set_int_member (object, "seq", end->seq - 1);
  return record_from_object (object);
}

GstVlmRecord *
gst_vlm_record_new_interrupted (const GstVlmRecord *last, gint64 seq)
{
  JsonObject *object = json_object_new ();

  gst_vlm_json_copy_members (last->json, object);
  json_object_set_string_member (object, "state", "end");
  json_object_set_boolean_member (object, "ongoing", FALSE);
  json_object_set_int_member (object, "seq", seq);
  json_object_set_string_member (object, "reason", "interrupted");
  return record_from_object (object);
}

/* Unique, and the same each time that it is made from the same records. */
static char *
make_gap_uid (const GstVlmRecord *last)
{
  if (last->uid == NULL)
    return g_uuid_string_random ();
  return g_strdup_printf (
      "%s-lost-%" G_GINT64_FORMAT, last->uid, MAX (last->seq, 1));
}

GstVlmRecord *
gst_vlm_record_new_gap (
    const GstVlmRecord *first, const GstVlmRecord *last, const char *reason)
{
  JsonObject *object = json_object_new ();
  gint64 count = gst_vlm_record_count (last);
  g_autofree char *uid = make_gap_uid (last);

  if (first != NULL)
    count += gst_vlm_record_count (first);
  json_object_set_string_member (object, "type", "gap");
  json_object_set_int_member (object, "schema_version", SCHEMA_VERSION);
  json_object_set_string_member (object, "event_uid", uid);
  json_object_set_int_member (object, "seq", MAX (last->seq, 1));
  json_object_set_string_member (object, "state", "gap");
  json_object_set_string_member (object, "reason", reason);
  json_object_set_int_member (object, "records", count);
  copy_member (object, "start", first != NULL ? first->json : last->json);
  copy_member (object, "end", last->json);
  if (*last->stream != '\0')
    json_object_set_string_member (object, "stream", last->stream);
  return record_from_object (object);
}

guint
gst_vlm_record_count (const GstVlmRecord *record)
{
  gint64 count = gst_vlm_json_get_int (record->json, "records", 1);

  return (guint) CLAMP (count, 1, G_MAXINT);
}
