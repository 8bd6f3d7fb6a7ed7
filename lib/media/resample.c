/* gst-vlm: the two bicubic filters of the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#include <string.h>

#include <vlm/vlm-error.h>

#include "media/convert.h"
#include "media/resample.h"
#include "media/simd.h"
#include "media/taps.h"

/* Bytes of the rows that wait for the second pass: a part of a core's second
 * cache. Less costs more overlap of the strips: with 24 KiB 1080p takes half as
 * long again; from 128 KiB on there is no difference. */
#define RING_BYTES (160 * 1024)
#define MIN_SPAN 64
/* Columns that the inner loop takes at once. */
#define BLOCK 64

/* Everything of one resize. Rows are three planes of @stride; sizes are those
 * of the widest strip. */
typedef struct
{
  VlmTaps across;
  VlmTaps down;
  VlmConverter converter;
  guint stride_in;
  guint stride_out;
  guint n_ring;
  guint8 *bytes;   /* [3, stride_in]: a converted row */
  gpointer ring;   /* [n_ring] rows after the first pass */
  gpointer wide;   /* [3, stride_in]: a row, 32 bits an item */
  gpointer result; /* [3, stride_out]: a row after both */
  guint8 *out;
  guint width;
} Resizer;

/* Columns x0 to x1 of the output, made of those from in0 to in1. */
typedef struct
{
  guint x0;
  guint x1;
  guint in0;
  guint in1;
} Strip;

static Strip
next_strip (const VlmTaps *across, guint x0, guint max_span)
{
  Strip strip = { x0, x0, across->first[x0] & ~1u, 0 };

  while (strip.x1 < across->n_out) {
    guint end = across->first[strip.x1] + across->count[strip.x1];

    if (strip.x1 > x0 && end - strip.in0 > max_span)
      break;
    strip.in1 = MAX (strip.in1, end);
    strip.x1++;
  }
  return strip;
}

VLM_CLONES static void
widen_f32 (const guint8 *restrict bytes, gsize n, float *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = (float) bytes[i];
}

VLM_CLONES static void
widen_i32 (const guint8 *restrict bytes, gsize n, gint32 *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = bytes[i];
}

