/* gst-vlm: image degradations
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/effects.h"

#include <string.h>

#include "scene/trig.h"

#define N_NOISE 4096

static double
seconds_of (gint64 time)
{
  return (double) time / 1e9;
}

void
vlm_effects_init (VlmEffects *e, VlmRandom *random, VlmSceneEffects allowed)
{
  guint drawn = 0;

  /* All are drawn, whatever is allowed, so that allowing one changes no other. */
  *e = (VlmEffects){ .seed = vlm_random_next (random) };
  for (guint bit = 0; bit < 5; bit++)
    if (vlm_random_chance (random, bit == 0 ? 0.6 : 0.4))
      drawn |= 1u << bit;
  e->light_amount = vlm_random_between (random, 0.05, 0.25);
  e->light_turns = vlm_random_between (random, 0.03, 0.2);
  e->light_phase = vlm_random_between (random, 0.0, 1.0);
  e->shake_amount = vlm_random_between (random, 0.1, 1.0) * VLM_SHAKE_MAX;
  e->shake_turns = vlm_random_between (random, 0.4, 3.0);
  e->shake_phase = vlm_random_between (random, 0.0, 1.0);
  e->noise_amount = vlm_random_between (random, 1.5, 11.0);
  e->block_step = 8 + (int) vlm_random_below (random, 40);
  e->shadow_strength = vlm_random_between (random, 0.2, 0.6);
  /* It was added later, so it is drawn after the others, which stay the same. */
  if (vlm_random_chance (random, 0.4))
    drawn |= VLM_SCENE_EFFECT_EXPOSURE;
  e->exposure_amount = vlm_random_between (random, 0.3, 1.5);
  e->drawn = (VlmSceneEffects) (drawn & allowed);
}

void
vlm_effects_shake (const VlmEffects *e, gint64 time, double *dx, double *dy)
{
  double turns = e->shake_turns * seconds_of (time) + e->shake_phase;

  *dx = *dy = 0.0;
  if ((e->drawn & VLM_SCENE_EFFECT_SHAKE) == 0)
    return;
  *dx = e->shake_amount *
      (0.6 * vlm_sin_turns (turns) + 0.4 * vlm_sin_turns (2.7 * turns));
  *dy = e->shake_amount *
      (0.6 * vlm_cos_turns (1.3 * turns) + 0.4 * vlm_sin_turns (3.1 * turns));
}

static double
light_at (const VlmEffects *e, gint64 time)
{
  if ((e->drawn & VLM_SCENE_EFFECT_LIGHT) == 0)
    return 1.0;
  return 1.0 +
      e->light_amount *
      vlm_sin_turns (e->light_turns * seconds_of (time) + e->light_phase);
}

static void
change_light (double light, guint8 *rgb, gsize stride, int n, int rows)
{
  int gain = (int) (256.0 * light + 0.5);

  if (gain == 256)
    return;
  for (int y = 0; y < rows; y++) {
    guint8 *row = rgb + (gsize) y * stride;

    for (int i = 0; i < n; i++) {
      int value = (row[i] * gain + 128) >> 8;

      row[i] = (guint8) MIN (value, 255);
    }
  }
}

/* Bell-shaped: the sum of eight bytes. Each row of the picture begins at
 * another place of one table. */
static void
add_noise (const VlmEffects *e, gint64 time, guint8 *rgb, gsize stride, int n,
    int rows)
{
  VlmRandom random = vlm_random_init (e->seed, (guint64) time);
  /* 8 bytes have a standard deviation of 209. */
  int scale = (int) (e->noise_amount * 65536.0 / 209.0);
  gint16 table[2 * N_NOISE];

  for (guint i = 0; i < N_NOISE; i++) {
    guint64 bits = vlm_random_next (&random);
    int sum = -1020;

    for (guint k = 0; k < 64; k += 8)
      sum += (int) (bits >> k & 0xff);
    table[i] = table[i + N_NOISE] = (gint16) ((sum * scale + 32768) >> 16);
  }
  for (int y = 0; y < rows; y++) {
    guint8 *row = rgb + (gsize) y * stride;

    for (int begin = 0; begin < n; begin += N_NOISE) {
      const gint16 *noise = table + vlm_random_below (&random, N_NOISE);
      int length = MIN (N_NOISE, n - begin);

      for (int i = 0; i < length; i++) {
        int value = row[begin + i] + noise[i];

        row[begin + i] = (guint8) CLAMP (value, 0, 255);
      }
    }
  }
}

