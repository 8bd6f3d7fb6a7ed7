/* gst-vlm: the questions about windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-questions.h>

#include "grammar/answer-kind.h"

/* One question about a window. */
typedef struct
{
  char *query; /* NULL: none */
  char *text;  /* the prompt for the model */
  const VlmAnswerKind *kind;
} VlmQuestion;

/* The questions about each window beside the conditions, in order; at least
 * one if there are no conditions. (transfer full) of VlmQuestion */
GPtrArray *vlm_questions_expand (const VlmQuestions *questions);
