/* gst-vlm: a tokenizer's JSON files, which may be hostile
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/json-file.h"

#include <math.h>
#include <string.h>

#include <vlm/vlm-error.h>

#include "base/file.h"
#include "base/json-check.h"
#include "text/tokenizer-private.h"

gboolean
vlm_text_file_read (
    const char *path, char **contents, gsize *n_bytes, GError **error)
{
  g_autofree char *text = NULL;

  if (!vlm_file_read (
          path, VLM_TOKENIZER_MAX_FILE_BYTES, &text, n_bytes, error) ||
      !vlm_file_check_kind (path, text, *n_bytes, error))
    return FALSE;
  *contents = g_steal_pointer (&text);
  return TRUE;
}

JsonObject *
vlm_json_file_read (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  g_autofree char *text = NULL;
  g_autofree char *owned = NULL;
  const char *json;
  gsize n_bytes;
  JsonNode *root;

  if (!vlm_text_file_read (path, &text, &n_bytes, error))
    return NULL;
  json = text;
  if (!vlm_json_prepare (&json, &n_bytes, &owned, path, error))
    return NULL;
  if (!json_parser_load_from_data (parser, json, (gssize) n_bytes, &cause)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT, "%s: %s", path,
        cause->message);
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
        "%s: not a JSON object", path);
    return NULL;
  }
  return json_node_dup_object (root);
}

JsonNode *
vlm_json_get (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

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
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
          json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;
}

const char *
vlm_json_get_string (JsonObject *object, const char *key)
{
  return vlm_json_node_string (json_object_get_member (object, key));
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
