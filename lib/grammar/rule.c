/* gst-vlm: rules, what grammars are made of
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/rule-private.h"

#include <string.h>

#include "base/bits.h"

struct _VlmRuleBook
{
  GPtrArray *rules;
  VlmRule *characters; /* what JSON strings share; NULL until there is one */
};

static void
free_rule (gpointer pointer)
{
  VlmRule *rule = pointer;

  g_clear_pointer (&rule->parts, g_ptr_array_unref);
  g_clear_pointer (&rule->needed, g_array_unref);
  vlm_chars_unref (rule->chars);
  g_free (rule);
}

VlmRuleBook *
vlm_rule_book_new (void)
{
  VlmRuleBook *book = g_new0 (VlmRuleBook, 1);

  book->rules = g_ptr_array_new_with_free_func (free_rule);
  return book;
}

void
vlm_rule_book_free (VlmRuleBook *book)
{
  if (book == NULL)
    return;
  g_ptr_array_unref (book->rules);
  g_free (book);
}

static VlmRule *
add_rule (VlmRuleBook *book, VlmRuleKind kind)
{
  VlmRule *rule = g_new0 (VlmRule, 1);

  rule->kind = kind;
  if (kind != VLM_RULE_BYTES && kind != VLM_RULE_SPEND && kind != VLM_RULE_MARK)
    rule->parts = g_ptr_array_new ();
  g_ptr_array_add (book->rules, rule);
  return rule;
}

void
vlm_rule_add (VlmRule *rule, const VlmRule *part)
{
  g_ptr_array_add (rule->parts, (gpointer) part);
}

static VlmRule *
add_around (
    VlmRuleBook *book, VlmRuleKind kind, const VlmRule *part, guint count)
{
  VlmRule *rule = add_rule (book, kind);

  rule->count = count;
  vlm_rule_add (rule, part);
  return rule;
}

const VlmRule *
vlm_rule_range (VlmRuleBook *book, guint8 first, guint8 last)
{
  VlmRule *rule = add_rule (book, VLM_RULE_BYTES);

  for (guint byte = first; byte <= last; byte++)
    vlm_bits_add (rule->bytes, byte);
  return rule;
}

const VlmRule *
vlm_rule_any_of (VlmRuleBook *book, const char *bytes)
{
  VlmRule *rule = add_rule (book, VLM_RULE_BYTES);

  for (; *bytes != '\0'; bytes++)
    vlm_bits_add (rule->bytes, (guint8) *bytes);
  return rule;
}

static const VlmRule *
literal (VlmRuleBook *book, const char *text, gsize n_bytes)
{
  VlmRule *rule = add_rule (book, VLM_RULE_SEQUENCE);

  for (gsize i = 0; i < n_bytes; i++)
    vlm_rule_add (
        rule, vlm_rule_range (book, (guint8) text[i], (guint8) text[i]));
  return rule;
}

const VlmRule *
vlm_rule_literal (VlmRuleBook *book, const char *text)
{
  return literal (book, text, strlen (text));
}

VlmRule *
vlm_rule_sequence_new (VlmRuleBook *book)
{
  return add_rule (book, VLM_RULE_SEQUENCE);
}

VlmRule *
vlm_rule_choice_new (VlmRuleBook *book)
{
  return add_rule (book, VLM_RULE_CHOICE);
}

static const VlmRule *
add_parts (
    VlmRuleBook *book, VlmRuleKind kind, const VlmRule *first, va_list others)
{
  VlmRule *rule = add_rule (book, kind);

  for (; first != NULL; first = va_arg (others, const VlmRule *))
    vlm_rule_add (rule, first);
  return rule;
}

const VlmRule *
vlm_rule_sequence (VlmRuleBook *book, const VlmRule *first, ...)
{
  const VlmRule *rule;
  va_list others;

  va_start (others, first);
  rule = add_parts (book, VLM_RULE_SEQUENCE, first, others);
  va_end (others);
  return rule;
}

const VlmRule *
vlm_rule_choice (VlmRuleBook *book, const VlmRule *first, ...)
{
  const VlmRule *rule;
  va_list others;

  va_start (others, first);
  rule = add_parts (book, VLM_RULE_CHOICE, first, others);
  va_end (others);
  return rule;
}

const VlmRule *
vlm_rule_many (VlmRuleBook *book, const VlmRule *rule)
{
  return add_around (book, VLM_RULE_MANY, rule, 0);
}

const VlmRule *
vlm_rule_times (VlmRuleBook *book, const VlmRule *rule, guint n)
{
  return add_around (book, VLM_RULE_TIMES, rule, n);
}

VlmRule *
vlm_rule_ordered_new (
    VlmRuleBook *book, const VlmRule *separator, gboolean counted)
{
  VlmRule *rule = add_around (book, VLM_RULE_ORDERED, separator, 0);

  vlm_rule_add (rule, NULL);
  rule->counted = counted;
  rule->needed = g_array_new (FALSE, FALSE, sizeof (gboolean));
  return rule;
}

