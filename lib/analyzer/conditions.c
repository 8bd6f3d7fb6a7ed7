/* gst-vlm: the conditions that each window is asked for
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/conditions.h"

#include <string.h>

#include "analyzer/kinds.h"
#include "base/log.h"
#include "events/condition.h"

struct _VlmConditions
{
  GPtrArray *list; /* VlmCondition */
  VlmConditionRules rules;
  gboolean has_warned; /* since they were set */
};

typedef struct
{
  double probability;
  double mass;
} Answer;

VlmConditions *
vlm_conditions_new (void)
{
  VlmConditions *self = g_new0 (VlmConditions, 1);

  self->list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_condition_free);
  return self;
}

void
vlm_conditions_free (VlmConditions *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->list);
  g_free (self);
}

gboolean
vlm_conditions_is_empty (const VlmConditions *self)
{
  return self->list->len == 0;
}

/* --- which ---------------------------------------------------------------- */

/* "name=text", or a text that is its own name. */
static VlmCondition *
parse (const char *words)
{
  const char *sign = strchr (words, '=');
  g_autofree char *text = g_strstrip (g_strdup (sign ? sign + 1 : words));
  g_autofree char *name =
      g_strstrip (sign ? g_strndup (words, sign - words) : g_strdup (words));

  if (text[0] == '\0') {
    vlm_warning ("the condition \"%s\" says nothing, and is not asked", words);
    return NULL;
  }
  return vlm_condition_new (name[0] != '\0' ? name : text, text);
}

/* (transfer full) (nullable): the one in @list that is like @wanted, taken out */
static VlmCondition *
take (GPtrArray *list, const VlmCondition *wanted)
{
  for (guint i = 0; i < list->len; i++)
    if (g_str_equal (vlm_condition_get_name (list->pdata[i]),
            vlm_condition_get_name (wanted)) &&
        g_str_equal (vlm_condition_get_text (list->pdata[i]),
            vlm_condition_get_text (wanted)))
      return g_ptr_array_steal_index (list, i);
  return NULL;
}

void
vlm_conditions_set (
    VlmConditions *self, const VlmQuestions *questions, GPtrArray *records)
{
  g_autoptr (GPtrArray) before = self->list;

  self->list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_condition_free);
  self->rules = questions->condition_rules;
  self->has_warned = FALSE;
  for (char **words = questions->conditions; words != NULL && *words != NULL;
       words++) {
    VlmCondition *wanted = parse (*words);
    VlmCondition *old = wanted != NULL ? take (before, wanted) : NULL;

    if (old != NULL) {
      vlm_condition_free (wanted);
      wanted = old;
    }
    if (wanted != NULL)
      g_ptr_array_add (self->list, wanted);
  }
  for (guint i = 0; i < before->len; i++) {
    VlmEvent *record = vlm_condition_finish (before->pdata[i]);

    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

gboolean
vlm_conditions_check (
    const VlmConditions *self, VlmAnswerer *answerer, GError **error)
{
  return self->list->len == 0 ||
      vlm_answerer_can_weigh (answerer, &vlm_kind_yes_no, error);
}

/* --- asking --------------------------------------------------------------- */

static void
warn_no_answer (VlmConditions *self, const VlmAnswerer *answerer, double mass)
{
  if (self->has_warned || mass >= VLM_CONDITION_MIN_MASS)
    return;
  self->has_warned = TRUE;
  vlm_warning ("%s answers a condition with neither yes nor no (together "
               "%.4f): windows with such answers do not count. It takes a "
               "model that was trained on such questions.",
      answerer->model, mass);
}

static gboolean
ask_one (VlmConditions *self, VlmAnswerer *answerer, VlmRequest *request,
    const char *text, GCancellable *cancellable, Answer *answer, GError **error)
{
  g_autofree char *question =
      vlm_answer_kind_make_question (request->kind, text, TRUE);
  double p[VLM_N_YES_NO];

  request->question = question;
  if (!vlm_answerer_weigh (answerer, request, p, cancellable, error))
    return FALSE;
  answer->mass = p[VLM_YES] + p[VLM_NO];
  answer->probability = answer->mass > 0.0 ? p[VLM_YES] / answer->mass : 0.0;
  warn_no_answer (self, answerer, answer->mass);
  return TRUE;
}

GArray *
vlm_conditions_ask (VlmConditions *self, VlmAnswerer *answerer,
    const VlmWindow *window, gboolean is_apart, GCancellable *cancellable,
    GError **error)
{
  g_autoptr (GArray) answers = g_array_new (FALSE, FALSE, sizeof (Answer));
  VlmRequest request = {
    .window = window,
    .kind = &vlm_kind_yes_no,
    .is_apart = is_apart,
  };

  for (guint i = 0; i < self->list->len; i++) {
    const char *text = vlm_condition_get_text (self->list->pdata[i]);
    Answer answer;

    if (!ask_one (self, answerer, &request, text, cancellable, &answer, error))
      return NULL;
    g_array_append_val (answers, answer);
  }
  return g_steal_pointer (&answers);
}

void
vlm_conditions_push (VlmConditions *self, const GArray *answers,
    const VlmEvent *report, guint64 *next_id, GPtrArray *records)
{
  g_assert (answers->len == self->list->len);
  for (guint i = 0; i < answers->len; i++) {
    const Answer *answer = &g_array_index (answers, Answer, i);
    g_autoptr (VlmEvent) own = vlm_event_copy (report);
    VlmEvent *record;

    own->probability = answer->probability;
    own->mass = answer->mass;
    record =
        vlm_condition_push (self->list->pdata[i], &self->rules, own, next_id);
    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

void
vlm_conditions_finish (VlmConditions *self, GPtrArray *records)
{
  for (guint i = 0; i < self->list->len; i++) {
    VlmEvent *record = vlm_condition_finish (self->list->pdata[i]);

    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

void
vlm_conditions_reset (VlmConditions *self)
{
  for (guint i = 0; i < self->list->len; i++)
    vlm_condition_reset (self->list->pdata[i]);
}
