/* gst-vlm: rules that several kinds of answers share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/rule.h"

/* A JSON list as the model was trained to write it, in its fence: [] or up to
 * @max times @item, each on a line of its own behind @indent. */
const VlmRule *vlm_rule_answer_list (
    VlmRuleBook *book, const char *indent, const VlmRule *item, guint max);
/* A JSON string of 1 to @max_bytes bytes as they stand in the text. Limits are
 * brought into 1 … VLM_GRAMMAR_MAX_COUNT in both. */
const VlmRule *vlm_rule_answer_text (VlmRuleBook *book, guint max_bytes);