void
vlm_rule_ordered_add (VlmRule *rule, const VlmRule *part, gboolean required)
{
  vlm_rule_add (rule, part);
  g_array_append_val (rule->needed, required);
}

void
vlm_rule_ordered_set_more (
    VlmRule *rule, const VlmRule *part, gboolean required)
{
  rule->parts->pdata[1] = (gpointer) part;
  rule->more_required = required;
}

const VlmRule *
vlm_rule_chars (VlmRuleBook *book, VlmChars *chars, VlmSpelling spelling)
{
  VlmRule *rule = add_rule (book, VLM_RULE_CHARS);

  g_assert (!vlm_chars_is_empty (chars));
  rule->chars = vlm_chars_ref (chars);
  rule->spelling = spelling;
  return rule;
}

VlmRule *
vlm_rule_unit_new (VlmRuleBook *book)
{
  return add_rule (book, VLM_RULE_UNIT);
}

void
vlm_rule_unit_define (VlmRule *unit, const VlmRule *body)
{
  g_assert (unit->kind == VLM_RULE_UNIT && unit->parts->len == 0);
  vlm_rule_add (unit, body);
}

void
vlm_rule_unit_set_marks (VlmRule *unit, guint64 marks, guint64 required)
{
  unit->marks = marks;
  unit->required = required;
}

const VlmRule *
vlm_rule_call (VlmRuleBook *book, const VlmRule *unit, guint min, guint max)
{
  VlmRule *rule = add_around (book, VLM_RULE_CALL, unit, 0);

  rule->min = min;
  rule->max = max;
  return rule;
}

const VlmRule *
vlm_rule_budget (VlmRuleBook *book, guint budget, const VlmRule *rule)
{
  VlmRule *unit = vlm_rule_unit_new (book);

  vlm_rule_unit_define (unit, rule);
  return vlm_rule_call (book, unit, 0, budget);
}

const VlmRule *
vlm_rule_mark (VlmRuleBook *book, guint bit)
{
  VlmRule *rule = add_rule (book, VLM_RULE_MARK);

  rule->count = bit;
  return rule;
}

const VlmRule *
vlm_rule_spend (VlmRuleBook *book, guint cost)
{
  VlmRule *rule = add_rule (book, VLM_RULE_SPEND);

  rule->count = cost;
  return rule;
}

const VlmRule *
vlm_rule_list (
    VlmRuleBook *book, const VlmRule *item, const VlmRule *separator, guint max)
{
  const VlmRule *more = vlm_rule_many (book,
      vlm_rule_sequence (
          book, vlm_rule_spend (book, 1), separator, item, NULL));

  return vlm_rule_budget (
      book, max - 1, vlm_rule_sequence (book, item, more, NULL));
}

/* Four digits of \u…, but for U+0000; a high surrogate has its low one with
 * it. Each way on is paid for before its first byte. */
static const VlmRule *
unicode_escape (VlmRuleBook *book, gboolean paid)
{
  const VlmRule *hex = vlm_rule_any_of (book, "0123456789abcdefABCDEF");
  const VlmRule *not_zero = vlm_rule_any_of (book, "123456789abcdefABCDEF");
  const VlmRule *zero = vlm_rule_literal (book, "0");
  const VlmRule *d = vlm_rule_any_of (book, "dD");
  const VlmRule *two = vlm_rule_times (book, hex, 2);
  const VlmRule *pair =
      vlm_rule_sequence (book, vlm_rule_spend (book, paid ? 6 : 0),
          vlm_rule_any_of (book, "89abAB"), two, vlm_rule_literal (book, "\\u"),
          d, vlm_rule_any_of (book, "cdefCDEF"), two, NULL);
  const VlmRule *digits = vlm_rule_choice (book,
      vlm_rule_sequence (
          book, vlm_rule_any_of (book, "123456789abcefABCEF"), hex, two, NULL),
      vlm_rule_sequence (book, zero, not_zero, two, NULL),
      vlm_rule_sequence (book, zero, zero, not_zero, hex, NULL),
      vlm_rule_sequence (book, zero, zero, zero, not_zero, NULL),
      vlm_rule_sequence (book, d,
          vlm_rule_choice (book,
              vlm_rule_sequence (
                  book, vlm_rule_range (book, '0', '7'), two, NULL),
              pair, NULL),
          NULL),
      NULL);

  return vlm_rule_sequence (book, vlm_rule_spend (book, paid ? 4 : 0),
      vlm_rule_literal (book, "u"), digits, NULL);
}

/* Lead bytes first_lead … last_lead, a second byte from a range of its own,
 * then @n_more. */
