/* gst-vlm: what windows are asked, as a value
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-analyzer.h>

G_DEFINE_BOXED_TYPE (
    VlmQuestions, vlm_questions, vlm_questions_copy, vlm_questions_free)

/**
 * vlm_questions_copy:
 * @questions: questions
 *
 * Returns: (transfer full): a copy
 */
VlmQuestions *
vlm_questions_copy (const VlmQuestions *questions)
{
  VlmQuestions *copy;

  g_return_val_if_fail (questions != NULL, NULL);

  copy = g_new (VlmQuestions, 1);
  *copy = *questions;
  copy->prompt = g_strdup (questions->prompt);
  copy->queries = g_strdupv (questions->queries);
  return copy;
}

/**
 * vlm_questions_free:
 * @questions: (nullable) (transfer full): questions
 */
void
vlm_questions_free (VlmQuestions *questions)
{
  if (questions == NULL)
    return;
  g_free (questions->prompt);
  g_strfreev (questions->queries);
  g_free (questions);
}
