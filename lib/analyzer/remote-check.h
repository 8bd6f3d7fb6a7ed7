/* gst-vlm: whether an answer that no mask constrained has the requested form
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"

/* Whether @text has the form of @kind, in or out of a code fence; @is_cut_off: or
 * may be the beginning of such a text. VLM_EVENT_ERROR_SCHEMA with the place of
 * the first mismatch. Nothing is repaired. */
gboolean
vlm_remote_check (const VlmAnswerKind *kind, const VlmAnswerBounds *bounds,
    const char *text, gboolean is_cut_off, GError **error);
