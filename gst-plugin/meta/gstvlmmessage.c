/* gst-vlm: events on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmmessage.h"

#define EVENT_MESSAGE "vlm-event"
/* The truth about a made-up scene must not be taken for what was found in it. */
#define TRUTH_MESSAGE "vlm-truth"
#define ANSWER_MESSAGE "vlm-answer"

/**
 * gst_vlm_message_new_event:
 * @source: (nullable): the object that posts it
 * @event: an event
 *
 * An element message with a structure `vlm-event`, or `vlm-truth` if the type
 * of @event is %VLM_RECORD_TYPE_TRUTH: the #VlmEvent itself in `event`, the
 * same as text in `json`, and for filters on the bus `type`, `state`,
 * `event-uid`, `label`, `description` (strings), `schema-version` (#guint),
 * `seq`, `id` (#guint64), and in ns, %G_MININT64 if it is not known, `start`,
 * `end` (stream time), `running-time-start` and `running-time-end` (#gint64).
 *
 * Returns: (transfer full): the message
 *
 * Since: 0.1
 */
GstMessage *
gst_vlm_message_new_event (GstObject *source, VlmEvent *event)
{
  g_autofree char *json = NULL;
  GstStructure *structure;

  g_return_val_if_fail (event != NULL, NULL);

  json = vlm_event_to_json (event);
  structure = gst_structure_new (
      event->type == VLM_RECORD_TYPE_TRUTH ? TRUTH_MESSAGE : EVENT_MESSAGE,
      "type", G_TYPE_STRING, vlm_record_type_to_string (event->type),
      "schema-version", G_TYPE_UINT, event->schema_version, "event-uid",
      G_TYPE_STRING, event->event_uid, "seq", G_TYPE_UINT64, event->seq, "id",
      G_TYPE_UINT64, event->id, "state", G_TYPE_STRING,
      vlm_event_state_to_string (event->state), "label", G_TYPE_STRING,
      event->label, "description", G_TYPE_STRING, event->description, "start",
      G_TYPE_INT64, event->start.stream_time, "end", G_TYPE_INT64,
      event->end.stream_time, "running-time-start", G_TYPE_INT64,
      event->start.running_time, "running-time-end", G_TYPE_INT64,
      event->end.running_time, "json", G_TYPE_STRING, json, "event",
      VLM_TYPE_EVENT, event, NULL);
  return gst_message_new_element (source, structure);
}

static VlmEvent *
get_event (GstMessage *message, const char *name)
{
  const GstStructure *structure = gst_message_get_structure (message);
  VlmEvent *event = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT && structure != NULL &&
      gst_structure_has_name (structure, name))
    gst_structure_get (structure, "event", VLM_TYPE_EVENT, &event, NULL);
  return event;
}

/**
 * gst_vlm_message_get_event:
 * @message: any message
 *
 * Reads an event from a message of the bus, whatever the message is.
 *
 * Returns: (transfer full) (nullable): the event in @message, or %NULL
 *
 * Since: 0.1
 */
VlmEvent *
gst_vlm_message_get_event (GstMessage *message)
{
  g_return_val_if_fail (GST_IS_MESSAGE (message), NULL);
  return get_event (message, EVENT_MESSAGE);
}

/**
 * gst_vlm_message_get_truth:
 * @message: any message
 *
 * Reads a true event of `vlmtestsrc` from a message of the bus.
 *
 * Returns: (transfer full) (nullable): the true event of a generated scene, or
 *   %NULL
 *
 * Since: 0.1
 */
VlmEvent *
gst_vlm_message_get_truth (GstMessage *message)
{
  g_return_val_if_fail (GST_IS_MESSAGE (message), NULL);
  return get_event (message, TRUTH_MESSAGE);
}

/**
 * gst_vlm_message_new_answer:
 * @source: (nullable): the object that posts it
 * @record: a question about a window and its answer
 *
 * An element message with a structure `vlm-answer`: the #VlmAnswerRecord
 * itself in `record`, the same as text in `json`, and for filters on the bus
 * `type`, `event-uid`, `task`, `question`, `answer`, `value` (JSON), `error`
 * (strings), `schema-version` (#guint), `seq` (#guint64), `confidence`
 * (#gdouble), and in ns, %G_MININT64 if it is not known, `start`, `end`
 * (stream time), `running-time-start` and `running-time-end` (#gint64). The
 * answers to the action signal `ask` have the same name, but an `id` and no
 * `record`.
 *
 * Returns: (transfer full): the message
 *
 * Since: 0.1
 */
GstMessage *
gst_vlm_message_new_answer (GstObject *source, VlmAnswerRecord *record)
{
  g_autofree char *json = NULL;
  GstStructure *structure;

  g_return_val_if_fail (record != NULL, NULL);

  json = vlm_answer_record_to_json (record);
  structure = gst_structure_new (ANSWER_MESSAGE, "type", G_TYPE_STRING,
      vlm_record_type_to_string (VLM_RECORD_TYPE_ANSWER), "schema-version",
      G_TYPE_UINT, VLM_RECORD_SCHEMA_VERSION, "event-uid", G_TYPE_STRING,
      record->event_uid, "seq", G_TYPE_UINT64, record->seq, "task",
      G_TYPE_STRING, record->task, "question", G_TYPE_STRING, record->question,
      "answer", G_TYPE_STRING, record->answer, "value", G_TYPE_STRING,
      record->value, "error", G_TYPE_STRING, record->error, "confidence",
      G_TYPE_DOUBLE, record->confidence, "start", G_TYPE_INT64,
      record->start.stream_time, "end", G_TYPE_INT64, record->end.stream_time,
      "running-time-start", G_TYPE_INT64, record->start.running_time,
      "running-time-end", G_TYPE_INT64, record->end.running_time, "json",
      G_TYPE_STRING, json, "record", VLM_TYPE_ANSWER_RECORD, record, NULL);
  return gst_message_new_element (source, structure);
}

/**
 * gst_vlm_message_get_answer:
 * @message: any message
 *
 * Reads the record of a question and its answer from a message of the bus.
 * Replies to the action signal `ask` have the same name, but no record.
 *
 * Returns: (transfer full) (nullable): the record in @message, or %NULL
 *
 * Since: 0.1
 */
VlmAnswerRecord *
gst_vlm_message_get_answer (GstMessage *message)
{
  const GstStructure *structure;
  VlmAnswerRecord *record = NULL;

  g_return_val_if_fail (GST_IS_MESSAGE (message), NULL);

  structure = gst_message_get_structure (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT && structure != NULL &&
      gst_structure_has_name (structure, ANSWER_MESSAGE))
    gst_structure_get (
        structure, "record", VLM_TYPE_ANSWER_RECORD, &record, NULL);
  return record;
}
