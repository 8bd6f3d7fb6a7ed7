/* gst-vlm: the event and its JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>

#include <vlm/vlm-event.h>

#include "events/event-schema.h"

static VlmEvent *
sample_event (void)
{
  VlmEvent *event = vlm_event_new ();

  event->event_uid = g_strdup ("run-7");
  event->seq = 3;
  event->id = 7;
  event->state = VLM_EVENT_STATE_END;
  event->description = g_strdup ("a \"red\"\ncar \xc3\xa9");
  event->start = (VlmInstant){ 1500000000, VLM_TIME_NONE, 12 * VLM_SECOND,
    G_GINT64_CONSTANT (1792473600123000000) };
  event->end = (VlmInstant){ -1, 2, VLM_TIME_NONE, -1 };
  event->time_source = VLM_TIME_SOURCE_NTP;
  event->confidence = 0.12345;
  event->bbox = (VlmRect){ 1, 2, 3, 4 };
  event->window = (VlmEventWindow){ 0, 10 * VLM_SECOND, 20, 2.0, 448, 252 };
  return event;
}

static void
test_json (void)
{
  g_autoptr (VlmEvent) event = sample_event ();
  g_autofree char *json = vlm_event_to_json (event);

  g_assert_cmpstr (json, ==,
      "{\"type\": \"event\", \"schema_version\": 1, "
      "\"event_uid\": \"run-7\", \"seq\": 3, \"id\": 7, \"state\": \"end\", "
      "\"description\": \"a \\\"red\\\"\\ncar \xc3\xa9\", "
      "\"start\": {\"pts\": 1.5, \"stream_time\": 12.0, "
      "\"utc\": \"2026-10-20T05:20:00.123Z\"}, "
      "\"end\": {\"pts\": -0.000000001, \"running_time\": 0.000000002, "
      "\"utc\": \"1969-12-31T23:59:59.999999999Z\"}, "
      "\"ongoing\": false, \"time_source\": \"ntp\", \"confidence\": 0.1235, "
      "\"bbox\": [1, 2, 4, 6], "
      "\"window\": {\"start\": 0.0, \"end\": 10.0, \"frames\": 20, "
      "\"fps\": 2.000, \"pixels\": [448, 252]}}");
}

/* Whatever a model wrote as bytes, the JSON is valid. */
static void
test_json_hostile (void)
{
  g_autoptr (VlmEvent) event = vlm_event_new ();
  g_autofree char *json = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  event->description = g_strdup ("\x01\xff\\\"\x7f");
  event->start.utc = G_MAXINT64;
  json = vlm_event_to_json (event);
  node = json_from_string (json, &error);
  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
  g_assert_null (strchr (json, '\n'));
}

static void
test_copy (void)
{
  g_autoptr (VlmEvent) event = sample_event ();
  g_autoptr (VlmEvent) copy = vlm_event_copy (event);
  const VlmProbability look = { VLM_SECOND, 0.5, 0.75 };

  g_assert_true (vlm_event_equal (event, copy));
  g_assert_true (event->description != copy->description);
  copy->probabilities = g_array_new (FALSE, FALSE, sizeof (VlmProbability));
  g_assert_false (vlm_event_equal (event, copy));
  event->probabilities = g_array_new (FALSE, FALSE, sizeof (VlmProbability));
  g_array_append_val (copy->probabilities, look);
  g_assert_false (vlm_event_equal (event, copy));
  g_array_append_val (event->probabilities, look);
  g_assert_true (vlm_event_equal (event, copy));
  copy->end.utc = 5;
  g_assert_false (vlm_event_equal (event, copy));
}

/* A change of any field is seen: the table covers the whole record. */
static void
test_every_field (void)
{
  gsize covered = 0;

  for (guint i = 0; i < vlm_n_event_fields; i++) {
    gsize offset = vlm_event_fields[i].offset;

    g_assert_cmpuint (offset, >=, covered);
    covered = offset;
  }
  g_assert_cmpuint (covered, ==, G_STRUCT_OFFSET (VlmEvent, snapshot));
}

static void
test_gap_json (void)
{
  VlmGap gap = {
    .event_uid = "run-gap-4",
    .seq = 4,
    .reason = "still",
    .start = VLM_INSTANT_NONE,
    .end = VLM_INSTANT_NONE,
    .stream = "a \"gate\"",
  };
  g_autofree char *json = NULL;

  gap.start.stream_time = 0;
  gap.end.stream_time = 2 * VLM_SECOND;
  json = vlm_gap_to_json (&gap);
  g_assert_cmpstr (json, ==,
      "{\"type\": \"gap\", \"schema_version\": 1, "
      "\"event_uid\": \"run-gap-4\", \"seq\": 4, \"state\": \"gap\", "
      "\"reason\": \"still\", \"start\": {\"stream_time\": 0.0}, "
      "\"end\": {\"stream_time\": 2.0}, \"stream\": \"a \\\"gate\\\"\"}");
}

static void
test_camera_json (void)
{
  VlmCameraReport report = {
    .event_uid = "run-camera-4",
    .seq = 5,
    .condition = "black",
    .start = VLM_INSTANT_NONE,
    .end = VLM_INSTANT_NONE,
    .begins = TRUE,
  };
  g_autofree char *begin = NULL;
  g_autofree char *end = NULL;

  report.start.stream_time = VLM_SECOND;
  begin = vlm_camera_report_to_json (&report);
  g_assert_cmpstr (begin, ==,
      "{\"type\": \"camera\", \"schema_version\": 1, "
      "\"event_uid\": \"run-camera-4\", \"seq\": 5, \"state\": \"begin\", "
      "\"condition\": \"black\", \"start\": {\"stream_time\": 1.0}, "
      "\"time_source\": \"none\"}");
  report.begins = FALSE;
  report.end.stream_time = 2 * VLM_SECOND;
  report.stream = "gate";
  end = vlm_camera_report_to_json (&report);
  g_assert_cmpstr (end, ==,
      "{\"type\": \"camera\", \"schema_version\": 1, "
      "\"event_uid\": \"run-camera-4\", \"seq\": 5, \"state\": \"end\", "
      "\"condition\": \"black\", \"start\": {\"stream_time\": 1.0}, "
      "\"end\": {\"stream_time\": 2.0}, \"time_source\": \"none\", "
      "\"stream\": \"gate\"}");
}

static void
test_instant_json (void)
{
  VlmInstant instant = VLM_INSTANT_NONE;
  g_autofree char *nothing = vlm_instant_to_json (&instant);
  g_autofree char *json = NULL;

  g_assert_cmpstr (nothing, ==, "{}");
  instant.stream_time = 1500 * VLM_SECOND / 1000;
  instant.utc = VLM_SECOND;
  json = vlm_instant_to_json (&instant);
  g_assert_cmpstr (json, ==,
      "{\"stream_time\": 1.5, \"utc\": \"1970-01-01T00:00:01.000Z\"}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/event/json", test_json);
  g_test_add_func ("/event/json-hostile", test_json_hostile);
  g_test_add_func ("/event/copy", test_copy);
  g_test_add_func ("/event/every-field", test_every_field);
  g_test_add_func ("/event/gap-json", test_gap_json);
  g_test_add_func ("/event/camera-json", test_camera_json);
  g_test_add_func ("/event/instant-json", test_instant_json);
  return g_test_run ();
}
