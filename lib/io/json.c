/* gst-vlm: reading JSON with errors that name the place
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/json.h"

#include <math.h>

#include "base/file.h"
#include "base/json-check.h"
#include "io/limits.h"

struct _VlmJsonDocument
{
  JsonNode *root;
  char *source;
};

VlmJsonDocument *
vlm_json_document_new (
    const char *data, gsize n_bytes, const char *source, GError **error)
{
  g_autofree char *owned = NULL;

  if (!vlm_json_prepare (&data, &n_bytes, &owned, source, error))
    return NULL;

  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  if (!json_parser_load_from_data (parser, data, (gssize) n_bytes, &cause)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT, "%s: %s",
        source, cause->message);
    return NULL;
  }

  VlmJsonDocument *document = g_new0 (VlmJsonDocument, 1);
  document->root = json_parser_steal_root (parser);
  document->source = g_strdup (source);
  return document;
}

VlmJsonDocument *
vlm_json_document_load (const char *path, GError **error)
{
  g_autofree char *data = NULL;
  gsize n_bytes;

  if (!vlm_file_read (path, VLM_MAX_JSON_BYTES, &data, &n_bytes, error) ||
      !vlm_file_check_kind (path, data, n_bytes, error))
    return NULL;
  return vlm_json_document_new (data, n_bytes, path, error);
}

JsonNode *
vlm_json_document_get_root (const VlmJsonDocument *document)
{
  return document->root;
}

void
vlm_json_document_free (VlmJsonDocument *document)
{
  if (document == NULL)
    return;
  json_node_unref (document->root);
  g_free (document->source);
  g_free (document);
}

gboolean
vlm_json_root (const VlmJsonDocument *document, VlmJson *root, GError **error)
{
  *root = (VlmJson){ .node = document->root, .source = document->source };
  if (!JSON_NODE_HOLDS_OBJECT (root->node))
    return vlm_json_fail (error, root, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected an object at the top");
  return TRUE;
}

static void
append_path (GString *path, const VlmJson *at)
{
  if (at->above == NULL)
    return;
  append_path (path, at->above);
  if (at->key == NULL)
    g_string_append_printf (path, "[%u]", at->index);
  else
    g_string_append_printf (path, "%s%s", path->len > 0 ? "." : "", at->key);
}

gboolean
vlm_json_fail (GError **error, const VlmJson *at, const char *key,
    VlmLoadError code, const char *format, ...)
{
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *message = NULL;
  va_list args;

  append_path (path, at);
  if (key != NULL)
    g_string_append_printf (path, "%s%s", path->len > 0 ? "." : "", key);
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, code, "%s: %s%s%s", at->source, path->str,
      path->len > 0 ? ": " : "", message);
  return FALSE;
}

static JsonNode *
find (const VlmJson *at, const char *key)
{
  if (key == NULL)
    return at->node;
  if (!JSON_NODE_HOLDS_OBJECT (at->node))
    return NULL;
  return json_object_get_member (json_node_get_object (at->node), key);
}

gboolean
vlm_json_has (const VlmJson *at, const char *key)
{
  JsonNode *node = find (at, key);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node);
}

gboolean
vlm_json_is_null (const VlmJson *at, const char *key)
{
  JsonNode *node = find (at, key);

  return node != NULL && JSON_NODE_HOLDS_NULL (node);
}

/* The node, or NULL with "missing". */
static JsonNode *
require (const VlmJson *at, const char *key, GError **error)
{
  JsonNode *node = find (at, key);

  if (node == NULL)
    vlm_json_fail (error, at, key, VLM_LOAD_ERROR_CORRUPT, "missing");
  return node;
}

static gboolean
wrong_type (
    const VlmJson *at, const char *key, const char *expected, GError **error)
{
  return vlm_json_fail (
      error, at, key, VLM_LOAD_ERROR_CORRUPT, "expected %s", expected);
}

static void
descend (const VlmJson *at, const char *key, JsonNode *node, VlmJson *value)
{
  if (key == NULL)
    *value = *at;
  else
    *value = (VlmJson){
      .above = at, .key = key, .node = node, .source = at->source
    };
}

