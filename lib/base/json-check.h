/* gst-vlm: strict JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Far above what real files need; beyond these, TOO_LARGE. */
#define VLM_MAX_JSON_DEPTH 64u
#define VLM_MAX_JSON_VALUES 4000000u /* each costs about 100 bytes of heap */

/* Whether @data is JSON according to RFC 8259: UTF-8, one value, no NaN, no
 * comments, no leading zeros; strings hold no NUL; within the limits above.
 * Errors are VLM_LOAD_ERROR_CORRUPT or TOO_LARGE with "@source:line:column".
 * Linear time.
 *
 * Appends to @wide, of gsize, where each integer ends that does not fit gint64
 * (Python writes 10^30 for "no limit"): a parser that would wrap it around
 * must be made to read it as a float. */
gboolean vlm_json_check (const char *data, gsize n_bytes, const char *source,
    GArray *wide, GError **error);

/* Checks a text and changes it so that a lax parser reads it as it is meant:
 * without a byte order mark, and with wide integers as floats. *data and *n_bytes
 * change to that text, which is the old one or *owned (g_free). */
gboolean vlm_json_prepare (const char **data, gsize *n_bytes, char **owned,
    const char *source, GError **error);
