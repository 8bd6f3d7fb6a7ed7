/* gst-vlm: JSON from a server, which may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* VLM_REMOTE_ERROR_SERVER for what is no JSON object in UTF-8. (transfer full) */
JsonNode *
vlm_remote_json_parse (const char *data, gsize n_bytes, GError **error);

/* (transfer none): NULL where there is none, or one with U+0000 in it. @object
 * may be NULL. */
const char *vlm_remote_json_string (JsonObject *object, const char *name);
