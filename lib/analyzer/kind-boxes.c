/* gst-vlm: answers that list boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-error.h>

#include "analyzer/answer-rules.h"
#include "analyzer/kinds.h"
#include "events/event-schema.h"

#define MAX_BOXES 64
#define MAX_LABEL_BYTES 64

/* The sentences that Qwen2.5-VL was trained on for boxes. */
static char *
make_question (const char *about, gboolean is_video)
{
  if (about == NULL)
    return g_strdup ("Outline the position of each object and output all the "
                     "coordinates in JSON format.");
  return g_strdup_printf (
      "Locate the %s, report the bbox coordinates in JSON format.", about);
}

static guint
max_items (const VlmAnswerBounds *bounds)
{
  return bounds->max_items > 0 ? bounds->max_items : MAX_BOXES;
}

static guint
max_text (const VlmAnswerBounds *bounds)
{
  return bounds->max_text_bytes > 0 ? bounds->max_text_bytes : MAX_LABEL_BYTES;
}

static gboolean
check_bounds (const VlmAnswerBounds *bounds, GError **error)
{
  if (bounds->width > 0 && bounds->height > 0)
    return TRUE;
  g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "a list of boxes needs a picture or a video");
  return FALSE;
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *box;

  if (!check_bounds (bounds, error))
    return NULL;
  box = vlm_rule_sequence (book, vlm_rule_literal (book, "{"),
      vlm_rule_answer_box (book, bounds->width, bounds->height),
      vlm_rule_literal (book, ", \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_answer_text (book, max_text (bounds)),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (book, "\t", box, max_items (bounds));
}

static char *
make_schema (const VlmAnswerBounds *bounds, GError **error)
{
  if (!check_bounds (bounds, error))
    return NULL;
  return g_strdup_printf (
      "{\"type\": \"array\", \"maxItems\": %u, \"items\": {"
      "\"type\": \"object\", \"properties\": {"
      "\"" VLM_ANSWER_BOX "\": {\"type\": \"array\", "
      "\"items\": {\"type\": \"integer\", \"minimum\": 0, "
      "\"maximum\": %u}, \"minItems\": 4, \"maxItems\": 4}, "
      "\"" VLM_ANSWER_LABEL "\": {"
      "\"type\": \"string\", \"minLength\": 1, \"maxLength\": %u}}, "
      "\"required\": [\"" VLM_ANSWER_BOX "\", \"" VLM_ANSWER_LABEL "\"], "
      "\"additionalProperties\": false}}",
      max_items (bounds), MAX (bounds->width, bounds->height),
      max_text (bounds));
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_box_parse (
      text, bounds->width, bounds->height, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_boxes = {
  .name = "boxes",
  .question = make_question,
  .of_picture = TRUE,
  .rule = make_rule,
  .limits = &vlm_answer_box_limits,
  .schema = make_schema,
  .read = read_answer,
  .part = VLM_PART_MARK,
};
