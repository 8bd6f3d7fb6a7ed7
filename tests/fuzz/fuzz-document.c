/* gst-vlm: any text as a document that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes out is valid text inside of the picture, and holds no markup but
 * that which is meant. */
#include <string.h>

#include "events/document-parse.h"
#include "tests/fuzz/target.h"

#define WIDTH 1000
#define HEIGHT 800

static const char *const elements[] = { "table", "thead", "tbody", "tfoot",
  "tr", "td", "th", "caption", "ul", "ol", "li", "p", "b", "i", "em", "strong",
  "sub", "sup", "br", "div", "pre", "h1", "h2", "h3", "h4", "h5", "h6", NULL };

/* The attributes that are written, with values without any other quote. */
static const char *
skip_attributes (const char *s)
{
  static const char *const names[] = { " class=\"", " data-bbox=\"",
    " data-polygon=\"", " data-point=\"", " colspan=\"", " rowspan=\"", NULL };

  while (*s == ' ') {
    guint i = 0;

    while (names[i] != NULL && !g_str_has_prefix (s, names[i]))
      i++;
    g_assert_nonnull (names[i]);
    s = strchr (s + strlen (names[i]), '"');
    g_assert_nonnull (s);
    s++;
  }
  return s;
}

static void
check_markup (const char *html)
{
  for (const char *s = strchr (html, '<'); s != NULL; s = strchr (s, '<')) {
    const char *name = s[1] == '/' ? s + 2 : s + 1;
    gsize n = 0;
    guint i = 0;

    while (g_ascii_isalnum (name[n]))
      n++;
    while (elements[i] != NULL &&
        (strlen (elements[i]) != n || strncmp (elements[i], name, n) != 0))
      i++;
    g_assert_nonnull (elements[i]);
    s = s[1] == '/' ? name + n : skip_attributes (name + n);
    g_assert_cmpint (*s, ==, '>');
  }
}

static void
check_mark (const VlmMark *mark)
{
  g_autofree char *html = vlm_mark_to_html (mark);

  g_assert_true (g_utf8_validate (mark->label, -1, NULL));
  g_assert_true (mark->text == NULL || g_utf8_validate (mark->text, -1, NULL));
  g_assert_true (mark->rect.x >= 0 && mark->rect.y >= 0);
  g_assert_cmpint (mark->rect.x + mark->rect.width, <=, WIDTH);
  g_assert_cmpint (mark->rect.y + mark->rect.height, <=, HEIGHT);
  if (mark->html != NULL)
    check_markup (mark->html);
  check_markup (html);
  g_assert_true (g_utf8_validate (html, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autofree char *text =
      g_strndup (n_bytes > 0 ? (const char *) data : "", n_bytes);
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) marks = NULL;
  guint n_rejected;

  marks = vlm_document_parse (text, WIDTH, HEIGHT, &n_rejected, &why, &error);
  g_assert_true ((marks != NULL) == (error == NULL));
  if (marks == NULL)
    return 0;
  g_assert_true ((n_rejected > 0) == (why != NULL));
  for (guint i = 0; i < marks->len; i++)
    check_mark (marks->pdata[i]);
  return 0;
}
