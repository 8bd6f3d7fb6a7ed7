/* gst-vlm: when in a window a condition holds
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/answerer.h"
#include "events/condition.h"

/* Asks the question for a list of events that the model was trained on, about
 * @text in @window, and takes from the first start to the last end. @span has
 * neither if the answer has no events in it, or is no list. @max_tokens,
 * @is_apart: as in VlmRequest. Errors of the answerer alone. */
gboolean vlm_locate (VlmAnswerer *answerer, const VlmWindow *window,
    const char *text, guint max_tokens, gboolean is_apart,
    VlmConditionSpan *span, GCancellable *cancellable, GError **error);
