/* gst-vlm: published formats, compared with the manual and with each standard
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <string.h>

#include "config.h"
#include "publish/format.h"
#include "publish/records.h"
#include "publish/topic.h"

#define CLIENT "gst-vlm-0123456789ab"

static GstVlmRecord *
parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  GstVlmRecord *record = gst_vlm_record_parse (line, strlen (line), &error);

  g_assert_no_error (error);
  return record;
}

static GstVlmEntry *
make_entry (const char *line, const char *previous)
{
  GstVlmEntry *entry = g_new0 (GstVlmEntry, 1);

  entry->id = 1;
  entry->received = 1796015999 * G_TIME_SPAN_SECOND + 123456;
  entry->begun = entry->received;
  entry->record = parse (line);
  entry->previous = previous != NULL ? parse (previous) : NULL;
  entry->active = entry->record->state != GST_VLM_RECORD_END;
  return entry;
}

static GPtrArray *
write_entry (GstVlmFormat *format, const GstVlmEntry *entry)
{
  GPtrArray *messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_message_free);

  gst_vlm_format_write (format, entry, messages);
  return messages;
}

static GPtrArray *
write_line (GstVlmFormatKind kind, const char *line)
{
  g_autoptr (GstVlmFormat) format = gst_vlm_format_new (kind, NULL, CLIENT);
  g_autoptr (GstVlmEntry) entry = make_entry (line, NULL);

  return write_entry (format, entry);
}

static const GstVlmMessage *
message_at (GPtrArray *messages, guint i)
{
  g_assert_cmpuint (i, <, messages->len);
  return g_ptr_array_index (messages, i);
}

static JsonObject *
object_of (const GstVlmMessage *message, JsonNode **node)
{
  *node = json_from_string (message->payload, NULL);
  g_assert_nonnull (*node);
  return json_node_get_object (*node);
}

/* The next block of @language from @text on, NULL when there is none before the
 * next heading; @text moves past it. */
static char *
next_block (const char **text, const char *language)
{
  g_autofree char *fence = g_strconcat ("\n```", language, "\n", NULL);
  const char *heading = strstr (*text + 1, "\n#");
  const char *start = strstr (*text, fence);
  const char *end;

  if (start == NULL || (heading != NULL && heading < start))
    return NULL;
  start += strlen (fence);
  end = strstr (start, "\n```");
  g_assert_nonnull (end);
  *text = end + 4;
  return g_strndup (start, (gsize) (end - start));
}

/* Without line breaks and indentation. */
static char *
on_one_line (const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("\\n\\s*", 0, 0, NULL);
  g_autofree char *joined =
      g_regex_replace_literal (regex, text, -1, 0, " ", 0, NULL);

  return g_strdup (g_strstrip (joined));
}

static gboolean
same_json (const char *a, const char *b)
{
  g_autoptr (JsonNode) first = json_from_string (a, NULL);
  g_autoptr (JsonNode) second = json_from_string (b, NULL);

  return first != NULL && second != NULL && json_node_equal (first, second);
}

/* The manual leaves the version out, so that releases do not change the page. */
static char *
fill_in_version (char *block)
{
  g_autofree char *text = block;
  GString *whole = g_string_new (text);

  g_string_replace (whole, "\"sw_version\": \"…\"",
      "\"sw_version\": \"" PACKAGE_VERSION "\"", 0);
  return g_string_free (whole, FALSE);
}

/* A message as the manual writes it: its topic, then its payload. */
static void
check_example (const GstVlmMessage *message, const char **text)
{
  g_autofree char *head = g_strdup_printf (
      "\n`%s`%s\n", message->topic, message->retain ? ", retained" : "");
  const char *start = strstr (*text, head);
  gboolean is_json = *message->payload == '{';
  g_autofree char *block = NULL;

  if (start != NULL) {
    *text = start;
    block = next_block (text, is_json ? "json" : "text");
  }
  if (block != NULL)
    block = fill_in_version (g_steal_pointer (&block));
  if (block == NULL ||
      (is_json ? !same_json (block, message->payload)
               : strcmp (block, message->payload) != 0))
    g_error ("docs/publishing.md should have:%s\n%s", head, message->payload);
}

