/* gst-vlm: a tokenizer's JSON files, which may be hostile
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/json-file.h"

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
