/* gst-vlm: random numbers that are the same everywhere
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* splitmix64: any seed is a good one. */
typedef struct
{
  guint64 state;
} VlmRandom;

static inline guint64
vlm_random_mix (guint64 z)
{
  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ z >> 31;
}

static inline guint64
vlm_random_next (VlmRandom *random)
{
  random->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return vlm_random_mix (random->state);
}

/* Streams of one seed have nothing to do with each other. */
static inline VlmRandom
vlm_random_init (guint64 seed, guint64 stream)
{
  return (VlmRandom){ vlm_random_mix (vlm_random_mix (seed) + stream) };
}

/* 0 … n - 1 */
static inline guint
vlm_random_below (VlmRandom *random, guint n)
{
  return (guint) ((vlm_random_next (random) >> 32) * n >> 32);
}

/* [low, high), 53 bits */
static inline double
vlm_random_between (VlmRandom *random, double low, double high)
{
  double unit = (double) (vlm_random_next (random) >> 11) / 9007199254740992.0;

  return low + (high - low) * unit;
}

static inline gboolean
vlm_random_chance (VlmRandom *random, double probability)
{
  return vlm_random_between (random, 0.0, 1.0) < probability;
}
