/* gst-vlm: from probabilities of windows to a condition that holds
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each window gives the probability that a condition holds at any time in it.
 * While it holds there is an event, which begins with so many windows in a row
 * above one threshold, and ends with the first one below another. The rules are
 * in docs/events.md. Pure and deterministic; one thread. */
#pragma once

#include <vlm/vlm-event.h>
#include <vlm/vlm-questions.h>

/* A record has at most so many probabilities, the newest ones. */
#define VLM_CONDITION_MAX_LOOKS 16
/* A mass of yes and no together below this is no answer. */
#define VLM_CONDITION_MIN_MASS 0.05

typedef struct _VlmCondition VlmCondition;

/* When it held, more exactly than windows can say. */
typedef struct
{
  gboolean has_start;
  gboolean has_end;
  VlmInstant start;
  VlmInstant end;
  VlmTimeSource time_source; /* of @start */
} VlmConditionSpan;

typedef enum
{
  VLM_CONDITION_STAYS,
  VLM_CONDITION_BEGINS,
  VLM_CONDITION_ENDS,
} VlmConditionChange;

/* @text: the statement; @name: its name. */
VlmCondition *vlm_condition_new (const char *name, const char *text);
void vlm_condition_free (VlmCondition *condition);
const char *vlm_condition_get_name (const VlmCondition *condition);
const char *vlm_condition_get_text (const VlmCondition *condition);

/* What vlm_condition_push() will do with @report; changes nothing. */
VlmConditionChange vlm_condition_foresee (const VlmCondition *condition,
    const VlmConditionRules *rules, const VlmEvent *report);
/* Adds the result of one window: its start and end on all clocks, probability,
 * mass, and what all records of the window have in common. Windows come in
 * order. @span: (nullable): where it begins or ends, what is known of that;
 * the end of one that begins is in this very window. (transfer full)
 * (nullable): the record to emit. @next_id: the id of an event that begins,
 * then raised. */
VlmEvent *
vlm_condition_push (VlmCondition *condition, const VlmConditionRules *rules,
    const VlmEvent *report, const VlmConditionSpan *span, guint64 *next_id);
/* Whether it holds; whether windows are above the threshold, but not yet as many
 * as @confirm. */
gboolean vlm_condition_holds (const VlmCondition *condition);
gboolean vlm_condition_is_rising (const VlmCondition *condition);

/* The stream ended or broke off. (transfer full) (nullable): the end */
VlmEvent *vlm_condition_finish (VlmCondition *condition);

/* Forgets everything without a record (flush). */
void vlm_condition_reset (VlmCondition *condition);
