/* gst-vlm: sets of numbers as texts
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers with bounds are decimals without an exponent, of so few digits that
 * a double distinguishes them: then writer and reader agree on the value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grammar/schema-private.h"

/* Digits of an integer, and of a number with a fraction. */
#define MAX_INTEGER_DIGITS 19
#define MAX_DIGITS 15

/* For remainders. */
#define MAX_FACTOR 5000u

/* |value| in digits; no leading zeros but for one before the point, no trailing
 * ones after it. */
typedef struct
{
  gboolean negative;
  char *digits;
  guint n_whole; /* digits before the point */
  guint n_digits;
} Decimal;

/* The shortest text that reads as @value. */
static char *
print_double (double value)
{
  char *text = g_malloc (G_ASCII_DTOSTR_BUF_SIZE + 400);

  if (fabs (value) >= 9007199254740992.0 && fabs (value) < 1e300) {
    char format[] = "%.0f";

    return g_ascii_formatd (text, G_ASCII_DTOSTR_BUF_SIZE + 400, format, value);
  }
  for (guint precision = 15; precision <= 17; precision++) {
    g_autofree char *format = g_strdup_printf ("%%.%ug", precision);

    g_ascii_formatd (text, G_ASCII_DTOSTR_BUF_SIZE, format, value);
    if (g_ascii_strtod (text, NULL) == value)
      break;
  }
  return text;
}

static gboolean
is_integer_node (JsonNode *node)
{
  return json_node_get_value_type (node) == G_TYPE_INT64;
}

static char *
print_number (JsonNode *node)
{
  if (is_integer_node (node))
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  return print_double (json_node_get_double (node));
}

static void
decimal_init (Decimal *self, JsonNode *node)
{
  g_autofree char *text = print_number (node);
  g_autoptr (GString) digits = g_string_new (NULL);
  const char *exponent = strpbrk (text, "eE");
  gint64 point = -1, n_skipped = 0;

  self->negative = text[0] == '-';
  for (const char *at = text; *at != '\0' && at != exponent; at++) {
    if (*at == '.')
      point = digits->len;
    else if (g_ascii_isdigit (*at))
      g_string_append_c (digits, *at);
  }
  if (point < 0)
    point = digits->len;
  if (exponent != NULL)
    point += atoi (exponent + 1);
  while (point < 1) { /* 0.00… */
    g_string_prepend_c (digits, '0');
    point++;
  }
  while ((gint64) digits->len < point)
    g_string_append_c (digits, '0');
  while (n_skipped + 1 < point && digits->str[n_skipped] == '0')
    n_skipped++;
  g_string_erase (digits, 0, n_skipped);
  point -= n_skipped;
  while ((gint64) digits->len > point && digits->str[digits->len - 1] == '0')
    g_string_truncate (digits, digits->len - 1);
  self->n_whole = (guint) point;
  self->n_digits = (guint) digits->len;
  self->digits = g_string_free (g_steal_pointer (&digits), FALSE);
}

static gboolean
is_zero (const Decimal *self)
{
  return self->n_digits == 1 && self->digits[0] == '0';
}

/* --- comparing ----------------------------------------------------------- */

enum
{
  LESS = 1,
  EQUAL = 2,
  GREATER = 4,
  ALL = 7,
};

/* Of a text that was read so far and a bound. */
typedef struct
{
  VlmCharsDraft *draft;
  guint accepted;  /* LESS, EQUAL, GREATER */
  guint whole[2];  /* decided before the point, LESS and GREATER: nodes */
  guint behind[2]; /* and behind it */
} Comparer;

static guint
add_digits (VlmCharsDraft *draft, guint from, char first, char last, guint to)
{
  if (first <= last)
    vlm_chars_draft_add_edge (draft, from, (guint32) first, (guint32) last, to);
  return to;
}

/* Digits after the point that are equal so far; after all digits of the bound
 * there are zeros. */
