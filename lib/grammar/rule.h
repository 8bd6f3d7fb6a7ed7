/* gst-vlm: rules, what grammars are made of
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A rule describes a set of texts. Rules belong to a book and live as long as
 * it; a rule may be part of many others, but not of itself. One thread. */
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
/* Exactly @n times. */
const VlmRule *vlm_rule_times (VlmRuleBook *book, const VlmRule *rule, guint n);

/* @rule with @budget to spend; inside of it a vlm_rule_spend () that finds less
 * than its @cost left is a dead end. Budgets nest, up to
 * VLM_GRAMMAR_MAX_COUNTERS deep: spending is from the innermost one. Wherever
 * a text may be, there must be a way to its end that spends nothing, and what
 * is spent must be plain from the next byte. */
const VlmRule *
vlm_rule_budget (VlmRuleBook *book, guint budget, const VlmRule *rule);
const VlmRule *vlm_rule_spend (VlmRuleBook *book, guint cost);

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
 * @bound, as text goes. @limits holds the largest digit of each place, and what
 * stands between them: with "99:59.99", "05:30.00" allows "05:29.99", not
 * "05:30.01" and not "00:60.00". @bound keeps to @limits. */
const VlmRule *vlm_rule_digits_up_to (
    VlmRuleBook *book, const char *limits, const char *bound);
