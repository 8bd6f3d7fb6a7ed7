/* gst-vlm: the inner loops of the bicubic filters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/taps.h"

/* Rows are whole blocks of items, with a multiple of 8 zeros or other numbers
 * after the last one: taps are read in eights. */
#define VLM_BLOCK 64
/* Rows that f32 goes across at once. */
#define VLM_ROWS 16

/* Columns @x0 to @x1 of the output, from input that begins at column @in0. */
typedef struct
{
  guint x0;
  guint x1;
  guint in0;
  guint stride_in; /* items from a plane to the next */
  guint stride_out;
} VlmColumns;

/* Every set gives the same numbers, to the last bit. */
typedef struct
{
  /* VLM_ROWS rows of bytes, @stride apart, to [n, VLM_ROWS]; n: whole blocks */
  void (*turn) (const guint8 *bytes, gsize stride, gsize n, float *out);
  /* bytes as numbers */
  void (*widen_i32) (const guint8 *bytes, gsize n, gint32 *out);
  /* out[x] = sum of weights[k] * rows[k][x]; n: whole blocks. f32 adds and
   * rounds as the reference does. */
  void (*down_f32) (const float *const *rows, const float *weights,
      guint n_rows, gsize n, float *out);
  void (*down_i32) (const gint32 *const *rows, const gint32 *weights,
      guint n_rows, gsize n, gint32 *out);
  /* three planes, each output column from the input columns around it; f32: [3,
   * stride_in, VLM_ROWS] to VLM_ROWS rows of [3, stride_out] */
  void (*across_f32) (const VlmTaps *taps, const VlmColumns *columns,
      const float *in, float *const *rows);
  void (*across_i32) (const VlmTaps *taps, const VlmColumns *columns,
      const gint32 *in, gint32 *out);
  /* fixed point to what a byte would hold */
  void (*round_i32) (gint32 *values, gsize n);
  /* three planes to packed bytes: clamped, f32 rounded half to even */
  void (*pack_f32) (const float *in, gsize stride, gsize n, guint8 *out);
  void (*pack_i32) (const gint32 *in, gsize stride, gsize n, guint8 *out);
} VlmResampleKernels;

/* The best set for this processor. */
const VlmResampleKernels *vlm_resample_kernels (void);
/* The one for any. */
const VlmResampleKernels *vlm_resample_kernels_plain (void);
