/* gst-vlm: every pixel format to RGB
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef __GNUC__
#ifndef __clang__
#pragma GCC optimize("O3")
#endif
#endif

#include <math.h>
#include <string.h>

#include "media/convert-avx2.h"
#include "media/convert.h"
#include "media/simd.h"

#define CACHE_LINE 64
#define N_ROWS_AHEAD 8

static VlmFactor
make_factor (double factor)
{
  glong scaled = lrint (factor * (1 << (VLM_TERM_BITS + 8)));

  return (VlmFactor){ (gint16) (scaled >> 8), (gint16) (scaled & 255) };
}

static void
init_matrix (VlmConverter *self)
{
  static const double weights[][2] = {
    [VLM_COLOR_MATRIX_BT601] = { 0.299, 0.114 },
    [VLM_COLOR_MATRIX_BT709] = { 0.2126, 0.0722 },
    [VLM_COLOR_MATRIX_BT2020] = { 0.2627, 0.0593 },
  };
  gboolean full = self->view->full_range;
  double kr = weights[self->view->matrix][0];
  double kb = weights[self->view->matrix][1];
  double kg = 1.0 - kr - kb;
  double luma = full ? 1.0 : 255.0 / 219.0;
  double chroma = full ? 1.0 : 255.0 / 224.0;

  self->luma_offset = full ? 0 : 16;
  self->luma_factor = make_factor (luma);
  self->red_v = make_factor (2.0 * (1.0 - kr) * chroma);
  self->blue_u = make_factor (2.0 * (1.0 - kb) * chroma);
  self->green_u = make_factor (-2.0 * (1.0 - kb) * kb / kg * chroma);
  self->green_v = make_factor (-2.0 * (1.0 - kr) * kr / kg * chroma);
  for (int i = 0; i < 256; i++)
    self->gray[i] =
        (guint8) CLAMP (lrint ((i - self->luma_offset) * luma), 0, 255);
}

void
vlm_converter_init (
    VlmConverter *converter, const VlmImageView *view, guint max_span)
{
  memset (converter, 0, sizeof *converter);
  converter->view = view;
  converter->max_span = max_span;
  init_matrix (converter);
  if (vlm_image_view_format (view)->is_rgb)
    return;
  converter->luma = g_malloc (max_span);
  for (guint i = 0; i < 3; i++)
    converter->terms[i] = g_new (gint16, max_span + 1);
}

void
vlm_converter_clear (VlmConverter *converter)
{
  g_clear_pointer (&converter->luma, g_free);
  for (guint i = 0; i < 3; i++)
    g_clear_pointer (&converter->terms[i], g_free);
}

/* Indices are gsize: a product that could wrap around is not vectorised. */
VLM_CLONES static void
split_3 (const guint8 *restrict in, gsize n, guint8 *restrict a,
    guint8 *restrict b, guint8 *restrict c)
{
  for (gsize i = 0; i < n; i++) {
    a[i] = in[3 * i];
    b[i] = in[3 * i + 1];
    c[i] = in[3 * i + 2];
  }
}

/* Whole words: shifts and masks, no single bytes. */
VLM_CLONES static void
split_4 (const guint8 *restrict in, gsize n, guint8 *restrict a,
    guint8 *restrict b, guint8 *restrict c)
{
  for (gsize i = 0; i < n; i++) {
    guint32 word;

    memcpy (&word, in + 4 * i, sizeof word);
    word = GUINT32_FROM_LE (word);
    a[i] = (guint8) word;
    b[i] = (guint8) (word >> 8);
    c[i] = (guint8) (word >> 16);
  }
}

VLM_CLONES static void
take_even (const guint8 *restrict in, gsize n, guint8 *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = in[2 * i];
}

static void
convert_rgb (
    VlmConverter *self, const guint8 *row, gsize n, guint8 *const rgb[3])
{
  const VlmFormatInfo *info = vlm_image_view_format (self->view);
  gboolean is_bgr = info->offset[0] == 2;
  guint8 *first = is_bgr ? rgb[2] : rgb[0];
  guint8 *third = is_bgr ? rgb[0] : rgb[2];

  if (info->step[0] == 3) {
    split_3 (row, n, first, rgb[1], third);
  } else if (info->step[0] == 4) {
    split_4 (row, n, first, rgb[1], third);
  } else {
    for (gsize i = 0; i < n; i++)
      rgb[0][i] = self->gray[row[i]];
    memcpy (rgb[1], rgb[0], n);
    memcpy (rgb[2], rgb[0], n);
  }
}

/* value * factor, where a factor has 8 bits more of fraction than the product:
 * two products of 16 bits do. Nothing overflows: value * low stays below 2^15 -
 * 2^7 for chroma (value < 128) and, low being 67 or 0, for luma. All is kept in
 * gint16, or the loops below would be done in 32 bits. */
static inline gint16
scale (gint16 value, VlmFactor factor)
{
  gint16 low = (gint16) (value * factor.low);
  gint16 high = (gint16) (value * factor.high);

  low = (gint16) (low + 128);
  low = (gint16) (low >> 8);
  return (gint16) (high + low);
}

/* What a chroma sample adds to its two pixels of a row. It includes the half for
 * rounding the sum. */