/* Sums and differences of eight numbers each, eight at a time, scaled by 8. */
static inline void
hadamard (gint16 block[8][8])
{
  for (int half = 4; half >= 1; half /= 2) {
    for (int base = 0; base < 8; base += 2 * half) {
      for (int r = base; r < base + half; r++) {
        for (int i = 0; i < 8; i++) {
          gint16 a = block[r][i];
          gint16 b = block[r + half][i];

          block[r][i] = (gint16) (a + b);
          block[r + half][i] = (gint16) (a - b);
        }
      }
    }
  }
}

static inline void
transpose (gint16 block[8][8])
{
  for (int r = 0; r < 8; r++) {
    for (int i = r + 1; i < 8; i++) {
      gint16 value = block[r][i];

      block[r][i] = block[i][r];
      block[i][r] = value;
    }
  }
}

/* How many times a row of hadamard() changes its sign: its frequency. */
static const guint8 frequencies[8] = { 0, 7, 3, 4, 1, 6, 2, 5 };

typedef struct
{
  gint32 size[8][8];
  gint32 inverse[8][8]; /* 65536 / size */
} Steps;

/* Codes and decodes a block, scaled by 32: what is left of its frequencies is
 * whole multiples of a step that grows with them. */
static void
code_block (gint16 block[8][8], const Steps *steps)
{
  hadamard (block);
  transpose (block);
  hadamard (block);
  for (int r = 0; r < 8; r++) {
    for (int i = 0; i < 8; i++) {
      int value = block[r][i];
      int step = steps->size[r][i];
      /* Towards zero, so that little becomes nothing; half, so that sums of
       * what was rounded stay in 16 bits. */
      int level =
          ((ABS (value) + step / 3) * steps->inverse[r][i] >> 16) * step / 2;

      block[r][i] = (gint16) (value < 0 ? -level : level);
    }
  }
  hadamard (block);
  transpose (block);
  hadamard (block);
}

static void
init_steps (Steps *steps, int step)
{
  for (int r = 0; r < 8; r++) {
    for (int i = 0; i < 8; i++) {
      int size = step * (4 + 3 * (frequencies[r] + frequencies[i]));

      steps->size[r][i] = size;
      steps->inverse[r][i] = 65536 / size;
    }
  }
}

/* A block at the edge repeats its last column and row. */
static void
compress_block (guint8 *rgb, gsize stride, int width, int height,
    const Steps *luma, const Steps *chroma)
{
  gint16 planes[3][8][8];

  for (int y = 0; y < 8; y++) {
    const guint8 *row = rgb + (gsize) MIN (y, height - 1) * stride;

    for (int x = 0; x < 8; x++) {
      const guint8 *p = row + 3 * MIN (x, width - 1);

      planes[0][y][x] = (gint16) ((p[0] + 2 * p[1] + p[2] + 2) / 4 - 128);
      planes[1][y][x] = (gint16) (p[0] - p[1]);
      planes[2][y][x] = (gint16) (p[2] - p[1]);
    }
  }
  code_block (planes[0], luma);
  code_block (planes[1], chroma);
  code_block (planes[2], chroma);
  for (int y = 0; y < MIN (8, height); y++) {
    guint8 *row = rgb + (gsize) y * stride;

    for (int x = 0; x < MIN (8, width); x++) {
      int red = (planes[1][y][x] + 16) >> 5;
      int blue = (planes[2][y][x] + 16) >> 5;
      int green = ((planes[0][y][x] + 16) >> 5) + 128 - (red + blue) / 4;

      row[3 * x] = (guint8) CLAMP (green + red, 0, 255);
      row[3 * x + 1] = (guint8) CLAMP (green, 0, 255);
      row[3 * x + 2] = (guint8) CLAMP (green + blue, 0, 255);
    }
  }
}

static void
compress (const VlmEffects *e, guint8 *rgb, gsize stride, int width, int height)
{
  Steps luma;
  Steps chroma;

  init_steps (&luma, e->block_step);
  init_steps (&chroma, 2 * e->block_step);
  for (int y = 0; y < height; y += 8)
    for (int x = 0; x < width; x += 8)
      compress_block (rgb + (gsize) y * stride + 3 * x, stride, width - x,
          height - y, &luma, &chroma);
}

void
vlm_effects_apply (const VlmEffects *e, gint64 time, double exposure,
    guint8 *rgb, gsize stride, int width, int height)
{
  change_light (exposure * light_at (e, time), rgb, stride, 3 * width, height);
  if (e->drawn & VLM_SCENE_EFFECT_NOISE)
    add_noise (e, time, rgb, stride, 3 * width, height);
  if (e->drawn & VLM_SCENE_EFFECT_BLOCKS)
    compress (e, rgb, stride, width, height);
}
