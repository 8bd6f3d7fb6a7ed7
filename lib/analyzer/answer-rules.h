/* gst-vlm: rules that several kinds of answers share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"

/* A JSON list as the model was trained to write it, in its fence: [] or up to
 * @max times @item, each on a line of its own behind @indent. */
const VlmRule *vlm_rule_answer_list (
    VlmRuleBook *book, const char *indent, const VlmRule *item, guint max);
/* The member with the corners of a box in a picture of that size. The limits of
 * the kind see to it that the second corner comes after the first. */
const VlmRule *
vlm_rule_answer_box (VlmRuleBook *book, guint width, guint height);
extern const VlmAnswerLimits vlm_answer_box_limits;
/* A JSON string of 1 to @max_bytes bytes as they stand in the text. Limits are
 * brought into 1 … VLM_GRAMMAR_MAX_COUNT in both. */
const VlmRule *vlm_rule_answer_text (VlmRuleBook *book, guint max_bytes);
