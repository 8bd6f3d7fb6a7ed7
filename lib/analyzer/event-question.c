/* gst-vlm: what the model is asked, and what it may answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/event-question.h"

#include <string.h>

#include <vlm/vlm-error.h>

/* Bounds of an answer, not of a scene: a list that reaches them is closed
 * properly, and so is one that runs out of tokens. */
#define MAX_EVENTS 32
#define MAX_DESCRIPTION_BYTES 240
#define MAX_BOXES 64
#define MAX_EVENT_BOXES 4
#define MAX_LABEL_BYTES 64

/**
 * vlm_event_question:
 * @query: (nullable): what to look for; %NULL for everything that happens
 *
 * The sentence that Qwen2.5-VL was trained on for dense event lists. It goes
 * after the video; %VLM_FORMAT_EVENTS holds the answer to the form it asks for.
 *
 * Returns: (transfer full): the question
 */
char *
vlm_event_question (const char *query)
{
  if (query == NULL || query[0] == '\0')
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
      query);
}

/**
 * vlm_box_question:
 * @label: what to look for, without an article
 *
 * The sentence that Qwen2.5-VL was trained on for boxes. It goes after the
 * picture; %VLM_FORMAT_BOXES holds the answer to the form it asks for.
 *
 * Returns: (transfer full): the question
 */
char *
vlm_box_question (const char *label)
{
  g_return_val_if_fail (label != NULL, NULL);
  return g_strdup_printf (
      "Locate the %s, report the bbox coordinates in JSON format.", label);
}

/* --- the questions of a window ------------------------------------------ */

#define QUERY_PLACE "{query}"
/* What a prompt that asks for a query gets when there is none. */
#define NO_QUERY "anything that happens"

static void
event_question_free (gpointer data)
{
  VlmEventQuestion *question = data;

  g_free (question->query);
  g_free (question->text);
  g_free (question);
}

static void
add_question (GPtrArray *list, const char *query, const char *prompt)
{
  VlmEventQuestion *question = g_new0 (VlmEventQuestion, 1);

  question->query = g_strdup (query);
  if (prompt == NULL) {
    question->text = vlm_event_question (query);
  } else {
    GString *text = g_string_new (prompt);

    g_string_replace (text, QUERY_PLACE, query != NULL ? query : NO_QUERY, 0);
    question->text = g_string_free (text, FALSE);
  }
  g_ptr_array_add (list, question);
}

GPtrArray *
vlm_event_questions_new (const VlmQuestions *questions)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (event_question_free);
  const char *prompt = questions->prompt;

  if (prompt != NULL && prompt[0] == '\0')
    prompt = NULL;
  if (prompt == NULL || strstr (prompt, QUERY_PLACE) != NULL)
    for (char **query = questions->queries; query != NULL && *query != NULL;
         query++)
      add_question (list, *query, prompt);
  if (list->len == 0)
    add_question (list, NULL, prompt);
  return list;
}

VlmGrammar *
vlm_event_list_grammar_new (gint64 duration_ns)
{
  return vlm_grammar_new_events (
      MAX_EVENTS, MAX_DESCRIPTION_BYTES, duration_ns);
}

VlmGrammar *
vlm_event_box_grammar_new (guint width, guint height)
{
  return vlm_grammar_new_boxes (
      MAX_EVENT_BOXES, MAX_LABEL_BYTES, width, height);
}

static const VlmPart *
find_part (const VlmPrompt *prompt, gboolean video_only)
{
  for (guint i = 0; i < prompt->parts->len; i++) {
    const VlmPart *part = prompt->parts->pdata[i];

    if (part->kind == VLM_PART_VIDEO ||
        (part->kind == VLM_PART_IMAGE && !video_only))
      return part;
  }
  return NULL;
}

/* From the first slot to the end of the last one, which is taken to be as long
 * as the one before it. */
static gint64
video_duration (const VlmPart *part)
{
  guint n = part->times->len;
  gint64 first = g_array_index (part->times, gint64, 0);
  gint64 last = g_array_index (part->times, gint64, n - 1);
  gint64 step =
      n > 1 ? last - g_array_index (part->times, gint64, n - 2) : VLM_SECOND;

  return last - first + step;
}

VlmGrammar *
vlm_format_grammar_new (
    VlmFormat format, const VlmPrompt *prompt, GError **error)
{
  const VlmPart *part;
  const VlmFrame *frame;

  if (format == VLM_FORMAT_FREE)
    return NULL;
  part = find_part (prompt, format == VLM_FORMAT_EVENTS);
  if (part == NULL) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        format == VLM_FORMAT_EVENTS
            ? "a list of events needs a video"
            : "a list of boxes needs a picture or a video");
    return NULL;
  }
  if (format == VLM_FORMAT_EVENTS)
    return vlm_event_list_grammar_new (video_duration (part));
  frame = part->frames->pdata[0];
  return vlm_grammar_new_boxes (
      MAX_BOXES, MAX_LABEL_BYTES, frame->width, frame->height);
}
