/* gst-vlm: the grammars of what Qwen2.5-VL is asked for
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-schema.h"
#include "grammar/grammar.h"

#define CENTISECOND (G_GINT64_CONSTANT (10) * 1000 * 1000)
/* The trained shape has two digits of minutes. */
#define MAX_CENTISECONDS ((G_GINT64_CONSTANT (99) * 60 + 59) * 100 + 99)

static guint
bounded (guint value)
{
  return CLAMP (value, 1, VLM_GRAMMAR_MAX_COUNT);
}

/* "@indent{…}" up to @max times, or nothing, in brackets and a fence. */
static VlmGrammar *
new_list (VlmRuleBook *book, const char *indent, const VlmRule *item, guint max)
{
  g_autofree char *open = g_strdup_printf ("\n%s", indent);
  g_autofree char *next = g_strdup_printf (",\n%s", indent);
  const VlmRule *items =
      vlm_rule_list (book, item, vlm_rule_literal (book, next), bounded (max));
  const VlmRule *full = vlm_rule_sequence (book, vlm_rule_literal (book, open),
      items, vlm_rule_literal (book, "\n]"), NULL);
  const VlmRule *root = vlm_rule_sequence (book,
      vlm_rule_literal (book, VLM_ANSWER_FENCE_OPEN "["),
      vlm_rule_choice (book, vlm_rule_literal (book, "]"), full, NULL),
      vlm_rule_literal (book, VLM_ANSWER_FENCE_CLOSE), NULL);
  g_autoptr (GError) error = NULL;
  VlmGrammar *grammar = vlm_grammar_new (root, &error);

  /* These rules are known to be sound. */
  g_assert_no_error (error);
  return grammar;
}

/* mm:ss.ff */
static const VlmRule *
new_time (VlmRuleBook *book, gint64 max_time_ns)
{
  gint64 hundredths = CLAMP (max_time_ns / CENTISECOND, 0, MAX_CENTISECONDS);
  g_autofree char *bound =
      g_strdup_printf ("%02d:%02d.%02d", (int) (hundredths / 6000),
          (int) (hundredths / 100 % 60), (int) (hundredths % 100));

  return vlm_rule_digits_up_to (book, "99:59.99", bound);
}

VlmGrammar *
vlm_grammar_new_events (
    guint max_events, guint max_description_bytes, gint64 max_time_ns)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  const VlmRule *time = new_time (book, max_time_ns);
  const VlmRule *event = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_START "\": \""), time,
      vlm_rule_literal (book, "\", \"" VLM_ANSWER_END "\": \""), time,
      vlm_rule_literal (book, "\", \"" VLM_ANSWER_DESCRIPTION "\": "),
      vlm_rule_json_string (book, bounded (max_description_bytes)),
      vlm_rule_literal (book, "}"), NULL);

  return new_list (book, "    ", event, max_events);
}

VlmGrammar *
vlm_grammar_new_boxes (
    guint max_boxes, guint max_label_bytes, guint width, guint height)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  const VlmRule *x = vlm_rule_integer (book, width);
  const VlmRule *y = vlm_rule_integer (book, height);
  const VlmRule *comma = vlm_rule_literal (book, ", ");
  const VlmRule *box = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_BOX "\": ["), x, comma, y, comma,
      x, comma, y, vlm_rule_literal (book, "], \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_json_string (book, bounded (max_label_bytes)),
      vlm_rule_literal (book, "}"), NULL);

  return new_list (book, "\t", box, max_boxes);
}