static const VlmRule *
multi_byte (VlmRuleBook *book, gboolean paid, guint8 first_lead,
    guint8 last_lead, guint8 first_second, guint8 last_second, guint n_more)
{
  return vlm_rule_sequence (book, vlm_rule_spend (book, paid ? 2 + n_more : 0),
      vlm_rule_range (book, first_lead, last_lead),
      vlm_rule_range (book, first_second, last_second),
      vlm_rule_times (book, vlm_rule_range (book, 0x80, 0xbf), n_more), NULL);
}

/* One character of a JSON string; @paid takes its bytes from the budget. */
static const VlmRule *
string_character (VlmRuleBook *book, gboolean paid)
{
  const VlmRule *ascii =
      vlm_rule_sequence (book, vlm_rule_spend (book, paid ? 1 : 0),
          vlm_rule_choice (book, vlm_rule_range (book, ' ', '!'),
              vlm_rule_range (book, '#', '['), vlm_rule_range (book, ']', 0x7f),
              NULL),
          NULL);
  const VlmRule *escape = vlm_rule_sequence (book,
      vlm_rule_spend (book, paid ? 2 : 0), vlm_rule_literal (book, "\\"),
      vlm_rule_choice (book, vlm_rule_any_of (book, "\"\\/bfnrt"),
          unicode_escape (book, paid), NULL),
      NULL);

  return vlm_rule_choice (book, ascii, escape,
      multi_byte (book, paid, 0xc2, 0xdf, 0x80, 0xbf, 0),
      multi_byte (book, paid, 0xe0, 0xe0, 0xa0, 0xbf, 1),
      multi_byte (book, paid, 0xe1, 0xec, 0x80, 0xbf, 1),
      multi_byte (book, paid, 0xed, 0xed, 0x80, 0x9f, 1),
      multi_byte (book, paid, 0xee, 0xef, 0x80, 0xbf, 1),
      multi_byte (book, paid, 0xf0, 0xf0, 0x90, 0xbf, 2),
      multi_byte (book, paid, 0xf1, 0xf3, 0x80, 0xbf, 2),
      multi_byte (book, paid, 0xf4, 0xf4, 0x80, 0x8f, 2), NULL);
}

const VlmRule *
vlm_rule_json_string (VlmRuleBook *book, guint max_bytes)
{
  const VlmRule *quote = vlm_rule_literal (book, "\"");

  if (book->characters == NULL) {
    book->characters = vlm_rule_unit_new (book);
    vlm_rule_unit_define (book->characters,
        vlm_rule_sequence (book, string_character (book, FALSE),
            vlm_rule_many (book, string_character (book, TRUE)), NULL));
  }
  return vlm_rule_sequence (book, quote,
      vlm_rule_call (book, book->characters, 0, max_bytes - 1), quote, NULL);
}

/* @low: the smallest first digit */
static const VlmRule *
up_to (VlmRuleBook *book, const char *limits, const char *bound, char low)
{
  VlmRule *choice = add_rule (book, VLM_RULE_CHOICE);

  vlm_rule_add (choice, vlm_rule_literal (book, bound));
  /* Smaller from byte i on, and then free. */
  for (gsize i = 0; bound[i] != '\0'; i++) {
    char smallest = i == 0 ? low : '0';
    VlmRule *rule;

    if (!g_ascii_isdigit (limits[i]) || bound[i] <= smallest)
      continue;
    rule = add_rule (book, VLM_RULE_SEQUENCE);
    vlm_rule_add (rule, literal (book, bound, i));
    vlm_rule_add (rule,
        vlm_rule_range (book, (guint8) smallest, (guint8) (bound[i] - 1)));
    for (gsize j = i + 1; bound[j] != '\0'; j++)
      vlm_rule_add (rule,
          vlm_rule_range (book,
              g_ascii_isdigit (limits[j]) ? '0' : (guint8) limits[j],
              (guint8) limits[j]));
    vlm_rule_add (choice, rule);
  }
  return choice;
}

const VlmRule *
vlm_rule_digits_up_to (VlmRuleBook *book, const char *limits, const char *bound)
{
  g_assert (strlen (limits) == strlen (bound));
  return up_to (book, limits, bound, '0');
}

const VlmRule *
vlm_rule_integer (VlmRuleBook *book, guint64 max)
{
  g_autofree char *bound = g_strdup_printf ("%" G_GUINT64_FORMAT, max);
  g_autofree char *limits = g_strnfill (strlen (bound), '9');
  VlmRule *choice = add_rule (book, VLM_RULE_CHOICE);
  const VlmRule *digit = vlm_rule_range (book, '0', '9');

  vlm_rule_add (choice, vlm_rule_literal (book, "0"));
  if (max > 0)
    vlm_rule_add (choice, up_to (book, limits, bound, '1'));
  for (guint n = 1; n < strlen (bound); n++)
    vlm_rule_add (choice,
        vlm_rule_sequence (book, vlm_rule_range (book, '1', '9'),
            vlm_rule_times (book, digit, n - 1), NULL));
  return choice;
}