VLM_CLONES static void
make_terms (const VlmConverter *self, const guint8 *restrict u,
    const guint8 *restrict v, guint step, gsize n, gint16 *restrict red,
    gint16 *restrict green, gint16 *restrict blue)
{
  const VlmFactor red_v = self->red_v;
  const VlmFactor green_u = self->green_u;
  const VlmFactor green_v = self->green_v;
  const VlmFactor blue_u = self->blue_u;

/* A constant step lets the loads be vectorised. */
#define MAKE_TERMS(known_step)                                                 \
  for (gsize i = 0; i < n; i++) {                                              \
    gint16 cb = (gint16) (u[i * known_step] - 128);                            \
    gint16 cr = (gint16) (v[i * known_step] - 128);                            \
    gint16 to_red = (gint16) (scale (cr, red_v) + VLM_TERM_HALF);              \
    gint16 to_green =                                                          \
        (gint16) (scale (cb, green_u) + scale (cr, green_v) + VLM_TERM_HALF);  \
    gint16 to_blue = (gint16) (scale (cb, blue_u) + VLM_TERM_HALF);            \
    red[2 * i] = red[2 * i + 1] = to_red;                                      \
    green[2 * i] = green[2 * i + 1] = to_green;                                \
    blue[2 * i] = blue[2 * i + 1] = to_blue;                                   \
  }
  if (step == 1)
    MAKE_TERMS (1)
  else if (step == 2)
    MAKE_TERMS (2)
  else
    MAKE_TERMS (4)
#undef MAKE_TERMS
}

static inline guint8
clamp_term (gint16 sum)
{
  sum = (gint16) (sum >> VLM_TERM_BITS);
  sum = MAX (sum, (gint16) 0);
  sum = MIN (sum, (gint16) 255);
  return (guint8) sum;
}

/* Only parameters are trusted not to overlap. */
VLM_CLONES static void
add_luma (const VlmConverter *self, gsize n, const guint8 *restrict luma,
    const gint16 *restrict red_term, const gint16 *restrict green_term,
    const gint16 *restrict blue_term, guint8 *restrict red,
    guint8 *restrict green, guint8 *restrict blue)
{
  const VlmFactor factor = self->luma_factor;
  const gint16 offset = self->luma_offset;

  for (gsize i = 0; i < n; i++) {
    gint16 scaled = scale ((gint16) (luma[i] - offset), factor);

    red[i] = clamp_term ((gint16) (scaled + red_term[i]));
    green[i] = clamp_term ((gint16) (scaled + green_term[i]));
    blue[i] = clamp_term ((gint16) (scaled + blue_term[i]));
  }
}

/* The processor cannot predict that a row is read in strips, or how far away the
 * next one is. Addresses beyond the picture do no harm. */
static void
fetch_ahead (const guint8 *row, gssize stride, gsize n_bytes)
{
  for (gsize i = 0; i < n_bytes; i += CACHE_LINE)
    __builtin_prefetch (row + N_ROWS_AHEAD * stride + i);
}

static void
convert_yuv (
    VlmConverter *self, guint x, guint y, guint n, guint8 *const rgb[3])
{
  const VlmImageView *view = self->view;
  const VlmFormatInfo *info = vlm_image_view_format (view);
  guint chroma_row = y >> info->y_shift[info->plane[1]];
  const guint8 *samples[3];
  gsize done;

  for (guint i = 0; i < 3; i++) {
    guint plane = info->plane[i];

    samples[i] = view->planes[plane] +
        (gssize) view->strides[plane] * (i == 0 ? y : chroma_row) +
        (gsize) info->step[i] * (i == 0 ? x : x / 2) + info->offset[i];
  }
  fetch_ahead (samples[0], view->strides[0], (gsize) n * info->step[0]);
  if (info->step[0] == 2) {
    take_even (samples[0], n, self->luma);
    samples[0] = self->luma;
  }
  if (!self->has_terms || self->terms_row != chroma_row || self->terms_x != x ||
      self->terms_n != n) {
    gsize n_chroma = (n + 1) / 2;
    guint step = info->step[1];
    for (guint i = 1; i < info->n_planes; i++)
      fetch_ahead (
          samples[i], view->strides[info->plane[i]], n_chroma * info->step[i]);
    done = vlm_make_terms_avx2 (
        self, samples[1], samples[2], step, n_chroma, self->terms);

    make_terms (self, samples[1] + step * done, samples[2] + step * done, step,
        n_chroma - done, self->terms[0] + 2 * done, self->terms[1] + 2 * done,
        self->terms[2] + 2 * done);
    self->has_terms = TRUE;
    self->terms_row = chroma_row;
    self->terms_x = x;
    self->terms_n = n;
  }
  done = vlm_add_luma_avx2 (self, n, samples[0], self->terms, rgb);
  add_luma (self, n - done, samples[0] + done, self->terms[0] + done,
      self->terms[1] + done, self->terms[2] + done, rgb[0] + done,
      rgb[1] + done, rgb[2] + done);
}

void
vlm_converter_span (
    VlmConverter *converter, guint x, guint y, guint n, guint8 *const rgb[3])
{
  const VlmImageView *view = converter->view;
  const VlmFormatInfo *info = vlm_image_view_format (view);

  g_assert (x % 2 == 0 && n <= converter->max_span);
  if (info->is_rgb)
    convert_rgb (converter,
        view->planes[0] + (gssize) view->strides[0] * y +
            (gsize) info->step[0] * x,
        n, rgb);
  else
    convert_yuv (converter, x, y, n, rgb);
}
