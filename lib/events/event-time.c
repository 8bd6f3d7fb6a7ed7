/* gst-vlm: the model's seconds to the clocks of the pipeline
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-time.h"

#include <math.h>

/* The last sample at or before @stream_time, the first one if there is none. */
static guint
find_sample (const VlmWindow *window, gint64 stream_time)
{
  guint low = 0;
  guint high = window->n_samples;

  while (high - low > 1) {
    guint middle = (low + high) / 2;

    if (window->samples[middle].slot_time <= stream_time)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Two samples with different frames around (or next to) @at, for the rate of a
 * clock against stream time; equal where the window holds a single frame. */
static void
find_pair (const VlmWindow *window, guint at, const VlmFrame **left,
    const VlmFrame **right)
{
  guint first = at;
  guint last = at;

  while (last + 1 < window->n_samples &&
      window->samples[last].frame == window->samples[at].frame)
    last++;
  if (window->samples[last].frame == window->samples[at].frame)
    while (
        first > 0 && window->samples[first].frame == window->samples[at].frame)
      first--;
  *left = window->samples[first].frame;
  *right = window->samples[last].frame;
}

/* @distance * @n / @d, rounded, or the nearest value that fits. */
static gint64
scale (gint64 distance, gint64 n, gint64 d)
{
  double product = (double) distance * (double) n / (double) d;

  return fabs (product) < 0x1p62 ? llround (product)
                                 : vlm_time_scale (distance, (double) n / d);
}

/* Clock value at @stream_time on the line through two frames. A frame was shown
 * at its own stream time, which is near its slot but not on it. */
static gint64
interpolate (gint64 stream_time, gint64 left_stream, gint64 left,
    gint64 right_stream, gint64 right)
{
  gint64 distance = vlm_time_since (stream_time, left_stream);
  gint64 between = vlm_time_since (right_stream, left_stream);

  if (!VLM_TIME_IS_VALID (left))
    return VLM_TIME_NONE;
  if (VLM_TIME_IS_VALID (right) && between != 0)
    distance = scale (distance, vlm_time_since (right, left), between);
  return vlm_time_add (left, distance);
}

VlmInstant
vlm_event_time (const VlmWindow *window, gint64 offset_ns)
{
  gint64 stream_time = vlm_time_add (window->samples[0].slot_time, offset_ns);
  const VlmFrame *left;
  const VlmFrame *right;
  const VlmInstant *a;
  const VlmInstant *b;

  find_pair (window, find_sample (window, stream_time), &left, &right);
  a = &left->time;
  b = &right->time;
  return (VlmInstant){
    .stream_time = stream_time,
    .pts = interpolate (
        stream_time, a->stream_time, a->pts, b->stream_time, b->pts),
    .running_time = interpolate (stream_time, a->stream_time, a->running_time,
        b->stream_time, b->running_time),
    .utc = interpolate (
        stream_time, a->stream_time, a->utc, b->stream_time, b->utc),
  };
}

VlmTimeSource
vlm_event_time_source (const VlmWindow *window, gint64 offset_ns)
{
  gint64 stream_time = vlm_time_add (window->samples[0].slot_time, offset_ns);
  guint at = find_sample (window, stream_time);

  return window->samples[at].frame->time_source;
}