/* The page shows one record in each format. */
static void
test_manual (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "docs", "publishing.md", NULL);
  g_autofree char *page = NULL;
  const char *text;
  g_autofree char *example = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GstVlmEntry) entry = NULL;

  g_assert_true (g_file_get_contents (path, &page, NULL, NULL));
  text = strstr (page, "\n## Formats\n");
  g_assert_nonnull (text);
  example = next_block (&text, "json");
  g_assert_nonnull (example);
  line = on_one_line (example);
  entry = make_entry (line, NULL);
  for (GstVlmFormatKind i = 0; i < GST_VLM_N_FORMATS; i++) {
    const GstVlmFormatClass *klass = gst_vlm_format_get_class (i);
    g_autofree char *heading = g_strdup_printf ("\n### %s\n", klass->nick);
    const char *section = strstr (page, heading);
    g_autoptr (GstVlmFormat) format = gst_vlm_format_new (i, NULL, CLIENT);
    g_autoptr (GstVlmMessage) online =
        gst_vlm_format_make_presence (format, GST_VLM_PRESENCE_ONLINE);
    g_autoptr (GPtrArray) messages = write_entry (format, entry);

    g_test_message ("%s", klass->nick);
    g_assert_nonnull (section);
    section++;
    if (online != NULL)
      check_example (online, &section);
    for (guint k = 0; k < messages->len; k++)
      check_example (message_at (messages, k), &section);
  }
}

static void
test_cloudevents (void)
{
  g_autofree char *line = make_event ("front gate/é", "u1", 7, "update");
  g_autoptr (GPtrArray) messages =
      write_line (GST_VLM_FORMAT_CLOUDEVENTS, line);
  const GstVlmMessage *message = message_at (messages, 0);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (JsonNode) record = json_from_string (line, NULL);
  JsonObject *event = object_of (message, &node);
  g_autoptr (GPtrArray) bare = NULL;
  g_autoptr (JsonNode) bare_node = NULL;

  g_assert_cmpuint (messages->len, ==, 1);
  g_assert_cmpstr (message->content_type, ==, "application/cloudevents+json");
  g_assert_cmpstr (gst_vlm_json_get_string (event, "specversion"), ==, "1.0");
  g_assert_cmpstr (gst_vlm_json_get_string (event, "id"), ==, "u1/7");
  g_assert_cmpstr (gst_vlm_json_get_string (event, "source"), ==,
      "/gst-vlm/front%20gate%2F%C3%A9");
  g_assert_cmpstr (
      gst_vlm_json_get_string (event, "type"), ==, "org.gst-vlm.event.update");
  /* An update is about what was seen last. */
  g_assert_cmpstr (
      gst_vlm_json_get_string (event, "time"), ==, "2026-11-30T05:20:04.223Z");
  g_assert_true (
      json_node_equal (json_object_get_member (event, "data"), record));

  /* No stream, no UTC, no id of an event. */
  bare = write_line (GST_VLM_FORMAT_CLOUDEVENTS, "{\"type\": \"odd\"}");
  event = object_of (message_at (bare, 0), &bare_node);
  g_assert_cmpstr (gst_vlm_json_get_string (event, "source"), ==, "/gst-vlm");
  g_assert_cmpstr (
      gst_vlm_json_get_string (event, "type"), ==, "org.gst-vlm.odd");
  g_assert_false (json_object_has_member (event, "time"));
  g_assert_cmpuint (strlen (gst_vlm_json_get_string (event, "id")), ==, 64);
}

static void
check_review (JsonObject *review, gboolean ended)
{
  JsonObject *data = json_object_get_object_member (review, "data");
  static const char *const lists[] = { "detections", "objects",
    "verified_objects", "sub_labels", "zones", "audio" };

  g_assert_cmpstr (gst_vlm_json_get_string (review, "id"), ==, "u1");
  g_assert_cmpstr (gst_vlm_json_get_string (review, "camera"), ==, "gate");
  g_assert_cmpfloat (
      gst_vlm_json_get_double (review, "start_time", 0.0), ==, 1796016000.123);
  g_assert_cmpint (
      json_object_get_null_member (review, "end_time"), ==, !ended);
  if (ended)
    g_assert_cmpfloat (
        gst_vlm_json_get_double (review, "end_time", 0.0), ==, 1796016004.223);
  g_assert_cmpstr (gst_vlm_json_get_string (review, "severity"), ==, "alert");
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    g_assert_nonnull (gst_vlm_json_get_array (data, lists[i]));
}

