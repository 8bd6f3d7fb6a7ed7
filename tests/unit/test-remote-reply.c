/* gst-vlm: replies of servers: answers and errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-reply.h"

#include <math.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "analyzer/remote-check.h"

#define WHOLE(content, tokens)                                                 \
  "{\"choices\": [{\"finish_reason\": \"length\", \"message\": "               \
  "{\"content\": " content "}, \"logprobs\": {\"content\": [" tokens "]}}], "  \
  "\"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 2}}"

static VlmReply *
read_text (const char *text, GError **error)
{
  g_autoptr (GString) body = g_string_new (text);

  return vlm_remote_reply_read (body, error);
}

static void
test_answer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmReply) reply = read_text (
      WHOLE ("\"h\303\244!\"",
          "{\"token\": \"h?\", \"bytes\": [104, 195], \"logprob\": -1.0}, "
          "{\"token\": \"?!\", \"bytes\": [164, 33], \"logprob\": -3.0}, "
          "{\"token\": \"<|im_end|>\", \"bytes\": [60], \"logprob\": -9.0}"),
      &error);

  g_assert_no_error (error);
  g_assert_cmpstr (reply->text, ==, "h\303\244!");
  g_assert_true (reply->is_cut_off);
  g_assert_cmpuint (reply->usage.n_prompt_tokens, ==, 7);
  g_assert_cmpuint (reply->usage.n_tokens, ==, 2);
  g_assert_cmpuint (reply->trace->len, ==, 2);
  g_assert_cmpfloat_with_epsilon (
      vlm_trace_confidence (reply->trace, 0, G_MAXSIZE), exp (-2.0), 1e-9);
}

/* The text is there; how sure it is, is not known. */
static void
test_no_trace (void)
{
  static const char *const texts[] = {
    WHOLE ("\"ab\"", ""),
    WHOLE ("\"ab\"", "{\"token\": \"a\", \"logprob\": -1.0}"),
    WHOLE ("\"ab\"", "{\"token\": \"abc\", \"logprob\": -1.0}"),
    WHOLE ("\"ab\"", "{\"token\": \"ac\", \"logprob\": -1.0}"),
    WHOLE ("\"ab\"", "{\"token\": \"ab\", \"logprob\": 1.0}"),
    WHOLE ("\"ab\"", "{\"token\": \"ab\", \"logprob\": \"-1\"}"),
    WHOLE ("\"ab\"", "{\"bytes\": [97, 300], \"logprob\": -1.0}"),
    WHOLE ("\"ab\"", "{\"bytes\": [[]], \"logprob\": -1.0}"),
    WHOLE ("\"ab\"", "3"),
    "{\"choices\": [{\"message\": {\"content\": \"ab\"}}], \"usage\": []}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmReply) reply = read_text (texts[i], &error);

    g_assert_no_error (error);
    g_assert_cmpstr (reply->text, ==, "ab");
    g_assert_null (reply->trace);
  }
}

static void
test_no_answer (void)
{
  static const char *const texts[] = { "", "null", "[]", "<html></html>", "{}",
    "{\"choices\": []}", "{\"choices\": {}}", "{\"choices\": [1]}",
    "{\"choices\": [{}]}", "{\"choices\": [{\"message\": []}]}",
    "{\"choices\": [{\"message\": {\"content\": null}}]}",
    "{\"choices\": [{\"message\": {\"content\": [\"a\"]}}]}",
    "{\"choices\": [{\"message\": {\"content\": \"\377\"}}]}",
    "{\"choices\": [{\"message\": {\"content\": \"a",
    "{\"choices\": [{\"message\": {\"content\": \"\\u0000\"}}]}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (read_text (texts[i], &error));
    g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER);
  }
}

