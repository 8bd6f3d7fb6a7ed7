/* gst-vlm: what comes over the border of the picture and goes over it again
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model may know that something was there, but not from when to when. What
 * came into view and went out of it again was there while it moved. What came
 * and stayed cannot be told from this: it may stand still. */
#pragma once

#include <vlm/vlm-event.h>
#include <vlm/vlm-window.h>

/* From the first frame that differs from the one before it to the last one, with
 * pauses. Stream times. */
typedef struct
{
  gint64 start;
  gint64 end; /* of the window, if something moves at its end */
  /* Nothing moved before it, what moves first is at the border, and so is what
   * moves last, unless that is seen in the next window only. */
  gboolean is_visit;
} VlmStretch;

/* The motion in @window: VlmStretch, in order. (transfer full), NULL if nothing
 * can be said: so much differs that the camera must have moved, or the frames
 * are of several sizes. Noise and light that changes all over are no motion. */
GArray *vlm_visits_find (const VlmWindow *window);

/* What became of reports. */
typedef struct
{
  guint n_cut;      /* shortened, some to several */
  guint n_repeated; /* left out after that: another report has that time */
} VlmVisitCounts;

/* Cuts the reports of @window with @label to the visits that they speak of: to
 * the first one if something enters, to the last one if it leaves, to all from
 * first to last if it does both, else to each. Of what was cut by more than a
 * slice, one report of a visit stays, and none if another one has this time
 * anyway. A report that something appears or disappears stays as it is, and so
 * does one that touches other motion, or has no half of a visit, or another
 * label.
 * @stretches: of @window. */
void vlm_visits_cut (GPtrArray *reports, const VlmWindow *window,
    const GArray *stretches, const char *label, VlmVisitCounts *counts);
