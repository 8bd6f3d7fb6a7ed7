/* gst-vlm: the questions about windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/questions.h"

#include <string.h>

#include "analyzer/kinds.h"
#include "base/log.h"

#define QUERY_PLACE "{query}"
/* What replaces {query} in a prompt if there is no query. */
#define NO_QUERY "anything that happens"

G_DEFINE_BOXED_TYPE (
    VlmQuestions, vlm_questions, vlm_questions_copy, vlm_questions_free)

/**
 * vlm_questions_copy:
 * @questions: questions
 *
 * Copies all that @questions own: strings and arrays.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
VlmQuestions *
vlm_questions_copy (const VlmQuestions *questions)
{
  VlmQuestions *copy;

  g_return_val_if_fail (questions != NULL, NULL);

  copy = g_new (VlmQuestions, 1);
  *copy = *questions;
  copy->prompt = g_strdup (questions->prompt);
  copy->queries = g_strdupv (questions->queries);
  copy->conditions = g_strdupv (questions->conditions);
  copy->task = g_strdup (questions->task);
  copy->detail = g_strdup (questions->detail);
  copy->system = g_strdup (questions->system);
  copy->language = g_strdup (questions->language);
  return copy;
}

/**
 * vlm_questions_free:
 * @questions: (nullable) (transfer full): questions
 *
 * Frees questions that vlm_questions_copy() made.
 *
 * Since: 0.1
 */
void
vlm_questions_free (VlmQuestions *questions)
{
  if (questions == NULL)
    return;
  g_free (questions->prompt);
  g_strfreev (questions->queries);
  g_strfreev (questions->conditions);
  g_free (questions->task);
  g_free (questions->detail);
  g_free (questions->system);
  g_free (questions->language);
  g_free (questions);
}

static void
question_free (gpointer data)
{
  VlmQuestion *question = data;

  g_free (question->query);
  g_free (question->text);
  g_free (question);
}

static void
add_question (GPtrArray *list, const VlmAnswerKind *kind, const char *query,
    const char *prompt)
{
  VlmQuestion *question = g_new0 (VlmQuestion, 1);

  question->query = g_strdup (query);
  question->kind = kind;
  if (prompt == NULL) {
    question->text =
        vlm_answer_kind_make_question (kind, query, !kind->of_picture);
  } else {
    GString *text = g_string_new (prompt);

    g_string_replace (text, QUERY_PLACE, query != NULL ? query : NO_QUERY, 0);
    question->text = g_string_free (text, FALSE);
  }
  g_ptr_array_add (list, question);
}

/* NULL where there is none of that name. */
static const VlmAnswerKind *
find_kind (const char *task)
{
  const VlmAnswerKind *kind =
      task != NULL ? vlm_answer_kind_lookup (task) : &vlm_kind_events;

  if (kind == NULL)
    vlm_warning ("unknown task \"%s\"; it is ignored", task);
  return kind;
}

GPtrArray *
vlm_questions_expand (const VlmQuestions *questions)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (question_free);
  const VlmAnswerKind *kind = find_kind (questions->task);
  const char *prompt = questions->prompt;

  if (kind == NULL)
    return list;
  if (prompt != NULL && prompt[0] == '\0')
    prompt = NULL;
  if (prompt == NULL || strstr (prompt, QUERY_PLACE) != NULL)
    for (char **query = questions->queries; query != NULL && *query != NULL;
         query++)
      add_question (list, kind, *query, prompt);
  if (list->len == 0 && prompt == NULL && kind->needs_about) {
    vlm_warning ("the task %s needs a query; it is ignored", kind->name);
    return list;
  }
  /* Questions that only set conditions want no list. */
  if (list->len == 0 &&
      (prompt != NULL || questions->task != NULL ||
          questions->conditions == NULL || questions->conditions[0] == NULL))
    add_question (list, kind, NULL, prompt);
  return list;
}