static void
test_frigate (void)
{
  static const char *const states[] = { "begin", "update", "end" };
  static const char *const types[] = { "new", "update", "end" };
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_FRIGATE, "home/frigate", CLIENT);
  g_autofree char *previous = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autofree char *line = make_event ("gate", "u1", i, states[i]);
    g_autoptr (GstVlmEntry) entry = make_entry (line, previous);
    g_autoptr (GPtrArray) messages = write_entry (format, entry);
    g_autoptr (JsonNode) node = NULL;
    JsonObject *object = object_of (message_at (messages, 0), &node);

    g_assert_cmpstr (
        message_at (messages, 0)->topic, ==, "home/frigate/reviews");
    g_assert_false (message_at (messages, 0)->retain);
    g_assert_cmpstr (gst_vlm_json_get_string (object, "type"), ==, types[i]);
    check_review (json_object_get_object_member (object, "before"), FALSE);
    check_review (json_object_get_object_member (object, "after"), i == 2);
    g_free (previous);
    previous = g_steal_pointer (&line);
  }
}

/* The start stays the same, and the duration is that in the stream. */
static void
test_frigate_without_utc (void)
{
  static const char last[] =
      "{\"type\": \"event\", \"event_uid\": \"u\", \"seq\": 1, \"state\": "
      "\"update\", \"start\": {\"stream_time\": 1.5}, \"end\": "
      "{\"stream_time\": 3.0}}";
  static const char line[] =
      "{\"type\": \"event\", \"event_uid\": \"u\", \"seq\": 2, \"state\": "
      "\"end\", \"start\": {\"stream_time\": 1.5}, \"end\": "
      "{\"stream_time\": 4.25}}";
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_FRIGATE, NULL, CLIENT);
  g_autoptr (GstVlmEntry) entry = make_entry (line, last);
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;
  JsonObject *before;
  JsonObject *after;

  entry->begun -= 10 * G_TIME_SPAN_SECOND;
  messages = write_entry (format, entry);
  object = object_of (message_at (messages, 0), &node);
  before = json_object_get_object_member (object, "before");
  after = json_object_get_object_member (object, "after");
  g_assert_cmpfloat (gst_vlm_json_get_double (before, "start_time", 0.0), ==,
      1796015989.123456);
  g_assert_true (json_object_get_null_member (before, "end_time"));
  g_assert_cmpfloat (gst_vlm_json_get_double (after, "start_time", 0.0), ==,
      1796015989.123456);
  g_assert_cmpfloat (
      gst_vlm_json_get_double (after, "end_time", 0.0), ==, 1796015991.873456);
}

/* A file has no UTC: the time is that at which the record came. */
static void
test_no_utc (void)
{
  static const char line[] =
      "{\"type\": \"event\", \"event_uid\": \"u\", \"seq\": 1, \"state\": "
      "\"begin\", \"start\": {\"stream_time\": 1.5}, \"query\": \"q\"}";
  g_autoptr (GPtrArray) frigate = write_line (GST_VLM_FORMAT_FRIGATE, line);
  g_autoptr (GPtrArray) onvif = write_line (GST_VLM_FORMAT_ONVIF, line);
  g_autoptr (JsonNode) review = NULL;
  g_autoptr (JsonNode) event = NULL;
  JsonObject *object = object_of (message_at (frigate, 0), &review);

  object = json_object_get_object_member (object, "after");
  g_assert_cmpfloat (gst_vlm_json_get_double (object, "start_time", 0.0), ==,
      1796015999.123456);
  object = object_of (message_at (onvif, 0), &event);
  g_assert_cmpstr (gst_vlm_json_get_string (object, "UtcTime"), ==,
      "2026-11-30T05:19:59.123Z");
}

