/* gst-vlm: tests of making blocks of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "base/blocks.h"
#include "base/quantise.h"
#include "support/rng.h"

static const VlmDType dtypes[] = { VLM_DTYPE_Q8_0, VLM_DTYPE_Q4_1 };

/* Error of a row of normal numbers, as a share of their size. Even codes from
 * the least to the greatest of 32 such numbers, 4.1 apart, leave 1 / sqrt (12)
 * of a step: 4.1 / 15 / 3.46 = 0.079 with 16 codes; with 255 from minus to plus
 * the largest, 2.2, it is 0.005. Choosing the range gains a little. */
static const double most[] = { 0.0055, 0.077 };

/* Of twelve even numbers; the sixteenth of Irwin and Hall. */
static float
normal (Rng *rng)
{
  float sum = 0.0f;

  for (guint i = 0; i < 12; i++)
    sum += rng_float (rng) * 0.5f;
  return sum;
}

static double
relative_error (const float *x, const float *y, gsize n)
{
  double error = 0.0, size = 0.0;

  for (gsize i = 0; i < n; i++) {
    error += ((double) y[i] - x[i]) * ((double) y[i] - x[i]);
    size += (double) x[i] * x[i];
  }
  return sqrt (error / size);
}

static void
test_error (void)
{
  enum
  {
    N = 32 * 512
  };
  g_autofree float *x = g_new (float, N);
  g_autofree float *y = g_new (float, N);
  Rng rng = { 7 };

  for (guint i = 0; i < N; i++)
    x[i] = 0.02f * normal (&rng);
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    g_autofree guint8 *blocks = g_malloc (vlm_dtype_row_bytes (dtypes[i], N));

    vlm_quantise (dtypes[i], x, N, blocks);
    vlm_dequantise (dtypes[i], blocks, N, y);
    g_test_message (
        "%s: %.5f", vlm_dtype_name (dtypes[i]), relative_error (x, y, N));
    g_assert_cmpfloat (relative_error (x, y, N), <, most[i]);
  }
}

/* What a type holds exactly comes out as it was. */
static void
test_exact (void)
{
  float x[32], y[32];
  guint8 block[64];

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    for (guint j = 0; j < 32; j++)
      x[j] = dtypes[i] == VLM_DTYPE_Q8_0 ? ((float) (j * 8) - 127) * 0.25f
                                         : 3.0f - 0.5f * (float) (j / 2);
    x[31] = dtypes[i] == VLM_DTYPE_Q8_0 ? 127 * 0.25f : x[31];
    vlm_quantise (dtypes[i], x, 32, block);
    vlm_dequantise (dtypes[i], block, 32, y);
    for (guint j = 0; j < 32; j++)
      g_assert_cmpfloat (x[j], ==, y[j]);

    for (guint j = 0; j < 32; j++)
      x[j] = -0.375f;
    vlm_quantise (dtypes[i], x, 32, block);
    vlm_dequantise (dtypes[i], block, 32, y);
    for (guint j = 0; j < 32; j++)
      g_assert_cmpfloat_with_epsilon (x[j], y[j], 1e-3 * 0.375);
  }
}

/* Zeros stay zero, also after the end of a row, where weights are padding. */
static void
test_zeros (void)
{
  float x[40] = { 0 }, y[64];
  guint8 blocks[2 * 64];

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    x[39] = 0.0f;
    vlm_quantise (dtypes[i], x, G_N_ELEMENTS (x), blocks);
    vlm_dequantise (dtypes[i], blocks, 64, y);
    for (guint j = 0; j < 64; j++)
      g_assert_cmpfloat (y[j], ==, 0.0f);
    x[39] = 1.0f;
    vlm_quantise (dtypes[i], x, G_N_ELEMENTS (x), blocks);
    vlm_dequantise (dtypes[i], blocks, 64, y);
    g_assert_cmpfloat_with_epsilon (y[39], 1.0f, 1e-3);
  }
}

/* Values that are not finite, or are too large, come out as NaN. */
static void
test_not_finite (void)
{
  const float bad[] = { NAN, INFINITY, -INFINITY, 1e9f };
  float x[64] = { 0 }, y[64];
  guint8 blocks[2 * 64];

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (bad); j++) {
      x[35] = bad[j];
      vlm_quantise (dtypes[i], x, G_N_ELEMENTS (x), blocks);
      vlm_dequantise (dtypes[i], blocks, G_N_ELEMENTS (x), y);
      g_assert_cmpfloat (y[0], ==, 0.0f);
      g_assert_true (isnan (y[35]));
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quantise/error", test_error);
  g_test_add_func ("/quantise/exact", test_exact);
  g_test_add_func ("/quantise/zeros", test_zeros);
  g_test_add_func ("/quantise/not-finite", test_not_finite);
  return g_test_run ();
}
