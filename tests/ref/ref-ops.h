/* gst-vlm: what every op computes, in doubles
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The specification of the shaders: plain loops over dense row-major arrays. */
#pragma once

#include "nn/ops.h"

/* Row @row of y: x [n_in] of that row, w [n_out][n_in], bias [n_out] or NULL, y
 * [n_out] ([n_out / 2] with SWIGLU, whose w and bias are all gates and then all
 * values, not interleaved). ADD reads y. */
void ref_matmul_row (const float *x, const float *w, const float *bias,
    guint n_out, guint n_in, VlmNnEpilogue epilogue, double *y);

/* y [n_cols] for one id; NULL means a row of zeros. */
const float *ref_embed_row (gint32 id, const float *w, guint n_out,
    const float *features, guint n_features, guint n_cols);

/* x [n], w [n] -> y [n] */
void ref_rms_norm_row (
    const float *x, const float *w, guint n, double eps, double *y);

typedef struct
{
  gint32 token;
  double logit, log_sum, log_sum_all;
} RefChoice;

/* logits [n_valid]; allowed, seen: words of bits, or NULL. The penalty rounds as
 * f32 does. */
RefChoice ref_choose (const float *logits, guint n_valid,
    const guint32 *allowed, const guint32 *seen, float penalty);
