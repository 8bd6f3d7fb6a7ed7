/* gst-vlm: from the model's HTML to the blocks of a document
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-mark.h>

/* QwenVL HTML: elements with data-bbox ("x1 y1 x2 y2") or data-polygon, in or out
 * of a code fence, whole or cut off. Each is a mark: its label is its class or
 * its name, its text is its content, and html has the structure of tables and
 * lists. An element that is not inside of @width x @height keeps its text and
 * loses its place, which counts as rejected, with the reason of the first in
 * @why. Nothing is fetched and no markup gets through: everything but tables and
 * lists is text. (transfer full), or VLM_EVENT_ERROR_SYNTAX if there is no
 * markup, or no UTF-8. */
GPtrArray *vlm_document_parse (const char *text, guint width, guint height,
    guint *n_rejected, char **why, GError **error);
