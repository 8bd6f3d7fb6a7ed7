/* gst-vlm: records as documents of ONVIF
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmonvif.h"

#include <string.h>

#define NO_STREAM "_vlm"
#define NO_RULE "_any"
#define REPLACEMENT "\xef\xbf\xbd"

static const char opening[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<tt:MetadataStream xmlns:tt=\"http://www.onvif.org/ver10/schema\""
    " xmlns:wsnt=\"http://docs.oasis-open.org/wsn/b-2\""
    " xmlns:tns1=\"http://www.onvif.org/ver10/topics\""
    " xmlns:gstvlm=\"urn:gst-vlm:topics\">";
static const char closing[] = "</tt:MetadataStream>\n";

struct _GstVlmOnvif
{
  /* event_uid of open events -> whether their box was sent */
  GHashTable *sent;
};

GstVlmOnvif *
gst_vlm_onvif_new (void)
{
  GstVlmOnvif *self = g_new0 (GstVlmOnvif, 1);

  self->sent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
gst_vlm_onvif_free (GstVlmOnvif *self)
{
  g_hash_table_unref (self->sent);
  g_free (self);
}

void
gst_vlm_onvif_clear (GstVlmOnvif *self)
{
  g_hash_table_remove_all (self->sent);
}

/* XML 1.0 has no control characters, and attributes have no line breaks. */
static void
append_text (GString *xml, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) clean = g_string_new (NULL);
  g_autofree char *escaped = NULL;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (g_unichar_isspace (c))
      g_string_append_c (clean, ' ');
    else if (g_unichar_iscntrl (c) || (c & 0xfffe) == 0xfffe)
      g_string_append (clean, REPLACEMENT);
    else
      g_string_append_unichar (clean, c);
  }
  escaped = g_markup_escape_text (clean->str, (gssize) clean->len);
  g_string_append (xml, escaped);
}

static void
append_item (GString *xml, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_printf (xml, "<tt:SimpleItem Name=\"%s\" Value=\"", name);
  append_text (xml, value);
  g_string_append (xml, "\"/>");
}

static void
append_number (GString *xml, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (xml, g_ascii_formatd (text, sizeof text, "%.6g", value));
}

/* (transfer full) */
static char *
utc_of (const VlmInstant *instant)
{
  gint64 us = VLM_TIME_IS_VALID (instant->utc) && instant->utc >= 0
      ? instant->utc / 1000
      : g_get_real_time ();
  g_autoptr (GDateTime) time =
      g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf (
      "%s.%03uZ", text, (guint) (us % G_USEC_PER_SEC / 1000));
}

static void
append_time (GString *xml, const char *name, const VlmInstant *instant)
{
  g_autofree char *text = NULL;

  if (!VLM_TIME_IS_VALID (instant->utc))
    return;
  text = utc_of (instant);
  append_item (xml, name, text);
}

/* @operation: (nullable): of a property */
static void
begin_message (GString *xml, const char *topic, const VlmInstant *instant,
    const char *operation)
{
  g_autofree char *utc = utc_of (instant);

  g_string_append_printf (xml,
      "<wsnt:NotificationMessage>"
      "<wsnt:Topic Dialect=\"http://www.onvif.org/ver10/tev/topicExpression/"
      "ConcreteSet\">tns1:%s</wsnt:Topic>"
      "<wsnt:Message><tt:Message UtcTime=\"%s\"",
      topic, utc);
  if (operation != NULL)
    g_string_append_printf (xml, " PropertyOperation=\"%s\"", operation);
  g_string_append_c (xml, '>');
}

static void
end_message (GString *xml)
{
  g_string_append (
      xml, "</tt:Message></wsnt:Message></wsnt:NotificationMessage>");
}

static void
append_source (
    GString *xml, const char *name, const char *stream, const char *rule)
{
  g_string_append (xml, "<tt:Source>");
  append_item (xml, name, stream != NULL ? stream : NO_STREAM);
  append_item (xml, "Rule", rule);
  g_string_append (xml, "</tt:Source>");
}