/* Announced once a connection, before anything else; on while the event lasts. */
static void
test_homeassistant (void)
{
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_HOMEASSISTANT, NULL, CLIENT);
  g_autofree char *begin = make_event ("gate", "u1", 1, "begin");
  g_autofree char *end = make_event ("gate", "u1", 2, "end");
  g_autoptr (GstVlmEntry) first = make_entry (begin, NULL);
  g_autoptr (GstVlmEntry) second = make_entry (end, begin);
  g_autoptr (GPtrArray) messages = write_entry (format, first);
  g_autoptr (GPtrArray) more = write_entry (format, second);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GstVlmMessage) will =
      gst_vlm_format_make_presence (format, GST_VLM_PRESENCE_LOST);
  g_autoptr (JsonNode) config_node = NULL;
  g_autoptr (JsonNode) event_node = NULL;
  JsonObject *config;
  JsonObject *event;

  g_assert_cmpuint (messages->len, ==, 5);
  g_assert_cmpuint (more->len, ==, 3);
  config = object_of (message_at (messages, 1), &config_node);
  g_assert_true (message_at (messages, 1)->retain);
  g_assert_true (g_str_has_prefix (
      message_at (messages, 1)->topic, "homeassistant/binary_sensor/"));
  g_assert_cmpstr (
      gst_vlm_json_get_string (config, "availability_topic"), ==, will->topic);
  g_assert_cmpstr (will->payload, ==, "offline");
  g_assert_true (will->retain);
  g_assert_cmpstr (gst_vlm_json_get_string (config, "state_topic"), ==,
      message_at (messages, 4)->topic);
  g_assert_cmpstr (message_at (messages, 4)->payload, ==, "ON");
  g_assert_cmpstr (message_at (more, 2)->payload, ==, "OFF");
  g_assert_true (message_at (more, 2)->retain);
  event = object_of (message_at (more, 0), &event_node);
  g_assert_cmpstr (gst_vlm_json_get_string (event, "event_type"), ==, "end");
  g_assert_false (message_at (more, 0)->retain);

  gst_vlm_format_restart (format);
  again = write_entry (format, second);
  g_assert_cmpuint (again->len, ==, 5);
}

/* A subject without an event so far exists, and is off. Formats without states
 * ignore it. */
static void
test_subject (void)
{
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_HOMEASSISTANT, NULL, CLIENT);
  g_autoptr (GstVlmRecord) subject =
      gst_vlm_record_new_subject ("gate", "a person falls", NULL);
  g_autoptr (GstVlmRecord) removed =
      gst_vlm_record_new_subject ("gate", "a person falls", "removed");
  g_autofree char *begin = make_event ("gate", "u1", 1, "begin");
  g_autoptr (GstVlmEntry) first = make_entry (subject->body, NULL);
  g_autoptr (GstVlmEntry) second = make_entry (begin, NULL);
  g_autoptr (GstVlmEntry) third = make_entry (removed->body, NULL);
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (GPtrArray) last = NULL;
  g_autoptr (GPtrArray) again = NULL;

  first->active = FALSE;
  messages = write_entry (format, first);
  more = write_entry (format, second);
  g_assert_cmpuint (messages->len, ==, 3);
  g_assert_cmpstr (message_at (messages, 2)->payload, ==, "OFF");
  g_assert_true (message_at (messages, 2)->retain);
  g_assert_cmpuint (more->len, ==, 3);
  g_assert_cmpstr (message_at (more, 2)->payload, ==, "ON");
  g_assert_cmpstr (
      message_at (more, 2)->topic, ==, message_at (messages, 2)->topic);

  /* All its retained messages are removed; if it comes again, so do they. */
  last = write_entry (format, third);
  g_assert_cmpuint (last->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpstr (message_at (last, i)->payload, ==, "");
    g_assert_true (message_at (last, i)->retain);
  }
  g_assert_cmpstr (
      message_at (last, 0)->topic, ==, message_at (messages, 0)->topic);
  g_assert_cmpstr (
      message_at (last, 1)->topic, ==, message_at (messages, 1)->topic);
  g_assert_cmpstr (
      message_at (last, 2)->topic, ==, message_at (more, 1)->topic);
  g_assert_cmpstr (
      message_at (last, 3)->topic, ==, message_at (more, 2)->topic);
  again = write_entry (format, first);
  g_assert_cmpuint (again->len, ==, 3);

  for (GstVlmFormatKind k = 0; k < GST_VLM_N_FORMATS; k++) {
    g_autoptr (GPtrArray) written = write_line (k, subject->body);

    g_assert_cmpuint (written->len, ==,
        k == GST_VLM_FORMAT_HOMEASSISTANT ? 3
            : k == GST_VLM_FORMAT_ONVIF   ? 1
                                          : 0);
  }
}

