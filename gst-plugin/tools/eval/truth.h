/* gst-vlm: what happens in a video, as a file says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Appends an EvalSpan (s) for each time that @query is seen to @spans, as the
 * file at @path says: one JSON object whose "any_object_in_view" lists [start,
 * end], whatever the query is; or records of events, one a line, as vlmtestsrc
 * writes them, of which those with the label @query count, and all for "object".
 * G_FILE_ERROR or G_JSON_PARSER_ERROR that names file and line. */
gboolean eval_truth_read (
    const char *path, const char *query, GArray *spans, GError **error);