static guint
add_fraction (Comparer *self, const char *digits, guint n)
{
  guint end =
      vlm_chars_draft_add_node (self->draft, (self->accepted & EQUAL) != 0);

  add_digits (self->draft, end, '0', '0', end);
  add_digits (self->draft, end, '1', '9', self->behind[1]);
  for (guint i = n; i-- > 0;) {
    guint node =
        vlm_chars_draft_add_node (self->draft, (self->accepted & LESS) != 0);

    add_digits (
        self->draft, node, '0', (char) (digits[i] - 1), self->behind[0]);
    add_digits (self->draft, node, digits[i], digits[i], end);
    add_digits (
        self->draft, node, (char) (digits[i] + 1), '9', self->behind[1]);
    end = node;
  }
  return end;
}

/* A node from which a decimal without a sign is read and compared with @bound;
 * the caller adds the rest of the syntax. */
static guint
add_comparison (VlmCharsDraft *draft, const Decimal *bound, guint accepted)
{
  Comparer self = { .draft = draft, .accepted = accepted };
  guint n = bound->n_whole;
  /* By how many digits of it were read: less, equal, greater. */
  g_autofree guint *less = g_new (guint, n + 2);
  g_autofree guint *equal = g_new (guint, n + 2);
  g_autofree guint *greater = g_new (guint, n + 2);
  guint fraction;

  for (guint i = 0; i < 2; i++) {
    gboolean accepting = (accepted & (i == 0 ? LESS : GREATER)) != 0;

    self.behind[i] = vlm_chars_draft_add_node (draft, accepting);
    add_digits (draft, self.behind[i], '0', '9', self.behind[i]);
  }
  fraction =
      add_fraction (&self, bound->digits + n, bound->n_digits - bound->n_whole);
  for (guint i = 0; i <= n; i++) {
    gboolean equals = i == n && bound->n_digits == n;

    less[i] = vlm_chars_draft_add_node (draft, (accepted & LESS) != 0);
    greater[i] = vlm_chars_draft_add_node (
        draft, (accepted & (i < n ? LESS : GREATER)) != 0);
    equal[i] = vlm_chars_draft_add_node (
        draft, i > 0 && (accepted & (equals ? EQUAL : LESS)) != 0);
  }
  less[n + 1] = greater[n + 1] =
      vlm_chars_draft_add_node (draft, (accepted & GREATER) != 0);
  add_digits (draft, greater[n + 1], '0', '9', greater[n + 1]);
  vlm_chars_draft_add_edge (draft, greater[n + 1], '.', '.', self.behind[1]);
  for (guint i = 0; i <= n; i++) {
    guint shorter = self.behind[0];

    if (i < n) {
      char digit = bound->digits[i];

      add_digits (draft, equal[i], '0', (char) (digit - 1), less[i + 1]);
      add_digits (draft, equal[i], digit, digit, equal[i + 1]);
      add_digits (draft, equal[i], (char) (digit + 1), '9', greater[i + 1]);
    } else {
      add_digits (draft, equal[i], '0', '9', greater[n + 1]);
    }
    add_digits (draft, less[i], '0', '9', less[i + 1]);
    add_digits (draft, greater[i], '0', '9', greater[i + 1]);
    if (i == 0)
      continue;
    vlm_chars_draft_add_edge (draft, less[i], '.', '.', shorter);
    vlm_chars_draft_add_edge (
        draft, greater[i], '.', '.', i < n ? shorter : self.behind[1]);
    vlm_chars_draft_add_edge (
        draft, equal[i], '.', '.', i < n ? shorter : fraction);
  }
  return equal[0];
}

/* Decimals with a sign: those without a minus compare with @bound by @plain,
 * those with one by @minus. */
static VlmChars *
compare (VlmSchema *self, const Decimal *bound, guint plain, guint minus)
{
  VlmCharsDraft draft;
  guint start, first, second;

  vlm_chars_draft_init (&draft);
  start = vlm_chars_draft_add_node (&draft, FALSE);
  first = add_comparison (&draft, bound, plain);
  second = add_comparison (&draft, bound, minus);
  vlm_chars_draft_add_edge (&draft, start, '-', '-', second);
  vlm_chars_draft_copy_edges (&draft, first, start);
  return vlm_schema_both (self, 0,
      vlm_schema_keep_chars (self, vlm_chars_draft_finish (&draft)),
      vlm_schema_decimals (self));
}

