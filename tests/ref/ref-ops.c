/* gst-vlm: what every op computes, in doubles
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ref/ref-ops.h"

#include <math.h>

static double
dot (const float *x, const float *w, guint n)
{
  double sum = 0.0;

  for (guint k = 0; k < n; k++)
    sum += (double) x[k] * w[k];
  return sum;
}

void
ref_matmul_row (const float *x, const float *w, const float *bias, guint n_out,
    guint n_in, VlmNnEpilogue epilogue, double *y)
{
  const guint n_y = epilogue == VLM_NN_SWIGLU ? n_out / 2 : n_out;

  for (guint n = 0; n < n_y; n++) {
    double v = dot (x, w + (gsize) n * n_in, n_in);

    if (bias != NULL)
      v += bias[n];
    switch (epilogue) {
    case VLM_NN_STORE:
      y[n] = v;
      break;
    case VLM_NN_ADD:
      y[n] += v;
      break;
    case VLM_NN_GELU:
      y[n] = 0.5 * v * erfc (-v * M_SQRT1_2);
      break;
    case VLM_NN_SWIGLU: {
      double u = dot (x, w + (gsize) (n_y + n) * n_in, n_in);

      if (bias != NULL)
        u += bias[n_y + n];
      y[n] = v / (1.0 + exp (-v)) * u;
      break;
    }
    }
  }
}

const float *
ref_embed_row (gint32 id, const float *w, guint n_out, const float *features,
    guint n_features, guint n_cols)
{
  const guint index = (guint) (id >= 0 ? id : -1 - id);

  if (index >= (id >= 0 ? n_out : n_features))
    return NULL;
  return (id >= 0 ? w : features) + (gsize) index * n_cols;
}

void
ref_rms_norm_row (
    const float *x, const float *w, guint n, double eps, double *y)
{
  double sum = 0.0;

  for (guint i = 0; i < n; i++)
    sum += (double) x[i] * x[i];
  for (guint i = 0; i < n; i++)
    y[i] = x[i] * (double) w[i] / sqrt (sum / n + eps);
}

static gboolean
has_bit (const guint32 *bits, guint i)
{
  return (bits[i / 32] >> (i % 32) & 1) != 0;
}

RefChoice
ref_choose (const float *logits, guint n_valid, const guint32 *allowed,
    const guint32 *seen, float penalty)
{
  RefChoice choice = { -1, -INFINITY, -INFINITY, -INFINITY };
  g_autofree float *x = g_new (float, n_valid);
  double top_all = -INFINITY, sum = 0.0, sum_all = 0.0;

  for (guint i = 0; i < n_valid; i++) {
    x[i] = logits[i];
    if (seen != NULL && has_bit (seen, i))
      x[i] = x[i] > 0 ? x[i] / penalty : x[i] * penalty;
    top_all = MAX (top_all, x[i]);
    if ((allowed == NULL || has_bit (allowed, i)) &&
        (choice.token < 0 || x[i] > choice.logit)) {
      choice.token = (gint32) i;
      choice.logit = x[i];
    }
  }
  for (guint i = 0; i < n_valid; i++) {
    sum_all += exp (x[i] - top_all);
    if (choice.token >= 0 && (allowed == NULL || has_bit (allowed, i)))
      sum += exp (x[i] - choice.logit);
  }
  if (choice.token >= 0)
    choice.log_sum = choice.logit + log (sum);
  choice.log_sum_all = top_all + log (sum_all);
  return choice;
}
