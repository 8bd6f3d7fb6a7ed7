/* gst-vlm: from what overlapping windows report to events with a life
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each window says what it saw. The same happening is seen by several windows,
 * cut off by their ends. The tracker joins the reports into one event with a
 * stable id: begin while it goes on, update when it changes, end once. An event
 * that was over when it was first seen has only an end record. Deterministic. */
#pragma once

#include <vlm/vlm-event.h>

typedef struct _VlmTracker VlmTracker;

/* @tolerance_ns: times that differ by no more are the same: the distance of two
 * slices, below which the model cannot tell. */
VlmTracker *vlm_tracker_new (gint64 tolerance_ns);
void vlm_tracker_free (VlmTracker *tracker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTracker, vlm_tracker_free)

/* Takes the reports of one window (id and state not set; times on all clocks)
 * and returns the records to emit, in order of their start. @window: stream
 * times. (transfer full) of VlmEvent, both ways */
GPtrArray *vlm_tracker_push (
    VlmTracker *tracker, GPtrArray *reports, const VlmEventWindow *window);

/* The stream ended or broke off: ends what is open. Ids go on counting. */
GPtrArray *vlm_tracker_finish (VlmTracker *tracker);

/* Forgets without a word (flush). */
void vlm_tracker_reset (VlmTracker *tracker);
