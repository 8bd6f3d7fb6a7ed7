/* gst-vlm: rules, what grammars are made of
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/chars.h"

/* A rule describes a set of texts. Rules belong to a book and live as long as
 * it; a rule may be part of many others, but not of itself, units apart. One
 * thread. */
typedef struct _VlmRuleBook VlmRuleBook;
typedef struct _VlmRule VlmRule;

VlmRuleBook *vlm_rule_book_new (void);
void vlm_rule_book_free (VlmRuleBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmRuleBook, vlm_rule_book_free)

/* Just @text. */
const VlmRule *vlm_rule_literal (VlmRuleBook *book, const char *text);
/* One byte out of @first … @last. */
const VlmRule *vlm_rule_range (VlmRuleBook *book, guint8 first, guint8 last);
/* One byte out of @bytes. */
const VlmRule *vlm_rule_any_of (VlmRuleBook *book, const char *bytes);
/* One after the other; end with NULL. */
const VlmRule *vlm_rule_sequence (
    VlmRuleBook *book, const VlmRule *first, ...) G_GNUC_NULL_TERMINATED;
/* One of them; end with NULL. */
const VlmRule *vlm_rule_choice (
    VlmRuleBook *book, const VlmRule *first, ...) G_GNUC_NULL_TERMINATED;
/* @rule any number of times, none included. */
const VlmRule *vlm_rule_many (VlmRuleBook *book, const VlmRule *rule);
/* A sequence or a choice of as many parts as are added. */
VlmRule *vlm_rule_sequence_new (VlmRuleBook *book);
VlmRule *vlm_rule_choice_new (VlmRuleBook *book);
void vlm_rule_add (VlmRule *rule, const VlmRule *part);
/* Parts in their order, those that are required and any of the others, with
 * @separator between: at least one. @counted: each that is not required spends
 * 1, except the first one if none is. */
VlmRule *vlm_rule_ordered_new (
    VlmRuleBook *book, const VlmRule *separator, gboolean counted);
void
vlm_rule_ordered_add (VlmRule *rule, const VlmRule *part, gboolean required);
/* @part any number of times after all others; at least once if @required. */
void vlm_rule_ordered_set_more (
    VlmRule *rule, const VlmRule *part, gboolean required);
/* Exactly @n times. */
const VlmRule *vlm_rule_times (VlmRuleBook *book, const VlmRule *rule, guint n);

typedef enum
{
  VLM_SPELLED_PLAIN,       /* UTF-8 */
  VLM_SPELLED_JSON,        /* as in a JSON string, escaped where it must be, in
                              one way only; U+0000 where nothing else fits */
  VLM_SPELLED_JSON_FREELY, /* as in a JSON string, escaped anyhow */
} VlmSpelling;

/* A text of @chars, which must hold one. */
const VlmRule *
vlm_rule_chars (VlmRuleBook *book, VlmChars *chars, VlmSpelling spelling);

/* A unit is a rule that is called: it keeps a count of its own, and it may call
 * itself. A call is a rule like any other. Undefined until
 * vlm_rule_unit_define (). */
VlmRule *vlm_rule_unit_new (VlmRuleBook *book);
void vlm_rule_unit_define (VlmRule *unit, const VlmRule *body);
/* @unit, in which at least @min and at most @max must be spent;
 * VLM_RULE_UNLIMITED for any number. Inside of it a vlm_rule_spend () that finds
 * less than its @cost left is a dead end. From everywhere in a unit there must
 * be a way to its end that spends nothing. Where @min is not 0, each place
 * where the unit may end must have a way around to such a place again that
 * spends exactly 1, right at its first byte. */
#define VLM_RULE_UNLIMITED G_MAXUINT
const VlmRule *
vlm_rule_call (VlmRuleBook *book, const VlmRule *unit, guint min, guint max);
const VlmRule *vlm_rule_spend (VlmRuleBook *book, guint cost);
/* @rule as a unit that is called in one place, with @budget to spend. */
const VlmRule *
vlm_rule_budget (VlmRuleBook *book, guint budget, const VlmRule *rule);
/* @marks: bits of the marks that @unit may have, each once; @required: those that
 * must have come before it ends. vlm_rule_mark () is where bit @bit comes. A
 * grammar with marks can get stuck: it is for reading, not for writing. */
void vlm_rule_unit_set_marks (VlmRule *unit, guint64 marks, guint64 required);
const VlmRule *vlm_rule_mark (VlmRuleBook *book, guint bit);

/* Made of the above: */

/* 1 to @max times @item, with @separator between; @item may hold budgets. */
const VlmRule *vlm_rule_list (VlmRuleBook *book, const VlmRule *item,
    const VlmRule *separator, guint max);
/* A JSON string of valid UTF-8 between its quotes, 1 to about @max_bytes bytes
 * as they stand in the text: the first character may go over. Without U+0000. */
const VlmRule *vlm_rule_json_string (VlmRuleBook *book, guint max_bytes);
/* 0 … @max without leading zeros. */
const VlmRule *vlm_rule_integer (VlmRuleBook *book, guint64 max);
/* Digits in fixed places, such as a time: as long as @limits and not after
 * @bound in the order of text. @limits holds the largest digit of each place, and
 * what is between them: with "99:59.99", "05:30.00" allows "05:29.99", not
 * "05:30.01" and not "00:60.00". @bound keeps to @limits. */
const VlmRule *vlm_rule_digits_up_to (
    VlmRuleBook *book, const char *limits, const char *bound);
