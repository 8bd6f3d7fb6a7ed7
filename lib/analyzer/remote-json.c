/* gst-vlm: JSON from a server, which may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-json.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/json-check.h"

/* In the place of U+0000, which some tokens are and no string of C can hold: a
 * character that no text has. */
#define NUL_MARK "\xef\xbf\xbf"

/* (transfer full): @data, with the escapes of U+0000 as those of the mark. */
static char *
mark_nul (const char *data, gsize n_bytes)
{
  char *text = g_strndup (data, n_bytes);

  for (char *s = text; (s = strchr (s, '\\')) != NULL && s[1] != '\0'; s += 2)
    if (g_str_has_prefix (s + 1, "u0000"))
      memcpy (s + 2, "ffff", 4);
  return text;
}

JsonNode *
vlm_remote_json_parse (const char *data, gsize n_bytes, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) own_error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *owned = NULL;
  JsonNode *root = NULL;

  /* One that is cut off at a NUL is no JSON, as it should be. */
  text = mark_nul (data, n_bytes);
  data = text;
  if (vlm_json_prepare (&data, &n_bytes, &owned, "the answer", &own_error) &&
      json_parser_load_from_data (parser, data, (gssize) n_bytes, &own_error))
    root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    return json_parser_steal_root (parser);
  g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER, "%s",
      own_error != NULL ? own_error->message : "the answer is no JSON object");
  return NULL;
}

static JsonNode *
get_member (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

const char *
vlm_remote_json_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_member (object, name);
  const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
          json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;

  return text != NULL && strstr (text, NUL_MARK) == NULL ? text : NULL;
}

JsonObject *
vlm_remote_json_object (JsonObject *object, const char *name)
{
  JsonNode *node = get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
      ? json_node_get_object (node)
      : NULL;
}

JsonArray *
vlm_remote_json_array (JsonObject *object, const char *name)
{
  JsonNode *node = get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
      ? json_node_get_array (node)
      : NULL;
}

gint64
vlm_remote_json_int (JsonObject *object, const char *name, gint64 fallback)
{
  JsonNode *node = get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
          json_node_get_value_type (node) == G_TYPE_INT64
      ? json_node_get_int (node)
      : fallback;
}

gboolean
vlm_remote_json_number (JsonObject *object, const char *name, double *value)
{
  JsonNode *node = get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

JsonObject *
vlm_remote_json_element (JsonArray *array, guint i)
{
  JsonNode *node;

  if (array == NULL || i >= json_array_get_length (array))
    return NULL;
  node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}
