/* gst-vlm: what happens to heads, in doubles
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ref/ref-heads.h"

#include <math.h>

void
ref_rope_head (const float *x, const float *angles, guint d, double *y)
{
  const guint half = d / 2;

  for (guint i = 0; i < half; i++) {
    const double c = angles[i], s = angles[half + i];

    y[i] = x[i] * c - x[i + half] * s;
    y[i + half] = x[i + half] * c + x[i] * s;
  }
}

void
ref_attention_head (const float *q, const float *k, const float *v, guint begin,
    guint end, guint d, double *y)
{
  g_autofree double *scores = g_new (double, end - begin);
  double top = -INFINITY, total = 0.0;

  for (guint i = begin; i < end; i++) {
    double score = 0.0;

    for (guint e = 0; e < d; e++)
      score += (double) q[e] * k[(gsize) i * d + e];
    scores[i - begin] = score / sqrt (d);
    top = MAX (top, scores[i - begin]);
  }
  for (guint e = 0; e < d; e++)
    y[e] = 0.0;
  for (guint i = begin; i < end; i++) {
    const double weight = exp (scores[i - begin] - top);

    total += weight;
    for (guint e = 0; e < d; e++)
      y[e] += weight * v[(gsize) i * d + e];
  }
  for (guint e = 0; e < d; e++)
    y[e] /= total;
}
