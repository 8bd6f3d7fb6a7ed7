/* gst-vlm: rules that several kinds of answers share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"

/* That there is a picture for a list of @what. VLM_INFER_ERROR_BAD_INPUT */
gboolean vlm_answer_check_picture (
    const VlmAnswerBounds *bounds, const char *what, GError **error);
/* A JSON list as the model was trained to write it, in its fence: [] or up to
 * @max times @item, each on a line of its own after @indent. */
const VlmRule *vlm_rule_answer_list (
    VlmRuleBook *book, const char *indent, const VlmRule *item, guint max);
/* The member with the corners of a box in a picture of that size. The limits of
 * the kind ensure that the second corner comes after the first. */
const VlmRule *
vlm_rule_answer_box (VlmRuleBook *book, guint width, guint height);
extern const VlmAnswerLimits vlm_answer_box_limits;
/* The same list as a JSON schema, for servers that no rule can constrain:
 * objects with the member @place, @n_numbers numbers from 0 to @max, and the
 * member @text, of up to @max_letters letters. (transfer full) */
char *vlm_answer_list_schema (const char *place, guint n_numbers, guint max,
    const char *text, guint max_letters, guint max_items);
/* A JSON string of 1 to @max_bytes bytes, counted as written in the text. Limits
 * are clamped to 1 … VLM_GRAMMAR_MAX_COUNT in both. */
const VlmRule *vlm_rule_answer_text (VlmRuleBook *book, guint max_bytes);
