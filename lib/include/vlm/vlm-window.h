/* gst-vlm: a span of video
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-rate.h>

G_BEGIN_DECLS

/**
 * VlmSample:
 * @frame: the picture
 * @slot_time: stream time of the grid slot it fills, ns
 *
 * A picture on the sampling grid. The same picture fills several slots when the
 * stream is slower than the grid.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmFrame *frame;
  gint64 slot_time;
} VlmSample;

#define VLM_TYPE_WINDOW (vlm_window_get_type ())

/**
 * VlmWindow:
 * @serial: number of the window since the sampler was made
 * @epoch: grows with every discontinuity; windows of two epochs share nothing
 * @start: stream time at which it begins, ns
 * @end: stream time at which it ends (exclusive), ns
 * @slot_duration: shortest distance of two slots, ns
 * @period: from the end of the window before to the end of this one, ns: how
 *   long its analysis may take on a live stream
 * @partial: cut short by the end of the stream or a discontinuity
 * @still: nothing moved in it, nor since the sample before it
 * @rate_serial: for vlm_window_measure()
 * @n_samples: how many samples, a multiple of the frames in a slice
 * @samples: (array length=n_samples): the samples, in order of their slots
 *
 * A span of video, ready to be analysed. Windows that overlap share their
 * frames. Reference counted, immutable.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 serial;
  guint64 epoch;
  gint64 start;
  gint64 end;
  gint64 slot_duration;
  gint64 period;
  gboolean partial;
  gboolean still;
  guint rate_serial;
  guint n_samples;
  VlmSample *samples;
} VlmWindow;

VLM_API GType vlm_window_get_type (void) G_GNUC_CONST;
VLM_API VlmWindow *vlm_window_ref (VlmWindow *window);
VLM_API void vlm_window_unref (VlmWindow *window);
VLM_API gboolean vlm_window_measure (
    const VlmWindow *window, double seconds, VlmRateMeasurement *measurement);
VLM_API VlmWindow *vlm_window_overview (VlmWindow *const *windows,
    guint n_windows, gint64 period, guint frames_per_slice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmWindow, vlm_window_unref)

G_END_DECLS
