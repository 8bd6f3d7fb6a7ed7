/* gst-vlm: a span of video
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-sampler.h>

#include "media/window.h"

G_DEFINE_BOXED_TYPE (VlmWindow, vlm_window, vlm_window_ref, vlm_window_unref)

VlmWindow *
vlm_window_new (guint n_samples)
{
  VlmWindow *window = g_atomic_rc_box_new0 (VlmWindow);

  window->n_samples = n_samples;
  window->samples = g_new0 (VlmSample, n_samples);
  return window;
}

/**
 * vlm_window_ref:
 * @window: a window
 *
 * Takes a reference; thread-safe.
 *
 * Returns: (transfer full): the same window
 *
 * Since: 0.1
 */
VlmWindow *
vlm_window_ref (VlmWindow *window)
{
  g_return_val_if_fail (window != NULL, NULL);
  return g_atomic_rc_box_acquire (window);
}

static void
clear_window (gpointer data)
{
  VlmWindow *window = data;

  for (guint i = 0; i < window->n_samples; i++)
    g_clear_pointer (&window->samples[i].frame, vlm_frame_unref);
  g_free (window->samples);
}

/**
 * vlm_window_unref:
 * @window: (transfer full): a window
 *
 * Drops a reference, and frees the window with the last one; thread-safe.
 *
 * Since: 0.1
 */
void
vlm_window_unref (VlmWindow *window)
{
  g_return_if_fail (window != NULL);
  g_atomic_rc_box_release_full (window, clear_window);
}

/**
 * vlm_window_measure:
 * @window: a window
 * @seconds: that its analysis took
 * @measurement: (out caller-allocates): the measurement
 *
 * Converts the time that the analysis of a window took to a measurement for
 * vlm_rate_measure(): its load is @seconds divided by the period of the
 * window.
 *
 * Returns: %FALSE for a window that was cut short, which gives no measurement
 *
 * Since: 0.1
 */
gboolean
vlm_window_measure (
    const VlmWindow *window, double seconds, VlmRateMeasurement *measurement)
{
  gint64 length;

  g_return_val_if_fail (window != NULL, FALSE);
  g_return_val_if_fail (measurement != NULL, FALSE);

  length = window->end - window->start;
  if (window->partial || length <= 0 || window->period <= 0)
    return FALSE;
  *measurement = (VlmRateMeasurement){
    .serial = window->rate_serial,
    .fps = (double) window->n_samples * VLM_SECOND / (double) length,
    .load = seconds * VLM_SECOND / (double) window->period,
  };
  return TRUE;
}

/* Those of the first sample on that are at least @period apart, as pointers into
 * the windows. Where windows overlap a sample counts once. */
static GPtrArray *
pick_samples (VlmWindow *const *windows, guint n_windows, gint64 period)
{
  GPtrArray *picked = g_ptr_array_new ();
  gint64 next = windows[0]->samples[0].slot_time;

  for (guint i = 0; i < n_windows; i++)
    for (guint k = 0; k < windows[i]->n_samples; k++) {
      VlmSample *sample = &windows[i]->samples[k];

      if (sample->slot_time < next)
        continue;
      g_ptr_array_add (picked, sample);
      next += (sample->slot_time - next) / period * period + period;
    }
  return picked;
}

/**
 * vlm_window_overview: (skip)
 * @windows: (array length=n_windows): windows of one epoch, in order of their
 *   start, with frames of one size
 * @n_windows: how many they are, at least one
 * @period: shortest distance of two samples, ns
 * @frames_per_slice: frames in a temporal patch of the model
 *
 * Makes a window that shows all of @windows with fewer frames: the first one of
 * each @period, at its own time. The frames are shared. The last slice is filled
 * up with the last frame.
 *
 * Returns: (transfer full): a window from the start of the first one to the end
 *   of the last one
 *
 * Since: 0.1
 */
VlmWindow *
vlm_window_overview (VlmWindow *const *windows, guint n_windows, gint64 period,
    guint frames_per_slice)
{
  g_return_val_if_fail (windows != NULL && n_windows > 0, NULL);
  g_return_val_if_fail (period > 0 && frames_per_slice > 0, NULL);

  const VlmWindow *first = windows[0];
  const VlmWindow *last = windows[n_windows - 1];
  g_autoptr (GPtrArray) picked = pick_samples (windows, n_windows, period);
  guint n = picked->len;
  VlmWindow *overview = vlm_window_new (
      (n + frames_per_slice - 1) / frames_per_slice * frames_per_slice);

  for (guint i = 0; i < overview->n_samples; i++) {
    const VlmSample *sample = picked->pdata[MIN (i, n - 1)];

    overview->samples[i].frame = vlm_frame_ref (sample->frame);
    overview->samples[i].slot_time =
        sample->slot_time + (i < n ? 0 : (gint64) (i - n + 1) * period);
  }
  overview->serial = last->serial;
  overview->epoch = last->epoch;
  overview->start = first->start;
  overview->end = last->end;
  overview->slot_duration = period;
  overview->period = last->end - (first->end - first->period);
  overview->partial = last->partial;
  overview->rate_serial = last->rate_serial;
  overview->still = TRUE;
  for (guint i = 0; i < n_windows; i++)
    overview->still = overview->still && windows[i]->still;
  return overview;
}