gboolean
vlm_json_read_object (
    const VlmJson *at, const char *key, VlmJson *value, GError **error)
{
  JsonNode *node = require (at, key, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return wrong_type (at, key, "an object", error);
  descend (at, key, node, value);
  return TRUE;
}

gboolean
vlm_json_read_list (const VlmJson *at, const char *key, VlmJson *value,
    guint *n_elements, GError **error)
{
  JsonNode *node = require (at, key, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return wrong_type (at, key, "a list", error);
  descend (at, key, node, value);
  *n_elements = json_array_get_length (json_node_get_array (node));
  return TRUE;
}

gboolean
vlm_json_read_string (
    const VlmJson *at, const char *key, const char **value, GError **error)
{
  JsonNode *node = require (at, key, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING)
    return wrong_type (at, key, "a string", error);
  *value = json_node_get_string (node);
  return TRUE;
}

gboolean
vlm_json_read_boolean (
    const VlmJson *at, const char *key, gboolean *value, GError **error)
{
  JsonNode *node = require (at, key, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return wrong_type (at, key, "true or false", error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* Tools write 14.0 for 14. */
static gboolean
get_integer (const VlmJson *at, const char *key, gint64 *value, GError **error)
{
  JsonNode *node = require (at, key, error);
  GType type;
  double real;

  if (node == NULL)
    return FALSE;
  type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                      : G_TYPE_INVALID;
  if (type == G_TYPE_INT64) {
    *value = json_node_get_int (node);
    return TRUE;
  }
  real = type == G_TYPE_DOUBLE ? json_node_get_double (node) : 0.5;
  if (real != trunc (real) || isinf (real))
    return wrong_type (at, key, "an integer", error);
  if (real < -0x1p63 || real >= 0x1p63)
    return wrong_type (at, key, "an integer of 64 bits", error);
  *value = (gint64) real;
  return TRUE;
}

gboolean
vlm_json_read_int64 (const VlmJson *at, const char *key, gint64 min, gint64 max,
    gint64 *value, GError **error)
{
  if (!get_integer (at, key, value, error))
    return FALSE;
  if (*value < min || *value > max)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_CORRUPT,
        "%" G_GINT64_FORMAT " is not within %" G_GINT64_FORMAT
        " to %" G_GINT64_FORMAT,
        *value, min, max);
  return TRUE;
}

gboolean
vlm_json_read_uint (const VlmJson *at, const char *key, guint min, guint max,
    guint *value, GError **error)
{
  gint64 wide;

  if (!vlm_json_read_int64 (at, key, min, max, &wide, error))
    return FALSE;
  *value = (guint) wide;
  return TRUE;
}

gboolean
vlm_json_read_double (const VlmJson *at, const char *key, double min,
    double max, double *value, GError **error)
{
  JsonNode *node = require (at, key, error);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_DOUBLE &&
          json_node_get_value_type (node) != G_TYPE_INT64))
    return wrong_type (at, key, "a number", error);
  *value = json_node_get_double (node);
  if (!isfinite (*value) || *value < min || *value > max)
    return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_CORRUPT,
        "%g is not within %g to %g", *value, min, max);
  return TRUE;
}

gboolean
vlm_json_read_uint_or (const VlmJson *at, const char *key, guint min, guint max,
    guint fallback, guint *value, GError **error)
{
  *value = fallback;
  return !vlm_json_has (at, key) ||
      vlm_json_read_uint (at, key, min, max, value, error);
}

gboolean
vlm_json_read_double_or (const VlmJson *at, const char *key, double min,
    double max, double fallback, double *value, GError **error)
{
  *value = fallback;
  return !vlm_json_has (at, key) ||
      vlm_json_read_double (at, key, min, max, value, error);
}

gboolean
vlm_json_read_boolean_or (const VlmJson *at, const char *key, gboolean fallback,
    gboolean *value, GError **error)
{
  *value = fallback;
  return !vlm_json_has (at, key) ||
      vlm_json_read_boolean (at, key, value, error);
}

VlmJson
vlm_json_element (const VlmJson *at, guint index)
{
  JsonArray *list = json_node_get_array (at->node);

  return (VlmJson){
    .above = at,
    .index = index,
    .node = json_array_get_element (list, index),
    .source = at->source,
  };
}

void
vlm_json_append_string (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf (json, "\\%c", *p);
    else if ((guchar) *p < 0x20)
      g_string_append_printf (json, "\\u%04x", (guint) (guchar) *p);
    else
      g_string_append_c (json, *p);
  }
  g_string_append_c (json, '"');
}
