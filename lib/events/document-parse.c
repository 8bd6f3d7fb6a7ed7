/* gst-vlm: from the model's HTML to the blocks of a document
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libxml2 makes a tree of any text; this file only interprets it. */
#include "events/document-parse.h"

#include <string.h>

#include <libxml/HTMLparser.h>
#include <vlm/vlm-error.h>

#include "events/answer-list.h"
#include "events/mark-parse.h"

/* An answer beyond these is no document: a model writes some 10 kB. */
#define MAX_BYTES (1024 * 1024)
#define MAX_DEPTH 64
#define MAX_BLOCKS 4096
#define MAX_LABEL_BYTES 64

typedef struct
{
  GPtrArray *marks;
  guint width;
  guint height;
  guint *n_rejected;
  char **why;
} Reader;

static gboolean
is_one_of (const xmlNode *node, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (strcmp ((const char *) node->name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* The content of these is not text. */
static gboolean
is_hidden (const xmlNode *node)
{
  static const char *const names[] = { "script", "style", "head", "template",
    "iframe", "object", NULL };

  return is_one_of (node, names);
}

static char *
get_attribute (xmlNode *node, const char *name)
{
  xmlChar *value = xmlGetNoNsProp (node, (const xmlChar *) name);
  char *own =
      value != NULL ? g_utf8_make_valid ((const char *) value, -1) : NULL;

  xmlFree (value);
  return own;
}

static gboolean
has_place (const xmlNode *node)
{
  return node->type == XML_ELEMENT_NODE &&
      (xmlHasProp ((xmlNode *) node, (const xmlChar *) "data-bbox") != NULL ||
          xmlHasProp ((xmlNode *) node, (const xmlChar *) "data-polygon") !=
              NULL);
}

static void
reject (Reader *self, const char *message)
{
  vlm_answer_reject (
      g_error_new_literal (VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA, message),
      self->n_rejected, self->why);
}

/* --- text ----------------------------------------------------------------- */

/* White space is one blank, as a browser shows it. */
static void
append_collapsed (GString *text, const char *bytes)
{
  for (const char *s = bytes; *s != '\0'; s++) {
    if (!g_ascii_isspace (*s))
      g_string_append_c (text, *s);
    else if (text->len > 0 && !g_ascii_isspace (text->str[text->len - 1]))
      g_string_append_c (text, ' ');
  }
}

static void
append_break (GString *text, char c)
{
  while (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  if (text->len > 0)
    g_string_append_c (text, c);
}

/* Lines and columns that a reader sees. */
static void
append_end (GString *text, const xmlNode *node)
{
  static const char *const lines[] = { "tr", "li", "p", "div", "br", "h1", "h2",
    "h3", "h4", "h5", "h6", "caption", "pre", NULL };
  static const char *const cells[] = { "td", "th", NULL };

  if (is_one_of (node, lines) &&
      (text->len == 0 || text->str[text->len - 1] != '\n'))
    append_break (text, '\n');
  else if (is_one_of (node, cells) && node->next != NULL)
    append_break (text, '\t');
}

/* What is written in @node, other blocks left out. */
static void
append_text (GString *text, const xmlNode *node, guint depth)
{
  if (depth > MAX_DEPTH)
    return;
  for (const xmlNode *child = node->children; child != NULL;
       child = child->next) {
    if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
      append_collapsed (text, (const char *) child->content);
    if (child->type != XML_ELEMENT_NODE || is_hidden (child) ||
        has_place (child))
      continue;
    append_text (text, child, depth + 1);
    append_end (text, child);
  }
}

/* (transfer full): NULL where there is nothing */
static char *
read_text (const xmlNode *node)
{
  GString *text = g_string_new (NULL);
  g_autofree char *bytes = NULL;

  append_text (text, node, 0);
  bytes = g_string_free (text, FALSE);
  g_strstrip (bytes);
  return bytes[0] != '\0' ? g_utf8_make_valid (bytes, -1) : NULL;
}

/* --- structure ------------------------------------------------------------- */

static void
append_span (GString *html, xmlNode *node, const char *name)
{
  g_autofree char *value = get_attribute (node, name);
  guint64 n;

  if (value != NULL &&
      g_ascii_string_to_unsigned (value, 10, 2, 1000, &n, NULL))
    g_string_append_printf (html, " %s=\"%" G_GUINT64_FORMAT "\"", name, n);
}

static void append_children (GString *html, xmlNode *node, guint depth);

/* Writes a known element without its attributes, or the content of another. */
static void
append_element (GString *html, xmlNode *node, guint depth)
{
  static const char *const known[] = { "table", "thead", "tbody", "tfoot", "tr",
    "td", "th", "caption", "ul", "ol", "li", "p", "b", "i", "em", "strong",
    "sub", "sup", NULL };
  const char *name = (const char *) node->name;

  if (is_hidden (node))
    return;
  if (strcmp (name, "br") == 0) {
    g_string_append (html, "<br>");
    return;
  }
  if (!is_one_of (node, known)) {
    append_children (html, node, depth);
    return;
  }
  g_string_append_printf (html, "<%s", name);
  if (strcmp (name, "td") == 0 || strcmp (name, "th") == 0) {
    append_span (html, node, "colspan");
    append_span (html, node, "rowspan");
  }
  g_string_append_c (html, '>');
  append_children (html, node, depth);
  g_string_append_printf (html, "</%s>", name);
}

static void
append_children (GString *html, xmlNode *node, guint depth)
{
  if (depth > MAX_DEPTH)
    return;
  for (xmlNode *child = node->children; child != NULL; child = child->next) {
    if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) {
      g_autofree char *valid =
          g_utf8_make_valid ((const char *) child->content, -1);
      g_autofree char *escaped = g_markup_escape_text (valid, -1);

      append_collapsed (html, escaped);
    } else if (child->type == XML_ELEMENT_NODE) {
      append_element (html, child, depth + 1);
    }
  }
}

/* (transfer full) (nullable): of what has structure beyond its text */
static char *
read_html (xmlNode *node)
{
  static const char *const names[] = { "table", "ul", "ol", NULL };
  GString *html;

  if (!is_one_of (node, names))
    return NULL;
  html = g_string_new (NULL);
  append_children (html, node, 0);
  return g_strstrip (g_string_free (html, FALSE));
}

/* --- places ---------------------------------------------------------------- */

/* Numbers with blanks or commas between. Returns how many, 0 if it is something
 * else; the first @n_max are kept. */
static guint
read_numbers (const char *text, gint64 *numbers, guint n_max)
{
  guint n = 0;

  while (TRUE) {
    char *end;
    double number;

    while (g_ascii_isspace (*text) || *text == ',')
      text++;
    if (*text == '\0')
      return n;
    number = g_ascii_strtod (text, &end);
    if (end == text || !(number > -1e9 && number < 1e9))
      return 0;
    if (n < n_max)
      numbers[n++] = (gint64) (number < 0 ? number - 0.5 : number + 0.5);
    text = end;
  }
}

static void
read_place (Reader *self, xmlNode *node, VlmMark *mark)
{
  g_autofree char *box = get_attribute (node, "data-bbox");
  g_autofree char *polygon = get_attribute (node, "data-polygon");
  gint64 numbers[64];
  guint n = polygon != NULL
      ? read_numbers (polygon, numbers, G_N_ELEMENTS (numbers)) & ~1u
      : 0;
  GError *problem = NULL;

  if (n < 4 && box != NULL)
    n = read_numbers (box, numbers, G_N_ELEMENTS (numbers));
  if (n < 4 || n % 2 != 0)
    reject (self, "the place of a block is not a list of corners");
  else if (!vlm_mark_set_corners (
               mark, numbers, n, self->width, self->height, &problem))
    vlm_answer_reject (problem, self->n_rejected, self->why);
}

/* --- blocks ---------------------------------------------------------------- */

/* The class, if it is a word that the model uses: "image", "formula". */
static char *
read_label (xmlNode *node)
{
  g_autofree char *label = get_attribute (node, "class");
  g_autofree char *line = NULL;

  if (label == NULL || g_strstrip (label)[0] == '\0')
    return g_strdup ((const char *) node->name);
  line = g_utf8_substring (
      label, 0, MIN (g_utf8_strlen (label, -1), MAX_LABEL_BYTES));
  return g_strdelimit (g_steal_pointer (&line), "\t\n\r", ' ');
}

static void
add_block (Reader *self, xmlNode *node)
{
  VlmMark *mark;

  if (self->marks->len >= MAX_BLOCKS) {
    reject (self, "there are more blocks than a page can have");
    return;
  }
  mark = g_new0 (VlmMark, 1);
  mark->label = read_label (node);
  mark->text = read_text (node);
  mark->html = read_html (node);
  if (has_place (node))
    read_place (self, node, mark);
  g_ptr_array_add (self->marks, mark);
}

/* Which elements are blocks even without a place. */
static gboolean
is_block (const xmlNode *node)
{
  static const char *const names[] = { "p", "h1", "h2", "h3", "h4", "h5", "h6",
    "table", "ul", "ol", "pre", NULL };

  return is_one_of (node, names);
}

/* A picture inside a block has the place of the block. */
static gboolean
is_picture_of (const xmlNode *node, const xmlNode *block)
{
  return block != NULL && strcmp ((const char *) node->name, "img") == 0;
}

/* @block: the one that @node is in; NULL for none. */
static void
visit (Reader *self, xmlNode *node, const xmlNode *block, guint depth)
{
  if (depth > MAX_DEPTH) {
    reject (self, "blocks are nested too deeply");
    return;
  }
  for (xmlNode *child = node->children; child != NULL; child = child->next) {
    const xmlNode *inside = block;

    if (child->type != XML_ELEMENT_NODE || is_hidden (child))
      continue;
    if (has_place (child) ? !is_picture_of (child, block)
                          : block == NULL && is_block (child)) {
      add_block (self, child);
      inside = child;
    }
    visit (self, child, inside, depth + 1);
  }
}

/* (transfer full): @text without its code fence. */
static char *
strip_fence (const char *text)
{
  const char *start = strchr (text, '<');
  char *html = g_strdup (start);
  gsize size = strlen (html);

  while (
      size > 0 && (g_ascii_isspace (html[size - 1]) || html[size - 1] == '`'))
    html[--size] = '\0';
  return html;
}

GPtrArray *
vlm_document_parse (const char *text, guint width, guint height,
    guint *n_rejected, char **why, GError **error)
{
  Reader self = { NULL, width, height, n_rejected, why };
  g_autofree char *html = NULL;
  htmlDocPtr tree;

  *n_rejected = 0;
  *why = NULL;
  if (!g_utf8_validate (text, -1, NULL) || strchr (text, '<') == NULL ||
      strlen (text) > MAX_BYTES) {
    g_set_error_literal (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
        "the answer is not the HTML of a document");
    return NULL;
  }
  html = strip_fence (text);
  tree = htmlReadMemory (html, (int) strlen (html), NULL, "UTF-8",
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
          HTML_PARSE_NONET);
  self.marks = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);
  if (tree != NULL)
    visit (&self, (xmlNode *) tree, NULL, 0);
  xmlFreeDoc (tree);
  return self.marks;
}
