/* gst-vlm: which part of each pixel an outline covers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/raster.h"

#include <string.h>

#include "scene/trig.h"

#define RESERVE(pointer, n_held, n_wanted)                                     \
  G_STMT_START                                                                 \
  {                                                                            \
    if ((n_held) < (n_wanted)) {                                               \
      (n_held) = (n_wanted);                                                   \
      g_free (pointer);                                                        \
      (pointer) = g_malloc_n ((n_held), sizeof *(pointer));                    \
    }                                                                          \
  }                                                                            \
  G_STMT_END

void
vlm_mask_clear (VlmMask *mask)
{
  g_free (mask->coverage);
  g_free (mask->areas);
  g_free (mask->blurred);
  g_free (mask->sums);
  *mask = (VlmMask){ 0 };
}

/* An edge from (x0, y) to (x1, y + |height|) within one row of pixels. Left of
 * it nothing changes, right of it all pixels are covered by height more; in
 * the pixels it passes through it covers what is right of it. The differences to
 * the pixel before are stored, so that a running sum restores the coverage. */
static void
add_to_row (float *row, int width, float x0, float x1, float height)
{
  float left = MIN (x0, x1);
  float right = MAX (x0, x1);
  int first = CLAMP ((int) left, 0, width - 1);
  int last = CLAMP ((int) right, 0, width - 1);
  float per_column = right > left ? height / (right - left) : 0.0f;

  for (int i = first; i <= last; i++) {
    float from = MAX (left, (float) i);
    float to = MIN (right, (float) (i + 1));
    float part = first == last ? height : per_column * (to - from);
    float beside = 0.5f * (from + to) - (float) i;

    row[i] += part * (1.0f - beside);
    row[i + 1] += part * beside;
  }
}

/* In pixels of the mask; all of it is inside. */
static void
add_edge (VlmMask *mask, float x0, float y0, float x1, float y1)
{
  float sign = y0 < y1 ? 1.0f : -1.0f;
  float slope;
  int first;
  int last;

  if (y0 == y1)
    return;
  if (y0 > y1) {
    float x = x0, y = y0;

    x0 = x1, y0 = y1;
    x1 = x, y1 = y;
  }
  slope = (x1 - x0) / (y1 - y0);
  first = CLAMP ((int) y0, 0, mask->height - 1);
  last = CLAMP ((int) y1, 0, mask->height - 1);
  for (int i = first; i <= last; i++) {
    float from = MAX (y0, (float) i);
    float to = MIN (y1, (float) (i + 1));

    if (to > from)
      add_to_row (mask->areas + (gsize) i * (gsize) (mask->width + 2),
          mask->width, x0 + (from - y0) * slope, x0 + (to - y0) * slope,
          sign * (to - from));
  }
}

static void
add_contour (VlmMask *mask, const VlmOutline *outline, guint begin, guint end,
    const VlmTransform *t)
{
  float last_x = 0.0f, last_y = 0.0f;

  for (guint i = begin; i <= end && begin < end; i++) {
    guint k = i < end ? i : begin;
    double x = outline->x[k], y = outline->y[k];
    float px = (float) (t->x0 + t->xx * x + t->xy * y - mask->x);
    float py = (float) (t->y0 + t->yx * x + t->yy * y - mask->y);

    if (i > begin)
      add_edge (mask, last_x, last_y, px, py);
    last_x = px;
    last_y = py;
  }
}

static void
find_bounds (VlmMask *mask, const VlmOutline *const *outlines, guint n_outlines,
    const VlmTransform *t, int border)
{
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;

  for (guint k = 0; k < n_outlines; k++) {
    for (guint i = 0; i < outlines[k]->n_outer; i++) {
      double x = outlines[k]->x[i], y = outlines[k]->y[i];
      double px = t->x0 + t->xx * x + t->xy * y;
      double py = t->y0 + t->yx * x + t->yy * y;

      left = MIN (left, px);
      right = MAX (right, px);
      top = MIN (top, py);
      bottom = MAX (bottom, py);
    }
  }
  mask->x = (int) vlm_floor (left) - border;
  mask->y = (int) vlm_floor (top) - border;
  mask->width = (int) vlm_floor (right) + 1 + border - mask->x;
  mask->height = (int) vlm_floor (bottom) + 1 + border - mask->y;
}

