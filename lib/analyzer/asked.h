/* gst-vlm: the record of a question and its answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/answerer.h"

/* All (transfer full), without what only the analyzer and the element know. */
VlmAnswerRecord *
vlm_asked_answered (const VlmRequest *request, const VlmReply *reply);
VlmAnswerRecord *vlm_asked_weighed (const VlmRequest *request,
    const double *probabilities, const VlmUsage *usage);
VlmAnswerRecord *
vlm_asked_failed (const VlmRequest *request, const GError *error);

/* What the model looks at with @window. */
VlmEventWindow vlm_asked_window (const VlmWindow *window);
