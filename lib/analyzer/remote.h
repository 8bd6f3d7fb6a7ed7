/* gst-vlm: what the analyzer sees of a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-remote.h>

#include "analyzer/answerer.h"

/* vlm_remote_generate() with bounds of the caller's for the form of the
 * answer. (transfer full) */
VlmReply *vlm_remote_run (VlmRemote *remote, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmAnswerBounds *bounds,
    GCancellable *cancellable, GError **error);

/* As vlm_answerer_weigh(). */
gboolean vlm_remote_weigh (VlmRemote *remote, const VlmPrompt *prompt,
    const VlmAnswerKind *kind, double *probabilities, VlmUsage *usage,
    GCancellable *cancellable, GError **error);

/* How it learns the times of the frames of @window; static. */
const char *
vlm_remote_get_time_basis (VlmRemote *remote, const VlmWindow *window);
