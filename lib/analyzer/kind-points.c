/* gst-vlm: answers that point
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/decisions/0009-wordings.md has the questions and the form. */
#include <vlm/vlm-error.h>

#include "analyzer/answer-rules.h"
#include "analyzer/kinds.h"
#include "events/event-schema.h"
#include "events/mark-parse.h"

#define MAX_POINTS 64
#define MAX_LABEL_BYTES 64

static char *
make_question (const char *about, gboolean is_video)
{
  if (about == NULL)
    return g_strdup ("Point to each object and output all the point "
                     "coordinates in JSON format.");
  return g_strdup_printf (
      "Point to the %s, report the point coordinates in JSON format.", about);
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *point;

  if (bounds->width == 0 || bounds->height == 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a list of points needs a picture or a video");
    return NULL;
  }
  point = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_POINT "\": ["),
      vlm_rule_integer (book, bounds->width - 1), vlm_rule_literal (book, ", "),
      vlm_rule_integer (book, bounds->height - 1),
      vlm_rule_literal (book, "], \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_answer_text (book,
          bounds->max_text_bytes > 0 ? bounds->max_text_bytes
                                     : MAX_LABEL_BYTES),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (book, "\t", point,
      bounds->max_items > 0 ? bounds->max_items : MAX_POINTS);
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_mark_parse (VLM_MARK_FORM_POINT, text, bounds->width,
      bounds->height, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_points = {
  .name = "points",
  .question = make_question,
  .of_picture = TRUE,
  .rule = make_rule,
  .read = read_answer,
  .part = VLM_PART_MARK,
};
