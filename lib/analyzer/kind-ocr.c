/* gst-vlm: answers that list the text in a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answer-rules.h"
#include "analyzer/kinds.h"
#include "events/event-schema.h"
#include "events/mark-parse.h"

#define MAX_LINES 256
#define MAX_LINE_BYTES 240

/* The sentence that Qwen2.5-VL was trained on for spotting text. */
static char *
make_question (const char *about, gboolean is_video)
{
  if (about != NULL)
    return g_strdup (about);
  return g_strdup ("Spotting all the text in the image with line-level, and "
                   "output in JSON format.");
}

static guint
max_items (const VlmAnswerBounds *bounds)
{
  return bounds->max_items > 0 ? bounds->max_items : MAX_LINES;
}

static guint
max_text (const VlmAnswerBounds *bounds)
{
  return bounds->max_text_bytes > 0 ? bounds->max_text_bytes : MAX_LINE_BYTES;
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *line;

  if (!vlm_answer_check_picture (bounds, "text", error))
    return NULL;
  line = vlm_rule_sequence (book, vlm_rule_literal (book, "{"),
      vlm_rule_answer_box (book, bounds->width, bounds->height),
      vlm_rule_literal (book, ", \"" VLM_ANSWER_TEXT "\": "),
      vlm_rule_answer_text (book, max_text (bounds)),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (book, "\t", line, max_items (bounds));
}

static char *
make_schema (const VlmAnswerBounds *bounds, GError **error)
{
  if (!vlm_answer_check_picture (bounds, "text", error))
    return NULL;
  return vlm_answer_list_schema (VLM_ANSWER_BOX, 4,
      MAX (bounds->width, bounds->height), VLM_ANSWER_TEXT, max_text (bounds),
      max_items (bounds));
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_mark_parse (VLM_MARK_FORM_TEXT, text, bounds->width,
      bounds->height, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_ocr = {
  .name = "ocr",
  .question = make_question,
  .of_picture = TRUE,
  .rule = make_rule,
  .limits = &vlm_answer_box_limits,
  .schema = make_schema,
  .reads_variants = TRUE,
  .read = read_answer,
  .part = VLM_PART_MARK,
};
