/* gst-vlm: the two bicubic filters of the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "media/convert.h"
#include "media/resample.h"
#include "media/resample-kernels.h"
#include "media/taps.h"

/* Bytes of the rows between the two passes: a part of a core's second-level
 * cache. With less, strips overlap more: with 24 KiB, 1080p takes half as long
 * again; from 128 KiB on there is no difference. */
#define RING_BYTES (160 * 1024)
#define MIN_SPAN 64
/* Everything of one resize. Rows are three planes of @stride; sizes are those
 * of the widest strip. */
typedef struct
{
  const VlmResampleKernels *kernels;
  VlmTaps across;
  VlmTaps down;
  VlmConverter converter;
  guint stride_in;
  guint stride_out;
  guint n_ring;
  guint8 *bytes;   /* [3, stride_in]: a converted row, or VLM_ROWS of them */
  gpointer ring;   /* [n_ring, 3, stride_out]: rows after the first pass */
  gpointer wide;   /* [3, stride_in]: a row, 32 bits an item; of video, [3,
                      stride_in, VLM_ROWS] */
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

static void
convert_row (Resizer *self, const Strip *strip, guint y, guint8 *bytes)
{
  guint8 *planes[3] = { bytes, bytes + self->stride_in,
    bytes + 2 * self->stride_in };

  vlm_converter_span (
      &self->converter, strip->in0, y, strip->in1 - strip->in0, planes);
}

static VlmColumns
get_columns (const Resizer *self, const Strip *strip)
{
  return (VlmColumns){ strip->x0, strip->x1, strip->in0, self->stride_in,
    self->stride_out };
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

/* Filters rows from @y on across, into the ring. */
static void
add_video_rows (Resizer *self, const Strip *strip, guint y)
{
  VlmColumns columns = get_columns (self, strip);
  gsize row_bytes = 3 * (gsize) self->stride_in;
  float *rows[VLM_ROWS];

  for (guint i = 0; i < VLM_ROWS; i++) {
    gsize slot = (y + i) % self->n_ring;

    if (y + i < self->down.n_in)
      convert_row (self, strip, y + i, self->bytes + i * row_bytes);
    rows[i] = (float *) self->ring + slot * 3 * self->stride_out;
  }
  for (guint plane = 0; plane < 3; plane++)
    self->kernels->turn (self->bytes + plane * self->stride_in, row_bytes,
        self->stride_in,
        (float *) self->wide + plane * VLM_ROWS * self->stride_in);
  self->kernels->across_f32 (&self->across, &columns, self->wide, rows);
}

static void
resize_video_strip (Resizer *self, const Strip *strip)
{
  guint n = 3 * self->stride_out;
  g_autofree gconstpointer *rows = g_new (gconstpointer, self->n_ring);
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint end = self->down.first[y] + self->down.count[y];

    for (; next_row < end; next_row += VLM_ROWS)
      add_video_rows (self, strip, next_row);
    collect_rows (self, y, n, sizeof (float), rows);
    self->kernels->down_f32 ((const float *const *) rows,
        self->down.f32 + (gsize) y * self->down.stride, self->down.count[y], n,
        self->result);
    self->kernels->pack_f32 (self->result, self->stride_out,
        strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

static void
resize_image_strip (Resizer *self, const Strip *strip)
{
  VlmColumns columns = get_columns (self, strip);
  guint n = 3 * self->stride_out;
  g_autofree gconstpointer *rows = g_new (gconstpointer, self->n_ring);
  gint32 *ring = self->ring;
  guint next_row = 0;

  for (guint y = 0; y < self->down.n_out; y++) {
    guint end = self->down.first[y] + self->down.count[y];

    for (; next_row < end; next_row++) {
      gint32 *row = ring + (gsize) (next_row % self->n_ring) * n;

      convert_row (self, strip, next_row, self->bytes);
      self->kernels->widen_i32 (self->bytes, 3 * self->stride_in, self->wide);
      self->kernels->across_i32 (&self->across, &columns, self->wide, row);
      self->kernels->round_i32 (row, n);
    }
    collect_rows (self, y, n, sizeof (gint32), rows);
    self->kernels->down_i32 ((const gint32 *const *) rows,
        self->down.fixed + (gsize) y * self->down.stride, self->down.count[y],
        n, self->result);
    self->kernels->pack_i32 (self->result, self->stride_out,
        strip->x1 - strip->x0,
        self->out + 3 * ((gsize) y * self->width + strip->x0));
  }
}

/* Zeroed: the padding is multiplied, if by 0 only. */
static gboolean
allocate (Resizer *self, VlmResample resample, guint max_in, guint max_out,
    GError **error)
{
  gsize n_rows = resample == VLM_RESAMPLE_VIDEO ? VLM_ROWS : 1;
  gsize item = sizeof (float);
  gsize pad = self->across.stride;

  self->stride_in = (max_in + VLM_BLOCK - 1) / VLM_BLOCK * VLM_BLOCK;
  self->stride_out = (max_out + VLM_BLOCK - 1) / VLM_BLOCK * VLM_BLOCK;

  gsize row_in = 3 * (gsize) self->stride_in;
  self->bytes = g_try_malloc0_n (n_rows, row_in);
  self->ring =
      g_try_malloc0_n (self->n_ring, 3 * (gsize) self->stride_out * item);
  self->wide = g_try_malloc0_n (n_rows * row_in + pad, item);
  self->result = g_try_malloc0_n (3 * (gsize) self->stride_out, item);
  if (self->bytes && self->ring && self->wide && self->result)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "resampling %ux%u pixels to %ux%u needs more memory than is available",
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

static void
init_taps (Resizer *self, const VlmImageView *view, guint width, guint height,
    VlmResample resample)
{
  if (resample == VLM_RESAMPLE_VIDEO) {
    vlm_taps_init_f32 (&self->across, view->width, width);
    vlm_taps_init_f32 (&self->down, view->height, height);
    self->n_ring = self->down.max_count + VLM_ROWS - 1;
  } else {
    vlm_taps_init_fixed (&self->across, view->width, width);
    vlm_taps_init_fixed (&self->down, view->height, height);
    self->n_ring = self->down.max_count;
  }
}

/* Input columns of the widest strip whose buffers still fit. */
static guint
choose_span (const Resizer *self, VlmResample resample)
{
  guint64 row = 3 * sizeof (float);
  guint64 bytes = self->n_ring * row;
  guint span;

  if (resample == VLM_RESAMPLE_VIDEO)
    bytes = VLM_ROWS * row + bytes * self->across.n_out / self->across.n_in + 1;
  span = (guint) (RING_BYTES / bytes) / VLM_BLOCK * VLM_BLOCK;
  return MAX (MAX (span, MIN_SPAN), 2 * self->across.max_count);
}

gboolean
vlm_resample (const VlmImageView *view, guint width, guint height,
    VlmResample resample, guint8 *rgb, GError **error)
{
  g_auto (Resizer)
      self = { .kernels = vlm_resample_kernels (), .out = rgb, .width = width };
  guint max_in = 0, max_out = 0;

  init_taps (&self, view, width, height, resample);

  guint max_span = choose_span (&self, resample);
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
