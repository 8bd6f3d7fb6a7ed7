/* gst-vlm: from the model's text to events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmFinding:
 * @start_ns: when it began, ns since the first slot of the video
 * @end_ns: when it ended, likewise
 * @description: the model's description of it
 * @text_start: first byte of its part of the answer
 * @text_end: one past the last one
 *
 * One event in an answer.
 *
 * Since: 0.1
 */
typedef struct
{
  gint64 start_ns;
  gint64 end_ns;
  char *description;
  gsize text_start;
  gsize text_end;
} VlmFinding;

VLM_API void vlm_finding_free (VlmFinding *finding);
VLM_API GPtrArray *vlm_event_parse (const char *text, gint64 duration_ns,
    guint *n_rejected, char **why, GError **error);

G_END_DECLS
