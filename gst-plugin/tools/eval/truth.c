/* gst-vlm: what happens in a video, as a file says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/truth.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "tools/eval/metrics.h"

#define TRUTH "any_object_in_view"

static gboolean
read_number (JsonNode *node, double *value)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

static gboolean
add_span (GArray *spans, JsonNode *start, JsonNode *end)
{
  EvalSpan span;

  if (!read_number (start, &span.start) || !read_number (end, &span.end) ||
      span.start < 0.0 || span.start > span.end)
    return FALSE;
  g_array_append_val (spans, span);
  return TRUE;
}

/* --- a list --------------------------------------------------------------- */

static gboolean
read_list (JsonNode *list, GArray *spans)
{
  JsonArray *pairs;

  if (!JSON_NODE_HOLDS_ARRAY (list))
    return FALSE;
  pairs = json_node_get_array (list);
  for (guint i = 0; i < json_array_get_length (pairs); i++) {
    JsonNode *node = json_array_get_element (pairs, i);
    JsonArray *pair =
        JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

    if (pair == NULL || json_array_get_length (pair) != 2 ||
        !add_span (spans, json_array_get_element (pair, 0),
            json_array_get_element (pair, 1)))
      return FALSE;
  }
  return TRUE;
}

/* --- records -------------------------------------------------------------- */

static JsonNode *
get (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

static JsonNode *
get_time (JsonObject *record, const char *name)
{
  JsonNode *instant = get (record, name);

  return instant != NULL && JSON_NODE_HOLDS_OBJECT (instant)
      ? get (json_node_get_object (instant), "stream_time")
      : NULL;
}

static gboolean
says (JsonObject *record, const char *name, const char *text)
{
  JsonNode *node = get (record, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      g_strcmp0 (json_node_get_string (node), text) == 0;
}

/* Only the last record of an event has both of its ends. */
static gboolean
read_record (JsonNode *root, const char *query, GArray *spans)
{
  JsonObject *record = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
      ? json_node_get_object (root)
      : NULL;

  if (get_time (record, "start") == NULL)
    return FALSE;
  if (!says (record, "state", "end") ||
      (!g_str_equal (query, "object") && !says (record, "label", query)))
    return TRUE;
  return add_span (spans, get_time (record, "start"), get_time (record, "end"));
}

static gboolean
fail (const char *path, guint line, GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
      "%s, line %u: neither a list \"" TRUTH "\" of [start, end] in seconds, "
      "nor the record of an event",
      path, line);
  return FALSE;
}

static gboolean
read_records (const char *path, const char *text, const char *query,
    GArray *spans, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_strstrip (lines[i])[0] == '\0')
      continue;
    if (!json_parser_load_from_data (parser, lines[i], -1, error)) {
      g_prefix_error (error, "%s, line %u: ", path, i + 1);
      return FALSE;
    }
    if (!read_record (json_parser_get_root (parser), query, spans))
      return fail (path, i + 1, error);
  }
  return TRUE;
}

gboolean
eval_truth_read (
    const char *path, const char *query, GArray *spans, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;
  JsonNode *root;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  if (length == 0 || strlen (text) != length)
    return fail (path, 1, error);
  /* Several lines, each of them JSON, are none. */
  if (!json_parser_load_from_data (parser, text, (gssize) length, NULL))
    return read_records (path, text, query, spans, error);
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) ||
      get (json_node_get_object (root), TRUTH) == NULL)
    return read_records (path, text, query, spans, error);
  return read_list (get (json_node_get_object (root), TRUTH), spans) ||
      fail (path, 1, error);
}
