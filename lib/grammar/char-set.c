/* gst-vlm: sets of characters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/char-set.h"

#include <string.h>

GArray *
vlm_char_set_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (VlmCharRange));
}

void
vlm_char_set_add (GArray *set, guint32 first, guint32 last)
{
  VlmCharRange range = { first, last };

  g_array_append_val (set, range);
}

void
vlm_char_set_add_all (GArray *set, const GArray *other)
{
  g_array_append_vals (set, other->data, other->len);
}

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  const VlmCharRange *x = a, *y = b;

  return (x->first > y->first) - (x->first < y->first);
}

static void
join_ranges (GArray *set)
{
  guint n = 0;

  g_array_sort (set, compare_ranges);
  for (guint i = 0; i < set->len; i++) {
    VlmCharRange range = g_array_index (set, VlmCharRange, i);
    VlmCharRange *last =
        n > 0 ? &g_array_index (set, VlmCharRange, n - 1) : NULL;

    if (last != NULL && range.first <= last->last + 1)
      last->last = MAX (last->last, range.last);
    else
      g_array_index (set, VlmCharRange, n++) = range;
  }
  g_array_set_size (set, n);
}

/* All that is in no range of the joined @set, up to @most. */
static GArray *
invert (const GArray *set)
{
  GArray *inverse = vlm_char_set_new ();
  guint32 from = 0;

  for (guint i = 0; i < set->len; i++) {
    VlmCharRange range = g_array_index (set, VlmCharRange, i);

    if (range.first > from)
      vlm_char_set_add (inverse, from, range.first - 1);
    from = range.last + 1;
  }
  if (from <= VLM_MAX_CHARACTER)
    vlm_char_set_add (inverse, from, VLM_MAX_CHARACTER);
  return inverse;
}

void
vlm_char_set_finish (GArray *set, gboolean inverted)
{
  g_autoptr (GArray) inverse = NULL;
  g_autoptr (GArray) joined = NULL;

  if (!inverted) {
    join_ranges (set);
    inverse = invert (set);
    g_array_set_size (set, 0);
    vlm_char_set_add_all (set, inverse);
  }
  /* Now it holds what is not in it: surrogates, too. */
  vlm_char_set_add (set, 0xd800, 0xdfff);
  join_ranges (set);
  joined = invert (set);
  g_array_set_size (set, 0);
  vlm_char_set_add_all (set, joined);
}

void
vlm_char_set_add_class (GArray *set, char name)
{
  static const VlmCharRange spaces[] = { { '\t', '\r' }, { ' ', ' ' },
    { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
    { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
    { 0xfeff, 0xfeff } };

  switch (name) {
  case 's':
    g_array_append_vals (set, spaces, G_N_ELEMENTS (spaces));
    break;
  case 'w':
    vlm_char_set_add (set, 'A', 'Z');
    vlm_char_set_add (set, '_', '_');
    vlm_char_set_add (set, 'a', 'z');
    G_GNUC_FALLTHROUGH;
  default:
    vlm_char_set_add (set, '0', '9');
  }
}

typedef struct
{
  char name[3];
  const char *long_name;
  GUnicodeType type;
} Category;

static const Category categories[] = {
  { "Cc", "Control", G_UNICODE_CONTROL },
  { "Cf", "Format", G_UNICODE_FORMAT },
  { "Cn", "Unassigned", G_UNICODE_UNASSIGNED },
  { "Co", "Private_Use", G_UNICODE_PRIVATE_USE },
  { "Ll", "Lowercase_Letter", G_UNICODE_LOWERCASE_LETTER },
  { "Lm", "Modifier_Letter", G_UNICODE_MODIFIER_LETTER },
  { "Lo", "Other_Letter", G_UNICODE_OTHER_LETTER },
  { "Lt", "Titlecase_Letter", G_UNICODE_TITLECASE_LETTER },
  { "Lu", "Uppercase_Letter", G_UNICODE_UPPERCASE_LETTER },
  { "Mc", "Spacing_Mark", G_UNICODE_SPACING_MARK },
  { "Me", "Enclosing_Mark", G_UNICODE_ENCLOSING_MARK },
  { "Mn", "Nonspacing_Mark", G_UNICODE_NON_SPACING_MARK },
  { "Nd", "Decimal_Number", G_UNICODE_DECIMAL_NUMBER },
  { "Nl", "Letter_Number", G_UNICODE_LETTER_NUMBER },
  { "No", "Other_Number", G_UNICODE_OTHER_NUMBER },
  { "Pc", "Connector_Punctuation", G_UNICODE_CONNECT_PUNCTUATION },
  { "Pd", "Dash_Punctuation", G_UNICODE_DASH_PUNCTUATION },
  { "Pe", "Close_Punctuation", G_UNICODE_CLOSE_PUNCTUATION },
  { "Pf", "Final_Punctuation", G_UNICODE_FINAL_PUNCTUATION },
  { "Pi", "Initial_Punctuation", G_UNICODE_INITIAL_PUNCTUATION },
  { "Po", "Other_Punctuation", G_UNICODE_OTHER_PUNCTUATION },
  { "Ps", "Open_Punctuation", G_UNICODE_OPEN_PUNCTUATION },
  { "Sc", "Currency_Symbol", G_UNICODE_CURRENCY_SYMBOL },
  { "Sk", "Modifier_Symbol", G_UNICODE_MODIFIER_SYMBOL },
  { "Sm", "Math_Symbol", G_UNICODE_MATH_SYMBOL },
  { "So", "Other_Symbol", G_UNICODE_OTHER_SYMBOL },
  { "Zl", "Line_Separator", G_UNICODE_LINE_SEPARATOR },
  { "Zp", "Paragraph_Separator", G_UNICODE_PARAGRAPH_SEPARATOR },
  { "Zs", "Space_Separator", G_UNICODE_SPACE_SEPARATOR },
};

static const struct
{
  char name[2];
  const char *long_name;
} groups[] = {
  { "C", "Other" },
  { "L", "Letter" },
  { "M", "Mark" },
  { "N", "Number" },
  { "P", "Punctuation" },
  { "S", "Symbol" },
  { "Z", "Separator" },
};

gboolean
vlm_char_set_add_category (GArray *set, const char *name)
{
  guint32 types = 0; /* a bit each */
  char group = '\0';

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (g_str_equal (name, groups[i].name) ||
        g_str_equal (name, groups[i].long_name))
      group = groups[i].name[0];
  for (guint i = 0; i < G_N_ELEMENTS (categories); i++)
    if (categories[i].name[0] == group ||
        g_str_equal (name, categories[i].name) ||
        g_str_equal (name, categories[i].long_name))
      types |= 1u << categories[i].type;
  for (guint32 c = 0; types != 0 && c <= VLM_MAX_CHARACTER; c++) {
    VlmCharRange *last =
        set->len > 0 ? &g_array_index (set, VlmCharRange, set->len - 1) : NULL;

    if ((types >> g_unichar_type (c) & 1) == 0)
      continue;
    if (last != NULL && last->last + 1 == c)
      last->last = c;
    else
      vlm_char_set_add (set, c, c);
  }
  return types != 0;
}
