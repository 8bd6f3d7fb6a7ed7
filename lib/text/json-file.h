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
