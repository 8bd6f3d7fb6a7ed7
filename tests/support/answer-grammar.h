/* gst-vlm: grammars of answers, for tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/kinds.h"

static inline VlmGrammar *
answer_grammar (const VlmAnswerKind *kind, const VlmAnswerBounds *bounds)
{
  g_autoptr (GError) error = NULL;
  VlmGrammar *grammar = vlm_answer_kind_compile (kind, bounds, &error);

  g_assert_no_error (error);
  return grammar;
}

static inline VlmGrammar *
events_grammar (guint max_items, guint max_text_bytes, gint64 duration_ns)
{
  const VlmAnswerBounds bounds = { .duration_ns = duration_ns,
    .max_items = max_items,
    .max_text_bytes = max_text_bytes };

  return answer_grammar (&vlm_kind_events, &bounds);
}

static inline VlmGrammar *
boxes_grammar (guint max_items, guint max_text_bytes, guint width, guint height)
{
  const VlmAnswerBounds bounds = { .duration_ns = -1,
    .width = width,
    .height = height,
    .max_items = max_items,
    .max_text_bytes = max_text_bytes };

  return answer_grammar (&vlm_kind_boxes, &bounds);
}
