/* gst-vlm: pictures out of focus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/blur.h"

#include <string.h>

/* The weights: 256 for each pixel nearer than the radius, what is left of it
 * for the next one to each side. */
typedef struct
{
  int whole;
  guint32 part;
  guint32 sum;
} Window;

static Window
make_window (int radius)
{
  guint32 part = (guint32) radius & 255;
  guint32 whole = (guint32) radius >> 8;

  return (Window){ (int) whole, part, 256 * (2 * whole + 1) + 2 * part };
}

static inline guint8
weigh (const Window *w, guint32 inside, guint32 beside)
{
  return (guint8) ((256 * inside + w->part * beside + w->sum / 2) / w->sum);
}

/* @in: [n] of one channel. */
static void
blur_line (const guint8 *in, guint8 *out, int n, const Window *w)
{
  guint32 inside = 0;

  for (int i = -w->whole; i <= w->whole; i++)
    inside += in[3 * CLAMP (i, 0, n - 1)];
  for (int i = 0; i < n; i++) {
    int before = CLAMP (i - w->whole - 1, 0, n - 1);
    int after = CLAMP (i + w->whole + 1, 0, n - 1);

    out[3 * i] = weigh (w, inside, in[3 * before] + in[3 * after]);
    inside += in[3 * after];
    inside -= in[3 * CLAMP (i - w->whole, 0, n - 1)];
  }
}

static void
blur_rows (guint8 *rgb, gsize stride, int width, int height, const Window *w)
{
  gsize n = 3 * (gsize) width;
  g_autofree guint8 *line = g_malloc (n);

  for (int y = 0; y < height; y++) {
    guint8 *row = rgb + (gsize) y * stride;

    memcpy (line, row, n);
    for (int k = 0; k < 3; k++)
      blur_line (line + k, row + k, width, w);
  }
}

/* All columns at once, row by row. */
static void
blur_columns (guint8 *rgb, gsize stride, int width, int height, const Window *w)
{
  gsize n = 3 * (gsize) width;
  g_autofree guint8 *copy = g_malloc (n * (gsize) height);
  g_autofree guint32 *inside = g_new0 (guint32, n);

#define ROW(y) (copy + n * (gsize) CLAMP (y, 0, height - 1))
  for (int y = 0; y < height; y++)
    memcpy (ROW (y), rgb + (gsize) y * stride, n);
  for (int y = -w->whole; y <= w->whole; y++)
    for (gsize i = 0; i < n; i++)
      inside[i] += ROW (y)[i];
  for (int y = 0; y < height; y++) {
    const guint8 *before = ROW (y - w->whole - 1);
    const guint8 *after = ROW (y + w->whole + 1);
    const guint8 *leaves = ROW (y - w->whole);
    guint8 *out = rgb + (gsize) y * stride;

    for (gsize i = 0; i < n; i++) {
      out[i] = weigh (w, inside[i], before[i] + after[i]);
      inside[i] += after[i];
      inside[i] -= leaves[i];
    }
  }
#undef ROW
}

void
vlm_blur_picture (guint8 *rgb, gsize stride, int width, int height,
    int radius_x, int radius_y)
{
  Window x = make_window (radius_x);
  Window y = make_window (radius_y);

  if (radius_x > 0)
    blur_rows (rgb, stride, width, height, &x);
  if (radius_y > 0)
    blur_columns (rgb, stride, width, height, &y);
}