static void
append_event_data (GString *xml, const VlmEvent *event, gboolean goes_on)
{
  g_string_append (xml, "<tt:Data>");
  append_item (xml, "State", goes_on ? "true" : "false");
  append_item (xml, "Label", event->label);
  append_item (xml, "Description", event->description);
  if (event->confidence >= 0.0) {
    g_string_append (xml, "<tt:SimpleItem Name=\"Likelihood\" Value=\"");
    append_number (xml, event->confidence);
    g_string_append (xml, "\"/>");
  }
  append_time (xml, "Start", &event->start);
  append_time (xml, "End", &event->end);
  g_string_append (xml, "</tt:Data>");
}

static void
append_event_message (
    GString *xml, const VlmEvent *event, const char *operation)
{
  gboolean goes_on = strcmp (operation, "Deleted") != 0;
  const char *rule = event->condition != NULL ? event->condition
      : event->query != NULL                  ? event->query
                                              : NO_RULE;

  begin_message (xml, "RuleEngine/gstvlm:Event",
      strcmp (operation, "Initialized") == 0 ? &event->start : &event->end,
      operation);
  append_source (xml, "VideoSource", event->stream, rule);
  g_string_append (xml, "<tt:Key>");
  append_item (xml, "EventUid", event->event_uid);
  g_string_append (xml, "</tt:Key>");
  append_event_data (xml, event, goes_on);
  end_message (xml);
}

static void
append_attribute (GString *xml, const char *name, double value)
{
  g_string_append_printf (xml, " %s=\"", name);
  append_number (xml, value);
  g_string_append_c (xml, '"');
}

/* ONVIF's coordinates go from -1 to 1, to the right and up. */
static void
append_shape (GString *xml, const VlmRect *box, guint width, guint height)
{
  double left = 2.0 * box->x / width - 1.0;
  double right = 2.0 * ((double) box->x + box->width) / width - 1.0;
  double top = 1.0 - 2.0 * box->y / height;
  double bottom = 1.0 - 2.0 * ((double) box->y + box->height) / height;

  g_string_append (xml, "<tt:Shape><tt:BoundingBox");
  append_attribute (xml, "bottom", bottom);
  append_attribute (xml, "top", top);
  append_attribute (xml, "right", right);
  append_attribute (xml, "left", left);
  g_string_append (xml, "/><tt:CenterOfGravity");
  append_attribute (xml, "x", (left + right) / 2.0);
  append_attribute (xml, "y", (top + bottom) / 2.0);
  g_string_append (xml, "/></tt:Shape>");
}

static void
append_frame (GString *xml, const VlmEvent *event, guint width, guint height)
{
  g_autofree char *utc = utc_of (&event->bbox_time);

  g_string_append_printf (xml,
      "<tt:VideoAnalytics><tt:Frame UtcTime=\"%s\" Source=\"gst-vlm\">"
      "<tt:Object ObjectId=\"%" G_GUINT64_FORMAT "\" UUID=\"",
      utc, event->id);
  append_text (xml, event->event_uid != NULL ? event->event_uid : "");
  g_string_append (xml, "\"><tt:Appearance>");
  append_shape (xml, &event->bbox, width, height);
  if (event->label != NULL) {
    g_string_append (xml, "<tt:Class><tt:Type");
    if (event->confidence >= 0.0)
      append_attribute (xml, "Likelihood", event->confidence);
    g_string_append_c (xml, '>');
    append_text (xml, event->label);
    g_string_append (xml, "</tt:Type></tt:Class>");
  }
  g_string_append (
      xml, "</tt:Appearance></tt:Object></tt:Frame></tt:VideoAnalytics>");
}

/* An event that was not sent yet begins first, even if it is over. */
static void
append_property (GString *xml, const VlmEvent *event, gboolean is_known)
{
  g_string_append (xml, "<tt:Event>");
  if (!is_known)
    append_event_message (xml, event, "Initialized");
  if (event->state == VLM_EVENT_STATE_END)
    append_event_message (xml, event, "Deleted");
  else if (is_known)
    append_event_message (xml, event, "Changed");
  g_string_append (xml, "</tt:Event>");
}

