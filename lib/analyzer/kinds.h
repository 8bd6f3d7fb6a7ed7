/* gst-vlm: the kinds of answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/answer-kind.h"

extern const VlmAnswerKind vlm_kind_free;
extern const VlmAnswerKind vlm_kind_describe;
extern const VlmAnswerKind vlm_kind_events; /* reads VlmFinding */
extern const VlmAnswerKind vlm_kind_boxes;  /* reads VlmMark, as these three */
extern const VlmAnswerKind vlm_kind_points;
extern const VlmAnswerKind vlm_kind_ocr;
extern const VlmAnswerKind vlm_kind_document;
extern const VlmAnswerKind vlm_kind_count; /* reads the number, a char * */
extern const VlmAnswerKind vlm_kind_json;  /* reads the JSON, a char * */
/* Its choices are in the order below; reads the one that was taken, a const char
 * * of theirs. */
extern const VlmAnswerKind vlm_kind_yes_no;

enum
{
  VLM_YES,
  VLM_NO,
  VLM_N_YES_NO
};
