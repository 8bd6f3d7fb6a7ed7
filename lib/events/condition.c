/* gst-vlm: from probabilities of windows to a condition that holds
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/condition.h"

#include <math.h>

#define ON_THRESHOLD 0.6
#define OFF_THRESHOLD 0.4

/* A change of the probability that is worth an update. */
#define MATERIAL_CHANGE 0.1

struct _VlmCondition
{
  char *name;
  char *text;
  VlmEvent
      *event;    /* as last emitted, or changed since; NULL: it does not hold */
  GArray *looks; /* VlmProbability, the oldest first */
  gint64 seen_until;   /* end of the last window */
  VlmInstant seen_end; /* likewise */
  gint64 over_until;   /* end of the event before; VLM_TIME_NONE */
  gint64 quiet_until;  /* nothing begins before; VLM_TIME_NONE */

  /* Windows in a row that were above the threshold, while it does not hold. */
  guint n_above;
  VlmInstant since;
  VlmTimeSource since_source;

  /* Whether a question of its own located them. */
  gboolean has_located_start;
  gboolean has_located_end;

  double reported;    /* probability in the last record */
  guint n_unreported; /* looks since then */
};

VlmCondition *
vlm_condition_new (const char *name, const char *text)
{
  VlmCondition *self = g_new0 (VlmCondition, 1);

  self->name = g_strdup (name);
  self->text = g_strdup (text);
  self->looks = g_array_new (FALSE, FALSE, sizeof (VlmProbability));
  vlm_condition_reset (self);
  return self;
}

void
vlm_condition_free (VlmCondition *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->event, vlm_event_unref);
  g_array_unref (self->looks);
  g_free (self->name);
  g_free (self->text);
  g_free (self);
}

const char *
vlm_condition_get_name (const VlmCondition *self)
{
  return self->name;
}

const char *
vlm_condition_get_text (const VlmCondition *self)
{
  return self->text;
}

void
vlm_condition_reset (VlmCondition *self)
{
  g_clear_pointer (&self->event, vlm_event_unref);
  g_array_set_size (self->looks, 0);
  self->seen_until = VLM_TIME_NONE;
  self->over_until = VLM_TIME_NONE;
  self->quiet_until = VLM_TIME_NONE;
  self->n_above = 0;
}

/* --- the rules ------------------------------------------------------------ */

static double
on_threshold (const VlmConditionRules *rules)
{
  return rules->on_threshold > 0.0 ? rules->on_threshold : ON_THRESHOLD;
}

static double
off_threshold (const VlmConditionRules *rules)
{
  double off =
      rules->off_threshold > 0.0 ? rules->off_threshold : OFF_THRESHOLD;

  return MIN (off, on_threshold (rules));
}

static gboolean
is_answer (const VlmEvent *report)
{
  return report->mass >= VLM_CONDITION_MIN_MASS;
}

static gboolean
is_above (const VlmCondition *self, const VlmConditionRules *rules,
    const VlmEvent *report)
{
  return is_answer (report) && report->probability > on_threshold (rules) &&
      (!VLM_TIME_IS_VALID (self->quiet_until) ||
          report->end.stream_time > self->quiet_until);
}

/* --- records -------------------------------------------------------------- */

static void
note_look (VlmCondition *self, const VlmEvent *report)
{
  const VlmProbability look = { report->end.stream_time, report->probability,
    report->mass };

  if (self->looks->len >= VLM_CONDITION_MAX_LOOKS)
    g_array_remove_index (self->looks, 0);
  g_array_append_val (self->looks, look);
  self->n_unreported++;
}

/* The result of the newest window. */
static void
take_report (VlmCondition *self, const VlmEvent *report)
{
  VlmEvent *event = self->event;

  event->probability = report->probability;
  event->mass = report->mass;
  event->confidence = MAX (event->confidence, report->probability);
  event->window = report->window;
  event->query_version = report->query_version;
}

/* As records have it; NULL: times are those of windows. */
static const char *
get_located (const VlmCondition *self)
{
  if (self->has_located_start)
    return self->has_located_end ? "both" : "start";
  return self->has_located_end ? "end" : NULL;
}

static VlmEvent *
emit (VlmCondition *self, VlmEventState state)
{
  VlmEvent *record = vlm_event_copy (self->event);

  record->state = state;
  record->ongoing = state != VLM_EVENT_STATE_END;
  record->probabilities = g_array_copy (self->looks);
  record->located = g_strdup (get_located (self));
  self->reported = record->probability;
  self->n_unreported = 0;
  return record;
}

/* The probability was not above the threshold in the window before: if the two
 * overlap, the condition began after the end of that one. */
static void
start_run (VlmCondition *self, const VlmEvent *report)
{
  gboolean overlaps = VLM_TIME_IS_VALID (self->seen_until) &&
      self->seen_until > report->start.stream_time &&
      self->seen_until < report->end.stream_time;

  self->since = overlaps ? self->seen_end : report->start;
  self->since_source = report->time_source;
}

