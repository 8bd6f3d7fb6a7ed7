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

/* Bytes of the rows that wait for the second pass: a good part of a core's
 * second cache, measured best between 32 and 256 KiB. */
#define RING_BYTES (96 * 1024)
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
  float *sums;     /* [3, stride_in]: a row after the down pass */
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
widen (const guint8 *restrict bytes, guint n, float *restrict out)
{
  for (guint i = 0; i < n; i++)
    out[i] = (float) bytes[i];
}

/* out[x] = sum of weights[k] * rows[k][x]; all rows have a multiple of BLOCK. */
VLM_CLONES static void
down_f32 (
    float *const *rows, const float *weights, guint n_rows, guint n, float *out)
{
  for (guint x = 0; x < n; x += BLOCK) {
    VlmF32x8 sum[BLOCK / 8] = { 0 };

    for (guint k = 0; k < n_rows; k++) {
      const VlmF32x8u *row = (const VlmF32x8u *) (rows[k] + x);
      float weight = weights[k];

      sum[0] += weight * row[0];
      sum[1] += weight * row[1];
      sum[2] += weight * row[2];
      sum[3] += weight * row[3];
      sum[4] += weight * row[4];
      sum[5] += weight * row[5];
      sum[6] += weight * row[6];
      sum[7] += weight * row[7];
    }
    for (guint i = 0; i < BLOCK / 8; i++)
      ((VlmF32x8u *) (out + x))[i] = sum[i];
  }
}

VLM_CLONES static void
across_f32 (const VlmTaps *taps, const Strip *strip, const float *in,
    guint stride_in, guint stride_out, float *restrict out)
{
  for (guint x = strip->x0; x < strip->x1; x++) {
    const float *weights = taps->f32 + (gsize) x * taps->stride;
    const float *from = in + (taps->first[x] - strip->in0);
    guint count = taps->count[x];
    VlmF32x8 r = { 0 }, g = { 0 }, b = { 0 };

    for (guint k = 0; k < count; k += 8) {
      VlmF32x8 weight = *(const VlmF32x8u *) (weights + k);

      r += weight * *(const VlmF32x8u *) (from + k);
      g += weight * *(const VlmF32x8u *) (from + stride_in + k);
      b += weight * *(const VlmF32x8u *) (from + 2 * stride_in + k);
    }

/* Eight lanes to four, then two sums in one register. */
#define HALVE(v)                                                               \
  (__builtin_shufflevector (v, v, 0, 1, 2, 3) +                                \
      __builtin_shufflevector (v, v, 4, 5, 6, 7))
#define HALVE_TWO(v, w)                                                        \
  (__builtin_shufflevector (v, w, 0, 1, 4, 5) +                                \
      __builtin_shufflevector (v, w, 2, 3, 6, 7))
    typedef float F32x4 __attribute__ ((vector_size (16)));
    F32x4 r4 = HALVE (r), g4 = HALVE (g), b4 = HALVE (b);
    F32x4 rg = HALVE_TWO (r4, g4), bb = HALVE_TWO (b4, b4);
    F32x4 sums = __builtin_shufflevector (rg, bb, 0, 2, 4, 6) +
        __builtin_shufflevector (rg, bb, 1, 3, 5, 7);
#undef HALVE_TWO
#undef HALVE
    guint o = x - strip->x0;
    out[o] = sums[0];
    out[stride_out + o] = sums[1];
    out[2 * stride_out + o] = sums[2];
  }
}

/* Adding 1.5 * 2^23 leaves no bits for a fraction: it rounds to the nearest
 * integer, half to even. */
VLM_CLONES static void
pack_f32 (const float *restrict in, guint stride, guint n, guint8 *restrict out)
{
  const float magic = 12582912.0f;

  for (guint i = 0; i < n; i++)
    for (guint c = 0; c < 3; c++) {
      float value = in[c * stride + i];

      value = value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;
      out[3 * i + c] = (guint8) (gint32) ((value + magic) - magic);
    }
}

VLM_CLONES static void
across_u8 (const VlmTaps *taps, const Strip *strip, const guint8 *in,
    guint stride_in, guint stride_out, guint8 *restrict out)
{
  for (guint x = strip->x0; x < strip->x1; x++) {
    const gint32 *weights = taps->fixed + (gsize) x * taps->stride;
    guint count = taps->count[x];

    for (guint c = 0; c < 3; c++) {
      const guint8 *from = in + c * stride_in + (taps->first[x] - strip->in0);
      VlmI32x8 sums = { 0 };

      for (guint k = 0; k < count; k += 8)
        sums += *(const VlmI32x8u *) (weights + k) *
            __builtin_convertvector(*(const VlmU8x8u *) (from + k), VlmI32x8);

      gint32 sum = 1 << (VLM_TAPS_FRACTION_BITS - 1);
      for (guint i = 0; i < 8; i++)
        sum += sums[i];
      sum >>= VLM_TAPS_FRACTION_BITS;
      out[c * stride_out + x - strip->x0] = (guint8) CLAMP (sum, 0, 255);
    }
  }
}

