/* gst-vlm: the loops of the conversion to RGB, for AVX2
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A compiler makes two to three times as many instructions of the plain loops:
 * it clamps and narrows in separate steps, and spreads chroma by shuffles across
 * registers. */
#include "media/convert-avx2.h"

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__ ((target ("avx2")))

typedef struct
{
  __m256i high;
  __m256i low;
} Factor;

AVX2 static inline Factor
spread (VlmFactor factor)
{
  return (Factor){ _mm256_set1_epi16 (factor.high),
    _mm256_set1_epi16 (factor.low) };
}

/* scale() of convert.c */
AVX2 static inline __m256i
scale (__m256i value, Factor factor)
{
  __m256i low = _mm256_add_epi16 (
      _mm256_mullo_epi16 (value, factor.low), _mm256_set1_epi16 (128));

  return _mm256_add_epi16 (
      _mm256_mullo_epi16 (value, factor.high), _mm256_srai_epi16 (low, 8));
}

/* Each of 16 terms twice. */
AVX2 static inline void
store_twice (gint16 *out, __m256i terms)
{
  __m256i low = _mm256_unpacklo_epi16 (terms, terms);
  __m256i high = _mm256_unpackhi_epi16 (terms, terms);

  _mm256_storeu_si256 (
      (__m256i *) out, _mm256_permute2x128_si256 (low, high, 0x20));
  _mm256_storeu_si256 (
      (__m256i *) (out + 16), _mm256_permute2x128_si256 (low, high, 0x31));
}

AVX2 static gsize
make_terms (const VlmConverter *self, const guint8 *u, const guint8 *v,
    guint step, gsize n, gint16 *const terms[3])
{
  const Factor red_v = spread (self->red_v);
  const Factor green_u = spread (self->green_u);
  const Factor green_v = spread (self->green_v);
  const Factor blue_u = spread (self->blue_u);
  const __m256i half = _mm256_set1_epi16 (VLM_TERM_HALF);
  const __m256i middle = _mm256_set1_epi16 (128);
  gsize i = 0;

  for (; i + 16 <= n; i += 16) {
    __m256i cb, cr;

    if (step == 2) {
      __m256i both = _mm256_loadu_si256 ((const __m256i *) (u + 2 * i));

      cb = _mm256_and_si256 (both, _mm256_set1_epi16 (255));
      cr = _mm256_srli_epi16 (both, 8);
    } else {
      cb = _mm256_cvtepu8_epi16 (_mm_loadu_si128 ((const __m128i *) (u + i)));
      cr = _mm256_cvtepu8_epi16 (_mm_loadu_si128 ((const __m128i *) (v + i)));
    }
    cb = _mm256_sub_epi16 (cb, middle);
    cr = _mm256_sub_epi16 (cr, middle);
    store_twice (terms[0] + 2 * i, _mm256_add_epi16 (scale (cr, red_v), half));
    store_twice (terms[1] + 2 * i,
        _mm256_add_epi16 (
            _mm256_add_epi16 (scale (cb, green_u), scale (cr, green_v)), half));
    store_twice (terms[2] + 2 * i, _mm256_add_epi16 (scale (cb, blue_u), half));
  }
  return i;
}

AVX2 static inline __m256i
load_luma (const guint8 *luma, __m256i offset, Factor factor)
{
  __m256i wide =
      _mm256_cvtepu8_epi16 (_mm_loadu_si128 ((const __m128i *) luma));

  return scale (_mm256_sub_epi16 (wide, offset), factor);
}

AVX2 static inline __m256i
add_term (__m256i luma, const gint16 *term)
{
  return _mm256_srai_epi16 (
      _mm256_add_epi16 (luma, _mm256_loadu_si256 ((const __m256i *) term)),
      VLM_TERM_BITS);
}

/* Where the blocks of a row of @n items begin. The last one ends with the row, so
 * it repeats a part of the one before, which is cheaper than single items. */
static inline gsize
next_block (gsize i, gsize block, gsize n)
{
  return i + block < n ? MIN (i + block, n - block) : n;
}

/* Packing clamps, and takes the halves of registers in turn. */
AVX2 static gsize
add_luma (const VlmConverter *self, gsize n, const guint8 *luma,
    gint16 *const terms[3], guint8 *const rgb[3])
{
  const Factor factor = spread (self->luma_factor);
  const __m256i offset = _mm256_set1_epi16 (self->luma_offset);

  for (gsize i = n < 32 ? n : 0; i < n; i = next_block (i, 32, n)) {
    __m256i first = load_luma (luma + i, offset, factor);
    __m256i second = load_luma (luma + i + 16, offset, factor);

    for (guint c = 0; c < 3; c++) {
      __m256i packed = _mm256_packus_epi16 (
          add_term (first, terms[c] + i), add_term (second, terms[c] + i + 16));

      _mm256_storeu_si256 (
          (__m256i *) (rgb[c] + i), _mm256_permute4x64_epi64 (packed, 0xd8));
    }
  }
  return n < 32 ? 0 : n;
}

gsize
vlm_make_terms_avx2 (const VlmConverter *converter, const guint8 *u,
    const guint8 *v, guint step, gsize n, gint16 *const terms[3])
{
  gboolean fits = step == 1 || (step == 2 && v == u + 1);

  return fits && __builtin_cpu_supports ("avx2")
      ? make_terms (converter, u, v, step, n, terms)
      : 0;
}

gsize
vlm_add_luma_avx2 (const VlmConverter *converter, gsize n, const guint8 *luma,
    gint16 *const terms[3], guint8 *const rgb[3])
{
  return __builtin_cpu_supports ("avx2")
      ? add_luma (converter, n, luma, terms, rgb)
      : 0;
}
#else
gsize
vlm_make_terms_avx2 (const VlmConverter *converter, const guint8 *u,
    const guint8 *v, guint step, gsize n, gint16 *const terms[3])
{
  return 0;
}

gsize
vlm_add_luma_avx2 (const VlmConverter *converter, gsize n, const guint8 *luma,
    gint16 *const terms[3], guint8 *const rgb[3])
{
  return 0;
}
#endif
