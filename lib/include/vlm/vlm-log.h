/* gst-vlm: what the library says to who looks into it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmLogFunc:
 * @domain: "vlm", or "vlm-answer" for prompts and answers
 * @level: warning, info or debug
 * @message: one or more lines, without the last one's end; what a model wrote
 *   is in it as it is
 * @user_data: closure
 *
 * Takes a message, on the thread that has it.
 *
 * Since: 0.1
 */
typedef void (*VlmLogFunc) (const char *domain, GLogLevelFlags level,
    const char *message, gpointer user_data);

VLM_API void vlm_log_set_func (VlmLogFunc func, gpointer user_data);

G_END_DECLS
