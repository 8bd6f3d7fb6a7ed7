/* gst-vlm: answers that are a number
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/decisions/0009-wordings.md has the questions and the form. */
#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"

#define MAX_COUNT 9999
#define MAX_DIGITS 6

static char *
make_question (const char *about, gboolean is_video)
{
  if (about == NULL)
    return g_strdup (
        "How many objects are in the image? Answer with a number only.");
  return g_strdup_printf ("How many objects in the image match the query '%s'? "
                          "Answer with a number only.",
      about);
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  return vlm_rule_integer (book, MAX_COUNT);
}

/* Digits alone, with white space around them and one full stop after them, as an
 * unconstrained model may write it. */
static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  g_autofree char *number = g_strstrip (g_strdup (text));
  gsize size = strlen (number);
  GPtrArray *list;
  guint64 n;

  *n_rejected = 0;
  *why = NULL;
  if (size > 1 && number[size - 1] == '.')
    number[--size] = '\0';
  if (size > MAX_DIGITS ||
      !g_ascii_string_to_unsigned (number, 10, 0, G_MAXUINT32, &n, NULL)) {
    g_autofree char *valid = g_utf8_make_valid (text, -1);

    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
        "the answer is not a number: \"%.60s\"", valid);
    return NULL;
  }
  list = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (list, g_strdup_printf ("%" G_GUINT64_FORMAT, n));
  return list;
}

const VlmAnswerKind vlm_kind_count = {
  .name = "count",
  .question = make_question,
  .of_picture = TRUE,
  .rule = make_rule,
  .read = read_answer,
  .part = VLM_PART_JSON,
};
