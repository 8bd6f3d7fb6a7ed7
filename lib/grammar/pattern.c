/* gst-vlm: regular expressions as trees
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/pattern.h"

#include <stdarg.h>
#include <string.h>

#include <vlm/vlm-error.h>

#include "grammar/char-set.h"

#define MAX_DEPTH 40u
#define MAX_REPEAT 1000u

typedef struct
{
  const char *text;
  const char *at;
  guint depth;
  GError *error;
} Parser;

static void G_GNUC_PRINTF (2, 3) fail (Parser *self, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->error = g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "character %ld of '%s': %s",
      g_utf8_pointer_to_offset (self->text, self->at) + 1, self->text, what);
}

static void
free_part (gpointer part)
{
  vlm_pattern_free (part);
}

static VlmPattern *
new_pattern (VlmPatternKind kind)
{
  VlmPattern *self = g_new0 (VlmPattern, 1);

  self->kind = kind;
  if (kind == VLM_PATTERN_SET)
    self->set = vlm_char_set_new ();
  else
    self->parts = g_ptr_array_new_with_free_func (free_part);
  return self;
}

void
vlm_pattern_free (VlmPattern *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->set, g_array_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_free (self);
}

static gboolean
take (Parser *self, const char *text)
{
  gsize n = strlen (text);

  if (strncmp (self->at, text, n) != 0)
    return FALSE;
  self->at += n;
  return TRUE;
}

static gunichar
take_character (Parser *self)
{
  gunichar c = g_utf8_get_char (self->at);

  if (c != 0)
    self->at = g_utf8_next_char (self->at);
  return c;
}

/* --- characters ---------------------------------------------------------- */

/* @n digits; @n 0: as many as there are, up to eight. */
static gunichar
parse_hex (Parser *self, guint n)
{
  gunichar value = 0;
  guint i = 0;

  for (; (n == 0 || i < n) && i < 8 && g_ascii_isxdigit (*self->at); i++)
    value = value << 4 | (gunichar) g_ascii_xdigit_value (*self->at++);
  if (i == 0 || (n > 0 && i < n) || value > VLM_MAX_CHARACTER)
    fail (self, "bad hexadecimal digits");
  return value;
}

