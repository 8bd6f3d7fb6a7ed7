/* gst-vlm: the background of a scene in pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/backdrop.h"

#include <string.h>

#include "scene/trig.h"

/* Between four pixels of a picture of @width; (x, y) in 1/256 pixels. */
static void
pick_pixel (const guint8 *rgb, gsize width, gint64 x, gint64 y, guint8 *out)
{
  gsize stride = 3 * width;
  const guint8 *p = rgb + stride * (gsize) (y >> 8) + 3 * (gsize) (x >> 8);
  guint right = (guint) (x & 255);
  guint down = (guint) (y & 255);

  for (int k = 0; k < 3; k++) {
    guint above = p[k] * (256 - right) + p[k + 3] * right;
    guint below =
        p[k + (int) stride] * (256 - right) + p[k + 3 + (int) stride] * right;

    out[k] = (guint8) ((above * (256 - down) + below * down + 32768) >> 16);
  }
}

/* As a tilted camera sees it: a larger level picture, turned around the middle.
 * (@dx, @dy): the size of a pixel. */
static void
render_turned (const VlmScene *scene, double dx, double dy, int width,
    int height, guint8 *rgb)
{
  double c = vlm_cos_turns (scene->troubles.turns);
  double s = vlm_sin_turns (scene->troubles.turns);
  double half_x = 0.5 * width * dx;
  double half_y = 0.5 * height * dy;
  /* two pixels more to each side, for interpolation */
  double reach_x = half_x * ABS (c) + half_y * ABS (s) + 2.0 * dx;
  double reach_y = half_x * ABS (s) + half_y * ABS (c) + 2.0 * dy;
  int level_width = (int) (2.0 * reach_x / dx) + 2;
  int level_height = (int) (2.0 * reach_y / dy) + 2;
  g_autofree guint8 *level =
      g_malloc_n ((gsize) level_width * (gsize) level_height, 3);

  vlm_background_render (&scene->background, 0.5 * scene->stage.width - reach_x,
      0.5 * scene->stage.height - reach_y, dx, dy, level_width, level_height,
      level);
  for (int i = 0; i < height; i++) {
    double y = (i + 0.5) * dy - half_y;

    for (int k = 0; k < width; k++) {
      double x = (k + 0.5) * dx - half_x;
      double u = (reach_x + c * x + s * y) / dx - 0.5;
      double v = (reach_y - s * x + c * y) / dy - 0.5;

      pick_pixel (level, (gsize) level_width, (gint64) (u * 256.0),
          (gint64) (v * 256.0),
          rgb + 3 * ((gsize) i * (gsize) width + (gsize) k));
    }
  }
}

static void
render_backdrop (VlmScene *scene, guint width, guint height)
{
  VlmBackdrop *b = &scene->backdrop;
  double dx = scene->stage.width / width;
  double dy = scene->stage.height / height;
  gsize full_width;
  gsize full_height;

  if (b->rgb != NULL && b->width == width && b->height == height)
    return;
  b->width = width;
  b->height = height;
  b->margin_x = b->margin_y = 0;
  if (scene->effects.drawn & VLM_SCENE_EFFECT_SHAKE) {
    b->margin_x = (guint) (VLM_SHAKE_MAX / dx) + 2;
    b->margin_y = (guint) (VLM_SHAKE_MAX / dy) + 2;
  }
  full_width = width + 2 * (gsize) b->margin_x;
  full_height = height + 2 * (gsize) b->margin_y;
  g_free (b->rgb);
  b->rgb = g_malloc_n (full_width * full_height, 3);
  if (scene->troubles.turns != 0.0)
    render_turned (scene, dx, dy, (int) full_width, (int) full_height, b->rgb);
  else
    vlm_background_render (&scene->background, -dx * b->margin_x,
        -dy * b->margin_y, dx, dy, (int) full_width, (int) full_height, b->rgb);
}

/* Between four pixels of the backdrop, with the same weights everywhere. */
static void
shift_row (const guint8 *above, const guint8 *below, guint right, guint down,
    guint8 *out, gsize n)
{
  guint w00 = (256 - right) * (256 - down) >> 8;
  guint w01 = right * (256 - down) >> 8;
  guint w10 = (256 - right) * down >> 8;
  guint w11 = 256 - w00 - w01 - w10;

  for (gsize i = 0; i < n; i++)
    out[i] = (guint8) ((w00 * above[i] + w01 * above[i + 3] + w10 * below[i] +
                           w11 * below[i + 3] + 128) >>
        8);
}

void
vlm_backdrop_draw (const VlmCanvas *c)
{
  const VlmBackdrop *b = &c->scene->backdrop;
  gsize n = 3 * (gsize) c->width;
  gsize stride;
  guint x;
  guint y;

  render_backdrop (c->scene, (guint) c->width, (guint) c->height);
  stride = 3 * ((gsize) b->width + 2 * (gsize) b->margin_x);
  /* The position of the picture's corner in the backdrop, in 1/256 pixels. */
  x = (guint) ((b->margin_x - c->shake_x) * 256.0 + 0.5);
  y = (guint) ((b->margin_y - c->shake_y) * 256.0 + 0.5);

  for (int i = 0; i < c->height; i++) {
    const guint8 *row =
        b->rgb + (y / 256 + (gsize) i) * stride + 3 * (gsize) (x / 256);
    guint8 *out = c->rgb + (gsize) i * c->stride;

    if (b->margin_x == 0)
      memcpy (out, row, n);
    else
      shift_row (row, row + stride, x % 256, y % 256, out, n);
  }
}
