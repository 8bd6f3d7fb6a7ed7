/* gst-vlm: the inner loops of the bicubic filters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#include "media/resample-kernels.h"

#include <math.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* The *u types may be at any address. */
typedef float F32x4 __attribute__ ((vector_size (16)));
typedef float F32x4u __attribute__ ((vector_size (16), aligned (4), may_alias));
typedef guint8 U8x16 __attribute__ ((vector_size (16)));
typedef guint8 U8x16u
    __attribute__ ((vector_size (16), aligned (1), may_alias));
typedef gint32 I32x4 __attribute__ ((vector_size (16)));
typedef gint32 I32x4u
    __attribute__ ((vector_size (16), aligned (4), may_alias));

#define DEFINE_WIDEN_I32(name, target)                                         \
  target static void name (                                                    \
      const guint8 *restrict bytes, gsize n, gint32 *restrict out)             \
  {                                                                            \
    for (gsize i = 0; i < n; i++)                                              \
      out[i] = bytes[i];                                                       \
  }

#define PAIR_LOW(a, b)                                                         \
  __builtin_shufflevector (                                                    \
      a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define PAIR_HIGH(a, b)                                                        \
  __builtin_shufflevector (                                                    \
      a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* Rows to columns: pairing the first half with the second one, four times. */
static inline void
turn_bytes (U8x16 v[VLM_ROWS])
{
  for (guint step = 0; step < 4; step++) {
    U8x16 paired[VLM_ROWS];

    for (guint i = 0; i < VLM_ROWS / 2; i++) {
      paired[2 * i] = PAIR_LOW (v[i], v[i + VLM_ROWS / 2]);
      paired[2 * i + 1] = PAIR_HIGH (v[i], v[i + VLM_ROWS / 2]);
    }
    memcpy (v, paired, sizeof paired);
  }
}

#define DEFINE_TURN(name, target)                                              \
  target static void name (const guint8 *restrict bytes, gsize stride,         \
      gsize n, float *restrict out)                                            \
  {                                                                            \
    for (gsize x = 0; x < n; x += 16) {                                        \
      U8x16 tile[VLM_ROWS];                                                    \
                                                                               \
      for (guint i = 0; i < VLM_ROWS; i++)                                     \
        tile[i] = *(const U8x16u *) (bytes + i * stride + x);                  \
      turn_bytes (tile);                                                       \
                                                                               \
      const guint8 *turned = (const guint8 *) tile;                            \
      for (guint i = 0; i < 16 * VLM_ROWS; i++)                                \
        out[VLM_ROWS * x + i] = turned[i];                                     \
    }                                                                          \
  }

/* The reference as compiled for x86 takes taps after the first in fours: those
 * products are rounded, then added one by one. The one to three that are left
 * are fused with the sum. How many are not fused: */
static inline guint
count_rounded (guint n_taps)
{
  return 1 + (n_taps - 1) / 4 * 4;
}

#define ADD_8(weight, row, add)                                                \
  do {                                                                         \
    sum[0] = add (weight, row[0], sum[0]);                                     \
    sum[1] = add (weight, row[1], sum[1]);                                     \
    sum[2] = add (weight, row[2], sum[2]);                                     \
    sum[3] = add (weight, row[3], sum[3]);                                     \
    sum[4] = add (weight, row[4], sum[4]);                                     \
    sum[5] = add (weight, row[5], sum[5]);                                     \
    sum[6] = add (weight, row[6], sum[6]);                                     \
    sum[7] = add (weight, row[7], sum[7]);                                     \
  } while (0)
#define MULTIPLY(weight, item, sum) ((weight) * (item))
#define ROUND(weight, item, sum) ((sum) + (weight) * (item))

#define DEFINE_DOWN_F32(name, target, vector, lanes, fuse)                     \
  target static void name (const float *const *rows, const float *weights,     \
      guint n_rows, gsize n, float *out)                                       \
  {                                                                            \
    guint n_rounded = count_rounded (n_rows);                                  \
                                                                               \
    for (gsize x = 0; x < n; x += 8 * lanes) {                                 \
      const vector##u *row = (const vector##u *) (rows[0] + x);                \
      vector sum[8];                                                           \
                                                                               \
      ADD_8 (weights[0], row, MULTIPLY);                                       \
      for (guint k = 1; k < n_rounded; k++) {                                  \
        row = (const vector##u *) (rows[k] + x);                               \
        ADD_8 (weights[k], row, ROUND);                                        \
      }                                                                        \
      for (guint k = n_rounded; k < n_rows; k++) {                             \
        row = (const vector##u *) (rows[k] + x);                               \
        ADD_8 (weights[k], row, fuse);                                         \
      }                                                                        \
      for (guint i = 0; i < 8; i++)                                            \
        ((vector##u *) (out + x))[i] = sum[i];                                 \
    }                                                                          \
  }

/* Four columns of some rows to rows of four. */
static inline void
store_turned (const float (*tile)[VLM_ROWS], float *const *rows, gsize at)
{
  for (guint i = 0; i < VLM_ROWS; i += 4) {
    F32x4 a = *(const F32x4u *) &tile[0][i];
    F32x4 b = *(const F32x4u *) &tile[1][i];
    F32x4 c = *(const F32x4u *) &tile[2][i];
    F32x4 d = *(const F32x4u *) &tile[3][i];
    F32x4 ac = __builtin_shufflevector (a, c, 0, 4, 1, 5);
    F32x4 bd = __builtin_shufflevector (b, d, 0, 4, 1, 5);

    *(F32x4u *) (rows[i] + at) = __builtin_shufflevector (ac, bd, 0, 4, 1, 5);
    *(F32x4u *) (rows[i + 1] + at) =
        __builtin_shufflevector (ac, bd, 2, 6, 3, 7);
    ac = __builtin_shufflevector (a, c, 2, 6, 3, 7);
    bd = __builtin_shufflevector (b, d, 2, 6, 3, 7);
    *(F32x4u *) (rows[i + 2] + at) =
        __builtin_shufflevector (ac, bd, 0, 4, 1, 5);
    *(F32x4u *) (rows[i + 3] + at) =
        __builtin_shufflevector (ac, bd, 2, 6, 3, 7);
  }
}

#define ADD_RGB(weight, at, add)                                               \
  do {                                                                         \
    r0 = add (weight, red[at], r0);                                            \
    r1 = add (weight, red[at + 1], r1);                                        \
    g0 = add (weight, green[at], g0);                                          \
    g1 = add (weight, green[at + 1], g1);                                      \
    b0 = add (weight, blue[at], b0);                                           \
    b1 = add (weight, blue[at + 1], b1);                                       \
  } while (0)

/* Lanes are rows: each sum has its own, so that its order is that of taps. Six
 * sums at once, because each addition waits for the one before. */
#define DEFINE_ACROSS_F32(name, target, vector, lanes, fuse)                   \
  target static void name (const VlmTaps *taps, const VlmColumns *columns,     \
      const float *in, float *const *rows)                                     \
  {                                                                            \
    const guint step = VLM_ROWS / lanes;                                       \
    gsize stride = (gsize) columns->stride_in * VLM_ROWS;                      \
    gsize stride_out = columns->stride_out;                                    \
    float tile[3][4][VLM_ROWS] = { 0 };                                        \
                                                                               \
    for (guint x = columns->x0; x < columns->x1; x++) {                        \
      const float *weights = taps->f32 + (gsize) x * taps->stride;             \
      const float *from =                                                      \
          in + (gsize) (taps->first[x] - columns->in0) * VLM_ROWS;             \
      guint count = taps->count[x];                                            \
      guint n_rounded = count_rounded (count);                                 \
      gsize o = x - columns->x0;                                               \
                                                                               \
      for (guint row = 0; row < VLM_ROWS; row += 2 * lanes) {                  \
        const vector##u *red = (const vector##u *) (from + row);               \
        const vector##u *green = (const vector##u *) (from + stride + row);    \
        const vector##u *blue = (const vector##u *) (from + 2 * stride + row); \
        vector r0, r1, g0, g1, b0, b1;                                         \
                                                                               \
        ADD_RGB (weights[0], 0, MULTIPLY);                                     \
        for (guint k = 1; k < n_rounded; k++)                                  \
          ADD_RGB (weights[k], k *step, ROUND);                                \
        for (guint k = n_rounded; k < count; k++)                              \
          ADD_RGB (weights[k], k *step, fuse);                                 \
        *(vector##u *) &tile[0][o % 4][row] = r0;                              \
        *(vector##u *) &tile[0][o % 4][row + lanes] = r1;                      \
        *(vector##u *) &tile[1][o % 4][row] = g0;                              \
        *(vector##u *) &tile[1][o % 4][row + lanes] = g1;                      \
        *(vector##u *) &tile[2][o % 4][row] = b0;                              \
        *(vector##u *) &tile[2][o % 4][row + lanes] = b1;                      \
      }                                                                        \
      if (o % 4 == 3 || x + 1 == columns->x1)                                  \
        for (guint plane = 0; plane < 3; plane++)                              \
          store_turned (tile[plane], rows, plane *stride_out + o / 4 * 4);     \
    }                                                                          \
  }

#define DEFINE_DOWN_I32(name, target, vector, lanes)                           \
  target static void name (const gint32 *const *rows, const gint32 *weights,   \
      guint n_rows, gsize n, gint32 *out)                                      \
  {                                                                            \
    for (gsize x = 0; x < n; x += 8 * lanes) {                                 \
      vector sum[8] = { 0 };                                                   \
                                                                               \
      for (guint k = 0; k < n_rows; k++) {                                     \
        const vector##u *row = (const vector##u *) (rows[k] + x);              \
        gint32 weight = weights[k];                                            \
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

#define STORE_SUMS(r4, g4, b4)                                                 \
  do {                                                                         \
    I32x4 rg = HALVE_TWO (r4, g4), bb = HALVE_TWO (b4, b4);                    \
    I32x4 sums = __builtin_shufflevector (rg, bb, 0, 2, 4, 6) +                \
        __builtin_shufflevector (rg, bb, 1, 3, 5, 7);                          \
    gsize o = x - columns->x0;                                                 \
    out[o] = sums[0];                                                          \
    out[columns->stride_out + o] = sums[1];                                    \
    out[2 * (gsize) columns->stride_out + o] = sums[2];                        \
  } while (0)

#define BEGIN_COLUMNS                                                          \
  for (guint x = columns->x0; x < columns->x1; x++) {                          \
    const gint32 *weights = taps->fixed + (gsize) x * taps->stride;            \
    const gint32 *red = in + (taps->first[x] - columns->in0);                  \
    const gint32 *green = red + columns->stride_in;                            \
    const gint32 *blue = green + columns->stride_in;                           \
    guint count = taps->count[x];
#define END_COLUMNS }

static void
across_i32_plain (const VlmTaps *taps, const VlmColumns *columns,
    const gint32 *in, gint32 *restrict out)
{
  BEGIN_COLUMNS
  I32x4 r[2] = { 0 }, g[2] = { 0 }, b[2] = { 0 };

  for (guint k = 0; k < count; k += 8) {
    const I32x4u *w = (const I32x4u *) (weights + k);

    r[0] += w[0] * ((const I32x4u *) (red + k))[0];
    r[1] += w[1] * ((const I32x4u *) (red + k))[1];
    g[0] += w[0] * ((const I32x4u *) (green + k))[0];
    g[1] += w[1] * ((const I32x4u *) (green + k))[1];
    b[0] += w[0] * ((const I32x4u *) (blue + k))[0];
    b[1] += w[1] * ((const I32x4u *) (blue + k))[1];
  }
  r[0] += r[1];
  g[0] += g[1];
  b[0] += b[1];
  STORE_SUMS (r[0], g[0], b[0]);
  END_COLUMNS
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

/* turn_<set>, pack_f32_<set> and what adds are there already. */
#define DEFINE_SET(set, target)                                                \
  DEFINE_WIDEN_I32 (widen_i32_##set, target)                                   \
  DEFINE_ROUND_I32 (round_i32_##set, target)                                   \
  DEFINE_PACK_I32 (pack_i32_##set, target)                                     \
                                                                               \
  static const VlmResampleKernels set = {                                      \
    turn_##set,                                                                \
    widen_i32_##set,                                                           \
    down_f32_##set,                                                            \
    down_i32_##set,                                                            \
    across_f32_##set,                                                          \
    across_i32_##set,                                                          \
    round_i32_##set,                                                           \
    pack_f32_##set,                                                            \
    pack_i32_##set,                                                            \
  };

#if defined(__FP_FAST_FMAF) || defined(__aarch64__)
static inline float
fuse (float a, float b, float c)
{
  return __builtin_fmaf (a, b, c);
}
#else
/* The product is exact in double. Rounding the sum twice does harm only if it
 * looks like the middle of two floats after the first time; sums of pixels do
 * not come near the numbers where floats get coarser. */
static inline float
fuse (float a, float b, float c)
{
  double sum = (double) a * b + c;
  guint64 bits;

  memcpy (&bits, &sum, sizeof bits);
  if (G_UNLIKELY ((bits & 0x1fffffff) == 0x10000000))
    return fmaf (a, b, c);
  return (float) sum;
}
#endif

static inline F32x4
fuse_plain (float a, F32x4 b, F32x4 c)
{
  return (F32x4){ fuse (a, b[0], c[0]), fuse (a, b[1], c[1]),
    fuse (a, b[2], c[2]), fuse (a, b[3], c[3]) };
}

DEFINE_DOWN_I32 (down_i32_plain, , I32x4, 4)
DEFINE_DOWN_F32 (down_f32_plain, , F32x4, 4, fuse_plain)
DEFINE_ACROSS_F32 (across_f32_plain, , F32x4, 4, fuse_plain)
DEFINE_TURN (turn_plain, )
DEFINE_PACK_F32 (pack_f32_plain, )
DEFINE_SET (plain, )

#ifdef __x86_64__
/* Every processor that has one of these has the other. */
#define AVX2 __attribute__ ((target ("avx2,fma")))

typedef float F32x8 __attribute__ ((vector_size (32)));
typedef float F32x8u __attribute__ ((vector_size (32), aligned (4), may_alias));
typedef gint32 I32x8 __attribute__ ((vector_size (32)));
typedef gint32 I32x8u
    __attribute__ ((vector_size (32), aligned (4), may_alias));

#define FOUR(v)                                                                \
  (__builtin_shufflevector (v, v, 0, 1, 2, 3) +                                \
      __builtin_shufflevector (v, v, 4, 5, 6, 7))

AVX2 static void
across_i32_avx2 (const VlmTaps *taps, const VlmColumns *columns,
    const gint32 *in, gint32 *restrict out)
{
  BEGIN_COLUMNS
  I32x8 r = { 0 }, g = { 0 }, b = { 0 };

  for (guint k = 0; k < count; k += 8) {
    I32x8 w = *(const I32x8u *) (weights + k);

    r += w * *(const I32x8u *) (red + k);
    g += w * *(const I32x8u *) (green + k);
    b += w * *(const I32x8u *) (blue + k);
  }
  I32x4 r4 = FOUR (r), g4 = FOUR (g), b4 = FOUR (b);
  STORE_SUMS (r4, g4, b4);
  END_COLUMNS
}

AVX2 static inline F32x8
fuse_avx2 (float a, F32x8 b, F32x8 c)
{
  return _mm256_fmadd_ps (_mm256_set1_ps (a), b, c);
}

DEFINE_DOWN_I32 (down_i32_avx2, AVX2, I32x8, 8)
DEFINE_DOWN_F32 (down_f32_avx2, AVX2, F32x8, 8, fuse_avx2)
DEFINE_ACROSS_F32 (across_f32_avx2, AVX2, F32x8, 8, fuse_avx2)
/* Two tiles at once, one in each half of a register. */
AVX2 static void
turn_avx2 (const guint8 *bytes, gsize stride, gsize n, float *out)
{
  for (gsize x = 0; x < n; x += 32) {
    __m256i v[VLM_ROWS];

    for (guint i = 0; i < VLM_ROWS; i++)
      v[i] = _mm256_loadu_si256 ((const __m256i *) (bytes + i * stride + x));
    for (guint step = 0; step < 4; step++) {
      __m256i paired[VLM_ROWS];

      for (guint i = 0; i < VLM_ROWS / 2; i++) {
        paired[2 * i] = _mm256_unpacklo_epi8 (v[i], v[i + VLM_ROWS / 2]);
        paired[2 * i + 1] = _mm256_unpackhi_epi8 (v[i], v[i + VLM_ROWS / 2]);
      }
      memcpy (v, paired, sizeof paired);
    }
    for (guint i = 0; i < 2 * VLM_ROWS; i++) {
      __m128i column = i < VLM_ROWS
          ? _mm256_castsi256_si128 (v[i % VLM_ROWS])
          : _mm256_extracti128_si256 (v[i % VLM_ROWS], 1);
      float *to = out + VLM_ROWS * (x + i);

      _mm256_storeu_ps (to, _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (column)));
      _mm256_storeu_ps (to + 8,
          _mm256_cvtepi32_ps (
              _mm256_cvtepu8_epi32 (_mm_srli_si128 (column, 8))));
    }
  }
}

/* To the nearest, half to even, as conversion does; packing clamps. */
AVX2 static inline __m128i
round_16 (const float *in)
{
  __m128i a = _mm_cvtps_epi32 (_mm_loadu_ps (in));
  __m128i b = _mm_cvtps_epi32 (_mm_loadu_ps (in + 4));
  __m128i c = _mm_cvtps_epi32 (_mm_loadu_ps (in + 8));
  __m128i d = _mm_cvtps_epi32 (_mm_loadu_ps (in + 12));

  return _mm_packus_epi16 (_mm_packs_epi32 (a, b), _mm_packs_epi32 (c, d));
}

DEFINE_PACK_F32 (pack_f32_rest, AVX2)

/* Of three times 16 bytes: where byte k of the 48 comes from is pixel k / 3 of
 * channel k % 3. A shuffle gives 0 for -1. */
AVX2 static void
pack_f32_avx2 (const float *in, gsize stride, gsize n, guint8 *out)
{
  const char o = -1;
  const __m128i first[3] = {
    _mm_setr_epi8 (0, o, o, 1, o, o, 2, o, o, 3, o, o, 4, o, o, 5),
    _mm_setr_epi8 (o, o, 6, o, o, 7, o, o, 8, o, o, 9, o, o, 10, o),
    _mm_setr_epi8 (o, 11, o, o, 12, o, o, 13, o, o, 14, o, o, 15, o, o),
  };
  const __m128i second[3] = {
    _mm_setr_epi8 (o, 0, o, o, 1, o, o, 2, o, o, 3, o, o, 4, o, o),
    _mm_setr_epi8 (5, o, o, 6, o, o, 7, o, o, 8, o, o, 9, o, o, 10),
    _mm_setr_epi8 (o, o, 11, o, o, 12, o, o, 13, o, o, 14, o, o, 15, o),
  };
  const __m128i third[3] = {
    _mm_setr_epi8 (o, o, 0, o, o, 1, o, o, 2, o, o, 3, o, o, 4, o),
    _mm_setr_epi8 (o, 5, o, o, 6, o, o, 7, o, o, 8, o, o, 9, o, o),
    _mm_setr_epi8 (10, o, o, 11, o, o, 12, o, o, 13, o, o, 14, o, o, 15),
  };
  gsize i = 0;

  for (; i + 16 <= n; i += 16) {
    __m128i a = round_16 (in + i);
    __m128i b = round_16 (in + stride + i);
    __m128i c = round_16 (in + 2 * stride + i);

    for (guint k = 0; k < 3; k++)
      _mm_storeu_si128 ((__m128i *) (out + 3 * i + 16 * k),
          _mm_or_si128 (_mm_shuffle_epi8 (a, first[k]),
              _mm_or_si128 (_mm_shuffle_epi8 (b, second[k]),
                  _mm_shuffle_epi8 (c, third[k]))));
  }
  if (i < n)
    pack_f32_rest (in + i, stride, n - i, out + 3 * i);
}

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
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return &avx2;
#endif
  return &plain;
}
