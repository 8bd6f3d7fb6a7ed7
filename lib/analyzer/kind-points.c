/* gst-vlm: answers that point
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/decisions/0009-wordings.md has the questions and the form. */
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

static guint
max_items (const VlmAnswerBounds *bounds)
{
  return bounds->max_items > 0 ? bounds->max_items : MAX_POINTS;
}

static guint
max_text (const VlmAnswerBounds *bounds)
{
  return bounds->max_text_bytes > 0 ? bounds->max_text_bytes : MAX_LABEL_BYTES;
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *point;

  if (!vlm_answer_check_picture (bounds, "points", error))
    return NULL;
  point = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_POINT "\": ["),
      vlm_rule_integer (book, bounds->width - 1), vlm_rule_literal (book, ", "),
      vlm_rule_integer (book, bounds->height - 1),
      vlm_rule_literal (book, "], \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_answer_text (book, max_text (bounds)),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (book, "\t", point, max_items (bounds));
}

static char *
make_schema (const VlmAnswerBounds *bounds, GError **error)
{
  if (!vlm_answer_check_picture (bounds, "points", error))
    return NULL;
  return vlm_answer_list_schema (VLM_ANSWER_POINT, 2,
      MAX (bounds->width, bounds->height) - 1, VLM_ANSWER_LABEL,
      max_text (bounds), max_items (bounds));
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
  .schema = make_schema,
  .reads_variants = TRUE,
  .read = read_answer,
  .part = VLM_PART_MARK,
};
