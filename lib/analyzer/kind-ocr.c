/* gst-vlm: answers that list the text in a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

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

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *line;

  if (bounds->width == 0 || bounds->height == 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a list of text needs a picture or a video");
    return NULL;
  }
  line = vlm_rule_sequence (book, vlm_rule_literal (book, "{"),
      vlm_rule_answer_box (book, bounds->width, bounds->height),
      vlm_rule_literal (book, ", \"" VLM_ANSWER_TEXT "\": "),
      vlm_rule_answer_text (book,
          bounds->max_text_bytes > 0 ? bounds->max_text_bytes : MAX_LINE_BYTES),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (
      book, "\t", line, bounds->max_items > 0 ? bounds->max_items : MAX_LINES);
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
  .read = read_answer,
  .part = VLM_PART_MARK,
};
