/* gst-vlm: how a model on another machine learns times
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-times.h"

/* Slots are rounded to whole nanoseconds. */
#define ROUNDING_NS 1000
#define MILLISECOND (VLM_SECOND / 1000)

const char *
vlm_time_basis_to_string (VlmTimeBasis basis)
{
  switch (basis) {
  case VLM_TIME_BASIS_MROPE:
    return "mrope";
  case VLM_TIME_BASIS_FRAME_METADATA:
    return "frame-metadata";
  default:
    return "text";
  }
}

/* The distance of any two neighbours; 0 where they differ. */
static gint64
find_period (const gint64 *times, guint n)
{
  double period;

  if (n < 2)
    return 0;
  period = (double) (times[n - 1] - times[0]) / (n - 1);
  for (guint i = 0; i < n; i++)
    if (ABS ((double) (times[i] - times[0]) - i * period) > ROUNDING_NS)
      return 0;
  return (gint64) (period + 0.5);
}

static guint *
count (const gint64 *times, guint n, gint64 unit)
{
  guint *indices = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    indices[i] = (guint) ((times[i] - times[0] + unit / 2) / unit);
  return indices;
}

VlmRemoteTiming
vlm_remote_timing_plan (
    gboolean takes_video, VlmRemoteTimes learns, const gint64 *times, guint n)
{
  gint64 period = find_period (times, n);
  VlmRemoteTiming timing = { VLM_TIME_BASIS_TEXT, 0.0, NULL };

  if (!takes_video || learns == VLM_REMOTE_TIMES_UNKNOWN || n < 2 ||
      (learns == VLM_REMOTE_TIMES_RATE && period == 0))
    return timing;
  timing.basis = learns == VLM_REMOTE_TIMES_RATE
      ? VLM_TIME_BASIS_MROPE
      : VLM_TIME_BASIS_FRAME_METADATA;
  if (period == 0)
    period = MILLISECOND;
  timing.fps = (double) VLM_SECOND / (double) period;
  timing.indices = count (times, n, period);
  return timing;
}

void
vlm_remote_timing_clear (VlmRemoteTiming *timing)
{
  g_clear_pointer (&timing->indices, g_free);
}
