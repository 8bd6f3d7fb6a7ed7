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

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *box;

  if (bounds->width == 0 || bounds->height == 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a list of boxes needs a picture or a video");
    return NULL;
  }
  box = vlm_rule_sequence (book, vlm_rule_literal (book, "{"),
      vlm_rule_answer_box (book, bounds->width, bounds->height),
      vlm_rule_literal (book, ", \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_answer_text (book,
          bounds->max_text_bytes > 0 ? bounds->max_text_bytes
                                     : MAX_LABEL_BYTES),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (
      book, "\t", box, bounds->max_items > 0 ? bounds->max_items : MAX_BOXES);
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
  .read = read_answer,
  .part = VLM_PART_MARK,
};