/* The same for a property of ONVIF. */
static void
test_property (void)
{
  g_autoptr (GstVlmRecord) subject =
      gst_vlm_record_new_subject ("gate", "a person falls", NULL);
  g_autoptr (GstVlmRecord) removed =
      gst_vlm_record_new_subject ("gate", "a person falls", "removed");
  g_autofree char *begin = make_event ("gate", "u1", 1, "begin");
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_ONVIF, NULL, CLIENT);
  g_autoptr (GstVlmEntry) entry = make_entry (subject->body, NULL);
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) event = write_line (GST_VLM_FORMAT_ONVIF, begin);
  g_autoptr (GPtrArray) last = write_line (GST_VLM_FORMAT_ONVIF, removed->body);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  entry->active = FALSE;
  first = write_entry (format, entry);
  object = object_of (message_at (first, 0), &node);
  g_assert_nonnull (gst_vlm_json_get_string (object, "UtcTime"));
  object = json_object_get_object_member (object, "Data");
  g_assert_cmpuint (json_object_get_size (object), ==, 1);
  g_assert_false (json_object_get_boolean_member (object, "State"));
  g_assert_true (message_at (first, 0)->retain);
  g_assert_cmpstr (
      message_at (first, 0)->topic, ==, message_at (event, 0)->topic);
  g_assert_cmpstr (message_at (last, 0)->payload, ==, "");
  g_assert_true (message_at (last, 0)->retain);
  g_assert_cmpstr (
      message_at (last, 0)->topic, ==, message_at (event, 0)->topic);
}

static void
test_onvif (void)
{
  g_autofree char *begin = make_event ("gate", "u1", 1, "begin");
  g_autofree char *line = make_event ("gate", "u1", 2, "end");
  g_autoptr (GstVlmFormat) format =
      gst_vlm_format_new (GST_VLM_FORMAT_ONVIF, "MyDevice", CLIENT);
  g_autoptr (GstVlmEntry) entry = make_entry (line, begin);
  g_autoptr (GPtrArray) messages = write_entry (format, entry);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = object_of (message_at (messages, 0), &node);
  JsonObject *source = json_object_get_object_member (object, "Source");
  JsonObject *data = json_object_get_object_member (object, "Data");
  g_autoptr (GList) values = json_object_get_values (data);

  g_assert_cmpstr (message_at (messages, 0)->topic, ==,
      "MyDevice/onvif-ej/RuleEngine/gstvlm:Event/&gate/a person falls");
  g_assert_true (message_at (messages, 0)->retain);
  g_assert_cmpstr (gst_vlm_json_get_string (object, "UtcTime"), ==,
      "2026-11-30T05:20:04.223Z");
  g_assert_cmpuint (json_object_get_size (object), ==, 3);
  g_assert_cmpstr (gst_vlm_json_get_string (source, "VideoSource"), ==, "gate");
  g_assert_cmpstr (
      gst_vlm_json_get_string (source, "Rule"), ==, "a person falls");
  g_assert_false (json_object_get_boolean_member (data, "State"));
  for (GList *l = values; l != NULL; l = l->next)
    g_assert_true (JSON_NODE_HOLDS_VALUE ((JsonNode *) l->data));
}

/* The messages on topics that end in @topic_end: the text of member @member in
 * each, or the whole payload. */
static char *
join_messages (GPtrArray *messages, const char *topic_end, const char *member)
{
  GString *texts = g_string_new (NULL);

  for (guint i = 0; i < messages->len; i++) {
    const GstVlmMessage *message = message_at (messages, i);

    if (!g_str_has_suffix (message->topic, topic_end))
      continue;
    if (member != NULL) {
      g_autoptr (JsonNode) node = NULL;
      JsonObject *object = object_of (message, &node);

      g_string_append (texts, gst_vlm_json_get_string (object, member));
    } else {
      g_string_append (texts, message->payload);
    }
    g_string_append_c (texts, ' ');
  }
  return g_string_free (texts, FALSE);
}

static void
check_messages (GstVlmFormatKind kind, gboolean others, const char *topic_end,
    const char *member, const char *expected)
{
  g_autoptr (GstVlmFormat) format = gst_vlm_format_new (kind, NULL, CLIENT);
  g_autofree char *line = make_event ("gate", "u1", 2, "end");
  g_autoptr (GstVlmEntry) entry = make_entry (line, NULL);
  g_autoptr (GPtrArray) messages = NULL;
  g_autofree char *texts = NULL;

  entry->active = others;
  messages = write_entry (format, entry);
  texts = join_messages (messages, topic_end, member);
  g_assert_cmpstr (texts, ==, expected);
}

