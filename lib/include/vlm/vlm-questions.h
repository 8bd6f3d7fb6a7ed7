/* gst-vlm: the questions about windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmConditionRules:
 * @on_threshold: a condition begins when it is more probable than this, 0 for
 *   0.6
 * @off_threshold: and ends when it is less probable than this, 0 for 0.4; at
 *   most @on_threshold, which is used if this is larger
 * @confirm: number of consecutive windows that must be above @on_threshold, 0
 *   for 1
 * @cooldown: ns after the end in which it does not begin again
 *
 * When a condition holds.
 *
 * Since: 0.1
 */
typedef struct
{
  double on_threshold;
  double off_threshold;
  guint confirm;
  gint64 cooldown;
} VlmConditionRules;

#define VLM_TYPE_QUESTIONS (vlm_questions_get_type ())

/**
 * VlmQuestions:
 * @version: copied to every event (query_version), to distinguish answers to
 *   different questions; 0 for none
 * @prompt: (nullable): question that replaces the default one; `{query}` in it
 *   is replaced by each query in turn
 * @queries: (array zero-terminated=1) (nullable): what to look for, one question
 *   each; %NULL or empty for everything that happens
 * @max_tokens: longest answer to one question, 0 for the default
 * @ground: look for a box of each event that begins
 * @conditions: (array zero-terminated=1) (nullable): statements in the present
 *   tense that are checked in each window; `name=text` gives one a name, else
 *   the text is its name
 * @condition_rules: when a condition holds
 * @locate: find the time within a window at which a condition begins or ends
 * @task: (nullable): name of a kind of answer, see #VlmAnswerKind; %NULL for
 *   `events`. Answers of other kinds become records instead of events, see
 *   vlm_analyzer_take_answers()
 * @detail: (nullable): detail of the kind: the JSON schema of `json`
 * @system: (nullable): text of the system turn, instead of that of the task
 * @language: (nullable): language of the answers, such as `German`; not
 *   specified if %NULL
 * @sets_temperature: use @temperature instead of the checkpoint's default
 * @temperature: of the sampling, 0 for greedy
 * @seed: of the sampling
 *
 * The questions about each window. With @conditions and neither @prompt nor
 * @queries nor @task, only the conditions are checked. A @prompt without
 * `{query}` is one question, whose events name no query.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 version;
  char *prompt;
  char **queries;
  guint max_tokens;
  gboolean ground;
  char **conditions;
  VlmConditionRules condition_rules;
  gboolean locate;
  char *task;
  char *detail;
  char *system;
  char *language;
  gboolean sets_temperature;
  double temperature;
  guint64 seed;
} VlmQuestions;

VLM_API GType vlm_questions_get_type (void) G_GNUC_CONST;
VLM_API VlmQuestions *vlm_questions_copy (const VlmQuestions *questions);
VLM_API void vlm_questions_free (VlmQuestions *questions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmQuestions, vlm_questions_free)

G_END_DECLS
