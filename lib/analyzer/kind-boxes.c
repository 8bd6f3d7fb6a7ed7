/* gst-vlm: answers that list boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>

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

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *box;

  if (!vlm_answer_check_picture (bounds, "boxes", error))
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
  if (!vlm_answer_check_picture (bounds, "boxes", error))
    return NULL;
  return vlm_answer_list_schema (VLM_ANSWER_BOX, 4,
      MAX (bounds->width, bounds->height), VLM_ANSWER_LABEL, max_text (bounds),
      max_items (bounds));
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
