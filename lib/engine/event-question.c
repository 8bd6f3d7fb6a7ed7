/* gst-vlm: what the model is asked, and what it may answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/event-question.h"

#include <vlm/vlm-error.h>

/* Bounds of an answer, not of a scene: a list that reaches them is closed
 * properly, and so is one that runs out of tokens. */
#define MAX_EVENTS 32
#define MAX_DESCRIPTION_BYTES 240
#define MAX_BOXES 64
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

VlmGrammar *
vlm_event_list_grammar_new (gint64 duration_ns)
{
  return vlm_grammar_new_events (
      MAX_EVENTS, MAX_DESCRIPTION_BYTES, duration_ns);
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