/* Its only record is the end, but those who wait for its begin get one. */
static void
test_over_at_once (void)
{
  g_autofree char *line = make_event ("gate", "u1", 2, "end");
  g_autoptr (GPtrArray) reviews = write_line (GST_VLM_FORMAT_FRIGATE, line);
  g_autoptr (GPtrArray) onvif = write_line (GST_VLM_FORMAT_ONVIF, line);
  g_autoptr (GPtrArray) native = write_line (GST_VLM_FORMAT_NATIVE, line);
  static const gboolean state[] = { TRUE, FALSE };

  check_messages (
      GST_VLM_FORMAT_FRIGATE, FALSE, "/reviews", "type", "new end ");
  check_messages (GST_VLM_FORMAT_HOMEASSISTANT, FALSE, "/event", "event_type",
      "begin end ");
  check_messages (
      GST_VLM_FORMAT_HOMEASSISTANT, FALSE, "/event", "state", "begin end ");
  check_messages (
      GST_VLM_FORMAT_HOMEASSISTANT, FALSE, "/state", NULL, "ON OFF ");
  /* Another event of the query goes on. */
  check_messages (GST_VLM_FORMAT_HOMEASSISTANT, TRUE, "/state", NULL, "ON ON ");

  g_assert_cmpuint (reviews->len, ==, 2);
  g_assert_cmpuint (onvif->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (JsonNode) review = NULL;
    g_autoptr (JsonNode) event = NULL;
    JsonObject *object = object_of (message_at (reviews, i), &review);

    check_review (json_object_get_object_member (object, "before"), FALSE);
    check_review (json_object_get_object_member (object, "after"), i == 1);
    object = object_of (message_at (onvif, i), &event);
    g_assert_cmpstr (gst_vlm_json_get_string (object, "UtcTime"), ==,
        i == 0 ? "2026-11-30T05:20:00.123Z" : "2026-11-30T05:20:04.223Z");
    object = json_object_get_object_member (object, "Data");
    g_assert_cmpint (
        json_object_get_boolean_member (object, "State"), ==, state[i]);
  }
  /* As it is. */
  g_assert_cmpuint (native->len, ==, 1);
  g_assert_cmpstr (message_at (native, 0)->payload, ==, line);
}

static char *
make_camera (const char *condition, const char *state)
{
  return g_strdup_printf (
      "{\"type\": \"camera\", \"event_uid\": \"u\", \"seq\": 1, "
      "\"state\": \"%s\", \"condition\": \"%s\", \"start\": "
      "{\"utc\": \"2026-11-30T05:20:00.123Z\"}, \"stream\": \"gate\"}",
      state, condition);
}

/* A camera without a picture is a retained state, until there is a picture. */
static void
test_camera (void)
{
  g_autofree char *line = make_camera ("no-signal", "begin");
  g_autofree char *unknown = make_camera ("upside down", "begin");
  g_autoptr (GPtrArray) onvif = write_line (GST_VLM_FORMAT_ONVIF, line);
  g_autoptr (GPtrArray) home = write_line (GST_VLM_FORMAT_HOMEASSISTANT, line);
  g_autoptr (GPtrArray) other = write_line (GST_VLM_FORMAT_ONVIF, unknown);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *config = object_of (message_at (home, 0), &node);

  g_assert_cmpstr (message_at (onvif, 0)->topic, ==,
      "gst-vlm/onvif-ej/VideoSource/SignalLoss/&gate");
  g_assert_cmpstr (message_at (onvif, 0)->payload, ==,
      "{\"UtcTime\": \"2026-11-30T05:20:00.123Z\", \"Source\": "
      "{\"Source\": \"gate\"}, \"Data\": {\"State\": true}}");
  g_assert_true (message_at (onvif, 0)->retain);
  g_assert_cmpstr (message_at (other, 0)->topic, ==,
      "gst-vlm/onvif-ej/VideoAnalytics/gstvlm:Camera/&gate");
  g_assert_cmpuint (home->len, ==, 3);
  g_assert_cmpstr (
      gst_vlm_json_get_string (config, "device_class"), ==, "problem");
  g_assert_cmpstr (
      message_at (home, 2)->topic, ==, "gst-vlm/gate/_camera-no-signal/state");
  g_assert_cmpstr (message_at (home, 2)->payload, ==, "ON");
}

