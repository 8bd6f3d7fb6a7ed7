/* gst-vlm: what happens to heads, in doubles
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The specification of the shaders: plain loops over dense row-major arrays. */
#pragma once

#include <glib.h>

/* x [d], angles [d]: cosines, then sines -> y [d]. */
void ref_rope_head (const float *x, const float *angles, guint d, double *y);

/* One query q [d] over keys [begin, end) of k and v, each [n_keys][d] -> y [d] */
void ref_attention_head (const float *q, const float *k, const float *v,
    guint begin, guint end, guint d, double *y);
