/* gst-vlm: strict JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Whether @data is JSON as RFC 8259 says: UTF-8, one value, no NaN, no
 * comments, no leading zeros; strings hold no NUL; within the limits of
 * io/limits.h. Errors are VLM_LOAD_ERROR_CORRUPT or TOO_LARGE with
 * "@source:line:column". Linear time.
 *
 * Appends to @wide, of gsize, where each integer ends that does not fit gint64
 * (Python writes 10^30 for "no limit"): a parser that would wrap it around
 * must be made to read it as a float. */
gboolean vlm_json_check (const char *data, gsize n_bytes, const char *source,
    GArray *wide, GError **error);
