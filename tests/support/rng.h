/* gst-vlm: random numbers that are the same everywhere
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* splitmix64: any seed is a good one. */
typedef struct
{
  guint64 state;
} Rng;

static inline guint64
rng_next (Rng *rng)
{
  guint64 z = rng->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* 0 … n - 1 */
static inline guint
rng_below (Rng *rng, guint n)
{
  return (guint) ((rng_next (rng) >> 32) * n >> 32);
}

/* [-1, 1), 24 bits */
static inline float
rng_float (Rng *rng)
{
  return (float) (gint32) (rng_next (rng) >> 40) / 8388608.0f - 1.0f;
}