static void
test_weigh (void)
{
  g_autoptr (GString) body = g_string_new (WHOLE ("\"Yes\"",
      "{\"token\": \"Yes\", \"logprob\": -1.0, \"top_logprobs\": ["
      "{\"token\": \"Yes\", \"bytes\": [89, 101, 115], \"logprob\": -1.0}, "
      "{\"token\": \" yes\", \"logprob\": -2.0}, "
      "{\"token\": \"No\", \"logprob\": -3.0}, "
      "{\"token\": \"Not\", \"logprob\": -0.1}, "
      "{\"token\": \"NO\", \"logprob\": null}, "
      /* as byte tokens are, where the bytes are no character */
      "{\"token\": \"\\u0000\", \"bytes\": [0], \"logprob\": -4.0}, 7]}"));
  g_autoptr (GString) nothing = g_string_new (WHOLE ("\"Yes\"", ""));
  g_autoptr (GString) too_sure = g_string_new (WHOLE ("\"Yes\"",
      "{\"token\": \"Yes\", \"logprob\": 0, \"top_logprobs\": ["
      "{\"token\": \"Yes\", \"logprob\": 0}, "
      "{\"token\": \"No\", \"logprob\": -0.1}]}"));
  g_autoptr (GError) error = NULL;
  double p[VLM_N_YES_NO];
  VlmUsage usage;

  g_assert_true (
      vlm_remote_reply_weigh (body, &vlm_kind_yes_no, p, &usage, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (p[VLM_YES], exp (-1.0) + exp (-2.0), 1e-9);
  g_assert_cmpfloat_with_epsilon (p[VLM_NO], exp (-3.0), 1e-9);
  g_assert_cmpuint (usage.n_prompt_tokens, ==, 7);
  g_assert_cmpuint (usage.n_tokens, ==, 2);
  g_assert_false (
      vlm_remote_reply_weigh (nothing, &vlm_kind_yes_no, p, &usage, &error));
  g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER);
  g_clear_error (&error);
  /* The probabilities are wrong, or mean something else. */
  g_assert_false (
      vlm_remote_reply_weigh (too_sure, &vlm_kind_yes_no, p, &usage, &error));
  g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER);
  g_assert_nonnull (strstr (error->message, "more than 1"));
}

/* --- its form ------------------------------------------------------------- */

#define EVENT                                                                  \
  "{\"start_time\": \"00:01.00\", \"end_time\": \"00:02.50\", "                \
  "\"description\": \"a dog\"}"

static void
check_form (const VlmAnswerKind *kind, const char *text, gboolean is_cut_off,
    gboolean fits)
{
  const VlmAnswerBounds bounds = {
    .duration_ns = 10 * VLM_SECOND, .width = 280, .height = 140
  };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      vlm_remote_check (kind, &bounds, text, is_cut_off, &error), ==, fits);
  if (!fits)
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA);
}

static void
test_form (void)
{
  check_form (&vlm_kind_events, "[]", FALSE, TRUE);
  check_form (&vlm_kind_events, " [ " EVENT " ,\n" EVENT "]\n", FALSE, TRUE);
  check_form (&vlm_kind_events, "```json\n[\n  " EVENT "\n]\n```", FALSE, TRUE);
  check_form (&vlm_kind_events, "[" EVENT ", {\"start", FALSE, FALSE);
  check_form (&vlm_kind_events, "[" EVENT ", {\"start", TRUE, TRUE);
  check_form (&vlm_kind_events, "```json\n[" EVENT ", ", TRUE, TRUE);
  check_form (&vlm_kind_events, "[" EVENT ", {\"begin", TRUE, FALSE);
  check_form (&vlm_kind_events, "Here: [" EVENT "]", FALSE, FALSE);
  check_form (&vlm_kind_events, "{\"events\": [" EVENT "]}", FALSE, FALSE);
  check_form (&vlm_kind_events, "[" EVENT "] I hope", FALSE, FALSE);
  check_form (&vlm_kind_events,
      "[{\"start_time\": 1, \"end_time\": 2, \"description\": \"\"}]", FALSE,
      FALSE);
  check_form (
      &vlm_kind_events, "<think>a dog</think>[" EVENT "]", FALSE, FALSE);
  check_form (&vlm_kind_boxes,
      "[{\"label\": \"dog\", \"bbox_2d\": [1, 2, 30, 40]}]", FALSE, TRUE);
  check_form (&vlm_kind_boxes,
      "[{\"bbox_2d\": [1, 2, 30], \"label\": \"dog\"}]", FALSE, FALSE);
  check_form (&vlm_kind_boxes,
      "[{\"bbox_2d\": [1, 2, 3000, 40], \"label\": \"dog\"}]", FALSE, FALSE);
  check_form (&vlm_kind_yes_no, "Yes", FALSE, TRUE);
  check_form (&vlm_kind_yes_no, "Yes, it is", FALSE, FALSE);
  check_form (&vlm_kind_free, "anything", FALSE, TRUE);
  check_form (NULL, "anything", FALSE, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-reply/answer", test_answer);
  g_test_add_func ("/remote-reply/no-trace", test_no_trace);
  g_test_add_func ("/remote-reply/no-answer", test_no_answer);
  g_test_add_func ("/remote-reply/weigh", test_weigh);
  g_test_add_func ("/remote-reply/form", test_form);
  return g_test_run ();
}