VlmChars *
vlm_schema_at_least (VlmSchema *self, JsonNode *node, gboolean exclusive)
{
  guint equal = exclusive ? 0 : EQUAL;
  Decimal bound;
  VlmChars *chars;

  decimal_init (&bound, node);
  if (is_zero (&bound)) /* minus zero is zero */
    chars = compare (self, &bound, GREATER | equal, equal);
  else if (bound.negative)
    chars = compare (self, &bound, ALL, LESS | equal);
  else
    chars = compare (self, &bound, GREATER | equal, 0);
  g_free (bound.digits);
  return chars;
}

VlmChars *
vlm_schema_at_most (VlmSchema *self, JsonNode *node, gboolean exclusive)
{
  guint equal = exclusive ? 0 : EQUAL;
  Decimal bound;
  VlmChars *chars;

  decimal_init (&bound, node);
  if (is_zero (&bound))
    chars = compare (self, &bound, equal, GREATER | equal);
  else if (bound.negative)
    chars = compare (self, &bound, 0, GREATER | equal);
  else
    chars = compare (self, &bound, LESS | equal, ALL);
  g_free (bound.digits);
  return chars;
}

/* --- plain sets ---------------------------------------------------------- */

VlmChars *
vlm_schema_decimals (VlmSchema *self)
{
  g_autoptr (GString) pattern = g_string_new (NULL);

  g_string_append_printf (
      pattern, "^-?(?:0|[1-9][0-9]{0,%u}", MAX_INTEGER_DIGITS - 1);
  g_string_append_printf (pattern, "|0\\.[0-9]{1,%u}", MAX_DIGITS);
  for (guint n = 1; n < MAX_DIGITS; n++)
    g_string_append_printf (
        pattern, "|[1-9][0-9]{%u}\\.[0-9]{1,%u}", n - 1, MAX_DIGITS - n);
  g_string_append (pattern, ")$");
  return vlm_schema_pattern (self, 0, NULL, pattern->str);
}

static VlmChars *
decimals_like (VlmSchema *self, const char *pattern)
{
  return vlm_schema_both (self, 0, vlm_schema_pattern (self, 0, NULL, pattern),
      vlm_schema_decimals (self));
}

VlmChars *
vlm_schema_integers (VlmSchema *self)
{
  return decimals_like (self, "^-?[0-9]+(?:\\.0+)?$");
}

VlmChars *
vlm_schema_written (VlmSchema *self)
{
  return decimals_like (self, "^(?:0|-?[1-9][0-9]*|-?[0-9]+\\.[0-9]*[1-9])$");
}

VlmChars *
vlm_schema_equal_to (VlmSchema *self, GPtrArray *values)
{
  g_autoptr (GString) pattern = g_string_new ("^(?:");
  g_autoptr (GString) others = g_string_new (NULL);
  VlmChars *plain;

  for (guint i = 0; i < values->len; i++) {
    g_autofree char *text = print_number (values->pdata[i]);
    Decimal value;

    decimal_init (&value, values->pdata[i]);
    g_string_append (pattern, i > 0 ? "|" : "");
    g_string_append (pattern,
        is_zero (&value)     ? "-?"
            : value.negative ? "-"
                             : "");
    g_string_append_len (pattern, value.digits, value.n_whole);
    if (value.n_digits > value.n_whole)
      g_string_append_printf (pattern, "\\.%s0*", value.digits + value.n_whole);
    else
      g_string_append (pattern, "(?:\\.0+)?");
    /* A value that is no such decimal matches at least its own text. */
    if (value.n_digits > MAX_DIGITS || strpbrk (text, "eE") != NULL) {
      g_auto (GStrv) parts = g_strsplit (text, "+", 2);

      g_string_append (others, others->len > 0 ? "|" : "^(?:");
      g_string_append (others, parts[0]);
      if (parts[1] != NULL)
        g_string_append_printf (others, "\\+?%s", parts[1]);
      g_string_replace (others, "e", "[eE]", 0);
    }
    g_free (value.digits);
  }
  g_string_append (pattern, ")$");
  plain = decimals_like (self, pattern->str);
  if (others->len == 0)
    return plain;
  g_string_replace (others, ".", "\\.", 0);
  g_string_append (others, ")$");
  return vlm_schema_either (
      self, 0, plain, vlm_schema_pattern (self, 0, NULL, others->str));
}

