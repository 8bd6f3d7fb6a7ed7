/* gst-vlm: from a scene to pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

#include <string.h>
#include <vlm/vlm-scene-render.h>

#include "scene/trig.h"

#define MAX_SIDE 32768
/* Of a texture that is computed at once. */
#define STRIP 256

typedef struct
{
  VlmScene *scene;
  guint8 *rgb;
  gsize stride;
  int width;
  int height;
  double scale_x; /* pixels a unit */
  double scale_y;
  double shake_x; /* pixels */
  double shake_y;
} Canvas;

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

static void
draw_backdrop (const Canvas *c)
{
  const VlmBackdrop *b = &c->scene->backdrop;
  gsize stride = 3 * ((gsize) b->width + 2 * (gsize) b->margin_x);
  gsize n = 3 * (gsize) c->width;
  /* Where the picture's corner lies in the backdrop, in 1/256 pixels. */
  guint x = (guint) ((b->margin_x - c->shake_x) * 256.0 + 0.5);
  guint y = (guint) ((b->margin_y - c->shake_y) * 256.0 + 0.5);

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

/* Whether a box around @pose can be seen; @most: its half side, in outlines. */
static gboolean
is_near (const Canvas *c, const VlmTransform *t, double most)
{
  double rx = most * (ABS (t->xx) + ABS (t->xy)) + 2.0;
  double ry = most * (ABS (t->yx) + ABS (t->yy)) + 2.0;

  return t->x0 + rx > 0.0 && t->x0 - rx < c->width && t->y0 + ry > 0.0 &&
      t->y0 - ry < c->height;
}

static guint
collect_outlines (
    const VlmObject *object, const VlmOutline *outlines[VLM_OBJECT_MAX_PARTS])
{
  for (guint i = 0; i < object->n_parts; i++)
    outlines[i] = &object->parts[i].outline;
  return object->n_parts;
}

/* The part of the mask that lies in the picture. */
static void
visible_part (const Canvas *c, int *x0, int *x1, int *y0, int *y1)
{
  const VlmMask *m = &c->scene->mask;

  *x0 = MAX (m->x, 0);
  *x1 = MIN (m->x + m->width, c->width);
  *y0 = MAX (m->y, 0);
  *y1 = MIN (m->y + m->height, c->height);
}

static const guint8 *
mask_at (const VlmMask *m, int x, int y)
{
  return m->coverage + (gsize) (y - m->y) * (gsize) m->width + (x - m->x);
}

static void
draw_shadow (const Canvas *c, const VlmObject *o, const VlmTransform *place)
{
  const VlmOutline *outlines[VLM_OBJECT_MAX_PARTS];
  guint n = collect_outlines (o, outlines);
  VlmMask *m = &c->scene->mask;
  double ground = o->reach.bottom / o->size;
  double lean = o->shadow_shear * o->shadow_squash;
  int radius_x = (int) (o->shadow_blur * place->xx);
  int radius_y = (int) (o->shadow_blur * place->yy);
  int strength = (int) (c->scene->effects.shadow_strength * 256.0);
  VlmTransform t = *place;
  int x0, x1, y0, y1;

  /* (u, v) -> (u + lean (ground - v), ground - squash (ground - v)) */
  t.x0 += place->xx * (o->shadow_x + lean * ground);
  t.xy = -place->xx * lean;
  t.y0 += place->yy * (o->shadow_y + ground * (1.0 - o->shadow_squash));
  t.yy = place->yy * o->shadow_squash;
  if (!is_near (c, &t, 2.0 + 4.0 * o->shadow_blur))
    return;
  vlm_mask_fill (m, outlines, n, &t, 2 * MAX (radius_x, radius_y));
  vlm_mask_blur (m, radius_x, radius_y);
  visible_part (c, &x0, &x1, &y0, &y1);
  for (int y = y0; y < y1; y++) {
    const guint8 *coverage = mask_at (m, x0, y);
    guint8 *out = c->rgb + (gsize) y * c->stride + 3 * (gsize) x0;

    for (int x = x0; x < x1; x++, coverage++, out += 3) {
      int light = 256 - (*coverage * strength + 127) / 255;

      for (int k = 0; k < 3; k++)
        out[k] = (guint8) ((out[k] * light + 128) >> 8);
    }
  }
}

/* @n pixels of a row of a part, from (u, v) on in steps of du. */
static void
paint_strip (const VlmTexture *t, float u, float du, float v, float grain,
    const guint8 *coverage, guint8 *out, int n)
{
  float at[STRIP];
  float scratch[STRIP];

  vlm_texture_pattern_row (t, u, du, v, grain, at, scratch, n);
  for (int i = 0; i < n; i++) {
    float x = u + (float) i * du;
    float light =
        1.0f + x * t->shade_u + v * t->shade_v - t->falloff * (x * x + v * v);

    for (int k = 0; k < 3; k++) {
      float color = light *
          (t->colors[0].c[k] + (t->colors[1].c[k] - t->colors[0].c[k]) * at[i]);
      int value = (int) CLAMP (color, 0.0f, 255.0f);
      int old = out[3 * i + k];
      int change = (value - old) * coverage[i];

      out[3 * i + k] =
          (guint8) (old + (change + (change < 0 ? -127 : 127)) / 255);
    }
  }
}

static void
draw_part (const Canvas *c, const VlmPart *part, const VlmTransform *t)
{
  const VlmOutline *outline = &part->outline;
  VlmMask *m = &c->scene->mask;
  float du = (float) (1.0 / t->xx);
  float dv = (float) (1.0 / t->yy);
  int x0, x1, y0, y1;

  vlm_mask_fill (m, &outline, 1, t, 0);
  visible_part (c, &x0, &x1, &y0, &y1);
  for (int y = y0; y < y1; y++) {
    float v = (float) ((y + 0.5 - t->y0) / t->yy);
    guint8 *row = c->rgb + (gsize) y * c->stride;

    for (int x = x0; x < x1; x += STRIP) {
      float u = (float) ((x + 0.5 - t->x0) / t->xx);

      paint_strip (&part->texture, u, du, v, MAX (du, dv), mask_at (m, x, y),
          row + 3 * (gsize) x, MIN (STRIP, x1 - x));
    }
  }
}

static void
draw_actor (const Canvas *c, const VlmActor *actor, gint64 time)
{
  const VlmObject *o = &actor->object;
  VlmPose pose = vlm_path_pose (&actor->path, time);
  double size = pose.scale * o->size;
  VlmTransform t = {
    .x0 = pose.x * c->scale_x + c->shake_x,
    .xx = size * c->scale_x,
    .y0 = pose.y * c->scale_y + c->shake_y,
    .yy = size * c->scale_y,
  };

  if (!vlm_path_visible (&actor->path, time))
    return;
  if (o->casts_shadow &&
      (c->scene->effects.drawn & VLM_SCENE_EFFECT_SHADOWS) != 0)
    draw_shadow (c, o, &t);
  if (!is_near (c, &t, 2.0))
    return;
  for (guint i = 0; i < o->n_parts; i++)
    draw_part (c, &o->parts[i], &t);
}

/**
 * vlm_scene_render: (skip)
 * @scene: a scene
 * @time: when, ns; beyond the scene, its first or last moment
 * @width: of the picture, 1 to 32768
 * @height: of the picture, 1 to 32768
 * @rgb: (out caller-allocates): @height rows of 3 * @width bytes
 * @stride: bytes from one row to the next
 *
 * Draws one picture. Pictures may be rendered in any order.
 */
void
vlm_scene_render (VlmScene *scene, gint64 time, guint width, guint height,
    guint8 *rgb, gsize stride)
{
  Canvas c = { scene, rgb, stride, (int) width, (int) height };

  g_return_if_fail (scene != NULL && rgb != NULL);
  g_return_if_fail (width >= 1 && width <= MAX_SIDE);
  g_return_if_fail (height >= 1 && height <= MAX_SIDE);
  g_return_if_fail (stride >= 3 * (gsize) width);

  time = vlm_scene_clamp_time (scene, time);
  c.scale_x = width / scene->stage.width;
  c.scale_y = height / scene->stage.height;
  vlm_effects_shake (&scene->effects, time, &c.shake_x, &c.shake_y);
  c.shake_x *= c.scale_x;
  c.shake_y *= c.scale_y;
  render_backdrop (scene, width, height);
  draw_backdrop (&c);
  for (guint i = 0; i < scene->n_bystanders; i++)
    draw_actor (&c, &scene->bystanders[i], time);
  for (guint depth = 0; depth < scene->n_actors; depth++)
    for (guint i = 0; i < scene->n_actors; i++)
      if (scene->actors[i].depth == depth)
        draw_actor (&c, &scene->actors[i], time);
  vlm_effects_apply (&scene->effects, time, vlm_scene_exposure (scene, time),
      rgb, stride, c.width, c.height);
}
