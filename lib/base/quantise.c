/* gst-vlm: floats as blocks of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quantise.h"

#include <math.h>
#include <string.h>

#include "base/half.h"

#define LENGTH 32
#define MAX_HALF 65504.0f
/* How many ranges of codes are tried for a block of four bits, and how far they
 * are apart, in codes. A range below 15 codes spreads the elements over fewer. */
#define N_TRIES 9
#define FIRST_RANGE 14.0f
#define RANGE_STEP 0.25f

static void
write_half (guint8 *at, float value)
{
  const guint16 half = vlm_f16_from_f32 (value);

  at[0] = (guint8) half;
  at[1] = (guint8) (half >> 8);
}

static float
as_half (float value)
{
  return vlm_f32_from_f16 (vlm_f16_from_f32 (value));
}

static float
find_largest (const float *x)
{
  float largest = 0.0f;

  for (guint i = 0; i < LENGTH; i++)
    largest = MAX (largest, fabsf (x[i]));
  return largest;
}

static gboolean
is_finite (const float *x)
{
  float sum = 0.0f;

  for (guint i = 0; i < LENGTH; i++)
    sum += x[i] * 0.0f;
  return sum == 0.0f;
}

static void
quantise_q8_0 (const float *x, float largest, guint8 *block)
{
  float scale, inverse;

  scale = as_half (largest / 127.0f);
  inverse = scale > 0.0f ? 1.0f / scale : 0.0f;
  write_half (block, scale);
  for (guint i = 0; i < LENGTH; i++) {
    const float code = x[i] * inverse;
    const gint rounded = (gint) (code + (code < 0.0f ? -0.5f : 0.5f));

    block[2 + i] = (guint8) (gint8) CLAMP (rounded, -127, 127);
  }
}

/* code = clamp (round ((x - first) * inverse)) */
static void
choose_codes (const float *x, float first, float inverse, float *codes)
{
  for (guint i = 0; i < LENGTH; i++) {
    float code = (x[i] - first) * inverse;

    code = MIN (MAX (code, 0.0f), 15.0f);
    codes[i] = (float) (gint) (code + 0.5f);
  }
}

typedef struct
{
  float scale;
  float first; /* the value of code 0 */
} Line;

/* The line with the least weighted squared error for these codes. */
static gboolean
fit_line (const float *x, const float *weights, const float *codes, Line *line)
{
  float w = 0, wc = 0, wcc = 0, wx = 0, wcx = 0, determinant;

  for (guint i = 0; i < LENGTH; i++) {
    const float wi = weights[i], c = codes[i];

    w += wi;
    wc += wi * c;
    wcc += wi * c * c;
    wx += wi * x[i];
    wcx += wi * c * x[i];
  }
  determinant = w * wcc - wc * wc;
  if (!(determinant > 0.0f))
    return FALSE;
  line->scale = (w * wcx - wc * wx) / determinant;
  line->first = (wcc * wx - wc * wcx) / determinant;
  return TRUE;
}

static float
error_of (const float *x, const float *weights, const float *codes, Line line)
{
  float sum = 0.0f;

  for (guint i = 0; i < LENGTH; i++) {
    const float e = line.scale * codes[i] + line.first - x[i];

    sum += weights[i] * e * e;
  }
  return sum;
}

/* The spread of the codes over the elements that fits best, out of several. */
static Line
find_line (const float *x, const float *weights, float lowest, float highest)
{
  Line best = { (highest - lowest) / 15.0f, lowest };
  float least = INFINITY;

  for (guint i = 0; i < N_TRIES; i++) {
    const float range = FIRST_RANGE + RANGE_STEP * (float) i;
    float codes[LENGTH];
    Line line;
    float error;

    choose_codes (x, lowest, range / (highest - lowest), codes);
    if (!fit_line (x, weights, codes, &line))
      continue;
    error = error_of (x, weights, codes, line);
    if (error < least) {
      least = error;
      best = line;
    }
  }
  return best;
}

static void
quantise_q4_1 (const float *x, guint8 *block)
{
  float lowest = x[0], highest = x[0], sum = 0.0f, mean;
  float weights[LENGTH], codes[LENGTH];
  Line line;

  for (guint i = 0; i < LENGTH; i++) {
    lowest = MIN (lowest, x[i]);
    highest = MAX (highest, x[i]);
    sum += x[i] * x[i];
  }
  mean = sqrtf (sum / LENGTH);
  for (guint i = 0; i < LENGTH; i++)
    weights[i] = mean + fabsf (x[i]);
  line = highest > lowest ? find_line (x, weights, lowest, highest)
                          : (Line){ 0.0f, lowest };
  line.scale = as_half (line.scale);
  line.first = as_half (line.first);
  choose_codes (
      x, line.first, line.scale > 0.0f ? 1.0f / line.scale : 0.0f, codes);
  write_half (block, line.scale);
  write_half (block + 2, line.first);
  for (guint i = 0; i < LENGTH / 2; i++)
    block[4 + i] =
        (guint8) ((guint) codes[i] | (guint) codes[i + LENGTH / 2] << 4);
}

void
vlm_quantise (VlmDType dtype, const float *values, gsize n, guint8 *blocks)
{
  const gsize block_bytes = vlm_dtype_block_bytes (dtype);

  g_assert (dtype == VLM_DTYPE_Q8_0 || dtype == VLM_DTYPE_Q4_1);
  for (gsize first = 0; first < n; first += LENGTH, blocks += block_bytes) {
    float rest[LENGTH] = { 0 };
    const float *x = values + first;
    float largest;

    if (n - first < LENGTH) {
      memcpy (rest, x, (n - first) * sizeof *x);
      x = rest;
    }
    largest = find_largest (x);
    if (!is_finite (x) || largest > MAX_HALF) {
      memset (blocks, 0, block_bytes);
      write_half (blocks, NAN);
    } else if (dtype == VLM_DTYPE_Q8_0) {
      quantise_q8_0 (x, largest, blocks);
    } else {
      quantise_q4_1 (x, blocks);
    }
  }
}
