/* gst-vlm: members of JSON that may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Members by type; what is missing, null or of another type is NULL or FALSE, and
 * so is a string that is no UTF-8, as "\ud800" makes one. @object, @array and
 * @node may be NULL. All (transfer none). */
JsonNode *vlm_json_get (JsonObject *object, const char *key);
JsonObject *vlm_json_get_object (JsonObject *object, const char *key);
JsonArray *vlm_json_get_array (JsonObject *object, const char *key);
const char *vlm_json_get_string (JsonObject *object, const char *key);
gboolean
vlm_json_get_number (JsonObject *object, const char *key, double *value);
/* A string that is not empty. */
gboolean vlm_json_has_text (JsonObject *object, const char *key);
gboolean vlm_json_is_true (JsonObject *object, const char *key);
/* An object in a list. */
JsonObject *vlm_json_get_element (JsonArray *array, guint i);

const char *vlm_json_node_string (JsonNode *node);
/* Whole numbers, also as 14.0; beyond 2^62 it is G_MAXINT64. */
gboolean vlm_json_node_int (JsonNode *node, gint64 *value);
