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

/* y [n_cols] for one id; NULL stands for a row of zeros. */
const float *ref_embed_row (gint32 id, const float *w, guint n_out,
    const float *features, guint n_features, guint n_cols);
