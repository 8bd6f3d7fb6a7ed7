/* gst-vlm: the weights of the antialiased bicubic filter
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/taps.h"

#include <math.h>
#include <string.h>

/* Keys' cubic with a = -1/2. */
static double
cubic (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0)
    return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

/* The same for video, as the reference's compiler has it: in f32, products
 * fused with the sums they go into. */
static float
cubic_f32 (float x)
{
  x = fabsf (x);
  if (x < 1.0f)
    return fmaf (fmaf (1.5f, x, -2.5f) * x, x, 1.0f);
  if (x < 2.0f)
    return fmaf (fmaf (fmaf (-0.5f, x, 2.5f), x, -4.0f), x, 2.0f);
  return 0.0f;
}

/* Inputs that output @o sees: the kernel is stretched when there is more input
 * than output. */
static void
place_fixed (VlmTaps *taps, guint o)
{
  double scale = (double) taps->n_in / taps->n_out;
  double center = (o + 0.5) * scale;
  double support = 2.0 * MAX (scale, 1.0);
  double low = MAX (center - support + 0.5, 0.0);
  double high = MIN (center + support + 0.5, (double) taps->n_in);

  taps->first[o] = (guint) low;
  taps->count[o] = (guint) high - taps->first[o];
}

static void
weigh_fixed (VlmTaps *taps, guint o, double *scratch)
{
  double scale = (double) taps->n_in / taps->n_out;
  double center = (o + 0.5) * scale;
  double shrink = 1.0 / MAX (scale, 1.0);
  double sum = 0.0;
  gint32 *fixed = taps->fixed + (gsize) o * taps->stride;

  for (guint k = 0; k < taps->count[o]; k++) {
    scratch[k] = cubic ((k + taps->first[o] - center + 0.5) * shrink);
    sum += scratch[k];
  }
  for (guint k = 0; k < taps->count[o]; k++) {
    double scaled = scratch[k] / sum * (1 << VLM_TAPS_FRACTION_BITS);

    fixed[k] = (gint32) (scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  }
}

/* In f32, which can see one input more or less than in double; but halves are
 * added in double. */
static float
center_f32 (const VlmTaps *taps, guint o)
{
  float scale = (float) taps->n_in / (float) taps->n_out;

  return (float) (scale * (o + 0.5));
}

static void
place_f32 (VlmTaps *taps, guint o)
{
  float scale = (float) taps->n_in / (float) taps->n_out;
  float center = center_f32 (taps, o);
  float support = 2.0f * MAX (scale, 1.0f);
  float low = center - support;
  float high = center + support;
  gint64 first = MAX ((gint64) (low + 0.5), 0);
  gint64 end = MIN ((gint64) (high + 0.5), (gint64) taps->n_in);

  taps->first[o] = (guint) first;
  taps->count[o] = (guint) (end - first);
}

static void
weigh_f32 (VlmTaps *taps, guint o)
{
  float scale = (float) taps->n_in / (float) taps->n_out;
  float center = center_f32 (taps, o);
  float shrink = 1.0f / MAX (scale, 1.0f);
  float *f32 = taps->f32 + (gsize) o * taps->stride;
  float sum = 0.0f;

  for (guint k = 0; k < taps->count[o]; k++) {
    float offset = (float) (k + taps->first[o]) - center;

    f32[k] = cubic_f32 ((float) ((offset + 0.5) * shrink));
    sum += f32[k];
  }
  for (guint k = 0; k < taps->count[o]; k++)
    f32[k] /= sum;
}

static void
init_places (VlmTaps *taps, guint n_in, guint n_out, gboolean video)
{
  memset (taps, 0, sizeof *taps);
  taps->n_in = n_in;
  taps->n_out = n_out;
  taps->first = g_new (guint, n_out);
  taps->count = g_new (guint, n_out);
  taps->max_count = 1;
  for (guint o = 0; o < n_out; o++) {
    if (n_in == n_out) {
      taps->first[o] = o;
      taps->count[o] = 1;
    } else if (video) {
      place_f32 (taps, o);
    } else {
      place_fixed (taps, o);
    }
    taps->max_count = MAX (taps->max_count, taps->count[o]);
  }
  taps->stride = (taps->max_count + 7u) & ~7u;
}

void
vlm_taps_init_fixed (VlmTaps *taps, guint n_in, guint n_out)
{
  init_places (taps, n_in, n_out, FALSE);
  taps->fixed = g_new0 (gint32, (gsize) n_out * taps->stride);

  g_autofree double *scratch = g_new (double, taps->max_count);
  for (guint o = 0; o < n_out; o++) {
    if (n_in == n_out)
      taps->fixed[(gsize) o * taps->stride] = 1 << VLM_TAPS_FRACTION_BITS;
    else
      weigh_fixed (taps, o, scratch);
  }
}

void
vlm_taps_init_f32 (VlmTaps *taps, guint n_in, guint n_out)
{
  init_places (taps, n_in, n_out, TRUE);
  taps->f32 = g_new0 (float, (gsize) n_out * taps->stride);
  for (guint o = 0; o < n_out; o++) {
    if (n_in == n_out)
      taps->f32[(gsize) o * taps->stride] = 1.0f;
    else
      weigh_f32 (taps, o);
  }
}

void
vlm_taps_clear (VlmTaps *taps)
{
  g_clear_pointer (&taps->first, g_free);
  g_clear_pointer (&taps->count, g_free);
  g_clear_pointer (&taps->f32, g_free);
  g_clear_pointer (&taps->fixed, g_free);
}
