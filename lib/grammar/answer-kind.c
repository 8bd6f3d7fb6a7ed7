/* gst-vlm: what a kind of answer consists of
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/answer-kind.h"

VlmGrammar *
vlm_answer_kind_compile (
    const VlmAnswerKind *kind, const VlmAnswerBounds *bounds, GError **error)
{
  g_autoptr (VlmRuleBook) book = NULL;
  const VlmRule *root;

  if (kind == NULL || kind->rule == NULL)
    return NULL;
  book = vlm_rule_book_new ();
  root = kind->rule (book, bounds, error);
  return root != NULL ? vlm_grammar_new (root, error) : NULL;
}
