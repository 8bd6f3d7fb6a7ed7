/* gst-vlm: the inner loops of the bicubic filters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#include "media/resample-kernels.h"

/* The *u types may stand at any address. */
typedef float F32x4 __attribute__ ((vector_size (16)));
typedef float F32x4u __attribute__ ((vector_size (16), aligned (4), may_alias));
typedef gint32 I32x4 __attribute__ ((vector_size (16)));
typedef gint32 I32x4u
    __attribute__ ((vector_size (16), aligned (4), may_alias));

#define DEFINE_WIDEN(name, target, type)                                       \
  target static void name (                                                    \
      const guint8 *restrict bytes, gsize n, type *restrict out)               \
  {                                                                            \
    for (gsize i = 0; i < n; i++)                                              \
      out[i] = (type) bytes[i];                                                \
  }

#define DEFINE_DOWN(name, target, type, vector, lanes)                         \
  target static void name (const type *const *rows, const type *weights,       \
      guint n_rows, gsize n, type *out)                                        \
  {                                                                            \
    for (gsize x = 0; x < n; x += 8 * lanes) {                                 \
      vector sum[8] = { 0 };                                                   \
                                                                               \
      for (guint k = 0; k < n_rows; k++) {                                     \
        const vector##u *row = (const vector##u *) (rows[k] + x);              \
        type weight = weights[k];                                              \
                                                                               \
        sum[0] += weight * row[0];                                             \
        sum[1] += weight * row[1];                                             \
        sum[2] += weight * row[2];                                             \
        sum[3] += weight * row[3];                                             \
        sum[4] += weight * row[4];                                             \
        sum[5] += weight * row[5];                                             \
        sum[6] += weight * row[6];                                             \
        sum[7] += weight * row[7];                                             \
      }                                                                        \
      for (guint i = 0; i < 8; i++)                                            \
        ((vector##u *) (out + x))[i] = sum[i];                                 \
    }                                                                          \
  }

/* Four lanes of two registers to two each. */
#define HALVE_TWO(v, w)                                                        \
  (__builtin_shufflevector (v, w, 0, 1, 4, 5) +                                \
      __builtin_shufflevector (v, w, 2, 3, 6, 7))

#define STORE_SUMS(vector4, r4, g4, b4)                                        \
  do {                                                                         \
    vector4 rg = HALVE_TWO (r4, g4), bb = HALVE_TWO (b4, b4);                  \
    vector4 sums = __builtin_shufflevector (rg, bb, 0, 2, 4, 6) +              \
        __builtin_shufflevector (rg, bb, 1, 3, 5, 7);                          \
    gsize o = x - columns->x0;                                                 \
    out[o] = sums[0];                                                          \
    out[columns->stride_out + o] = sums[1];                                    \
    out[2 * (gsize) columns->stride_out + o] = sums[2];                        \
  } while (0)

#define BEGIN_COLUMNS(type, weights_of)                                        \
  for (guint x = columns->x0; x < columns->x1; x++) {                          \
    const type *weights = taps->weights_of + (gsize) x * taps->stride;         \
    const type *red = in + (taps->first[x] - columns->in0);                    \
    const type *green = red + columns->stride_in;                              \
    const type *blue = green + columns->stride_in;                             \
    guint count = taps->count[x];
#define END_COLUMNS }

/* Eight sums a plane, as where a register holds eight, so that the order of
 * additions is the same. */
#define DEFINE_ACROSS_X4(name, type, vector, weights_of)                       \
  static void name (const VlmTaps *taps, const VlmColumns *columns,            \
      const type *in, type *restrict out)                                      \
  {                                                                            \
    BEGIN_COLUMNS (type, weights_of)                                           \
    vector r[2] = { 0 }, g[2] = { 0 }, b[2] = { 0 };                           \
                                                                               \
    for (guint k = 0; k < count; k += 8) {                                     \
      const vector##u *w = (const vector##u *) (weights + k);                  \
                                                                               \
      r[0] += w[0] * ((const vector##u *) (red + k))[0];                       \
      r[1] += w[1] * ((const vector##u *) (red + k))[1];                       \
      g[0] += w[0] * ((const vector##u *) (green + k))[0];                     \
      g[1] += w[1] * ((const vector##u *) (green + k))[1];                     \
      b[0] += w[0] * ((const vector##u *) (blue + k))[0];                      \
      b[1] += w[1] * ((const vector##u *) (blue + k))[1];                      \
    }                                                                          \
    r[0] += r[1];                                                              \
    g[0] += g[1];                                                              \
    b[0] += b[1];                                                              \
    STORE_SUMS (vector, r[0], g[0], b[0]);                                     \
    END_COLUMNS                                                                \
  }

/* Adding 1.5 * 2^23 leaves no bits for a fraction: it rounds to the nearest
 * integer, half to even. */
#define DEFINE_PACK_F32(name, target)                                          \
  target static void name (                                                    \
      const float *restrict in, gsize stride, gsize n, guint8 *restrict out)   \
  {                                                                            \
    const float magic = 12582912.0f;                                           \
                                                                               \
    for (gsize i = 0; i < n; i++)                                              \
      for (gsize c = 0; c < 3; c++) {                                          \
        float value = in[c * stride + i];                                      \
                                                                               \
        value = value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;         \
        out[3 * i + c] = (guint8) (gint32) ((value + magic) - magic);          \
      }                                                                        \
  }

static inline gint32
to_byte (gint32 sum)
{
  sum = (sum + (1 << (VLM_TAPS_FRACTION_BITS - 1))) >> VLM_TAPS_FRACTION_BITS;
  return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

#define DEFINE_ROUND_I32(name, target)                                         \
  target static void name (gint32 *values, gsize n)                            \
  {                                                                            \
    for (gsize i = 0; i < n; i++)                                              \
      values[i] = to_byte (values[i]);                                         \
  }

#define DEFINE_PACK_I32(name, target)                                          \
  target static void name (                                                    \
      const gint32 *restrict in, gsize stride, gsize n, guint8 *restrict out)  \
  {                                                                            \
    for (gsize i = 0; i < n; i++)                                              \
      for (gsize c = 0; c < 3; c++)                                            \
        out[3 * i + c] = (guint8) to_byte (in[c * stride + i]);                \
  }

#define DEFINE_SET(set, target)                                                \
  DEFINE_WIDEN (widen_f32_##set, target, float)                                \
  DEFINE_WIDEN (widen_i32_##set, target, gint32)                               \
  DEFINE_ROUND_I32 (round_i32_##set, target)                                   \
  DEFINE_PACK_F32 (pack_f32_##set, target)                                     \
  DEFINE_PACK_I32 (pack_i32_##set, target)                                     \
                                                                               \
  static const VlmResampleKernels set = {                                      \
    widen_f32_##set,                                                           \
    widen_i32_##set,                                                           \
    down_f32_##set,                                                            \
    down_i32_##set,                                                            \
    across_f32_##set,                                                          \
    across_i32_##set,                                                          \
    round_i32_##set,                                                           \
    pack_f32_##set,                                                            \
    pack_i32_##set,                                                            \
  };

DEFINE_DOWN (down_f32_plain, , float, F32x4, 4)
DEFINE_DOWN (down_i32_plain, , gint32, I32x4, 4)
DEFINE_ACROSS_X4 (across_f32_plain, float, F32x4, f32)
DEFINE_ACROSS_X4 (across_i32_plain, gint32, I32x4, fixed)
DEFINE_SET (plain, )

#ifdef __x86_64__
#define AVX2 __attribute__ ((target ("avx2")))

typedef float F32x8 __attribute__ ((vector_size (32)));
typedef float F32x8u __attribute__ ((vector_size (32), aligned (4), may_alias));
typedef gint32 I32x8 __attribute__ ((vector_size (32)));
typedef gint32 I32x8u
    __attribute__ ((vector_size (32), aligned (4), may_alias));

#define FOUR(v)                                                                \
  (__builtin_shufflevector (v, v, 0, 1, 2, 3) +                                \
      __builtin_shufflevector (v, v, 4, 5, 6, 7))

#define DEFINE_ACROSS_X8(name, type, vector, vector4, weights_of)              \
  AVX2 static void name (const VlmTaps *taps, const VlmColumns *columns,       \
      const type *in, type *restrict out)                                      \
  {                                                                            \
    BEGIN_COLUMNS (type, weights_of)                                           \
    vector r = { 0 }, g = { 0 }, b = { 0 };                                    \
                                                                               \
    for (guint k = 0; k < count; k += 8) {                                     \
      vector w = *(const vector##u *) (weights + k);                           \
                                                                               \
      r += w * *(const vector##u *) (red + k);                                 \
      g += w * *(const vector##u *) (green + k);                               \
      b += w * *(const vector##u *) (blue + k);                                \
    }                                                                          \
    vector4 r4 = FOUR (r), g4 = FOUR (g), b4 = FOUR (b);                       \
    STORE_SUMS (vector4, r4, g4, b4);                                          \
    END_COLUMNS                                                                \
  }

DEFINE_DOWN (down_f32_avx2, AVX2, float, F32x8, 8)
DEFINE_DOWN (down_i32_avx2, AVX2, gint32, I32x8, 8)
DEFINE_ACROSS_X8 (across_f32_avx2, float, F32x8, F32x4, f32)
DEFINE_ACROSS_X8 (across_i32_avx2, gint32, I32x8, I32x4, fixed)
DEFINE_SET (avx2, AVX2)
#endif

const VlmResampleKernels *
vlm_resample_kernels_plain (void)
{
  return &plain;
}

const VlmResampleKernels *
vlm_resample_kernels (void)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx2"))
    return &avx2;
#endif
  return &plain;
}
