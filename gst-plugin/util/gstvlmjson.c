/* gst-vlm: JSON on its way out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/gstvlmjson.h"

#include <math.h>
#include <string.h>

typedef struct
{
  GString *out;
  gboolean is_pretty;
  guint depth;
} Writer;

static void
append_string (GString *out, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *escaped = NULL;

  json_node_set_string (node, text);
  escaped = json_to_string (node, FALSE);
  for (const char *s = escaped; *s != '\0'; s = g_utf8_next_char (s)) {
    gunichar c = g_utf8_get_char (s);

    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
      g_string_append_printf (out, "\\u%04x", c);
    else
      g_string_append_len (out, s, g_utf8_next_char (s) - s);
  }
}

static void
append_double (GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value)) {
    g_string_append (out, "null");
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    char format[8];

    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (text, sizeof text, format, value);
    if (g_ascii_strtod (text, NULL) == value)
      break;
  }
  g_string_append (out, text);
  if (strpbrk (text, ".e") == NULL)
    g_string_append (out, ".0");
}

static void
append_value (GString *out, JsonNode *node)
{
  switch (json_node_get_value_type (node)) {
  case G_TYPE_STRING:
    append_string (out, json_node_get_string (node));
    break;
  case G_TYPE_DOUBLE:
    append_double (out, json_node_get_double (node));
    break;
  case G_TYPE_BOOLEAN:
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
    break;
  default:
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
    break;
  }
}

static void
begin (Writer *self, char bracket)
{
  g_string_append_c (self->out, bracket);
  self->depth++;
}

/* Before a member or an element, the first of which comes without a comma. */
static void
begin_entry (Writer *self, gboolean is_first)
{
  if (!is_first)
    g_string_append (self->out, self->is_pretty ? "," : ", ");
  if (self->is_pretty)
    g_string_append_printf (self->out, "\n%*s", 2 * self->depth, "");
}

static void
end (Writer *self, gboolean is_empty, char bracket)
{
  self->depth--;
  if (self->is_pretty && !is_empty)
    g_string_append_printf (self->out, "\n%*s", 2 * self->depth, "");
  g_string_append_c (self->out, bracket);
}

static void append_node (Writer *self, JsonNode *node);

static void
append_object (Writer *self, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean is_first = TRUE;

  begin (self, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member)) {
    begin_entry (self, is_first);
    append_string (self->out, name);
    g_string_append (self->out, ": ");
    append_node (self, member);
    is_first = FALSE;
  }
  end (self, is_first, '}');
}

static void
append_array (Writer *self, JsonArray *array)
{
  guint n = json_array_get_length (array);

  begin (self, '[');
  for (guint i = 0; i < n; i++) {
    begin_entry (self, i == 0);
    append_node (self, json_array_get_element (array, i));
  }
  end (self, n == 0, ']');
}

static void
append_node (Writer *self, JsonNode *node)
{
  switch (json_node_get_node_type (node)) {
  case JSON_NODE_OBJECT:
    append_object (self, json_node_get_object (node));
    break;
  case JSON_NODE_ARRAY:
    append_array (self, json_node_get_array (node));
    break;
  case JSON_NODE_VALUE:
    append_value (self->out, node);
    break;
  default:
    g_string_append (self->out, "null");
    break;
  }
}

static char *
write_node (JsonNode *node, gboolean is_pretty)
{
  Writer self = { g_string_new (NULL), is_pretty, 0 };

  append_node (&self, node);
  return g_string_free (self.out, FALSE);
}

char *
gst_vlm_json_write (JsonNode *node)
{
  return write_node (node, FALSE);
}

char *
gst_vlm_json_write_pretty (JsonNode *node)
{
  return write_node (node, TRUE);
}

double
gst_vlm_json_round (double value)
{
  return round (value * 1e6) / 1e6;
}
