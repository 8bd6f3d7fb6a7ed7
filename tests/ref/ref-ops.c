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
