/* gst-vlm: replies of a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "analyzer/answerer.h"

/* The answer in @body. .max_tokens is for the caller to fill in. (transfer
 * full); VLM_REMOTE_ERROR_SERVER for what is no answer. */
VlmReply *vlm_remote_reply_read (const GString *body, GError **error);

/* How probable each choice of @kind is as the first token, among the tokens that
 * are listed, and how many tokens it took. VLM_REMOTE_ERROR_SERVER if none is
 * listed. */
gboolean vlm_remote_reply_weigh (const GString *body, const VlmAnswerKind *kind,
    double *probabilities, VlmUsage *usage, GError **error);
