/* gst-vlm: kinds of answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>
#include <vlm/vlm-reading.h>

#include "grammar/schema.h"
#include "tests/support/answer-grammar.h"

static void
test_table (void)
{
  const char *const *names = vlm_answer_kind_get_names ();

  for (guint i = 0; names[i] != NULL; i++) {
    const VlmAnswerKind *kind = vlm_answer_kind_lookup (names[i]);

    g_assert_nonnull (kind);
    g_assert_cmpstr (vlm_answer_kind_get_name (kind), ==, names[i]);
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (names[j], !=, names[i]);
    /* An answer with a form can be read. */
    g_assert_true (kind->rule == NULL || kind->read != NULL);
    g_assert_true (kind->read != NULL || kind->part == VLM_PART_WORDS);
  }
  g_assert_true (vlm_answer_kind_lookup ("free") == &vlm_kind_free);
  g_assert_cmpstr (vlm_answer_kind_get_name (NULL), ==, "free");
  g_assert_null (vlm_answer_kind_lookup ("poem"));
}

static void
check_question (const VlmAnswerKind *kind, const char *about, gboolean is_video,
    const char *expected)
{
  g_autofree char *question =
      vlm_answer_kind_make_question (kind, about, is_video);

  g_assert_cmpstr (question, ==, expected);
}

/* Exactly the sentences that models were trained on. */
static void
test_questions (void)
{
  static const char everything[] =
      "Localize a series of activity events in the video, output the start and "
      "end timestamp for each event, and describe each event with sentences. "
      "Provide the result in json format with 'mm:ss.ff' format for time "
      "depiction.";

  check_question (NULL, "What is this?", FALSE, "What is this?");
  check_question (NULL, NULL, FALSE, "Describe this image.");
  check_question (&vlm_kind_free, NULL, TRUE, "Describe this video.");
  check_question (&vlm_kind_events, NULL, TRUE, everything);
  check_question (&vlm_kind_events, "", TRUE, everything);
  check_question (&vlm_kind_events, "a man falls", TRUE,
      "Localize every event in the video that matches the query 'a man falls', "
      "output the start and end timestamp for each event, and describe each "
      "event with sentences. Provide the result in json format with 'mm:ss.ff' "
      "format for time depiction.");
  check_question (&vlm_kind_boxes, "red car", FALSE,
      "Locate the red car, report the bbox coordinates in JSON format.");
  check_question (&vlm_kind_boxes, NULL, FALSE,
      "Outline the position of each object and output all the coordinates in "
      "JSON format.");
  check_question (&vlm_kind_points, "red car", FALSE,
      "Point to the red car, report the point coordinates in JSON format.");
  check_question (&vlm_kind_points, NULL, FALSE,
      "Point to each object and output all the point coordinates in JSON "
      "format.");
  check_question (&vlm_kind_count, "red car", FALSE,
      "How many objects in the image match the query 'red car'? Answer with a "
      "number only.");
  check_question (&vlm_kind_count, NULL, FALSE,
      "How many objects are in the image? Answer with a number only.");
  check_question (&vlm_kind_describe, NULL, TRUE, "Describe this video.");
  check_question (&vlm_kind_describe, NULL, FALSE, "Describe this image.");
  check_question (&vlm_kind_ocr, NULL, FALSE,
      "Spotting all the text in the image with line-level, and output in JSON "
      "format.");
  check_question (&vlm_kind_document, NULL, FALSE, "QwenVL HTML ");
  check_question (&vlm_kind_yes_no, "the gate is open", TRUE,
      "Is this true at any time in the video: 'the gate is open'? Answer Yes "
      "or No.");
  check_question (&vlm_kind_yes_no, "the gate is open", FALSE,
      "Is this true of the image: 'the gate is open'? Answer Yes or No.");
}

static void
check_lack (const VlmAnswerKind *kind, const char *words)
{
  const VlmAnswerBounds nothing = { .duration_ns = -1 };
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_answer_kind_compile (kind, &nothing, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, words));
}

