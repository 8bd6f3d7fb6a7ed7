/* gst-vlm: positions of the values in an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-glib reads values, but does not report their positions. */
#include "tools/run/fields.h"

#include <string.h>

/* Answers are less deep. */
#define MAX_DEPTH 64

typedef struct
{
  const char *text;
  const char *at;
  GPtrArray *fields;
  GString *pointer;
  guint depth;
} Walk;

static void
field_free (AnswerField *field)
{
  g_free (field->pointer);
  g_free (field);
}

static void
skip_space (Walk *walk)
{
  walk->at += strspn (walk->at, " \t\r\n");
}

/* Skips @c; FALSE if it does not come next. */
static gboolean
take (Walk *walk, char c)
{
  skip_space (walk);
  if (*walk->at != c)
    return FALSE;
  walk->at++;
  return TRUE;
}

static gboolean
skip_string (Walk *walk)
{
  if (!take (walk, '"'))
    return FALSE;
  while (*walk->at != '"') {
    if (*walk->at == '\\')
      walk->at++;
    if (*walk->at == '\0')
      return FALSE;
    walk->at++;
  }
  walk->at++;
  return TRUE;
}

static void
add_field (Walk *walk, const char *start)
{
  AnswerField *field = g_new (AnswerField, 1);

  field->pointer = g_utf8_make_valid (walk->pointer->str, -1);
  field->start = (gsize) (start - walk->text);
  field->end = (gsize) (walk->at - walk->text);
  g_ptr_array_add (walk->fields, field);
}

static gboolean
walk_scalar (Walk *walk)
{
  static const char others[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
  gsize n = strspn (walk->at, others);

  if (*walk->at == '"')
    return skip_string (walk);
  walk->at += n;
  return n > 0;
}

static gboolean walk_value (Walk *walk);

/* One level down, as @name, which has @n bytes between its quotes. */
static gboolean
walk_member (Walk *walk, const char *name, gsize n)
{
  gsize length = walk->pointer->len;
  gboolean good;

  g_string_append_c (walk->pointer, '/');
  for (gsize i = 0; i < n; i++) {
    if (name[i] == '~')
      g_string_append (walk->pointer, "~0");
    else if (name[i] == '/')
      g_string_append (walk->pointer, "~1");
    else
      g_string_append_c (walk->pointer, name[i]);
  }
  good = walk_value (walk);
  g_string_truncate (walk->pointer, length);
  return good;
}

static gboolean
walk_object (Walk *walk)
{
  if (!take (walk, '{'))
    return FALSE;
  if (take (walk, '}'))
    return TRUE;
  do {
    const char *name;
    gsize n;

    skip_space (walk);
    name = walk->at + 1;
    if (!skip_string (walk))
      return FALSE;
    n = (gsize) (walk->at - 1 - name);
    if (!take (walk, ':') || !walk_member (walk, name, n))
      return FALSE;
  } while (take (walk, ','));
  return take (walk, '}');
}

/* Coordinates are one value. */
static gboolean
walk_flat_list (Walk *walk, const char *start)
{
  do {
    skip_space (walk);
    if (!walk_scalar (walk))
      return FALSE;
  } while (take (walk, ','));
  if (!take (walk, ']'))
    return FALSE;
  add_field (walk, start);
  return TRUE;
}

static gboolean
walk_list (Walk *walk)
{
  const char *start = walk->at;
  guint i = 0;

  if (!take (walk, '['))
    return FALSE;
  if (take (walk, ']')) {
    add_field (walk, start);
    return TRUE;
  }
  skip_space (walk);
  if (*walk->at != '{' && *walk->at != '[')
    return walk_flat_list (walk, start);
  do {
    char name[16];

    g_snprintf (name, sizeof name, "%u", i++);
    if (!walk_member (walk, name, strlen (name)))
      return FALSE;
  } while (take (walk, ','));
  return take (walk, ']');
}

static gboolean
walk_value (Walk *walk)
{
  const char *start;
  gboolean good;

  skip_space (walk);
  start = walk->at;
  if (walk->depth == MAX_DEPTH)
    return FALSE;
  walk->depth++;
  if (*start == '{') {
    good = walk_object (walk);
  } else if (*start == '[') {
    good = walk_list (walk);
  } else {
    good = walk_scalar (walk);
    if (good)
      add_field (walk, start);
  }
  walk->depth--;
  return good;
}

/* Models often put JSON into a Markdown fence. */
static const char *
skip_fence (const char *text)
{
  text += strspn (text, " \t\r\n");
  if (g_str_has_prefix (text, "```"))
    text += strcspn (text, "\n");
  return text + strspn (text, " \t\r\n");
}

GPtrArray *
fields_find (const char *text)
{
  Walk walk = { .text = text,
    .at = skip_fence (text),
    .fields = g_ptr_array_new_with_free_func ((GDestroyNotify) field_free),
    .pointer = g_string_new (NULL) };

  if (*walk.at == '{' || *walk.at == '[')
    walk_value (&walk);
  g_string_free (walk.pointer, TRUE);
  return walk.fields;
}
