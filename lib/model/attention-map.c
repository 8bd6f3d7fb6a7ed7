/* gst-vlm: attention probabilities, from queries and keys
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/attention-map.h"

#include <math.h>

static double
dot (const float *a, const float *b, guint n)
{
  double sum = 0.0;

  for (guint i = 0; i < n; i++)
    sum += (double) a[i] * b[i];
  return sum;
}

void
vlm_attention_probabilities (const float *q, const float *keys, gsize ld,
    guint n_keys, guint head_dim, double *probabilities)
{
  const double scale = 1.0 / sqrt (head_dim);
  double largest = -INFINITY;
  double sum = 0.0;

  for (guint i = 0; i < n_keys; i++) {
    probabilities[i] = scale * dot (q, keys + i * ld, head_dim);
    largest = fmax (largest, probabilities[i]);
  }
  for (guint i = 0; i < n_keys; i++) {
    probabilities[i] = exp (probabilities[i] - largest);
    sum += probabilities[i];
  }
  for (guint i = 0; i < n_keys; i++)
    probabilities[i] /= sum;
}

void
vlm_attention_received (const float *q, const float *k, guint n_patches,
    guint n_heads, guint head_dim, float *received)
{
  const gsize ld = (gsize) n_heads * head_dim;
  g_autofree double *row = g_new (double, n_patches);
  g_autofree double *sum = g_new (double, n_patches);

  for (guint head = 0; head < n_heads; head++) {
    const gsize at = (gsize) head * head_dim;
    float *target = received + (gsize) head * n_patches;

    memset (sum, 0, n_patches * sizeof *sum);
    for (guint i = 0; i < n_patches; i++) {
      vlm_attention_probabilities (
          q + i * ld + at, k + at, ld, n_patches, head_dim, row);
      for (guint j = 0; j < n_patches; j++)
        sum[j] += row[j];
    }
    for (guint j = 0; j < n_patches; j++)
      target[j] = (float) (sum[j] / n_patches);
  }
}
