/* gst-vlm: colours, patterns and noise
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/texture.h"

#include "scene/trig.h"

VlmColor
vlm_color_draw (VlmRandom *random, double saturation)
{
  double gray = vlm_random_between (random, 25.0, 230.0);
  VlmColor color;

  for (guint i = 0; i < 3; i++) {
    double pure = vlm_random_between (random, 0.0, 255.0);

    color.c[i] = (float) (gray + (pure - gray) * saturation);
  }
  return color;
}

VlmColor
vlm_color_draw_gray (VlmRandom *random, double dark, double light)
{
  double gray = vlm_random_between (random, dark, light);
  VlmColor color;

  for (guint i = 0; i < 3; i++) {
    double tint = vlm_random_between (random, -6.0, 6.0);

    color.c[i] = (float) CLAMP (gray + tint, 0.0, 255.0);
  }
  return color;
}

float
vlm_color_distance (VlmColor a, VlmColor b)
{
  float most = 0.0f;

  for (guint i = 0; i < 3; i++)
    most = MAX (most, ABS (a.c[i] - b.c[i]));
  return most;
}

double
vlm_color_lightness (VlmColor color)
{
  return 0.3 * color.c[0] + 0.6 * color.c[1] + 0.1 * color.c[2];
}

double
vlm_texture_lightness (const VlmTexture *t)
{
  if (t->pattern == VLM_PATTERN_PLAIN)
    return vlm_color_lightness (t->colors[0]);
  return 0.5 *
      (vlm_color_lightness (t->colors[0]) + vlm_color_lightness (t->colors[1]));
}

static inline int
floor_of (float x)
{
  int whole = (int) x;

  return whole > x ? whole - 1 : whole;
}

static inline float
smooth (float x)
{
  return x * x * (3.0f - 2.0f * x);
}

static inline float
lattice (guint32 seed, int x, int y)
{
  guint32 h = seed ^ (guint32) x * 0x9e3779b1u ^ (guint32) y * 0x85ebca77u;

  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  return (float) (h >> 16) / 65535.0f;
}

/* Value noise in [0, 1] for @n points (u + i du, v): smooth between random
 * numbers on a grid of whole numbers. */
static void
noise_row (guint32 seed, float u, float du, float v, float *out, int n)
{
  int y = floor_of (v);
  float down = smooth (v - (float) y);
  int column = G_MININT;
  float left = 0.0f;
  float step = 0.0f;

  for (int i = 0; i < n; i++) {
    float at = u + (float) i * du;
    int x = floor_of (at);

    if (x != column) {
      float a = lattice (seed, x, y);
      float b = lattice (seed, x, y + 1);
      float c = lattice (seed, x + 1, y);
      float d = lattice (seed, x + 1, y + 1);

      column = x;
      left = a + (b - a) * down;
      step = c + (d - c) * down - left;
    }
    out[i] = left + step * smooth (at - (float) x);
  }
}

/* 0 in one half of each period, 1 in the other, with edges as wide as a pixel
 * (@soft periods). */
static inline float
square_wave (float at, float soft)
{
  float phase = at - (float) floor_of (at);
  float edge = 0.25f - ABS (phase - 0.5f); /* above 0 in the middle half */
  float level = 0.5f + edge / soft;

  return CLAMP (level, 0.0f, 1.0f);
}

static void
bricks_row (const VlmTexture *t, float u, float du, float v, float soft,
    float *out, int n)
{
  float course = v * ABS (t->along_u) * 2.0f;
  int whole = floor_of (course);
  float across = course - (float) whole;
  float gap = 0.10f;
  float beside = MIN (across, 1.0f - across);
  float mortar = 0.5f + (gap - beside) / MAX (2.0f * soft, 0.02f);

  mortar = CLAMP (mortar, 0.0f, 1.0f);
  for (int i = 0; i < n; i++) {
    float along = (u + (float) i * du) * t->along_u + (whole & 1 ? 0.5f : 0.0f);
    float phase = along - (float) floor_of (along);
    float joint =
        0.5f + (0.5f * gap - MIN (phase, 1.0f - phase)) / MAX (soft, 0.01f);

    joint = CLAMP (joint, 0.0f, 1.0f);
    out[i] = MAX (joint, mortar);
  }
}

static void
clouds_row (const VlmTexture *t, float u, float du, float v, float grain,
    float *out, float *scratch, int n)
{
  float frequency = ABS (t->along_u) + ABS (t->along_v);
  float weight = 0.5f;

  for (int i = 0; i < n; i++)
    out[i] = 0.25f;
  for (guint octave = 0; octave < 4; octave++) {
    /* Noise finer than two pixels would only flicker from size to size. */
    if (octave > 0 && frequency * grain > 0.5f)
      break;
    noise_row (t->seed + octave, u * frequency, du * frequency, v * frequency,
        scratch, n);
    for (int i = 0; i < n; i++)
      out[i] += weight * (scratch[i] - 0.5f) * 1.6f + (octave == 0 ? 0.25f : 0);
    frequency *= 2.0f;
    weight *= 0.5f;
  }
  for (int i = 0; i < n; i++)
    out[i] = CLAMP (out[i], 0.0f, 1.0f);
}

void
vlm_texture_pattern_row (const VlmTexture *t, float u, float du, float v,
    float grain, float *out, float *scratch, int n)
{
  float soft = MAX ((ABS (t->along_u) + ABS (t->along_v)) * grain, 1e-4f);

  switch (t->pattern) {
  case VLM_PATTERN_PLAIN:
    for (int i = 0; i < n; i++)
      out[i] = 0.0f;
    break;
  case VLM_PATTERN_STRIPES:
    for (int i = 0; i < n; i++)
      out[i] = square_wave (
          (u + (float) i * du) * t->along_u + v * t->along_v, soft);
    break;
  case VLM_PATTERN_CHECKS:
    for (int i = 0; i < n; i++) {
      float x = u + (float) i * du;
      float a = square_wave (x * t->along_u + v * t->along_v, soft);
      float b = square_wave (v * t->along_u - x * t->along_v, soft);

      out[i] = a + b - 2.0f * a * b;
    }
    break;
  case VLM_PATTERN_BRICKS:
    bricks_row (t, u, du, v, soft, out, n);
    break;
  case VLM_PATTERN_CLOUDS:
    clouds_row (t, u, du, v, grain, out, scratch, n);
    break;
  default:
    g_assert_not_reached ();
  }
}
