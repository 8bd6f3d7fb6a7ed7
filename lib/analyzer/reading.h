/* gst-vlm: parsed answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-reading.h>

#include "grammar/answer-kind.h"

/* What the form of an answer about @window and @seen, a frame of it or else a
 * picture, is bounded by; both nullable. */
VlmAnswerBounds
vlm_reading_bounds (const VlmWindow *window, const VlmFrame *seen);

/* vlm_reading_new() about @seen, the picture or a frame of @window, of which only
 * the sides are used, as marks count them, and where in the source it is. */
VlmReading *vlm_reading_read (const VlmAnswerKind *kind, const char *text,
    const char *detail, const VlmWindow *window, const VlmFrame *seen,
    GError **error);
