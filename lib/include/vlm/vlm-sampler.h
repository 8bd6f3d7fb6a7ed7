/* gst-vlm: which frames are sampled, and in which windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-window.h>

G_BEGIN_DECLS

/**
 * VlmSamplerParams:
 * @fps_n: numerator of the sampling rate, 0 for the default (2)
 * @fps_d: denominator of the sampling rate, 0 for the default (1)
 * @window: length of a window, ns; 0 for one that holds the whole stream
 * @hop: from one window's start to the next one's, ns; 0 means @window
 * @frames_per_slice: frames in a temporal patch, 0 for the default (2);
 *   windows begin on a slice
 * @max_hold: a frame fills later empty slots for no longer than this after its
 *   end, ns, and of its duration no more than this is believed; 0 for the
 *   default of 5 s
 * @min_fps_n: numerator of the lowest sampling rate; 0 for a fixed rate
 * @min_fps_d: denominator of the lowest sampling rate, 0 for the default (1)
 * @max_frames: most frames that are held where @window is 0; 0 for the default
 *   (768), up to 65536
 * @epoch: number of the first epoch
 *
 * Rates go from one frame an hour to 1000 a second, @window and @hop to 10^16
 * ns, @max_hold to a day. A @window that is not a whole number of slices is
 * rounded up. A @hop beyond @window leaves spans that are not analysed; no
 * frames are sampled there. Where the rate varies (see #VlmRate) @fps_n /
 * @fps_d is the highest one.
 *
 * Since: 0.1
 */
typedef struct
{
  guint fps_n;
  guint fps_d;
  gint64 window;
  gint64 hop;
  guint frames_per_slice;
  gint64 max_hold;
  guint min_fps_n;
  guint min_fps_d;
  guint max_frames;
  guint64 epoch;
} VlmSamplerParams;

/**
 * VLM_SAMPLER_MAX_TIME:
 *
 * The limit of times: 73 years, in ns. Frames with times further from 0 are
 * not sampled.
 *
 * Since: 0.1
 */
#define VLM_SAMPLER_MAX_TIME (G_MAXINT64 / 4)

/**
 * VlmSampler:
 *
 * Samples by timestamp on a grid that is anchored at stream time 0: slot n is
 * at n * fps_d / fps_n seconds, rounded to the nanosecond, without drift. A
 * slice is frames_per_slice slots and begins at a multiple of that many, so the
 * slices of overlapping windows coincide. Pure bookkeeping; one thread.
 *
 * Windows: the first one of an epoch begins with the first slice that starts at
 * or after the first buffer (or less than a quarter of a slot before it).
 * Window k begins with the slice nearest to k * hop later, but never leaves a
 * slice out when hop <= window. All windows of a fixed rate have the same number
 * of slices.
 *
 * A rate that varies is the highest one divided by a power of two. A slice of
 * that rate has every 2^k-th slot of the grid, begins a multiple of its own
 * length after the epoch, and no window begins or ends within it. So slices of
 * different rates nest, and overlapping windows share them all the same. Where
 * something begins to move within a long slice, what passed of it becomes
 * shorter ones, and the frame that shows the motion is sampled, not a later
 * one: vlm_sampler_looks() includes every slot of the highest rate.
 *
 * A window of 0 holds the whole stream until it ends. When it would hold more
 * than max_frames frames every second one is dropped, and the rate halved.
 *
 * Slots and frames: with tolerance = min (half the frame's duration, a quarter
 * of a slot), a frame at t of duration d fills the slots in
 * [t - tolerance, t + d - tolerance). So the nearest frame of a fast stream is
 * taken, a frame of a slow stream fills all slots it is shown at, and jitter
 * within the tolerance changes nothing. If the duration is not known, half the
 * distance to the frame before is the tolerance and the frame fills the slots up
 * to t + tolerance. A slot that no frame fills gets the next frame if that comes
 * within half a slot, else the frame sampled before.
 *
 * Epochs: when nothing comes for more than max_hold, when time goes back by
 * more than min (a quarter of a slot, 250 ms), when the size of the frames
 * changes and upon vlm_sampler_reset(), a new epoch begins. What the old one
 * holds that was in no window yet becomes a partial window, its last slice
 * filled up with its last frame. If the rate requires smaller frames
 * (vlm_sampler_get_decision()) new windows begin, but no new epoch.
 *
 * Use: for every buffer call vlm_sampler_wants(); if it returns %TRUE, make a
 * #VlmFrame and vlm_sampler_add() it; then vlm_sampler_pop() until it returns
 * %NULL. The number of windows that can be waiting is bounded by what fits
 * into max_hold.
 *
 * Since: 0.1
 */
typedef struct _VlmSampler VlmSampler;

VLM_API VlmSampler *vlm_sampler_new (const VlmSamplerParams *params);
VLM_API void vlm_sampler_free (VlmSampler *sampler);
VLM_API void vlm_sampler_set_budget (
    VlmSampler *sampler, guint n_frames, guint n_pixel_steps);
VLM_API gboolean vlm_sampler_looks (
    VlmSampler *sampler, gint64 stream_time, gint64 duration);
VLM_API void vlm_sampler_see (VlmSampler *sampler, float motion);
VLM_API gboolean vlm_sampler_wants (
    VlmSampler *sampler, gint64 stream_time, gint64 duration);
VLM_API void
vlm_sampler_add (VlmSampler *sampler, VlmFrame *frame, gint64 duration);
VLM_API gboolean vlm_sampler_continues (
    VlmSampler *sampler, gint64 stream_time);
VLM_API void vlm_sampler_advance (VlmSampler *sampler, gint64 stream_time);
VLM_API VlmWindow *vlm_sampler_pop (VlmSampler *sampler);
VLM_API VlmWindow *vlm_sampler_finish (VlmSampler *sampler);
VLM_API void vlm_sampler_reset (VlmSampler *sampler);
VLM_API void vlm_sampler_measure (
    VlmSampler *sampler, const VlmRateMeasurement *measurement);
VLM_API void
vlm_sampler_get_decision (const VlmSampler *sampler, VlmRateDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSampler, vlm_sampler_free)

G_END_DECLS