/* An error says what a form lacks; free text needs nothing. */
static void
test_lacks (void)
{
  const VlmAnswerBounds nothing = { .duration_ns = -1 };
  g_autoptr (GError) error = NULL;

  check_lack (&vlm_kind_events, "needs a video");
  check_lack (&vlm_kind_boxes, "needs a picture");
  g_assert_null (vlm_answer_kind_compile (&vlm_kind_free, &nothing, &error));
  g_assert_no_error (error);
}

/* The reader accepts what the rule allows. */
static void
test_read (void)
{
  const VlmAnswerBounds bounds = { 5 * VLM_SECOND, 640, 480, 0, 0 };
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  guint n_rejected = 99;
  g_autoptr (GPtrArray) events =
      vlm_kind_events.read ("```json\n[\n    {\"start_time\": \"00:01.00\", "
                            "\"end_time\": \"00:05.00\", \"description\": "
                            "\"a\"}\n]\n```",
          &bounds, &n_rejected, &why, &error);
  g_autoptr (GPtrArray) boxes = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (n_rejected, ==, 0);
  g_assert_cmpuint (events->len, ==, 1);
  g_assert_cmpint (((VlmFinding *) events->pdata[0])->start_ns, ==, VLM_SECOND);

  boxes = vlm_kind_boxes.read (
      "```json\n[\n\t{\"bbox_2d\": [1, 2, 640, 480], \"label\": \"a\"},\n"
      "\t{\"bbox_2d\": [1, 2, 641, 480], \"label\": \"b\"}\n]\n```",
      &bounds, &n_rejected, &why, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (boxes->len, ==, 1);
  g_assert_cmpint (((VlmMark *) boxes->pdata[0])->rect.height, ==, 478);
  g_assert_cmpuint (n_rejected, ==, 1);
  g_assert_nonnull (why);
}

/* The rule of decision 9. */
static void
test_yes_no (void)
{
  static const struct
  {
    const char *bytes;
    gint choice;
  } tokens[] = { { "Yes", VLM_YES }, { "yes", VLM_YES }, { "YES", VLM_YES },
    { "yEs", VLM_YES }, { " Yes", VLM_YES }, { " \n\t\r\v\fyes", VLM_YES },
    { "No", VLM_NO }, { "\tno", VLM_NO }, { " NO", VLM_NO }, { "", -1 },
    { " ", -1 }, { "ye", -1 }, { "yes ", -1 }, { "yes.", -1 }, { "\"yes", -1 },
    { "not", -1 }, { "n", -1 }, { "\xc2\xa0no", -1 }, { "true", -1 } };
  const VlmAnswerBounds bounds = { .duration_ns = -1 };
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  guint n_rejected = 99;
  g_autoptr (GPtrArray) said =
      vlm_kind_yes_no.read ("No", &bounds, &n_rejected, &why, &error);

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    g_assert_cmpint (
        vlm_kind_yes_no.stands_for (tokens[i].bytes, strlen (tokens[i].bytes)),
        ==, tokens[i].choice);
  g_assert_cmpint (vlm_kind_yes_no.stands_for ("\0yes", 4), ==, -1);
  g_assert_no_error (error);
  g_assert_cmpstr (said->pdata[0], ==, "no");
  g_assert_cmpuint (n_rejected, ==, 0);
  g_assert_null (
      vlm_kind_yes_no.read ("Perhaps", &bounds, &n_rejected, &why, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\","
    "\"minimum\":0,\"maximum\":9},\"ok\":{\"type\":\"boolean\"}},"
    "\"required\":[\"n\",\"ok\"]}";

static void
check_detail (const VlmAnswerKind *kind, const char *detail, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (vlm_answer_kind_check (kind, detail, "F.json", &error), ==,
      words == NULL);
  if (words == NULL)
    g_assert_no_error (error);
  else if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

/* An error names the file, the place and the keyword. */
static void
test_detail (void)
{
  check_detail (&vlm_kind_json, schema, NULL);
  check_detail (&vlm_kind_json, "true", NULL);
  check_detail (&vlm_kind_json, NULL, "needs a JSON schema");
  check_detail (&vlm_kind_json, "{\"properties\":{\"age\":{\"foo\":1}}}",
      "F.json: /properties/age/foo: this keyword is not supported");
  check_detail (&vlm_kind_json, "{\"type\":", "F.json");
  check_detail (&vlm_kind_json, "false", "F.json");
  check_detail (&vlm_kind_events, NULL, NULL);
  check_detail (NULL, NULL, NULL);
  check_detail (&vlm_kind_events, schema, "take no schema");
  check_detail (NULL, schema, "kind free take no schema");
}

static GPtrArray *
read_json (const char *text, const char *detail, GError **error)
{
  const VlmAnswerBounds bounds = { .duration_ns = -1, .detail = detail };
  g_autofree char *why = NULL;
  guint n_rejected = 99;
  GPtrArray *list =
      vlm_kind_json.read (text, &bounds, &n_rejected, &why, error);

  g_assert_cmpuint (n_rejected, ==, 0);
  g_assert_null (why);
  return list;
}

static void
check_json (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = read_json (text, schema, &error);

  if (expected == NULL) {
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA);
    return;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (list->pdata[0], ==, expected);
}

/* Answers that no rule constrained are read too, but only if they fit. */
static void
test_json (void)
{
  check_json ("{\"n\":3,\"ok\":true}", "{\"n\":3,\"ok\":true}");
  check_json ("```json\n{ \"ok\": false, \"n\": 9 }\n```",
      "{ \"ok\": false, \"n\": 9 }");
  check_json (" {\"n\":0,\"ok\":true}\n", "{\"n\":0,\"ok\":true}");
  check_json ("{\"n\":10,\"ok\":true}", NULL);
  check_json ("{\"n\":3}", NULL);
  check_json ("{\"n\":3,\"ok\":true", NULL);
  check_json ("```json\n{\"n\":3,\"ok\":true}", NULL);
  check_json ("``````", NULL);
  check_json ("``", NULL);
  check_json ("", NULL);
}

static void
test_json_rule (void)
{
  const VlmAnswerBounds bounds = { .duration_ns = -1, .detail = schema };
  const VlmAnswerBounds bad = { .duration_ns = -1,
    .detail = "{\"minimum\":\"1\"}" };
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGrammar) grammar =
      vlm_answer_kind_compile (&vlm_kind_json, &bounds, &error);

  g_assert_no_error (error);
  g_assert_cmpint (
      vlm_grammar_match (grammar, "{\"n\":3,\"ok\":true}", 17, NULL), ==,
      VLM_GRAMMAR_MATCHED);
  check_lack (&vlm_kind_json, "needs a JSON schema");
  g_assert_null (vlm_answer_kind_compile (&vlm_kind_json, &bad, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, "schema: /minimum"));
}

static void
check_schema (const VlmAnswerKind *kind, const char *text, gboolean fits)
{
  const VlmAnswerBounds bounds = { -1, 56, 28, 0, 0, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *json = kind->schema (&bounds, &error);
  g_autoptr (VlmSchema) form = NULL;
  g_autoptr (VlmGrammar) grammar = NULL;

  g_assert_no_error (error);
  form = vlm_schema_new (json, strlen (json), kind->name, &error);
  g_assert_no_error (error);
  grammar = vlm_schema_compile (form, VLM_SCHEMA_LOOSE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (vlm_grammar_match (grammar, text, strlen (text), NULL) ==
          VLM_GRAMMAR_MATCHED,
      ==, fits);
}

/* The schemas that a server gets instead of a rule. */
static void
test_schemas (void)
{
  check_schema (&vlm_kind_points, "[]", TRUE);
  check_schema (&vlm_kind_points,
      "[{\"point_2d\": [55, 0], \"label\": \"a dog\"}]", TRUE);
  check_schema (
      &vlm_kind_points, "[{\"point_2d\": [56, 0], \"label\": \"a\"}]", FALSE);
  check_schema (
      &vlm_kind_points, "[{\"point_2d\": [5], \"label\": \"a\"}]", FALSE);
  check_schema (&vlm_kind_points, "[{\"point_2d\": [5, 5]}]", FALSE);
  check_schema (&vlm_kind_ocr,
      "[{\"bbox_2d\": [0, 0, 56, 28], \"text_content\": \"EXIT\"}]", TRUE);
  check_schema (&vlm_kind_ocr,
      "[{\"bbox_2d\": [0, 0, 56, 28], \"label\": \"EXIT\"}]", FALSE);
  check_schema (&vlm_kind_boxes,
      "[{\"bbox_2d\": [0, 0, 56, 28], \"label\": \"a dog\"}]", TRUE);
  check_schema (&vlm_kind_boxes,
      "[{\"bbox_2d\": [0, 0, 57, 28], \"label\": \"a dog\"}]", FALSE);
}

/* The reader of a list accepts all that its rule allows. */
static void
check_form (const VlmAnswerKind *kind, const char *text, const char *value)
{
  const VlmAnswerBounds bounds = { -1, 56, 28, 0, 0, NULL };
  const VlmFrame picture = {
    .width = 56, .height = 28, .source_width = 56, .source_height = 28
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGrammar) grammar =
      vlm_answer_kind_compile (kind, &bounds, &error);
  g_autoptr (VlmReading) reading = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (vlm_grammar_match (grammar, text, strlen (text), NULL), ==,
      value != NULL ? VLM_GRAMMAR_MATCHED : VLM_GRAMMAR_REFUSED);
  if (value == NULL)
    return;
  reading = vlm_reading_new (kind, text, NULL, NULL, &picture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (reading->n_rejected, ==, 0);
  g_assert_cmpstr (reading->value, ==, value);
}

static void
test_forms (void)
{
  check_form (&vlm_kind_points,
      "```json\n[\n\t{\"point_2d\": [55, 27], \"label\": \"a\"}\n]\n```",
      "[\n\t{\"point_2d\": [55, 27], \"label\": \"a\"}\n]");
  check_form (&vlm_kind_points,
      "```json\n[\n\t{\"point_2d\": [56, 27], \"label\": \"a\"}\n]\n```", NULL);
  check_form (&vlm_kind_points, "```json\n[]\n```", "[]");
  check_form (&vlm_kind_ocr,
      "```json\n[\n\t{\"bbox_2d\": [0, 0, 56, 28], \"text_content\": "
      "\"STOP\"}\n]\n```",
      "[\n\t{\"bbox_2d\": [0, 0, 56, 28], \"text_content\": \"STOP\"}\n]");
  check_form (&vlm_kind_count, "0", "0");
  check_form (&vlm_kind_count, "12", "12");
  check_form (&vlm_kind_count, "012", NULL);
  check_form (&vlm_kind_count, "10000", NULL);
}

static void
test_count (void)
{
  g_autoptr (VlmReading) words =
      vlm_reading_new (&vlm_kind_count, " 3.\n", NULL, NULL, NULL, NULL);
  static const char *const bad[] = { "", "three", "-1", "1 2", "3..", "+3",
    "99999999" };

  g_assert_cmpstr (words->value, ==, "3");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (
        vlm_reading_new (&vlm_kind_count, bad[i], NULL, NULL, NULL, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/answer-kind/table", test_table);
  g_test_add_func ("/answer-kind/questions", test_questions);
  g_test_add_func ("/answer-kind/lacks", test_lacks);
  g_test_add_func ("/answer-kind/read", test_read);
  g_test_add_func ("/answer-kind/yes-no", test_yes_no);
  g_test_add_func ("/answer-kind/detail", test_detail);
  g_test_add_func ("/answer-kind/json", test_json);
  g_test_add_func ("/answer-kind/json-rule", test_json_rule);
  g_test_add_func ("/answer-kind/schemas", test_schemas);
  g_test_add_func ("/answer-kind/forms", test_forms);
  g_test_add_func ("/answer-kind/count", test_count);
  return g_test_run ();
}