VLM_CLONES static void
down_u8 (guint8 *const *rows, const gint32 *weights, guint n_rows, guint n,
    guint8 *out)
{
  for (guint x = 0; x < n; x += 32) {
    VlmI32x8 sum[4];

    for (guint i = 0; i < 4; i++)
      sum[i] = (VlmI32x8){ 0 } + (1 << (VLM_TAPS_FRACTION_BITS - 1));
    for (guint k = 0; k < n_rows; k++) {
      const VlmU8x8u *row = (const VlmU8x8u *) (rows[k] + x);
      gint32 weight = weights[k];

      sum[0] += weight * __builtin_convertvector(row[0], VlmI32x8);
      sum[1] += weight * __builtin_convertvector(row[1], VlmI32x8);
      sum[2] += weight * __builtin_convertvector(row[2], VlmI32x8);
      sum[3] += weight * __builtin_convertvector(row[3], VlmI32x8);
    }
    for (guint i = 0; i < 32; i++) {
      gint32 value = sum[i / 8][i % 8] >> VLM_TAPS_FRACTION_BITS;

      out[x + i] = (guint8) CLAMP (value, 0, 255);
    }
  }
}

VLM_CLONES static void
pack_u8 (const guint8 *restrict in, guint stride, guint n, guint8 *restrict out)
{
  for (guint i = 0; i < n; i++) {
    out[3 * i] = in[i];
    out[3 * i + 1] = in[stride + i];
    out[3 * i + 2] = in[2 * stride + i];
  }
}

static void
convert_row (Resizer *self, const Strip *strip, guint y)
{
  guint8 *planes[3] = { self->bytes, self->bytes + self->stride_in,
    self->bytes + 2 * self->stride_in };

  vlm_converter_span (
      &self->converter, strip->in0, y, strip->in1 - strip->in0, planes);
}

/* Down first: that pass has no lanes to add up, and what is left for the other
 * one is small. In f32 the order makes no difference that survives the
 * rounding. */
static void
resize_video_strip (Resizer *self, const Strip *strip)
{
  guint n = 3 * self->stride_in;
  g_autofree float **rows = g_new (float *, self->n_ring);
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint first = self->down.first[y];
    guint count = self->down.count[y];

    for (next_row = MAX (next_row, first); next_row < first + count;
         next_row++) {
      convert_row (self, strip, next_row);
      widen (self->bytes, n,
          (float *) self->ring + (gsize) (next_row % self->n_ring) * n);
    }
    for (guint k = 0; k < count; k++)
      rows[k] = (float *) self->ring + (gsize) ((first + k) % self->n_ring) * n;
    down_f32 (rows, self->down.f32 + (gsize) y * self->down.stride, count, n,
        self->sums);
    across_f32 (&self->across, strip, self->sums, self->stride_in,
        self->stride_out, self->result);
    pack_f32 (self->result, self->stride_out, strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

static void
resize_image_strip (Resizer *self, const Strip *strip)
{
  guint n = 3 * self->stride_out;
  g_autofree guint8 **rows = g_new (guint8 *, self->n_ring);
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint first = self->down.first[y];
    guint count = self->down.count[y];

    for (next_row = MAX (next_row, first); next_row < first + count;
         next_row++) {
      convert_row (self, strip, next_row);
      across_u8 (&self->across, strip, self->bytes, self->stride_in,
          self->stride_out,
          (guint8 *) self->ring + (gsize) (next_row % self->n_ring) * n);
    }
    for (guint k = 0; k < count; k++)
      rows[k] =
          (guint8 *) self->ring + (gsize) ((first + k) % self->n_ring) * n;
    down_u8 (rows, self->down.fixed + (gsize) y * self->down.stride, count, n,
        self->result);
    pack_u8 (self->result, self->stride_out, strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

/* Zeroed: the padding is multiplied, if by 0 only. */
static gboolean
allocate (Resizer *self, VlmResample resample, guint max_in, guint max_out,
    GError **error)
{
  gboolean video = resample == VLM_RESAMPLE_VIDEO;
  gsize item = video ? sizeof (float) : 1;
  gsize pad = self->across.stride;

  self->stride_in = (max_in + BLOCK - 1) / BLOCK * BLOCK;
  self->stride_out = (max_out + BLOCK - 1) / BLOCK * BLOCK;

  gsize ring_row = 3 * (video ? self->stride_in : self->stride_out);
  self->bytes = g_try_malloc0 (3 * self->stride_in + pad);
  self->ring = g_try_malloc0_n (self->n_ring, ring_row * item);
  self->sums = g_try_malloc0_n (3 * self->stride_in + pad, sizeof (float));
  self->result = g_try_malloc0_n (3 * self->stride_out, item);
  if (self->bytes && self->ring && self->sums && self->result)
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
  g_free (self->sums);
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
