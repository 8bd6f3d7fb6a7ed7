/* gst-vlm: from the model's text to findings
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the model said about one event. Times are ns since the first slice of
 * the context; it stands in bytes text_start … text_end - 1 of the text. */
typedef struct {
  gint64 start_ns;
  gint64 end_ns;
  char *description;
  gsize text_start;
  gsize text_end;
} VlmFinding;

void vlm_finding_free (VlmFinding *finding);

/* Reads the dense event list that the model was trained to write, in or out of
 * a code fence, whole or cut off in the middle (what is complete counts), and
 * the sentence "… happens in 64.0 - 72.0 seconds" that answers a single query.
 * An element that breaks the schema, or whose times lie outside of
 * 0 … duration_ns or run backwards, is left out, counted in @n_rejected and
 * described in @why (the first one), never bent into shape. Text that is none
 * of this is VLM_EVENT_ERROR_SYNTAX. (transfer full) of VlmFinding */
GPtrArray *vlm_event_parse (const char *text, gint64 duration_ns,
    guint *n_rejected, char **why, GError **error);

/* "mm:ss.ff", "hh:mm:ss", "12.5", "12.5s" to ns. FALSE if it is none. */
gboolean vlm_event_parse_time (const char *text, gint64 *ns);
