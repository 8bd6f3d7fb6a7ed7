/* gst-vlm: from the reports of overlapping windows to events with a life cycle
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each window reports what it saw. Several windows see the same event, cut off
 * by their ends. The tracker joins the reports into one event with a stable
 * id: begin while it lasts, update when it changes, end once. An event that has
 * ended when it is first seen has only an end record. The order of the
 * reports of a window does not matter. docs/events.md has the rules. */
#pragma once

#include <vlm/vlm-event.h>

typedef struct _VlmTracker VlmTracker;

/* Completes an event that begins (its box). @event: not shared, may be changed,
 * but not its times, query and description. FALSE with @error: the window
 * fails. */
typedef gboolean (*VlmTrackerFunc) (
    VlmEvent *event, gpointer user_data, GError **error);

/* One look at the video; stream times. */
typedef struct
{
  gint64 seen_from;        /* start of what was looked at */
  gint64 asked_from;       /* start of the window of the question */
  gint64 tolerance_ns;     /* times that differ by no more are the same: the
                         * distance of two slices */
  VlmTrackerFunc complete; /* nullable */
  gpointer user_data;
} VlmTrackerLook;

VlmTracker *vlm_tracker_new (void);
void vlm_tracker_free (VlmTracker *tracker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTracker, vlm_tracker_free)

/* Takes the reports of one window (id and state not set; times on all clocks)
 * and returns the records to emit, in order of their start. NULL when a
 * completion failed: then nothing happened. (transfer full) of VlmEvent, both
 * ways */
GPtrArray *vlm_tracker_push (VlmTracker *tracker, GPtrArray *reports,
    const VlmTrackerLook *look, GError **error);

/* The id of the next event, for events that are created outside the tracker,
 * which must increment it. */
guint64 *vlm_tracker_get_next_id (VlmTracker *tracker);

/* The stream ended or broke off: ends the open events. Ids continue. */
GPtrArray *vlm_tracker_finish (VlmTracker *tracker);

/* Forgets everything without a record (flush). */
void vlm_tracker_reset (VlmTracker *tracker);
