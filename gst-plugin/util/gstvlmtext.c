/* gst-vlm: escaping text that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmtext.h"

#include <string.h>

/* The categories Cc, Zl and Zp, and the marks that turn the text after them. */
static gboolean
is_control (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
      (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* They turn no more than themselves, and are a part of good Arabic and Hebrew;
 * in a terminal they can still make a line look like another one. */
static gboolean
is_direction_mark (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f;
}

char *
gst_vlm_text_for_terminal (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *safe = g_string_new (NULL);

  for (const char *s = valid; *s != '\0'; s = g_utf8_next_char (s)) {
    gunichar c = g_utf8_get_char (s);

    if ((is_control (c) && c != '\n' && c != '\t') || is_direction_mark (c))
      g_string_append_printf (safe, "\\u%04x", c);
    else
      g_string_append_unichar (safe, c);
  }
  return g_string_free (safe, FALSE);
}

/* WebVTT reads <b> and -->, SubRip <b> and, as many players do, {\an8}. */
static gunichar
without_markup (gunichar c)
{
  static const struct
  {
    gunichar c;
    gunichar instead;
  } marks[] = {
    { '<', 0x2039 }, /* single angle quotation marks */
    { '>', 0x203a },
    { '{', '(' },
    { '}', ')' },
  };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (marks[i].c == c)
      return marks[i].instead;
  return c;
}

char *
gst_vlm_text_for_cue (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *safe = g_string_new (NULL);

  for (const char *s = valid; *s != '\0'; s = g_utf8_next_char (s)) {
    gunichar c = g_utf8_get_char (s);

    if (!is_control (c))
      g_string_append_unichar (safe, without_markup (c));
    else if (safe->len > 0 && safe->str[safe->len - 1] != ' ')
      g_string_append_c (safe, ' ');
  }
  return g_strchomp (g_string_free (safe, FALSE));
}