/* An answer is a message, never a state; its value is one text. */
static void
test_answer (void)
{
  static const char line[] =
      "{\"type\": \"answer\", \"event_uid\": \"u\", \"seq\": 1, \"state\": "
      "\"answer\", \"task\": \"json\", \"question\": \"How many?\", "
      "\"answer\": \"[3]\", \"value\": [3], \"end\": {\"utc\": "
      "\"2026-11-30T05:20:00.123Z\"}, \"stream\": \"gate\"}";
  g_autoptr (GPtrArray) onvif = write_line (GST_VLM_FORMAT_ONVIF, line);
  g_autoptr (GPtrArray) home = write_line (GST_VLM_FORMAT_HOMEASSISTANT, line);
  g_autoptr (GPtrArray) frigate = write_line (GST_VLM_FORMAT_FRIGATE, line);

  g_assert_cmpstr (message_at (onvif, 0)->topic, ==,
      "gst-vlm/onvif-ej/VideoAnalytics/gstvlm:Answer/&gate");
  g_assert_cmpstr (message_at (onvif, 0)->payload, ==,
      "{\"UtcTime\": \"2026-11-30T05:20:00.123Z\", \"Source\": "
      "{\"VideoSource\": \"gate\"}, \"Data\": {\"Task\": \"json\", "
      "\"Question\": \"How many?\", \"Answer\": \"[3]\", \"Value\": \"[3]\", "
      "\"End\": \"2026-11-30T05:20:00.123Z\"}}");
  g_assert_false (message_at (onvif, 0)->retain);
  g_assert_cmpuint (home->len, ==, 2);
  g_assert_cmpstr (
      message_at (home, 1)->topic, ==, "gst-vlm/gate/_answer/event");
  g_assert_cmpstr (message_at (frigate, 0)->topic, ==, "frigate/vlm/answer");
}

/* A condition is called by its name, which stays when its words change. */
static void
test_condition (void)
{
  static const char line[] =
      "{\"type\": \"event\", \"event_uid\": \"u\", \"seq\": 1, \"state\": "
      "\"begin\", \"query\": \"the gate is open\", \"condition\": \"gate\"}";
  g_autoptr (GPtrArray) onvif = write_line (GST_VLM_FORMAT_ONVIF, line);
  g_autoptr (GPtrArray) home = write_line (GST_VLM_FORMAT_HOMEASSISTANT, line);

  g_assert_true (g_str_has_suffix (message_at (onvif, 0)->topic, "/gate"));
  g_assert_cmpstr (message_at (home, 4)->topic, ==, "gst-vlm/_vlm/gate/state");
}

static guint
count_levels (const char *topic)
{
  guint n = 1;

  for (const char *p = topic; *p != '\0'; p++)
    n += *p == '/';
  return n;
}

static void
check_safe (const GstVlmMessage *message, const GstVlmMessage *plain)
{
  if (message->topic != NULL) {
    g_assert_true (g_utf8_validate (message->topic, -1, NULL));
    g_assert_cmpuint (strlen (message->topic), <, 1024);
    g_assert_null (strpbrk (message->topic, "+#"));
    for (const char *p = message->topic; *p != '\0'; p++)
      g_assert_false (g_ascii_iscntrl (*p));
    g_assert_cmpuint (
        count_levels (message->topic), ==, count_levels (plain->topic));
  }
  g_assert_true (g_utf8_validate (message->payload, -1, NULL));
  for (const char *p = message->payload; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
  if (*message->payload == '{') {
    g_autoptr (JsonNode) node = json_from_string (message->payload, NULL);

    g_assert_nonnull (node);
  }
}

static char *
make_hostile (const char *type, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *quoted = NULL;

  json_node_set_string (node, text);
  quoted = json_to_string (node, FALSE);
  return g_strdup_printf (
      "{\"type\": \"%s\", \"event_uid\": %s, \"seq\": 1, \"state\": "
      "\"begin\", \"stream\": %s, \"query\": %s, \"description\": %s, "
      "\"label\": %s, \"event_type\": \"mine\", \"condition\": %s}",
      type, quoted, quoted, quoted, quoted, quoted, quoted);
}

static void
check_hostile (const char *type, const char *text)
{
  g_autofree char *line = make_hostile (type, text);
  g_autofree char *plain_line = make_hostile ("plain", "plain");

  if (strpbrk (type, "/#") == NULL) {
    g_free (plain_line);
    plain_line = make_hostile (type, "plain");
  }
  for (GstVlmFormatKind k = 0; k < GST_VLM_N_FORMATS; k++) {
    g_autoptr (GPtrArray) messages = write_line (k, line);
    g_autoptr (GPtrArray) plain = write_line (k, plain_line);

    g_assert_cmpuint (messages->len, ==, plain->len);
    for (guint i = 0; i < messages->len; i++)
      check_safe (message_at (messages, i), message_at (plain, i));
  }
}

/* Whatever a model, a user or a file says: one message stays one message, on the
 * topic that it is meant for. */
static void
test_hostile (void)
{
  static const char *const types[] = { "event", "camera", "gap", "answer",
    "a/#/b" };
  g_autofree char *longest = g_strnfill (100000, 'a');
  const char *const texts[] = { "a/b/c", "#", "+", "a\nb\r\n", "\x1b[2Jx",
    "</tt:Event><x>", "..", "$SYS/x", "%2F", "\xc2\x85", "\xef\xbb\xbf x",
    "\"}, \"x\": {\"", "_gap", "😀/😀", longest };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint k = 0; k < G_N_ELEMENTS (texts); k++)
      check_hostile (types[i], texts[k]);
}