/* --- multiples ----------------------------------------------------------- */

/* Texts of digits that are a multiple of @factor once the point is moved by
 * @n_places digits to the right; all digits after these are zeros. */
static VlmChars *
new_multiples (guint factor, guint n_places)
{
  VlmCharsDraft draft;
  guint32 scale = 1;
  guint start;

  /* A node of each remainder before the point, and after each place behind it. */
  vlm_chars_draft_init (&draft);
  start = vlm_chars_draft_add_node (&draft, FALSE);
  for (guint i = 0; i < n_places; i++)
    scale = scale * 10 % factor;
  for (guint place = 0; place <= n_places + 1; place++) {
    /* What a digit of the next place is worth is in @scale behind the point. */
    for (guint remainder = 0; remainder < factor; remainder++) {
      guint64 whole = place == 0 ? (guint64) remainder * scale : remainder;

      vlm_chars_draft_add_node (&draft, whole % factor == 0);
    }
  }
  for (guint remainder = 0; remainder < factor; remainder++)
    for (guint digit = 0; digit < 10; digit++)
      vlm_chars_draft_add_edge (&draft, 1 + remainder, '0' + digit, '0' + digit,
          1 + (remainder * 10 + digit) % factor);
  for (guint remainder = 0; remainder < factor; remainder++) {
    guint32 worth = scale;

    vlm_chars_draft_add_edge (&draft, 1 + remainder, '.', '.',
        1 + factor + (guint) ((guint64) remainder * scale % factor));
    for (guint place = 1; place <= n_places; place++) {
      worth = 1;
      for (guint i = place; i < n_places; i++)
        worth = worth * 10 % factor;
      for (guint digit = 0; digit < 10; digit++)
        vlm_chars_draft_add_edge (&draft, 1 + place * factor + remainder,
            '0' + digit, '0' + digit,
            1 + (place + 1) * factor +
                (guint) ((remainder + (guint64) digit * worth) % factor));
    }
    vlm_chars_draft_add_edge (&draft, 1 + (n_places + 1) * factor + remainder,
        '0', '0', 1 + (n_places + 1) * factor + remainder);
  }
  for (guint digit = 0; digit < 10; digit++)
    vlm_chars_draft_add_edge (
        &draft, start, '0' + digit, '0' + digit, 1 + digit % factor);
  vlm_chars_draft_add_edge (
      &draft, start, '-', '-', vlm_chars_draft_add_node (&draft, FALSE));
  vlm_chars_draft_copy_edges (&draft, start, 1 + (n_places + 2) * factor);
  return vlm_chars_draft_finish (&draft);
}

VlmChars *
vlm_schema_multiples (VlmSchema *self, JsonNode *node)
{
  guint64 value;
  Decimal factor;
  guint n_places;

  decimal_init (&factor, node);
  n_places = factor.n_digits - factor.n_whole;
  value = factor.n_digits > 10 ? G_MAXUINT64
                               : g_ascii_strtoull (factor.digits, NULL, 10);
  g_free (factor.digits);
  if (value == 0 || value * (n_places + 2) > MAX_FACTOR)
    return NULL;
  return vlm_schema_both (self, 0,
      vlm_schema_keep_chars (self, new_multiples ((guint) value, n_places)),
      vlm_schema_decimals (self));
}
