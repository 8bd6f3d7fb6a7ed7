/* gst-vlm: an analyzer whose windows are observed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>

#define EVAL_TYPE_OBSERVER (eval_observer_get_type ())

G_DECLARE_FINAL_TYPE (EvalObserver, eval_observer, EVAL, OBSERVER, GObject)

/* Passes all calls on to the default analyzer of vlmevents. The frames of the
 * windows also go through the cheapest detector there is: something moves where
 * a frame differs from the one before it. So both have seen the same. */
EvalObserver *eval_observer_new (void);

/* When something moved: an array of EvalSpan, in s of stream time. And how much
 * was analysed. To be called while nothing is analysed. */
const GArray *eval_observer_get_moves (EvalObserver *observer);
guint eval_observer_get_n_windows (EvalObserver *observer);
guint eval_observer_get_n_frames (EvalObserver *observer);
double eval_observer_get_end (EvalObserver *observer);
