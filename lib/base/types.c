/* gst-vlm: names of the shared enumerations, and sums of times
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-types.h>

#include <math.h>

/**
 * vlm_time_source_to_string:
 * @source: a time source
 *
 * Names a time source.
 *
 * Returns: (transfer none): its name, as in JSON
 *
 * Since: 0.1
 */
const char *
vlm_time_source_to_string (VlmTimeSource source)
{
  static const char *const names[] = { "none", "clock", "ntp", "unix", "ptp" };

  g_return_val_if_fail (source < G_N_ELEMENTS (names), "none");
  return names[source];
}

/* Streams may have any times, so none of these functions may overflow. */

/**
 * vlm_time_add:
 * @time: a time, ns
 * @distance: from there, ns
 *
 * Moves a time by a distance, and never overflows.
 *
 * Returns: the sum; %VLM_TIME_NONE where that is no time, or @time is none
 *
 * Since: 0.1
 */
gint64
vlm_time_add (gint64 time, gint64 distance)
{
  gint64 sum;

  if (!VLM_TIME_IS_VALID (time) ||
      __builtin_add_overflow (time, distance, &sum))
    return VLM_TIME_NONE;
  return sum;
}

/**
 * vlm_time_since:
 * @time: a time, ns
 * @before: another one, ns
 *
 * Measures from one time to another, and never overflows.
 *
 * Returns: from @before to @time, clamped to the range of the type
 *
 * Since: 0.1
 */
gint64
vlm_time_since (gint64 time, gint64 before)
{
  gint64 distance;

  if (__builtin_sub_overflow (time, before, &distance))
    return time < before ? -G_MAXINT64 : G_MAXINT64;
  return distance;
}

/**
 * vlm_time_distance:
 * @a: a time, ns
 * @b: another one, ns
 *
 * Measures how far two times are apart. Unlike vlm_time_since() it needs no
 * sign and is always exact.
 *
 * Returns: how far they are apart
 *
 * Since: 0.1
 */
guint64
vlm_time_distance (gint64 a, gint64 b)
{
  return a > b ? (guint64) a - (guint64) b : (guint64) b - (guint64) a;
}

/**
 * vlm_time_scale:
 * @distance: between two times, ns
 * @factor: any number
 *
 * Multiplies a distance, and never overflows.
 *
 * Returns: the product, clamped to the range of the type; 0 if it is not a
 *   number
 *
 * Since: 0.1
 */
gint64
vlm_time_scale (gint64 distance, double factor)
{
  double product = (double) distance * factor;

  /* 2^63 is a double, G_MAXINT64 is none. */
  if (product >= 0x1p63)
    return G_MAXINT64;
  if (product <= -0x1p63)
    return -G_MAXINT64;
  return isnan (product) ? 0 : (gint64) product;
}