/* It cannot begin before the event before it has ended. */
static void
take_located_start (VlmCondition *self, const VlmConditionSpan *span)
{
  self->has_located_start = span != NULL && span->has_start &&
      (!VLM_TIME_IS_VALID (self->over_until) ||
          span->start.stream_time >= self->over_until);
  self->has_located_end = FALSE;
  if (!self->has_located_start)
    return;
  self->event->start = span->start;
  self->event->time_source = span->time_source;
}

/* It cannot end before it begins. */
static void
take_located_end (VlmCondition *self, const VlmConditionSpan *span)
{
  self->has_located_end = span != NULL && span->has_end &&
      span->end.stream_time >= self->event->start.stream_time;
  if (self->has_located_end)
    self->event->end = span->end;
}

static VlmEvent *
wait_for_begin (VlmCondition *self, const VlmConditionRules *rules,
    const VlmEvent *report, const VlmConditionSpan *span, guint64 *next_id)
{
  VlmEvent *event;

  if (!is_above (self, rules, report)) {
    self->n_above = 0;
    return NULL;
  }
  if (self->n_above++ == 0)
    start_run (self, report);
  if (self->n_above < rules->confirm)
    return NULL;
  self->n_above = 0;
  self->event = event = vlm_event_copy (report);
  event->id = (*next_id)++;
  event->condition = g_strdup (self->name);
  event->label = g_strdup (self->name);
  event->description = g_strdup (self->text);
  event->query = g_strdup (self->text);
  event->start = self->since;
  event->time_source = self->since_source;
  take_located_start (self, span);
  take_located_end (self, span);
  take_report (self, report);
  return emit (self, VLM_EVENT_STATE_BEGIN);
}

/* It does not hold at any moment of the window that ends it: if that overlaps
 * with the one before, the condition ended when that window began. */
static VlmEvent *
end (VlmCondition *self, const VlmConditionRules *rules, const VlmEvent *report,
    const VlmConditionSpan *span)
{
  VlmEvent *event = self->event;
  VlmEvent *record;

  if (report->start.stream_time < event->end.stream_time)
    event->end = report->start.stream_time > event->start.stream_time
        ? report->start
        : event->start;
  take_located_end (self, span);
  take_report (self, report);
  record = emit (self, VLM_EVENT_STATE_END);
  self->over_until = event->end.stream_time;
  self->quiet_until = rules->cooldown < G_MAXINT64 - event->end.stream_time
      ? event->end.stream_time + rules->cooldown
      : G_MAXINT64;
  g_clear_pointer (&self->event, vlm_event_unref);
  return record;
}

static VlmEvent *
go_on (VlmCondition *self, const VlmConditionRules *rules,
    const VlmEvent *report, const VlmConditionSpan *span)
{
  if (is_answer (report)) {
    if (report->probability < off_threshold (rules))
      return end (self, rules, report, span);
    if (report->end.stream_time > self->event->end.stream_time) {
      self->event->end = report->end;
      self->has_located_end = FALSE;
    }
    take_report (self, report);
  }
  if (fabs (self->event->probability - self->reported) < MATERIAL_CHANGE &&
      self->n_unreported < VLM_CONDITION_MAX_LOOKS)
    return NULL;
  return emit (self, VLM_EVENT_STATE_UPDATE);
}

VlmConditionChange
vlm_condition_foresee (const VlmCondition *self, const VlmConditionRules *rules,
    const VlmEvent *report)
{
  if (self->event == NULL)
    return is_above (self, rules, report) && self->n_above + 1 >= rules->confirm
        ? VLM_CONDITION_BEGINS
        : VLM_CONDITION_STAYS;
  return is_answer (report) && report->probability < off_threshold (rules)
      ? VLM_CONDITION_ENDS
      : VLM_CONDITION_STAYS;
}

gboolean
vlm_condition_holds (const VlmCondition *self)
{
  return self->event != NULL;
}

gboolean
vlm_condition_is_rising (const VlmCondition *self)
{
  return self->n_above > 0;
}

VlmEvent *
vlm_condition_push (VlmCondition *self, const VlmConditionRules *rules,
    const VlmEvent *report, const VlmConditionSpan *span, guint64 *next_id)
{
  VlmEvent *record;

  note_look (self, report);
  record = self->event == NULL
      ? wait_for_begin (self, rules, report, span, next_id)
      : go_on (self, rules, report, span);
  self->seen_until = report->end.stream_time;
  self->seen_end = report->end;
  return record;
}

VlmEvent *
vlm_condition_finish (VlmCondition *self)
{
  VlmEvent *record =
      self->event != NULL ? emit (self, VLM_EVENT_STATE_END) : NULL;

  vlm_condition_reset (self);
  return record;
}