char *
gst_vlm_onvif_write_event (
    GstVlmOnvif *self, const VlmEvent *event, guint width, guint height)
{
  GString *xml = g_string_new (opening);
  const char *uid = event->event_uid != NULL ? event->event_uid : "";
  gpointer sent_box = NULL;
  gboolean is_known =
      g_hash_table_lookup_extended (self->sent, uid, NULL, &sent_box);
  gboolean has_box = event->bbox.width > 0 && width > 0 && height > 0;

  if (has_box && sent_box == NULL)
    append_frame (xml, event, width, height);
  append_property (xml, event, is_known);
  g_string_append (xml, closing);
  if (event->state == VLM_EVENT_STATE_END)
    g_hash_table_remove (self->sent, uid);
  else
    g_hash_table_insert (self->sent, g_strdup (uid),
        GINT_TO_POINTER (has_box || sent_box != NULL));
  return g_string_free (xml, FALSE);
}

static void
append_gap (GString *xml, const VlmGap *gap)
{
  g_autofree char *count =
      gap->n_records > 0 ? g_strdup_printf ("%u", gap->n_records) : NULL;

  begin_message (xml, "VideoAnalytics/gstvlm:Gap", &gap->end, NULL);
  append_source (xml, "VideoSource", gap->stream, NULL);
  g_string_append (xml, "<tt:Data>");
  append_item (xml, "Reason", gap->reason);
  append_item (xml, "Records", count);
  append_time (xml, "Start", &gap->start);
  append_time (xml, "End", &gap->end);
  g_string_append (xml, "</tt:Data>");
  end_message (xml);
}

/* The topic that ONVIF has for it. */
static const char *
topic_of_condition (const char *condition)
{
  static const struct
  {
    const char *condition;
    const char *topic;
  } topics[] = {
    { "black", "VideoSource/ImageTooDark/AnalyticsService" },
    { "overexposed", "VideoSource/ImageTooBright/AnalyticsService" },
    { "covered", "VideoSource/GlobalSceneChange/AnalyticsService" },
    { "no-signal", "VideoSource/SignalLoss" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    if (strcmp (condition, topics[i].condition) == 0)
      return topics[i].topic;
  return "VideoSource/gstvlm:Frozen";
}

static void
append_camera (GString *xml, const VlmCameraReport *report)
{
  begin_message (xml, topic_of_condition (report->condition),
      report->begins ? &report->start : &report->end, "Changed");
  append_source (xml, "Source", report->stream, NULL);
  g_string_append (xml, "<tt:Data>");
  append_item (xml, "State", report->begins ? "true" : "false");
  g_string_append (xml, "</tt:Data>");
  end_message (xml);
}

static void
append_answer (GString *xml, const VlmAnswerRecord *answer)
{
  begin_message (xml, "VideoAnalytics/gstvlm:Answer", &answer->end, NULL);
  append_source (xml, "VideoSource", answer->stream, NULL);
  g_string_append (xml, "<tt:Data>");
  append_item (xml, "Task", answer->task);
  append_item (xml, "Question", answer->question);
  append_item (xml, "Answer", answer->answer);
  append_item (xml, "Value", answer->value);
  append_item (xml, "Error", answer->error);
  append_time (xml, "Start", &answer->start);
  append_time (xml, "End", &answer->end);
  g_string_append (xml, "</tt:Data>");
  end_message (xml);
}

char *
gst_vlm_onvif_write_note (GstVlmOnvif *self, const GstVlmNote *note)
{
  GString *xml = g_string_new (opening);

  g_string_append (xml, "<tt:Event>");
  if (note->type == VLM_RECORD_TYPE_GAP)
    append_gap (xml, &note->gap);
  else if (note->type == VLM_RECORD_TYPE_ANSWER)
    append_answer (xml, note->answer);
  else
    append_camera (xml, &note->camera);
  g_string_append (xml, "</tt:Event>");
  g_string_append (xml, closing);
  return g_string_free (xml, FALSE);
}
