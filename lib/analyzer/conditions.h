/* gst-vlm: the conditions that are checked in each window
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>
#include <vlm/vlm-questions.h>

#include "analyzer/answerer.h"

/* The conditions of some questions, and which of them hold. One thread. */
typedef struct _VlmConditions VlmConditions;

VlmConditions *vlm_conditions_new (void);
void vlm_conditions_free (VlmConditions *conditions);
gboolean vlm_conditions_is_empty (const VlmConditions *conditions);

/* Sets the conditions from now on. A condition whose name and text stay the
 * same continues; one that is removed ends. The functions with @records,
 * VlmEvent, add to them. */
void vlm_conditions_set (VlmConditions *conditions,
    const VlmQuestions *questions, GPtrArray *records);

/* VLM_LOAD_ERROR_UNSUPPORTED if there are conditions, and @answerer cannot
 * return probabilities. */
gboolean vlm_conditions_check (const VlmConditions *conditions,
    VlmAnswerer *answerer, GCancellable *cancellable, GError **error);

/* Asks for each of them, and when those that begin or end do so, if that is
 * wanted; changes nothing. @report: what all records of the window have in
 * common. @is_apart: as in VlmRequest. (transfer full): what
 * vlm_conditions_push() takes */
GArray *vlm_conditions_ask (VlmConditions *conditions, VlmAnswerer *answerer,
    VlmWindow *window, const VlmEvent *report, gboolean is_apart,
    GCancellable *cancellable, GError **error);
/* With the same @window and @report. @next_id: as in vlm_condition_push(). */
void vlm_conditions_push (VlmConditions *conditions, const GArray *answers,
    VlmWindow *window, const VlmEvent *report, guint64 *next_id,
    GPtrArray *records);

/* The stream ended or broke off. */
void vlm_conditions_finish (VlmConditions *conditions, GPtrArray *records);
/* Forgets everything without a record (flush). */
void vlm_conditions_reset (VlmConditions *conditions);
