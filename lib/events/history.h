/* gst-vlm: how much video before a window the model sees
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Windows that overlap are answered from one growing piece of video: it begins
 * where the first of them began, the anchor, and each window only appends what is
 * new in it. So what the model holds of the video stays valid from window to
 * window. When it becomes too long it restarts with the newest window.
 * Pure bookkeeping; one thread. */
#pragma once

#include <vlm/vlm-sampler.h>

/* How long the video may grow. A window is never cut: one that is longer than
 * this is analysed alone. */
typedef struct
{
  gint64 max_ns;     /* 0: @n_windows times the window it began with */
  guint n_windows;   /* 0: four */
  gint64 trained_ns; /* no longer than this when max_ns is 0; 0: any length */
  guint max_tokens;
} VlmHistoryLimits;

typedef struct _VlmHistory VlmHistory;

VlmHistory *
vlm_history_new (const VlmGeometry *geometry, const VlmHistoryLimits *limits);
void vlm_history_free (VlmHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmHistory, vlm_history_free)

/* The video to analyse for an answer about @window: from the anchor to the end
 * of the window, or the window itself. All samples of the window are its last
 * ones. (transfer full) */
VlmWindow *vlm_history_push (VlmHistory *history, VlmWindow *window);

/* The same for a single question: nothing is kept. (transfer full) */
VlmWindow *vlm_history_peek (const VlmHistory *history, VlmWindow *window);

/* The next window is analysed alone. */
void vlm_history_restart (VlmHistory *history);
