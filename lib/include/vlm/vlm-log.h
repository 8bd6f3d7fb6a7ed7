/* gst-vlm: log messages of the library
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmLogFunc:
 * @domain: "vlm", or "vlm-answer" for prompts and answers
 * @level: warning, info or debug
 * @message: one or more lines, without the last one's end; text of a model is
 *   in it unchanged
 * @user_data: closure
 *
 * Receives a message, on the thread that logs it.
 *
 * Since: 0.1
 */
typedef void (*VlmLogFunc) (const char *domain, GLogLevelFlags level,
    const char *message, gpointer user_data);

VLM_API void vlm_log_set_func (VlmLogFunc func, gpointer user_data);

G_END_DECLS
