/* gst-vlm: rules that several kinds of answers share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answer-rules.h"

#include "events/event-schema.h"
#include "grammar/grammar.h"

static guint
bounded (guint value)
{
  return CLAMP (value, 1, VLM_GRAMMAR_MAX_COUNT);
}

const VlmRule *
vlm_rule_answer_list (
    VlmRuleBook *book, const char *indent, const VlmRule *item, guint max)
{
  g_autofree char *open = g_strdup_printf ("\n%s", indent);
  g_autofree char *next = g_strdup_printf (",\n%s", indent);
  const VlmRule *items =
      vlm_rule_list (book, item, vlm_rule_literal (book, next), bounded (max));
  const VlmRule *full = vlm_rule_sequence (book, vlm_rule_literal (book, open),
      items, vlm_rule_literal (book, "\n]"), NULL);

  return vlm_rule_sequence (book,
      vlm_rule_literal (book, VLM_ANSWER_FENCE_OPEN "["),
      vlm_rule_choice (book, vlm_rule_literal (book, "]"), full, NULL),
      vlm_rule_literal (book, VLM_ANSWER_FENCE_CLOSE), NULL);
}

const VlmRule *
vlm_rule_answer_text (VlmRuleBook *book, guint max_bytes)
{
  return vlm_rule_json_string (book, bounded (max_bytes));
}
