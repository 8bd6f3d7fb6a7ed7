/* gst-vlm: what the model is asked, and what it may answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-question.h>

#include "grammar/grammar.h"
#include "engine/prompt.h"

typedef struct
{
  char *query; /* NULL: none */
  char *text;  /* what the model is asked */
} VlmEventQuestion;

/* What each window is asked, in order; at least one question. (transfer full)
 * of VlmEventQuestion */
GPtrArray *vlm_event_questions_new (const VlmQuestions *questions);

/* Event lists with times up to @duration_ns. (transfer full) */
VlmGrammar *vlm_event_list_grammar_new (gint64 duration_ns);

/* The few boxes of one thing, in a picture of this size. (transfer full) */
VlmGrammar *vlm_event_box_grammar_new (guint width, guint height);

/* The grammar of @format, with times no later than the first video of @prompt
 * is long and boxes no larger than its first picture. (transfer full), NULL for
 * VLM_FORMAT_FREE; VLM_INFER_ERROR_BAD_INPUT without the picture it needs. */
VlmGrammar *vlm_format_grammar_new (
    VlmFormat format, const VlmPrompt *prompt, GError **error);
