/* gst-vlm: members of JSON that may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-member.h"

#include <math.h>

JsonNode *
vlm_json_get (JsonObject *object, const char *key)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, key) : NULL;

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

JsonObject *
vlm_json_get_object (JsonObject *object, const char *key)
{
  JsonNode *node = vlm_json_get (object, key);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
      ? json_node_get_object (node)
      : NULL;
}

JsonArray *
vlm_json_get_array (JsonObject *object, const char *key)
{
  JsonNode *node = vlm_json_get (object, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
      ? json_node_get_array (node)
      : NULL;
}

const char *
vlm_json_node_string (JsonNode *node)
{
  const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
          json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;

  /* json-glib makes bytes of the escape of half a character. */
  return text != NULL && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

const char *
vlm_json_get_string (JsonObject *object, const char *key)
{
  return vlm_json_node_string (vlm_json_get (object, key));
}

gboolean
vlm_json_has_text (JsonObject *object, const char *key)
{
  const char *text = vlm_json_get_string (object, key);

  return text != NULL && *text != '\0';
}

gboolean
vlm_json_is_true (JsonObject *object, const char *key)
{
  JsonNode *node = vlm_json_get (object, key);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_BOOLEAN &&
      json_node_get_boolean (node);
}

/* Tools write 14.0 for 14. */
gboolean
vlm_json_node_int (JsonNode *node, gint64 *value)
{
  double real;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  if (json_node_get_value_type (node) == G_TYPE_INT64) {
    *value = json_node_get_int (node);
    return TRUE;
  }
  if (json_node_get_value_type (node) != G_TYPE_DOUBLE)
    return FALSE;
  real = json_node_get_double (node);
  *value = fabs (real) < 0x1p62 ? (gint64) real : G_MAXINT64;
  return real == trunc (real);
}

gboolean
vlm_json_get_number (JsonObject *object, const char *key, double *value)
{
  JsonNode *node = vlm_json_get (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

JsonObject *
vlm_json_get_element (JsonArray *array, guint i)
{
  JsonNode *node;

  if (array == NULL || i >= json_array_get_length (array))
    return NULL;
  node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}