/* Every type of record has a rule in every format. */
static void
test_every_type (void)
{
  static const char *const lines[] = {
    "{\"type\": \"gap\", \"event_uid\": \"u-gap-1\", \"seq\": 1, \"state\": "
    "\"gap\", \"reason\": \"queue-full\", \"start\": {\"stream_time\": 1.0}, "
    "\"end\": {\"stream_time\": 2.0}, \"stream\": \"gate\"}",
    "{\"type\": \"answer\", \"event_uid\": \"u-1\", \"seq\": 1, \"text\": "
    "\"yes\", \"stream\": \"gate\"}",
    "{\"type\": \"event\", \"state\": \"begin\", \"description\": \"no id\"}",
    "{}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    for (GstVlmFormatKind k = 0; k < GST_VLM_N_FORMATS; k++) {
      g_autoptr (GPtrArray) messages = write_line (k, lines[i]);

      g_assert_cmpuint (messages->len, >, 0);
      /* It is not taken for a retained state. */
      g_assert_false (message_at (messages, messages->len - 1)->retain);
      g_assert_false (g_str_has_suffix (
          message_at (messages, messages->len - 1)->topic, "/reviews"));
    }
}

/* Different texts give different names. */
static void
test_names (void)
{
  const char *const texts[] = { "gate", "Gate", "a/b", "a_b", "a b", "a+b",
    "a%2Fb", "_gap", "_any", "%5Fgap", "ä", "a_b_0a1b2c3d" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (guint k = 0; k < i; k++) {
      g_autofree char *a = gst_vlm_topic_make_level (texts[i], "_any");
      g_autofree char *b = gst_vlm_topic_make_level (texts[k], "_any");
      g_autofree char *x = gst_vlm_topic_make_id (texts[i], "_any");
      g_autofree char *y = gst_vlm_topic_make_id (texts[k], "_any");

      g_assert_cmpstr (a, !=, b);
      g_assert_cmpstr (x, !=, y);
      g_assert_cmpstr (a, !=, "_any");
      g_assert_cmpstr (x, !=, "_any");
    }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish/formats/manual", test_manual);
  g_test_add_func ("/publish/formats/cloudevents", test_cloudevents);
  g_test_add_func ("/publish/formats/frigate", test_frigate);
  g_test_add_func ("/publish/formats/no-utc", test_no_utc);
  g_test_add_func (
      "/publish/formats/frigate-without-utc", test_frigate_without_utc);
  g_test_add_func ("/publish/formats/homeassistant", test_homeassistant);
  g_test_add_func ("/publish/formats/subject", test_subject);
  g_test_add_func ("/publish/formats/property", test_property);
  g_test_add_func ("/publish/formats/onvif", test_onvif);
  g_test_add_func ("/publish/formats/over-at-once", test_over_at_once);
  g_test_add_func ("/publish/formats/answer", test_answer);
  g_test_add_func ("/publish/formats/camera", test_camera);
  g_test_add_func ("/publish/formats/condition", test_condition);
  g_test_add_func ("/publish/formats/hostile", test_hostile);
  g_test_add_func ("/publish/formats/every-type", test_every_type);
  g_test_add_func ("/publish/formats/names", test_names);
  return g_test_run ();
}
