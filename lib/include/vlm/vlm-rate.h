/* gst-vlm: the sampling rate
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VLM_MOTION_THRESHOLD:
 *
 * The share of a picture that must have changed for something to have moved:
 * seven of the 2304 cells that are compared.
 *
 * Since: 0.1
 */
#define VLM_MOTION_THRESHOLD 0.003f

/**
 * VlmRateReason:
 * @VLM_RATE_REASON_FIXED: it is the wanted one
 * @VLM_RATE_REASON_BUDGET: no more frames or tokens fit into a window
 * @VLM_RATE_REASON_DEVICE: the device sustains no more
 * @VLM_RATE_REASON_MOTION: something moves
 * @VLM_RATE_REASON_IDLE: nothing moves
 *
 * Why the rate is what it is.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_RATE_REASON_FIXED,
  VLM_RATE_REASON_BUDGET,
  VLM_RATE_REASON_DEVICE,
  VLM_RATE_REASON_MOTION,
  VLM_RATE_REASON_IDLE,
} VlmRateReason;

/**
 * VlmRateParams:
 * @max_fps_n: numerator of the highest rate
 * @max_fps_d: its denominator
 * @min_fps_n: numerator of the lowest rate
 * @min_fps_d: its denominator
 * @frames_per_slice: frames in a temporal patch
 * @window: what the budget is for, ns
 *
 * The rates that may be chosen: the highest one, halved as often as the result
 * is not below the lowest one. A budget may require less than the lowest one.
 *
 * Since: 0.1
 */
typedef struct
{
  guint max_fps_n;
  guint max_fps_d;
  guint min_fps_n;
  guint min_fps_d;
  guint frames_per_slice;
  gint64 window;
} VlmRateParams;

/**
 * VlmRateDecision:
 * @level: how often the highest rate is halved
 * @pixel_step: how often the area of the frames is halved
 * @reason: why
 * @fps: frames a second, which is the highest rate / 2^@level
 *
 * The sampling from now on.
 *
 * Since: 0.1
 */
typedef struct
{
  guint level;
  guint pixel_step;
  VlmRateReason reason;
  double fps;
} VlmRateDecision;

/**
 * VlmRateMeasurement:
 * @serial: vlm_rate_get_serial() at the time when the first frame of the window
 *   was taken
 * @fps: frames a second in the window, on average
 * @load: seconds of inference for a second of new video
 *
 * The time that the analysis of a window took.
 *
 * Since: 0.1
 */
typedef struct
{
  guint serial;
  double fps;
  double load;
} VlmRateMeasurement;

/**
 * VlmRate:
 *
 * Chooses the rate. Pure: decisions depend on the arguments only. Not
 * thread-safe.
 *
 * Motion: while something moves, and for one second after, the rate is the
 * highest one that budget and device allow; else the lowest one. The first
 * picture counts as motion.
 *
 * Budget: three quarters of the frames that fit into a window may be taken at
 * any pace, the last quarter is for bursts. When it is used up, the rate is what
 * the three quarters sustain, until half of the last quarter is there again. No
 * window gets more frames than fit.
 *
 * Device: a load above 0.95 lowers the rate until the load should be 0.75, and
 * where the lowest rate is still too much, the area of the frames. A load that
 * would stay below 0.7 raises the area first, then the rate. As the load is
 * taken to be in proportion to the frames, which is the least that lowering
 * saves and the most that raising costs, it does not oscillate. Windows that
 * were begun before the last change are ignored. When a raise was too much,
 * the next one needs twice as many good windows in a row, up to sixteen.
 *
 * Since: 0.1
 */
typedef struct _VlmRate VlmRate;

VLM_API VlmRate *vlm_rate_new (const VlmRateParams *params);
VLM_API void vlm_rate_free (VlmRate *rate);
VLM_API void
vlm_rate_set_budget (VlmRate *rate, guint n_frames, guint n_pixel_steps);
VLM_API void vlm_rate_restart (VlmRate *rate);
VLM_API void vlm_rate_observe (
    VlmRate *rate, gint64 stream_time, float motion, VlmRateDecision *decision);
VLM_API void vlm_rate_spend (VlmRate *rate, guint n_frames);
VLM_API void
vlm_rate_measure (VlmRate *rate, const VlmRateMeasurement *measurement);
VLM_API guint vlm_rate_get_serial (const VlmRate *rate);
VLM_API const char *vlm_rate_reason_to_string (VlmRateReason reason);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmRate, vlm_rate_free)

G_END_DECLS
