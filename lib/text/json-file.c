/* gst-vlm: a tokenizer's JSON files, which may be hostile
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/json-file.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/file.h"
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

/* JSON-GLib recurses into what is nested and makes a node of each value, so
 * both are counted first. Outside of strings only JSON's own characters pass:
 * JSON-GLib also reads comments and other quotes, which would hide brackets. */
static gboolean
check_shape (const char *path, const char *text, gsize n_bytes, GError **error)
{
  guint depth = 0, n_values = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < n_bytes; i++) {
    char c = text[i];

    if (in_string) {
      if (c == '\\')
        i++;
      else
        in_string = c != '"';
    } else if (c == '"') {
      in_string = TRUE;
    } else if (c == '{' || c == '[') {
      depth++;
      n_values++;
    } else if (c == '}' || c == ']') {
      depth -= depth > 0;
    } else if (c == ',') {
      n_values++;
    } else if (c == '\0' ||
        strchr (" \t\r\n:+-.Etruefalsn0123456789", c) == NULL) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
          "%s: not JSON at byte %" G_GSIZE_FORMAT, path, i);
      return FALSE;
    }
    if (depth > VLM_TOKENIZER_MAX_JSON_DEPTH ||
        n_values > VLM_TOKENIZER_MAX_JSON_VALUES) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
          "%s: more than %u levels or %u values of JSON", path,
          VLM_TOKENIZER_MAX_JSON_DEPTH, VLM_TOKENIZER_MAX_JSON_VALUES);
      return FALSE;
    }
  }
  return TRUE;
}

JsonObject *
vlm_json_file_read (const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  g_autofree char *text = NULL;
  gsize n_bytes;
  JsonNode *root;

  if (!vlm_text_file_read (path, &text, &n_bytes, error) ||
      !check_shape (path, text, n_bytes, error))
    return NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) n_bytes, &cause)) {
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

gboolean
vlm_json_node_int (JsonNode *node, gint64 *value)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_int (node);
  return TRUE;
}
