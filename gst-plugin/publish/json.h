/* gst-vlm: JSON that comes to the publisher
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/gstvlmjson.h"

G_BEGIN_DECLS

/* @text must be one JSON object and nothing else. json-glib accepts more than
 * JSON (comments, several values, any depth), this does not. (transfer full) */
JsonNode *
gst_vlm_json_parse_object (const char *text, gsize size, GError **error);

/* Members that may be absent or of another type: NULL, @otherwise. */
const char *gst_vlm_json_get_string (JsonObject *object, const char *name);
gint64
gst_vlm_json_get_int (JsonObject *object, const char *name, gint64 otherwise);
double gst_vlm_json_get_double (
    JsonObject *object, const char *name, double otherwise);
JsonObject *gst_vlm_json_get_object (JsonObject *object, const char *name);
JsonArray *gst_vlm_json_get_array (JsonObject *object, const char *name);

/* Sets copies of all members of @from on @to, in their order. */
void gst_vlm_json_copy_members (JsonObject *from, JsonObject *to);

G_END_DECLS
