/* gst-vlm: a grid of slots in time, exact for any rate
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Products of nanoseconds and rates need more than 64 bits. */
__extension__ typedef __int128 VlmWide;

/* Slots are @numerator / @denominator ns apart; slot 0 is at 0. */
typedef struct
{
  gint64 numerator;
  gint64 denominator;
} VlmTimeGrid;

static inline VlmWide
vlm_floor_div (VlmWide a, VlmWide b)
{
  VlmWide quotient = a / b;

  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

/* To the nearest, half way up; b > 0. */
static inline VlmWide
vlm_round_div (VlmWide a, VlmWide b)
{
  return vlm_floor_div (2 * a + b, 2 * b);
}

static inline gint64
vlm_time_grid_at (const VlmTimeGrid *grid, gint64 n)
{
  return (gint64) vlm_round_div (
      (VlmWide) n * grid->numerator, grid->denominator);
}

/* First multiple of @step slots at or after @time. */
static inline gint64
vlm_time_grid_after (const VlmTimeGrid *grid, gint64 time, gint64 step)
{
  gint64 n = (gint64) vlm_floor_div (
      (VlmWide) time * grid->denominator, (VlmWide) grid->numerator * step);

  /* A slot that was rounded down may be before a time it is after exactly. */
  while (vlm_time_grid_at (grid, n * step) < time)
    n++;
  return n * step;
}
