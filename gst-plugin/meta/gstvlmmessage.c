/* gst-vlm: events on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmmessage.h"

#define EVENT_MESSAGE "vlm-event"

/**
 * gst_vlm_message_new_event:
 * @source: (nullable): who posts it
 * @event: an event
 *
 * An element message with a structure `vlm-event`: the #VlmEvent itself in
 * `event`, the same as text in `json`, and for filters on the bus `id`
 * (#guint64), `state`, `label` and `description` (strings).
 *
 * Returns: (transfer full): the message
 */
GstMessage *
gst_vlm_message_new_event (GstObject *source, VlmEvent *event)
{
  g_autofree char *json = NULL;
  GstStructure *structure;

  g_return_val_if_fail (event != NULL, NULL);

  json = vlm_event_to_json (event);
  structure = gst_structure_new (EVENT_MESSAGE, "id", G_TYPE_UINT64, event->id,
      "state", G_TYPE_STRING, vlm_event_state_to_string (event->state), "label",
      G_TYPE_STRING, event->label, "description", G_TYPE_STRING,
      event->description, "json", G_TYPE_STRING, json, "event", VLM_TYPE_EVENT,
      event, NULL);
  return gst_message_new_element (source, structure);
}

/**
 * gst_vlm_message_get_event:
 * @message: any message
 *
 * Returns: (transfer full) (nullable): the event that @message carries, or
 *   %NULL if it carries none
 */
VlmEvent *
gst_vlm_message_get_event (GstMessage *message)
{
  const GstStructure *structure;
  VlmEvent *event = NULL;

  g_return_val_if_fail (GST_IS_MESSAGE (message), NULL);

  structure = gst_message_get_structure (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT && structure != NULL &&
      gst_structure_has_name (structure, EVENT_MESSAGE))
    gst_structure_get (structure, "event", VLM_TYPE_EVENT, &event, NULL);
  return event;
}