static gunichar
parse_unicode_escape (Parser *self)
{
  gunichar c;

  if (take (self, "{")) {
    c = parse_hex (self, 0);
    if (!take (self, "}"))
      fail (self, "missing } after \\u{");
    return c;
  }
  c = parse_hex (self, 4);
  if (c >= 0xd800 && c < 0xdc00 && take (self, "\\u")) {
    gunichar low = parse_hex (self, 4);

    if (low < 0xdc00 || low > 0xdfff)
      fail (self, "half of a pair of surrogates");
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  if (c >= 0xd800 && c <= 0xdfff)
    fail (self, "half of a pair of surrogates");
  return c;
}

/* After a backslash: one character, not a class. */
static gunichar
parse_escape (Parser *self, gboolean in_class)
{
  static const char from[] = "tnvfr", to[] = "\t\n\v\f\r";
  gunichar c = take_character (self);
  const char *found = c > 0 && c < 128 ? strchr (from, (int) c) : NULL;

  if (found != NULL)
    return (gunichar) to[found - from];
  switch (c) {
  case 0:
    fail (self, "a backslash at the end");
    return 0;
  case '0':
    if (g_ascii_isdigit (*self->at))
      fail (self, "octal escapes are not supported");
    return 0;
  case 'x':
    return parse_hex (self, 2);
  case 'u':
    return parse_unicode_escape (self);
  case 'c':
    if (!g_ascii_isalpha (*self->at))
      fail (self, "missing letter after \\c");
    return (gunichar) *self->at == 0 ? 0 : (gunichar) *self->at++ & 31;
  case 'b':
    if (in_class)
      return '\b';
    G_GNUC_FALLTHROUGH;
  case 'B':
    fail (self, "word boundaries are not supported");
    return 0;
  case 'k':
    fail (self, "back references are not supported");
    return 0;
  }
  if (c >= '1' && c <= '9')
    fail (self, "back references are not supported");
  else if (g_unichar_isalnum (c))
    fail (self, "an unknown escape");
  return c;
}

static void
parse_category (Parser *self, GArray *set)
{
  const char *end = *self->at == '{' ? strchr (self->at, '}') : NULL;
  g_autofree char *name = NULL;
  const char *value;

  if (end == NULL) {
    fail (self, "missing {…} after \\p");
    return;
  }
  name = g_strndup (self->at + 1, (gsize) (end - self->at - 1));
  value = strchr (name, '=');
  if (value == NULL)
    value = name;
  else if (g_str_has_prefix (name, "gc=") ||
      g_str_has_prefix (name, "General_Category="))
    value++;
  if (!vlm_char_set_add_category (set, value))
    fail (
        self, "of Unicode's properties only general categories are supported");
  self->at = end + 1;
}

/* After a backslash; FALSE when it is no class. */
static gboolean
parse_class_escape (Parser *self, GArray *set)
{
  g_autoptr (GArray) named = vlm_char_set_new ();
  char name = *self->at;

  if (name == '\0' || strchr ("dDwWsSpP", name) == NULL)
    return FALSE;
  self->at++;
  if (g_ascii_tolower (name) == 'p')
    parse_category (self, named);
  else
    vlm_char_set_add_class (named, g_ascii_tolower (name));
  vlm_char_set_finish (named, g_ascii_isupper (name));
  vlm_char_set_add_all (set, named);
  return TRUE;
}

/* After [ */
static void
parse_class (Parser *self, GArray *set)
{
  gboolean inverted = take (self, "^");

  while (self->error == NULL && !take (self, "]")) {
    gunichar first, last;

    if (take (self, "\\")) {
      if (parse_class_escape (self, set))
        continue;
      first = parse_escape (self, TRUE);
    } else {
      first = take_character (self);
      if (first == 0)
        fail (self, "missing ] after [");
    }
    last = first;
    if (self->at[0] == '-' && self->at[1] != ']' && self->at[1] != '\0') {
      self->at++;
      if (!take (self, "\\"))
        last = take_character (self);
      else if (strchr ("dDwWsSpP", *self->at) != NULL)
        fail (self, "a range to a class");
      else
        last = parse_escape (self, TRUE);
    }
    if (last < first)
      fail (self, "a range that ends before it begins");
    vlm_char_set_add (set, first, last);
  }
  vlm_char_set_finish (set, inverted);
}

/* --- structure ----------------------------------------------------------- */

static VlmPattern *parse_choice (Parser *self);

static VlmPattern *
parse_group (Parser *self)
{
  VlmPattern *group;

  if (take (self, "?:"))
    ;
  else if (g_str_has_prefix (self->at, "?=") ||
      g_str_has_prefix (self->at, "?!") || g_str_has_prefix (self->at, "?<=") ||
      g_str_has_prefix (self->at, "?<!"))
    fail (self, "look-around is not supported");
  else if (take (self, "?<")) {
    const char *end = strchr (self->at, '>');

    if (end == NULL)
      fail (self, "missing > after (?<");
    else
      self->at = end + 1;
  } else if (*self->at == '?')
    fail (self, "an unknown kind of group");
  group = parse_choice (self);
  if (!take (self, ")"))
    fail (self, "missing ) after (");
  return group;
}

static VlmPattern *
parse_atom (Parser *self)
{
  VlmPattern *set;

  if (take (self, "^"))
    return new_pattern (VLM_PATTERN_START);
  if (take (self, "$"))
    return new_pattern (VLM_PATTERN_END);
  if (take (self, "("))
    return parse_group (self);
  set = new_pattern (VLM_PATTERN_SET);
  if (take (self, "[")) {
    parse_class (self, set->set);
    return set;
  }
  if (take (self, ".")) {
    vlm_char_set_add (set->set, '\n', '\n');
    vlm_char_set_add (set->set, '\r', '\r');
    vlm_char_set_add (set->set, 0x2028, 0x2029);
    vlm_char_set_finish (set->set, TRUE);
    return set;
  }
  if (take (self, "\\")) {
    if (!parse_class_escape (self, set->set)) {
      gunichar c = parse_escape (self, FALSE);

      vlm_char_set_add (set->set, c, c);
    }
  } else {
    gunichar c = take_character (self);

    if (c < 128 && strchr ("*+?{}]", (int) c) != NULL)
      fail (self, "'%c' with nothing before it; \\%c is the character", (int) c,
          (int) c);
    vlm_char_set_add (set->set, c, c);
  }
  vlm_char_set_finish (set->set, FALSE);
  return set;
}

/* FALSE when there are no digits. */
static gboolean
parse_number (Parser *self, guint *value)
{
  if (!g_ascii_isdigit (*self->at))
    return FALSE;
  *value = 0;
  for (; g_ascii_isdigit (*self->at); self->at++)
    *value = MIN (MAX_REPEAT + 1, *value * 10 + (guint) (*self->at - '0'));
  if (*value > MAX_REPEAT)
    fail (self, "more than %u repetitions", MAX_REPEAT);
  return TRUE;
}

/* FALSE when there is no quantifier. */
static gboolean
parse_quantifier (Parser *self, guint *min, guint *max)
{
  *min = 0;
  *max = G_MAXUINT;
  if (take (self, "*"))
    ;
  else if (take (self, "+"))
    *min = 1;
  else if (take (self, "?"))
    *max = 1;
  else if (take (self, "{")) {
    if (!parse_number (self, min))
      fail (self, "missing number after {");
    *max = *min;
    if (take (self, ",") && !parse_number (self, max))
      *max = G_MAXUINT;
    if (!take (self, "}"))
      fail (self, "missing } after {");
    if (*max < *min)
      fail (self, "at most %u, and at least %u", *max, *min);
  } else
    return FALSE;
  take (self, "?"); /* lazy: the same texts */
  return TRUE;
}

static VlmPattern *
parse_sequence (Parser *self)
{
  VlmPattern *sequence = new_pattern (VLM_PATTERN_SEQUENCE);

  while (self->error == NULL && *self->at != '\0' && *self->at != '|' &&
      *self->at != ')') {
    VlmPattern *atom = parse_atom (self);
    guint min, max;

    while (self->error == NULL && parse_quantifier (self, &min, &max)) {
      VlmPattern *repeat = new_pattern (VLM_PATTERN_REPEAT);

      if (atom->kind >= VLM_PATTERN_REPEAT)
        fail (self, "two quantifiers, or an anchor with one");
      repeat->min = min;
      repeat->max = max;
      g_ptr_array_add (repeat->parts, atom);
      atom = repeat;
    }
    g_ptr_array_add (sequence->parts, atom);
  }
  return sequence;
}

static VlmPattern *
parse_choice (Parser *self)
{
  VlmPattern *choice = new_pattern (VLM_PATTERN_CHOICE);

  if (++self->depth > MAX_DEPTH)
    fail (self, "groups deeper than %u", MAX_DEPTH);
  do
    g_ptr_array_add (choice->parts, parse_sequence (self));
  while (self->error == NULL && take (self, "|"));
  self->depth--;
  return choice;
}

VlmPattern *
vlm_pattern_parse (const char *text, GError **error)
{
  Parser self = { .text = text, .at = text };
  g_autoptr (VlmPattern) pattern = parse_choice (&self);

  if (self.error == NULL && *self.at != '\0')
    fail (&self, "a ) without a (");
  if (self.error == NULL)
    return g_steal_pointer (&pattern);
  g_propagate_error (error, self.error);
  return NULL;
}
