/* gst-vlm: JSON that comes to the publisher
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/json.h"

#include <string.h>

#include "publish/error.h"

/* json-glib parses by recursion. Records are three deep. */
#define MAX_DEPTH 64
#define MAX_QUOTED 200

static const char *
skip_string (const char *p, const char *end)
{
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\')
      p++;
  return p;
}

/* NULL, or what is wrong. Checks brackets, strings and the letters of numbers and
 * literals; json-glib checks the rest. */
static const char *
find_fault (const char *text, gsize size)
{
  const char *end = text + size;
  guint depth = 0;

  if (size == 0 || *text != '{')
    return "not a JSON object";
  for (const char *p = text; p < end; p++) {
    if (*p == '{' || *p == '[') {
      if (++depth > MAX_DEPTH)
        return "nested too deep";
    } else if (*p == '}' || *p == ']') {
      if (--depth == 0)
        return p + 1 == end ? NULL : "more than one JSON object";
    } else if (*p == '"') {
      p = skip_string (p, end);
    } else if (*p == '\0' ||
        strchr (" \t,:+-.0123456789eEaflnrstu", *p) == NULL) {
      return "not JSON";
    }
  }
  return "a JSON object that does not end";
}

/* json-glib quotes what it does not accept, which may be anything. */
static char *
make_printable (const char *text)
{
  g_autofree char *part = g_strndup (text, MAX_QUOTED);
  char *valid = g_utf8_make_valid (part, -1);

  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return valid;
}

JsonNode *
gst_vlm_json_parse_object (const char *text, gsize size, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) failure = NULL;
  const char *fault = find_fault (text, size);

  if (fault == NULL && !g_utf8_validate (text, (gssize) size, NULL))
    fault = "not UTF-8";
  if (fault != NULL) {
    g_set_error_literal (
        error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_RECORD, fault);
    return NULL;
  }
  if (!json_parser_load_from_data (parser, text, (gssize) size, &failure)) {
    g_autofree char *reason = make_printable (failure->message);

    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_RECORD,
        "not JSON: %s", reason);
    return NULL;
  }
  return json_parser_steal_root (parser);
}

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

const char *
gst_vlm_json_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

gint64
gst_vlm_json_get_int (JsonObject *object, const char *name, gint64 otherwise)
{
  JsonNode *node = get_value (object, name);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return otherwise;
  return json_node_get_int (node);
}

double
gst_vlm_json_get_double (JsonObject *object, const char *name, double otherwise)
{
  JsonNode *node = get_value (object, name);
  GType type = node != NULL ? json_node_get_value_type (node) : G_TYPE_NONE;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return otherwise;
  return json_node_get_double (node);
}

JsonObject *
gst_vlm_json_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
      ? json_node_get_object (node)
      : NULL;
}

JsonArray *
gst_vlm_json_get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
      ? json_node_get_array (node)
      : NULL;
}

void
gst_vlm_json_copy_members (JsonObject *from, JsonObject *to)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  json_object_iter_init_ordered (&iter, from);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    json_object_set_member (to, name, json_node_copy (member));
}
