/* gst-vlm: records of questions and answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-answer-record.h>

static VlmAnswerRecord *
make_record (void)
{
  VlmAnswerRecord *record = vlm_answer_record_new ();

  record->event_uid = g_strdup ("a-answer-3");
  record->seq = 3;
  record->task = g_strdup ("json");
  record->question = g_strdup ("How many?");
  record->query = g_strdup ("dogs");
  record->query_version = 2;
  record->answer = g_strdup ("{ \"n\" : 1,\n\t\"s\": \"a \\\" b\\\\\" }");
  record->value = g_strdup (record->answer);
  record->error = g_strdup ("half of it");
  record->start.stream_time = 2 * VLM_SECOND;
  record->end.stream_time = 4 * VLM_SECOND + 1;
  record->frame.pts = 3 * VLM_SECOND;
  record->confidence = 0.5;
  record->is_cut_off = TRUE;
  record->window = (VlmEventWindow){ 0, VLM_SECOND, 2, 2.0, 28, 56 };
  record->model = g_strdup ("m");
  record->time_basis = g_strdup ("text");
  record->latency_ms = 12.34;
  record->usage = (VlmUsage){ 100, 90, 20, 7, 0.001, 0.01, 0.1 };
  record->stream = g_strdup ("gate");
  record->zone = g_strdup ("left");
  return record;
}

static void
test_json (void)
{
  g_autoptr (VlmAnswerRecord) record = make_record ();
  g_autoptr (VlmAnswerRecord) empty = vlm_answer_record_new ();
  g_autofree char *json = vlm_answer_record_to_json (record);
  g_autofree char *little = vlm_answer_record_to_json (empty);

  g_assert_cmpstr (json, ==,
      "{\"type\": \"answer\", \"schema_version\": 1, \"event_uid\": "
      "\"a-answer-3\", \"seq\": 3, \"state\": \"answer\", \"task\": \"json\", "
      "\"question\": \"How many?\", \"query\": \"dogs\", \"query_version\": 2, "
      "\"answer\": \"{ \\\"n\\\" : 1,\\n\\t\\\"s\\\": \\\"a \\\\\\\" "
      "b\\\\\\\\\\\" }\", \"value\": {\"n\":1,\"s\":\"a \\\" b\\\\\"}, "
      "\"error\": \"half of it\", \"start\": {\"stream_time\": 2.0}, \"end\": "
      "{\"stream_time\": 4.000000001}, \"frame\": {\"pts\": 3.0}, "
      "\"time_source\": \"none\", \"confidence\": 0.5000, \"cut_off\": true, "
      "\"window\": {\"start\": 0.0, \"end\": 1.0, \"frames\": 2, \"fps\": "
      "2.000, \"pixels\": [28, 56]}, \"model\": \"m\", \"time_basis\": "
      "\"text\", \"latency_ms\": 12.3, "
      "\"usage\": {\"prompt_tokens\": 100, \"vision_tokens\": 90, "
      "\"answer_tokens\": 20, \"forced_tokens\": 7, \"vision_ms\": 1.0, "
      "\"prefill_ms\": 10.0, \"decode_ms\": 100.0}, \"stream\": \"gate\", "
      "\"zone\": \"left\"}");
  g_assert_null (strstr (little, "value"));
  g_assert_null (strstr (little, "confidence"));
}

/* One line, whatever the text is, and nothing that controls a terminal. */
static void
test_harmless (void)
{
  g_autoptr (VlmAnswerRecord) record = vlm_answer_record_new ();
  g_autofree char *json = NULL;

  record->value = g_strdup ("\"a\xc2\x85"
                            "b\xe2\x80\xa8"
                            "c\x7f\"");
  record->answer = g_strdup ("a\xff\n\x1b\x1f");
  json = vlm_answer_record_to_json (record);
  g_assert_nonnull (strstr (json, "\"value\": \"a\\u0085b\\u2028c\\u007f\""));
  g_assert_null (strchr (json, '\n'));
  g_assert_null (strchr (json, 0x1b));
  g_assert_nonnull (strstr (json, "\\u001b\\u001f\""));
  g_assert_true (g_utf8_validate (json, -1, NULL));
}

static void
test_copy (void)
{
  VlmAnswerRecord *record = make_record ();
  g_autoptr (VlmAnswerRecord) copy = vlm_answer_record_copy (record);
  g_autofree char *before = vlm_answer_record_to_json (record);
  g_autofree char *after = NULL;

  g_assert_true (vlm_answer_record_ref (record) == record);
  vlm_answer_record_unref (record);
  vlm_answer_record_unref (record);
  after = vlm_answer_record_to_json (copy);
  g_assert_cmpstr (before, ==, after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/answer-record/json", test_json);
  g_test_add_func ("/answer-record/harmless", test_harmless);
  g_test_add_func ("/answer-record/copy", test_copy);
  return g_test_run ();
}
