/* gst-vlm: the kinds of answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"

extern const VlmAnswerKind vlm_kind_free;
extern const VlmAnswerKind vlm_kind_events; /* reads VlmFinding */
extern const VlmAnswerKind vlm_kind_boxes;  /* reads VlmFoundBox */
