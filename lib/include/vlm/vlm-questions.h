/* gst-vlm: what windows are asked
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmConditionRules:
 * @on_threshold: a condition begins when it is more probable than this, 0 for
 *   0.6
 * @off_threshold: and ends when it is less probable than this, 0 for 0.4; one
 *   that is above @on_threshold counts as that
 * @confirm: so many windows in a row must be above @on_threshold, 0 for 1
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
 * @version: said in every event (query_version): lets the reader tell answers
 *   to these questions from answers to others; 0 for none
 * @prompt: (nullable): question that replaces the default one; `{query}` in it
 *   stands for each query in turn
 * @queries: (array zero-terminated=1) (nullable): what to look for, one question
 *   each; %NULL or empty for everything that happens
 * @max_tokens: longest answer to one question, 0 for the default
 * @ground: look for a box of each event that begins
 * @conditions: (array zero-terminated=1) (nullable): statements in the present
 *   tense that each window is asked for with yes or no; `name=text` gives one a
 *   name, else the text is its name
 * @condition_rules: when a condition holds
 * @locate: ask when, within a window, a condition that begins or ends does so
 * @task: (nullable): name of the kind of answer that is asked for, see
 *   #VlmAnswerKind; %NULL for `events`. Answers of other kinds become no events,
 *   but records, see vlm_analyzer_take_answers()
 * @detail: (nullable): of the kind: the JSON schema of `json`
 * @system: (nullable): what the system's turn says, instead of what the task does
 * @language: (nullable): in which answers are written, such as `German`; nothing
 *   is said of it where it is %NULL
 * @sets_temperature: whether @temperature counts; else what the checkpoint says
 * @temperature: of the sampling, 0 for greedy
 * @seed: of the sampling
 *
 * What windows are asked. With @conditions and neither @prompt nor @queries nor
 * @task, these alone. A @prompt without `{query}` is asked once, and its
 * events name no query.
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
