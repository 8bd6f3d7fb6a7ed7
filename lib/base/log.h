/* gst-vlm: log messages of the library
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prompts and answers are long, and private to the people in the video:
 * they have a domain of their own. */
#pragma once

#include <vlm/vlm-log.h>

#define VLM_LOG_ENGINE "vlm"
#define VLM_LOG_ANSWER "vlm-answer"

/* @level: of GLib, without flags */
void vlm_log (const char *domain, GLogLevelFlags level, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

#define vlm_warning(...)                                                       \
  vlm_log (VLM_LOG_ENGINE, G_LOG_LEVEL_WARNING, __VA_ARGS__)
#define vlm_info(...) vlm_log (VLM_LOG_ENGINE, G_LOG_LEVEL_INFO, __VA_ARGS__)
#define vlm_debug(...) vlm_log (VLM_LOG_ENGINE, G_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define vlm_log_answer(...)                                                    \
  vlm_log (VLM_LOG_ANSWER, G_LOG_LEVEL_DEBUG, __VA_ARGS__)
