/* gst-vlm: the conditions that are checked in each window
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/conditions.h"

#include <string.h>

#include "analyzer/kinds.h"
#include "analyzer/locate.h"
#include "base/log.h"
#include "events/condition.h"

/* A condition, and the windows in which its begin and its end are located. */
typedef struct
{
  VlmCondition *condition;
  VlmWindow *first; /* of those that are above in a row, before it holds */
  VlmWindow *last;  /* in which it held */
  VlmConditionSpan last_span; /* in that window, if it was located */
} Entry;

struct _VlmConditions
{
  GPtrArray *list; /* Entry */
  VlmConditionRules rules;
  gboolean locates;
  guint max_tokens;    /* of an answer that locates */
  gboolean has_warned; /* since they were set */
};

typedef struct
{
  double probability;
  double mass;
  VlmConditionSpan span;      /* where it begins or ends with this window */
  gboolean is_of_this_window; /* all of @span */
} Answer;

static void
forget_windows (Entry *entry)
{
  g_clear_pointer (&entry->first, vlm_window_unref);
  g_clear_pointer (&entry->last, vlm_window_unref);
  entry->last_span = (VlmConditionSpan){ 0 };
}

static void
asked_free (gpointer data)
{
  Entry *entry = data;

  forget_windows (entry);
  vlm_condition_free (entry->condition);
  g_free (entry);
}

