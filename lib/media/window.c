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
 * @measurement: (out caller-allocates): what is learnt from that
 *
 * Turns the time that the analysis of a window took into what
 * vlm_rate_measure() takes: its load is @seconds divided by the period of the
 * window.
 *
 * Returns: %FALSE when nothing is, from a window that was cut short
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
