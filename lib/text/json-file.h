/* gst-vlm: a tokenizer's JSON files, which may be hostile
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* A file of at most VLM_TOKENIZER_MAX_FILE_BYTES. Errors name it. */
gboolean vlm_text_file_read (
    const char *path, char **contents, gsize *n_bytes, GError **error);

/* A file that holds one JSON object; depth and number of values are limited.
 * (transfer full) */
JsonObject *vlm_json_file_read (const char *path, GError **error);

/* Members by type; the rest is NULL or FALSE. "null" counts as not there. */
JsonNode *vlm_json_get (JsonObject *object, const char *key);
JsonObject *vlm_json_get_object (JsonObject *object, const char *key);
JsonArray *vlm_json_get_array (JsonObject *object, const char *key);
const char *vlm_json_get_string (JsonObject *object, const char *key);
/* A string that is not empty. */
gboolean vlm_json_has_text (JsonObject *object, const char *key);
gboolean vlm_json_is_true (JsonObject *object, const char *key);
/* @node may be NULL. */
const char *vlm_json_node_string (JsonNode *node);
gboolean vlm_json_node_int (JsonNode *node, gint64 *value);