VlmConditions *
vlm_conditions_new (void)
{
  VlmConditions *self = g_new0 (VlmConditions, 1);

  self->list = g_ptr_array_new_with_free_func (asked_free);
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
static Entry *
parse (const char *words)
{
  Entry *entry;
  const char *sign = strchr (words, '=');
  g_autofree char *text = g_strstrip (g_strdup (sign ? sign + 1 : words));
  g_autofree char *name =
      g_strstrip (sign ? g_strndup (words, sign - words) : g_strdup (words));

  if (text[0] == '\0') {
    vlm_warning ("the condition \"%s\" is empty and is ignored", words);
    return NULL;
  }
  entry = g_new0 (Entry, 1);
  entry->condition = vlm_condition_new (name[0] != '\0' ? name : text, text);
  return entry;
}

static gboolean
is_same (const Entry *a, const Entry *b)
{
  return g_str_equal (vlm_condition_get_name (a->condition),
             vlm_condition_get_name (b->condition)) &&
      g_str_equal (vlm_condition_get_text (a->condition),
          vlm_condition_get_text (b->condition));
}

/* (transfer full) (nullable): the one in @list that is like @wanted, taken out */
static Entry *
take (GPtrArray *list, const Entry *wanted)
{
  for (guint i = 0; i < list->len; i++)
    if (is_same (list->pdata[i], wanted))
      return g_ptr_array_steal_index (list, i);
  return NULL;
}

static void
finish_all (GPtrArray *list, GPtrArray *records)
{
  for (guint i = 0; i < list->len; i++) {
    Entry *entry = list->pdata[i];
    VlmEvent *record = vlm_condition_finish (entry->condition);

    forget_windows (entry);
    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

void
vlm_conditions_set (
    VlmConditions *self, const VlmQuestions *questions, GPtrArray *records)
{
  g_autoptr (GPtrArray) before = self->list;

  self->list = g_ptr_array_new_with_free_func (asked_free);
  self->rules = questions->condition_rules;
  self->locates = questions->locate;
  self->max_tokens = questions->max_tokens;
  self->has_warned = FALSE;
  for (char **words = questions->conditions; words != NULL && *words != NULL;
       words++) {
    Entry *wanted = parse (*words);
    Entry *old = wanted != NULL ? take (before, wanted) : NULL;

    if (old != NULL) {
      asked_free (wanted);
      wanted = old;
    }
    if (wanted != NULL)
      g_ptr_array_add (self->list, wanted);
  }
  finish_all (before, records);
}

gboolean
vlm_conditions_check (const VlmConditions *self, VlmAnswerer *answerer,
    GCancellable *cancellable, GError **error)
{
  return self->list->len == 0 ||
      vlm_answerer_can_weigh (answerer, &vlm_kind_yes_no, cancellable, error);
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
  request->query = text;
  if (!vlm_answerer_weigh (answerer, request, p, cancellable, error))
    return FALSE;
  answer->mass = p[VLM_YES] + p[VLM_NO];
  answer->probability = answer->mass > 0.0 ? p[VLM_YES] / answer->mass : 0.0;
  warn_no_answer (self, answerer, answer->mass);
  return TRUE;
}

/* The begin is located in the first window that was above the threshold, the end
 * in the last one in which it held; that may have located the end already. */
static gboolean
locate (VlmConditions *self, VlmAnswerer *answerer, const Entry *entry,
    VlmWindow *window, VlmConditionChange change, gboolean is_apart,
    Answer *answer, GCancellable *cancellable, GError **error)
{
  const VlmWindow *where = window;

  if (change == VLM_CONDITION_BEGINS && entry->first != NULL)
    where = entry->first;
  else if (change == VLM_CONDITION_ENDS)
    where = entry->last;
  answer->is_of_this_window = where == window;
  if (change == VLM_CONDITION_ENDS && entry->last_span.has_end) {
    answer->span = entry->last_span;
    return TRUE;
  }
  if (where == NULL)
    return TRUE;
  if (!vlm_locate (answerer, where, vlm_condition_get_text (entry->condition),
          self->max_tokens, is_apart || where != window, &answer->span,
          cancellable, error))
    return FALSE;
  if (change == VLM_CONDITION_BEGINS && where != window)
    answer->span.has_end = FALSE;
  return TRUE;
}

static VlmEvent *
make_own (const VlmEvent *report, const Answer *answer)
{
  VlmEvent *own = vlm_event_copy (report);

  own->probability = answer->probability;
  own->mass = answer->mass;
  return own;
}

GArray *
vlm_conditions_ask (VlmConditions *self, VlmAnswerer *answerer,
    VlmWindow *window, const VlmEvent *report, gboolean is_apart,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) answers = g_array_new (FALSE, FALSE, sizeof (Answer));
  VlmRequest request = {
    .window = window,
    .kind = &vlm_kind_yes_no,
    .is_apart = is_apart,
  };

  for (guint i = 0; i < self->list->len; i++) {
    const Entry *entry = self->list->pdata[i];
    const char *text = vlm_condition_get_text (entry->condition);
    g_autoptr (VlmEvent) own = NULL;
    Answer answer = { 0 };
    VlmConditionChange change;

    if (!ask_one (self, answerer, &request, text, cancellable, &answer, error))
      return NULL;
    own = make_own (report, &answer);
    change = vlm_condition_foresee (entry->condition, &self->rules, own);
    if (self->locates && change != VLM_CONDITION_STAYS &&
        !locate (self, answerer, entry, window, change, is_apart, &answer,
            cancellable, error))
      return NULL;
    g_array_append_val (answers, answer);
  }
  return g_steal_pointer (&answers);
}

/* --- what follows --------------------------------------------------------- */

static void
keep (VlmWindow **kept, VlmWindow *window)
{
  vlm_window_ref (window);
  g_clear_pointer (kept, vlm_window_unref);
  *kept = window;
}

/* Windows hold frames, so no more of them are kept than needed. */
static void
note_window (
    VlmConditions *self, Entry *entry, VlmWindow *window, const Answer *answer)
{
  gboolean holds = vlm_condition_holds (entry->condition);

  if (!self->locates ||
      (!holds && !vlm_condition_is_rising (entry->condition))) {
    forget_windows (entry);
  } else if (!holds) {
    if (entry->first == NULL)
      keep (&entry->first, window);
  } else if (answer->mass >= VLM_CONDITION_MIN_MASS) {
    g_clear_pointer (&entry->first, vlm_window_unref);
    keep (&entry->last, window);
    entry->last_span =
        answer->is_of_this_window ? answer->span : (VlmConditionSpan){ 0 };
  }
}

void
vlm_conditions_push (VlmConditions *self, const GArray *answers,
    VlmWindow *window, const VlmEvent *report, guint64 *next_id,
    GPtrArray *records)
{
  g_assert (answers->len == self->list->len);
  for (guint i = 0; i < answers->len; i++) {
    const Answer *answer = &g_array_index (answers, Answer, i);
    Entry *entry = self->list->pdata[i];
    g_autoptr (VlmEvent) own = make_own (report, answer);
    VlmEvent *record = vlm_condition_push (
        entry->condition, &self->rules, own, &answer->span, next_id);

    note_window (self, entry, window, answer);
    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

void
vlm_conditions_finish (VlmConditions *self, GPtrArray *records)
{
  finish_all (self->list, records);
}

void
vlm_conditions_reset (VlmConditions *self)
{
  for (guint i = 0; i < self->list->len; i++) {
    Entry *entry = self->list->pdata[i];

    forget_windows (entry);
    vlm_condition_reset (entry->condition);
  }
}
