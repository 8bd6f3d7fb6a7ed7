/* gst-vlm: JSON from a server, which may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is missing, or of another type, is NULL, or the fallback; so is a string
 * with U+0000 in it. */
#pragma once

#include <json-glib/json-glib.h>

/* VLM_REMOTE_ERROR_SERVER for what is no JSON object in UTF-8. (transfer full) */
JsonNode *
vlm_remote_json_parse (const char *data, gsize n_bytes, GError **error);

/* @object may be NULL. All (transfer none). */
const char *vlm_remote_json_string (JsonObject *object, const char *name);
JsonObject *vlm_remote_json_object (JsonObject *object, const char *name);
JsonArray *vlm_remote_json_array (JsonObject *object, const char *name);
gint64
vlm_remote_json_int (JsonObject *object, const char *name, gint64 fallback);
/* FALSE where it is no number. */
gboolean
vlm_remote_json_number (JsonObject *object, const char *name, double *value);
/* @array may be NULL; NULL beyond its end. */
JsonObject *vlm_remote_json_element (JsonArray *array, guint i);
