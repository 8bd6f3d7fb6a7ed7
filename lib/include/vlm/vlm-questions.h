/* gst-vlm: what windows are asked
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

#define VLM_TYPE_QUESTIONS (vlm_questions_get_type ())

/**
 * VlmQuestions:
 * @version: said in every event (query_version): lets the reader tell answers
 *   to these questions from answers to others; 0 for none
 * @prompt: (nullable): question that replaces the default one; `{query}` in it
 *   stands for each query in turn
 * @queries: (array zero-terminated=1) (nullable): what to look for, one question
 *   each; %NULL or empty for everything that happens
 * @max_tokens: longest answer to one question, 0 for the default
 * @ground: look for a box of each event that begins
 *
 * What windows are asked. A @prompt without `{query}` is asked once, and its
 * events name no query.
 */
typedef struct
{
  guint64 version;
  char *prompt;
  char **queries;
  guint max_tokens;
  gboolean ground;
} VlmQuestions;

VLM_API GType vlm_questions_get_type (void) G_GNUC_CONST;
VLM_API VlmQuestions *vlm_questions_copy (const VlmQuestions *questions);
VLM_API void vlm_questions_free (VlmQuestions *questions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmQuestions, vlm_questions_free)

G_END_DECLS