void
vlm_mask_fill (VlmMask *mask, const VlmOutline *const *outlines,
    guint n_outlines, const VlmTransform *transform, int border)
{
  gsize n_areas;
  gsize n_pixels;

  find_bounds (mask, outlines, n_outlines, transform, border);
  n_areas = (gsize) (mask->width + 2) * (gsize) mask->height;
  n_pixels = (gsize) mask->width * (gsize) mask->height;
  RESERVE (mask->areas, mask->n_areas, n_areas);
  RESERVE (mask->coverage, mask->n_coverage, n_pixels);
  memset (mask->areas, 0, n_areas * sizeof (float));
  for (guint k = 0; k < n_outlines; k++) {
    const VlmOutline *outline = outlines[k];

    add_contour (mask, outline, 0, outline->n_outer, transform);
    add_contour (mask, outline, outline->n_outer, outline->n_points, transform);
  }
  for (int y = 0; y < mask->height; y++) {
    const float *areas = mask->areas + (gsize) y * (gsize) (mask->width + 2);
    guint8 *coverage = mask->coverage + (gsize) y * (gsize) mask->width;
    float sum = 0.0f;

    for (int x = 0; x < mask->width; x++) {
      float covered;

      sum += areas[x];
      covered = sum < 0.0f ? -sum : sum;
      coverage[x] = (guint8) (MIN (covered, 1.0f) * 255.0f + 0.5f);
    }
  }
}

static void
blur_row (const guint8 *in, guint8 *out, int n, int radius)
{
  guint32 width = (guint32) (2 * radius + 1);
  guint32 sum = 0;

  for (int i = 0; i < MIN (radius, n); i++)
    sum += in[i];
  for (int i = 0; i < n; i++) {
    if (i + radius < n)
      sum += in[i + radius];
    out[i] = (guint8) ((sum + width / 2) / width);
    if (i - radius >= 0)
      sum -= in[i - radius];
  }
}

/* All columns at once, row by row. */
static void
blur_columns (
    const guint8 *in, guint8 *out, guint32 *sums, int n, int height, int radius)
{
  guint32 width = (guint32) (2 * radius + 1);

  memset (sums, 0, (gsize) n * sizeof *sums);
  for (int y = -radius; y < height; y++) {
    int comes = y + radius;
    int goes = y - radius - 1;

    for (int x = 0; comes < height && x < n; x++)
      sums[x] += in[(gsize) comes * (gsize) n + (gsize) x];
    for (int x = 0; goes >= 0 && x < n; x++)
      sums[x] -= in[(gsize) goes * (gsize) n + (gsize) x];
    for (int x = 0; y >= 0 && x < n; x++)
      out[(gsize) y * (gsize) n + (gsize) x] =
          (guint8) ((sums[x] + width / 2) / width);
  }
}

void
vlm_mask_blur (VlmMask *mask, int radius_x, int radius_y)
{
  gsize n = (gsize) mask->width;

  RESERVE (mask->blurred, mask->n_blurred, n * (gsize) mask->height);
  RESERVE (mask->sums, mask->n_sums, n);
  for (int y = 0; y < mask->height; y++) {
    guint8 *row = mask->coverage + (gsize) y * n;
    guint8 *other = mask->blurred + (gsize) y * n;

    blur_row (row, other, mask->width, radius_x);
    blur_row (other, row, mask->width, radius_x);
  }
  blur_columns (mask->coverage, mask->blurred, mask->sums, mask->width,
      mask->height, radius_y);
  blur_columns (mask->blurred, mask->coverage, mask->sums, mask->width,
      mask->height, radius_y);
}