/* Both directions, in f32 and in i32: the same loops, but for the type. */
/* out[x] = sum of weights[k] * rows[k][x]; all rows have a multiple of BLOCK. */
#define DEFINE_DOWN(name, type, vector)                                        \
  VLM_CLONES static void name (const type *const *rows, const type *weights,   \
      guint n_rows, guint n, type *out)                                        \
  {                                                                            \
    for (guint x = 0; x < n; x += BLOCK) {                                     \
      vector##x8 sum[BLOCK / 8] = { 0 };                                       \
                                                                               \
      for (guint k = 0; k < n_rows; k++) {                                     \
        const vector##x8u *row = (const vector##x8u *) (rows[k] + x);          \
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
      for (guint i = 0; i < BLOCK / 8; i++)                                    \
        ((vector##x8u *) (out + x))[i] = sum[i];                               \
    }                                                                          \
  }

/* Eight lanes to four; four lanes of two registers to two each. */
#define HALVE(v)                                                               \
  (__builtin_shufflevector (v, v, 0, 1, 2, 3) +                                \
      __builtin_shufflevector (v, v, 4, 5, 6, 7))
#define HALVE_TWO(v, w)                                                        \
  (__builtin_shufflevector (v, w, 0, 1, 4, 5) +                                \
      __builtin_shufflevector (v, w, 2, 3, 6, 7))

/* Each output column from the input columns around it, all planes at once. */
#define DEFINE_ACROSS(name, type, vector, weights_of)                          \
  VLM_CLONES static void name (const VlmTaps *taps, const Strip *strip,        \
      const type *in, guint stride_in, guint stride_out, type *restrict out)   \
  {                                                                            \
    for (guint x = strip->x0; x < strip->x1; x++) {                            \
      const type *weights = taps->weights_of + (gsize) x * taps->stride;       \
      const type *from = in + (taps->first[x] - strip->in0);                   \
      guint count = taps->count[x];                                            \
      vector##x8 r = { 0 }, g = { 0 }, b = { 0 };                              \
                                                                               \
      for (guint k = 0; k < count; k += 8) {                                   \
        vector##x8 weight = *(const vector##x8u *) (weights + k);              \
                                                                               \
        r += weight * *(const vector##x8u *) (from + k);                       \
        g += weight * *(const vector##x8u *) (from + stride_in + k);           \
        b += weight * *(const vector##x8u *) (from + 2 * stride_in + k);       \
      }                                                                        \
                                                                               \
      vector##x4 r4 = HALVE (r), g4 = HALVE (g), b4 = HALVE (b);               \
      vector##x4 rg = HALVE_TWO (r4, g4), bb = HALVE_TWO (b4, b4);             \
      vector##x4 sums = __builtin_shufflevector (rg, bb, 0, 2, 4, 6) +         \
          __builtin_shufflevector (rg, bb, 1, 3, 5, 7);                        \
      guint o = x - strip->x0;                                                 \
      out[o] = sums[0];                                                        \
      out[stride_out + o] = sums[1];                                           \
      out[2 * stride_out + o] = sums[2];                                       \
    }                                                                          \
  }

DEFINE_DOWN (down_f32, float, VlmF32)
DEFINE_DOWN (down_i32, gint32, VlmI32)
DEFINE_ACROSS (across_f32, float, VlmF32, f32)
DEFINE_ACROSS (across_i32, gint32, VlmI32, fixed)

/* Adding 1.5 * 2^23 leaves no bits for a fraction: it rounds to the nearest
 * integer, half to even. */
VLM_CLONES static void
pack_f32 (const float *restrict in, gsize stride, gsize n, guint8 *restrict out)
{
  const float magic = 12582912.0f;

  for (gsize i = 0; i < n; i++)
    for (gsize c = 0; c < 3; c++) {
      float value = in[c * stride + i];

      value = value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;
      out[3 * i + c] = (guint8) (gint32) ((value + magic) - magic);
    }
}

static inline gint32
to_byte (gint32 sum)
{
  sum = (sum + (1 << (VLM_TAPS_FRACTION_BITS - 1))) >> VLM_TAPS_FRACTION_BITS;
  return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

/* What goes from the first pass to the second has been a byte. */
VLM_CLONES static void
round_i32 (gint32 *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = to_byte (values[i]);
}

VLM_CLONES static void
pack_i32 (
    const gint32 *restrict in, gsize stride, gsize n, guint8 *restrict out)
{
  for (gsize i = 0; i < n; i++)
    for (gsize c = 0; c < 3; c++)
      out[3 * i + c] = (guint8) to_byte (in[c * stride + i]);
}

static void
convert_row (Resizer *self, const Strip *strip, guint y)
{
  guint8 *planes[3] = { self->bytes, self->bytes + self->stride_in,
    self->bytes + 2 * self->stride_in };

  vlm_converter_span (
      &self->converter, strip->in0, y, strip->in1 - strip->in0, planes);
}

/* The rows of the ring that row @y of the output needs. */
static void
collect_rows (const Resizer *self, guint y, gsize row_items, gsize item,
    gconstpointer *rows)
{
  for (guint k = 0; k < self->down.count[y]; k++) {
    gsize slot = (self->down.first[y] + k) % self->n_ring;

    rows[k] = (const guint8 *) self->ring + slot * row_items * item;
  }
}

/* Down first: that pass has no lanes to add up, and what is left for the other
 * one is small. In f32 the order makes no difference that survives the
 * rounding. */
static void
resize_video_strip (Resizer *self, const Strip *strip)
{
  guint n = 3 * self->stride_in;
  g_autofree gconstpointer *rows = g_new (gconstpointer, self->n_ring);
  float *ring = self->ring;
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint end = self->down.first[y] + self->down.count[y];

    for (; next_row < end; next_row++) {
      convert_row (self, strip, next_row);
      widen_f32 (self->bytes, n, ring + (gsize) (next_row % self->n_ring) * n);
    }
    collect_rows (self, y, n, sizeof (float), rows);
    down_f32 ((const float *const *) rows,
        self->down.f32 + (gsize) y * self->down.stride, self->down.count[y], n,
        self->wide);
    across_f32 (&self->across, strip, self->wide, self->stride_in,
        self->stride_out, self->result);
    pack_f32 (self->result, self->stride_out, strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

static void
resize_image_strip (Resizer *self, const Strip *strip)
{
  guint n = 3 * self->stride_out;
  g_autofree gconstpointer *rows = g_new (gconstpointer, self->n_ring);
  gint32 *ring = self->ring;
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint end = self->down.first[y] + self->down.count[y];

    for (; next_row < end; next_row++) {
      gint32 *row = ring + (gsize) (next_row % self->n_ring) * n;

      convert_row (self, strip, next_row);
      widen_i32 (self->bytes, 3 * self->stride_in, self->wide);
      across_i32 (&self->across, strip, self->wide, self->stride_in,
          self->stride_out, row);
      round_i32 (row, n);
    }
    collect_rows (self, y, n, sizeof (gint32), rows);
    down_i32 ((const gint32 *const *) rows,
        self->down.fixed + (gsize) y * self->down.stride, self->down.count[y],
        n, self->result);
    pack_i32 (self->result, self->stride_out, strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

/* Zeroed: the padding is multiplied, if by 0 only. */
static gboolean
allocate (Resizer *self, VlmResample resample, guint max_in, guint max_out,
    GError **error)
{
  gboolean video = resample == VLM_RESAMPLE_VIDEO;
  gsize item = sizeof (float);
  gsize pad = self->across.stride;

  self->stride_in = (max_in + BLOCK - 1) / BLOCK * BLOCK;
  self->stride_out = (max_out + BLOCK - 1) / BLOCK * BLOCK;

  gsize ring_row = 3 * (video ? self->stride_in : self->stride_out);
  self->bytes = g_try_malloc0 (3 * self->stride_in + pad);
  self->ring = g_try_malloc0_n (self->n_ring, ring_row * item);
  self->wide = g_try_malloc0_n (3 * self->stride_in + pad, item);
  self->result = g_try_malloc0_n (3 * self->stride_out, item);
  if (self->bytes && self->ring && self->wide && self->result)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "shrinking %ux%u pixels to %ux%u needs more memory than there is",
      self->across.n_in, self->down.n_in, self->across.n_out, self->down.n_out);
  return FALSE;
}

static void
resizer_clear (Resizer *self)
{
  vlm_taps_clear (&self->across);
  vlm_taps_clear (&self->down);
  vlm_converter_clear (&self->converter);
  g_free (self->bytes);
  g_free (self->ring);
  g_free (self->wide);
  g_free (self->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Resizer, resizer_clear)

gboolean
vlm_resample (const VlmImageView *view, guint width, guint height,
    VlmResample resample, guint8 *rgb, GError **error)
{
  g_auto (Resizer) self = { .out = rgb, .width = width };
  guint max_in = 0, max_out = 0;

  vlm_taps_init (&self.across, view->width, width);
  vlm_taps_init (&self.down, view->height, height);
  self.n_ring = self.down.max_count;

  guint max_span = RING_BYTES / (3 * sizeof (float)) / self.n_ring;
  max_span = MAX (max_span / BLOCK * BLOCK, MIN_SPAN);
  max_span = MAX (max_span, 2 * self.across.max_count);
  for (guint x = 0; x < width;) {
    Strip strip = next_strip (&self.across, x, max_span);

    max_in = MAX (max_in, strip.in1 - strip.in0);
    max_out = MAX (max_out, strip.x1 - strip.x0);
    x = strip.x1;
  }
  if (!allocate (&self, resample, max_in, max_out, error))
    return FALSE;
  vlm_converter_init (&self.converter, view, max_in);

  for (guint x = 0; x < width;) {
    Strip strip = next_strip (&self.across, x, max_span);

    if (resample == VLM_RESAMPLE_VIDEO)
      resize_video_strip (&self, &strip);
    else
      resize_image_strip (&self, &strip);
    self.converter.has_terms = FALSE;
    x = strip.x1;
  }
  return TRUE;
}
