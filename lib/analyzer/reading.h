/* gst-vlm: what an answer says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-reading.h>

#include "grammar/answer-kind.h"

/* What the form of an answer about @window, or else @picture, is bounded by;
 * both nullable. */
VlmAnswerBounds
vlm_reading_bounds (const VlmWindow *window, const VlmFrame *picture);
