/* gst-vlm: sines that are the same everywhere
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

static inline double
vlm_floor (double x)
{
  double whole = (double) (gint64) x;

  return whole > x ? whole - 1.0 : whole;
}

/* sin (2 pi turns). The last bits of libm's differ between machines; this is
 * made of additions and multiplications only and right to 1e-7. */
static inline double
vlm_sin_turns (double turns)
{
  double x = turns - vlm_floor (turns);
  double square;

  if (x > 0.75)
    x -= 1.0;
  else if (x > 0.25)
    x = 0.5 - x;
  x *= 6.283185307179586;
  square = x * x;
  return x *
      (1.0 -
          square / 6.0 *
              (1.0 -
                  square / 20.0 *
                      (1.0 -
                          square / 42.0 *
                              (1.0 - square / 72.0 * (1.0 - square / 110.0)))));
}

static inline double
vlm_cos_turns (double turns)
{
  return vlm_sin_turns (turns + 0.25);
}
