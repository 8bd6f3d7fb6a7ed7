/* gst-vlm: progress and cancellation of long work
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-work.h>

static inline GCancellable *
vlm_work_cancellable (const VlmWork *work)
{
  return work != NULL ? work->cancellable : NULL;
}

static inline void
vlm_work_progress (const VlmWork *work, const char *stage, double fraction)
{
  if (work != NULL && work->progress != NULL)
    work->progress (stage, fraction, work->user_data);
}

/* FALSE, with @error, when it is to end. */
static inline gboolean
vlm_work_goes_on (const VlmWork *work, GError **error)
{
  return !g_cancellable_set_error_if_cancelled (
      vlm_work_cancellable (work), error);
}
