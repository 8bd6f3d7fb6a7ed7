/* gst-vlm: the weights of the antialiased bicubic filter
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define VLM_TAPS_FRACTION_BITS 22

/* One direction of a resize. Output @o is the sum of count[o] inputs from
 * first[o] on; its weights are at o * stride, zeros fill the rest. A
 * direction whose size does not change copies: one tap of 1. */
typedef struct
{
  guint n_in;
  guint n_out;
  guint max_count;
  guint stride;  /* max_count rounded up to 8 */
  guint *first;  /* [n_out], not decreasing */
  guint *count;  /* [n_out] */
  float *f32;    /* [n_out, stride], or */
  gint32 *fixed; /* the same, with VLM_TAPS_FRACTION_BITS */
} VlmTaps;

/* For images: made in double. */
void vlm_taps_init_fixed (VlmTaps *taps, guint n_in, guint n_out);
/* For video: made in f32, with the reference's roundings. */
void vlm_taps_init_f32 (VlmTaps *taps, guint n_in, guint n_out);
void vlm_taps_clear (VlmTaps *taps);
