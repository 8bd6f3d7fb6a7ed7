/* gst-vlm: pictures, the slow and obvious way
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ref-media.h"

#include <math.h>

static guint8
byte (double value)
{
  return (guint8) rint (CLAMP (value, 0.0, 255.0));
}

static guint8
sample (const VlmImageView *view, guint plane, guint x, guint y)
{
  return view->planes[plane][(gssize) view->strides[plane] * y + x];
}

/* Y', Cb, Cr or R, G, B of a pixel, as they are stored. */
static void
fetch (const VlmImageView *view, guint x, guint y, guint8 c[3])
{
  guint bytes = 4;

  switch (view->format) {
  case VLM_PIXEL_FORMAT_RGB:
  case VLM_PIXEL_FORMAT_BGR:
    bytes = 3;
    /* fall through */
  case VLM_PIXEL_FORMAT_RGBX:
  case VLM_PIXEL_FORMAT_BGRX:
  case VLM_PIXEL_FORMAT_RGBA:
  case VLM_PIXEL_FORMAT_BGRA:
    for (guint i = 0; i < 3; i++)
      c[i] = sample (view, 0, bytes * x + i, y);
    break;
  case VLM_PIXEL_FORMAT_GRAY8:
    c[0] = sample (view, 0, x, y);
    c[1] = c[2] = 128;
    break;
  case VLM_PIXEL_FORMAT_NV12:
    c[0] = sample (view, 0, x, y);
    c[1] = sample (view, 1, x / 2 * 2, y / 2);
    c[2] = sample (view, 1, x / 2 * 2 + 1, y / 2);
    break;
  case VLM_PIXEL_FORMAT_I420:
  case VLM_PIXEL_FORMAT_YV12:
    c[0] = sample (view, 0, x, y);
    c[1] = sample (view, 1, x / 2, y / 2);
    c[2] = sample (view, 2, x / 2, y / 2);
    break;
  case VLM_PIXEL_FORMAT_YUY2:
    c[0] = sample (view, 0, 2 * x, y);
    c[1] = sample (view, 0, x / 2 * 4 + 1, y);
    c[2] = sample (view, 0, x / 2 * 4 + 3, y);
    break;
  case VLM_PIXEL_FORMAT_UYVY:
    c[0] = sample (view, 0, 2 * x + 1, y);
    c[1] = sample (view, 0, x / 2 * 4, y);
    c[2] = sample (view, 0, x / 2 * 4 + 2, y);
    break;
  }
  if (view->format == VLM_PIXEL_FORMAT_BGR ||
      view->format == VLM_PIXEL_FORMAT_BGRX ||
      view->format == VLM_PIXEL_FORMAT_BGRA) {
    guint8 swap = c[0];

    c[0] = c[2];
    c[2] = swap;
  } else if (view->format == VLM_PIXEL_FORMAT_YV12) {
    guint8 swap = c[1];

    c[1] = c[2];
    c[2] = swap;
  }
}

/* The definitions of BT.601, BT.709 and BT.2020. */
static void
decode (const VlmImageView *view, guint8 c[3])
{
  double kr = 0.299, kb = 0.114;

  if (view->matrix == VLM_COLOR_MATRIX_BT709) {
    kr = 0.2126;
    kb = 0.0722;
  } else if (view->matrix == VLM_COLOR_MATRIX_BT2020) {
    kr = 0.2627;
    kb = 0.0593;
  }

  double y = view->full_range ? c[0] / 255.0 : (c[0] - 16) / 219.0;
  double cb = (c[1] - 128) / (view->full_range ? 255.0 : 224.0);
  double cr = (c[2] - 128) / (view->full_range ? 255.0 : 224.0);
  double r = y + 2.0 * (1.0 - kr) * cr;
  double b = y + 2.0 * (1.0 - kb) * cb;
  double g = (y - kr * r - kb * b) / (1.0 - kr - kb);
  c[0] = byte (255.0 * r);
  c[1] = byte (255.0 * g);
  c[2] = byte (255.0 * b);
}

