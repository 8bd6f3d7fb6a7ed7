/* gst-vlm: answers that list events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>

#include "analyzer/answer-rules.h"
#include "analyzer/kinds.h"
#include "events/event-schema.h"

/* Bounds of an answer, not of a scene: a list that reaches them is closed
 * properly, and so is one that runs out of tokens. */
#define MAX_EVENTS 32
#define MAX_DESCRIPTION_BYTES 240

#define CENTISECOND (G_GINT64_CONSTANT (10) * 1000 * 1000)
/* The trained shape has two digits of minutes. */
#define MAX_CENTISECONDS ((G_GINT64_CONSTANT (99) * 60 + 59) * 100 + 99)

/* The sentence that Qwen2.5-VL was trained on for dense event lists. */
static char *
make_question (const char *about, gboolean is_video)
{
  if (about == NULL)
    return g_strdup (
        "Localize a series of activity events in the video, output the start "
        "and end timestamp for each event, and describe each event with "
        "sentences. Provide the result in json format with 'mm:ss.ff' format "
        "for time depiction.");
  return g_strdup_printf (
      "Localize every event in the video that matches the query '%s', output "
      "the start and end timestamp for each event, and describe each event "
      "with sentences. Provide the result in json format with 'mm:ss.ff' "
      "format for time depiction.",
      about);
}

/* mm:ss.ff */
static const VlmRule *
new_time (VlmRuleBook *book, gint64 max_ns)
{
  gint64 hundredths = CLAMP (max_ns / CENTISECOND, 0, MAX_CENTISECONDS);
  g_autofree char *bound =
      g_strdup_printf ("%02d:%02d.%02d", (int) (hundredths / 6000),
          (int) (hundredths / 100 % 60), (int) (hundredths % 100));

  return vlm_rule_digits_up_to (book, "99:59.99", bound);
}

static guint
max_items (const VlmAnswerBounds *bounds)
{
  return bounds->max_items > 0 ? bounds->max_items : MAX_EVENTS;
}

static guint
max_text (const VlmAnswerBounds *bounds)
{
  return bounds->max_text_bytes > 0 ? bounds->max_text_bytes
                                    : MAX_DESCRIPTION_BYTES;
}

static gboolean
check_bounds (const VlmAnswerBounds *bounds, GError **error)
{
  if (bounds->duration_ns >= 0)
    return TRUE;
  g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "a list of events needs a video");
  return FALSE;
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *time;
  const VlmRule *event;

  if (!check_bounds (bounds, error))
    return NULL;
  time = new_time (book, bounds->duration_ns);
  event = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_START "\": \""), time,
      vlm_rule_literal (book, "\", \"" VLM_ANSWER_END "\": \""), time,
      vlm_rule_literal (book, "\", \"" VLM_ANSWER_DESCRIPTION "\": "),
      vlm_rule_answer_text (book, max_text (bounds)),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (book, "    ", event, max_items (bounds));
}

static char *
make_schema (const VlmAnswerBounds *bounds, GError **error)
{
  static const char time[] = "{\"type\": \"string\", \"pattern\": "
                             "\"^[0-9]{2}:[0-5][0-9][.][0-9]{2}$\"}";

  if (!check_bounds (bounds, error))
    return NULL;
  return g_strdup_printf (
      "{\"type\": \"array\", \"maxItems\": %u, \"items\": {"
      "\"type\": \"object\", \"properties\": {"
      "\"" VLM_ANSWER_START "\": %s, \"" VLM_ANSWER_END "\": %s, "
      "\"" VLM_ANSWER_DESCRIPTION "\": {"
      "\"type\": \"string\", \"minLength\": 1, \"maxLength\": %u}}, "
      "\"required\": [\"" VLM_ANSWER_START "\", \"" VLM_ANSWER_END
      "\", \"" VLM_ANSWER_DESCRIPTION "\"], "
      "\"additionalProperties\": false}}",
      max_items (bounds), time, time, max_text (bounds));
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_event_parse (text, bounds->duration_ns, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_events = {
  .name = "events",
  .question = make_question,
  .rule = make_rule,
  .schema = make_schema,
  .read = read_answer,
  .part = VLM_PART_EVENT,
};
