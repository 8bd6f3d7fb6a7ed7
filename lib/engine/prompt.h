/* gst-vlm: a user's turn, and what answers to it are bounded by
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-session.h>

#include "grammar/answer-kind.h"
#include "model/layout.h"

/* What answers about the pictures of @prompt are bounded by: the length of its
 * first video, and the size of its first picture or video. */
VlmAnswerBounds vlm_prompt_get_bounds (const VlmPrompt *prompt);

/* The whole turn, as it is sent, in the log of answers. */
void vlm_prompt_log (const VlmPrompt *prompt);