void
ref_convert (const VlmImageView *view, guint8 *rgb)
{
  for (guint y = 0; y < view->height; y++)
    for (guint x = 0; x < view->width; x++, rgb += 3) {
      fetch (view, x, y, rgb);
      if (view->format >= VLM_PIXEL_FORMAT_GRAY8)
        decode (view, rgb);
    }
}

static double
kernel (double x)
{
  x = fabs (x);
  if (x <= 1.0)
    return 1.5 * x * x * x - 2.5 * x * x + 1.0;
  if (x < 2.0)
    return -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0;
  return 0.0;
}

/* One output of one direction: n_in values, @stride apart. */
static double
filter_fixed (const double *in, guint stride, guint n_in, guint n_out, guint o)
{
  double scale = (double) n_in / n_out;
  double stretch = MAX (scale, 1.0);
  double center = (o + 0.5) * scale;
  int low = MAX ((int) (center - 2.0 * stretch + 0.5), 0);
  int high = MIN ((int) (center + 2.0 * stretch + 0.5), (int) n_in);
  double total = 0.0, sum = 0.0;

  for (int i = low; i < high; i++)
    total += kernel ((i + 0.5 - center) / stretch);
  for (int i = low; i < high; i++) {
    double weight = kernel ((i + 0.5 - center) / stretch) / total;

    sum += round (weight * 4194304.0) * in[(gsize) i * stride];
  }
  return CLAMP (floor ((sum + 2097152.0) / 4194304.0), 0.0, 255.0);
}

static float
kernel_f32 (float x)
{
  if (x < 1.0f)
    return fmaf (fmaf (1.5f, x, -2.5f) * x, x, 1.0f);
  if (x < 2.0f)
    return fmaf (fmaf (fmaf (-0.5f, x, 2.5f), x, -4.0f), x, 2.0f);
  return 0.0f;
}

/* As the reference has it: taps after the first in fours, whose products are
 * rounded; the rest fused. */
static double
filter_f32 (const double *in, guint stride, guint n_in, guint n_out, guint o)
{
  float scale = (float) n_in / (float) n_out;
  float stretch = MAX (scale, 1.0f);
  float inverse = (float) (1.0 / stretch);
  float center = (float) (scale * (o + 0.5));
  float begin = center - 2.0f * stretch, end = center + 2.0f * stretch;
  int low = MAX ((int) (begin + 0.5), 0);
  int n = MIN ((int) (end + 0.5), (int) n_in) - low;
  float total = 0.0f, sum = 0.0f;
  g_autofree float *weights = g_new (float, n);

  for (int i = 0; i < n; i++) {
    float offset = (float) (low + i) - center;

    weights[i] = kernel_f32 (fabsf ((float) ((offset + 0.5) * inverse)));
    total += weights[i];
  }
  for (int i = 0; i < n; i++) {
    float value = (float) in[(gsize) (low + i) * stride];
    float weight = weights[i] / total;
    float product = value * weight;

    if (i == 0)
      sum = product;
    else if (i - 1 < (n - 1) / 4 * 4)
      sum = sum + product;
    else
      sum = fmaf (value, weight, sum);
  }
  return sum;
}

void
ref_resize (const guint8 *rgb, guint width, guint height, guint new_width,
    guint new_height, VlmResample resample, guint8 *out)
{
  double (*filter) (const double *, guint, guint, guint, guint) =
      resample == VLM_RESAMPLE_IMAGE ? filter_fixed : filter_f32;
  g_autofree double *in = g_new (double, (gsize) 3 * width * height);
  g_autofree double *across = g_new (double, (gsize) 3 * new_width * height);

  for (gsize i = 0; i < (gsize) 3 * width * height; i++)
    in[i] = rgb[i];
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < 3 * new_width; x++) {
      const double *row = in + (gsize) 3 * width * y + x % 3;

      across[(gsize) 3 * new_width * y + x] = width == new_width
          ? row[x - x % 3]
          : filter (row, 3, width, new_width, x / 3);
    }
  for (guint y = 0; y < new_height; y++)
    for (guint x = 0; x < 3 * new_width; x++) {
      const double *column = across + x;
      double value = height == new_height
          ? column[(gsize) 3 * new_width * y]
          : filter (column, 3 * new_width, height, new_height, y);

      out[(gsize) 3 * new_width * y + x] = byte (value);
    }
}
