/* gst-vlm: objects drawn on a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/canvas.h"

/* Of a texture that is computed at once. */
#define STRIP 256

static VlmTransform
place_of (const VlmCanvas *c, const VlmPose *pose, double size)
{
  return (VlmTransform){
    .x0 = pose->x * c->scale_x + c->shake_x,
    .xx = size * c->scale_x,
    .y0 = pose->y * c->scale_y + c->shake_y,
    .yy = size * c->scale_y,
  };
}

/* Whether a box around @pose can be seen; @most: its half side, in outlines. */
static gboolean
is_near (const VlmCanvas *c, const VlmTransform *t, double most)
{
  double rx = most * (ABS (t->xx) + ABS (t->xy)) + 2.0;
  double ry = most * (ABS (t->yx) + ABS (t->yy)) + 2.0;

  return t->x0 + rx > 0.0 && t->x0 - rx < c->width && t->y0 + ry > 0.0 &&
      t->y0 - ry < c->height;
}

/* The part of the mask that is in the picture. */
static void
visible_part (const VlmCanvas *c, int *x0, int *x1, int *y0, int *y1)
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

/* @strength: 0 to 1. */
static void
draw_shadow (const VlmCanvas *c, const VlmObject *o, const VlmTransform *place,
    gint64 time, double way, double strength)
{
  const VlmOutline *outlines[VLM_OBJECT_MAX_PARTS];
  VlmOutline held[VLM_OBJECT_MAX_PARTS];
  VlmMask *m = &c->scene->mask;
  double ground = o->reach.bottom / o->size;
  double lean = o->shadow_shear * o->shadow_squash;
  int radius_x = (int) (o->shadow_blur * place->xx);
  int radius_y = (int) (o->shadow_blur * place->yy);
  int whole = (int) (strength * 256.0);
  VlmTransform t = *place;
  int x0, x1, y0, y1;

  /* (u, v) -> (u + lean (ground - v), ground - squash (ground - v)) */
  t.x0 += place->xx * (o->shadow_x + lean * ground);
  t.xy = -place->xx * lean;
  t.y0 += place->yy * (o->shadow_y + ground * (1.0 - o->shadow_squash));
  t.yy = place->yy * o->shadow_squash;
  if (!is_near (c, &t, 2.0 + 4.0 * o->shadow_blur))
    return;
  for (guint i = 0; i < o->n_parts; i++)
    outlines[i] = vlm_part_outline (&o->parts[i], time, way, &held[i]);
  vlm_mask_fill (m, outlines, o->n_parts, &t, 2 * MAX (radius_x, radius_y));
  vlm_mask_blur (m, radius_x, radius_y);
  visible_part (c, &x0, &x1, &y0, &y1);
  for (int y = y0; y < y1; y++) {
    const guint8 *coverage = mask_at (m, x0, y);
    guint8 *out = c->rgb + (gsize) y * c->stride + 3 * (gsize) x0;

    for (int x = x0; x < x1; x++, coverage++, out += 3) {
      int light = 256 - (*coverage * whole + 127) / 255;

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
draw_part (const VlmCanvas *c, const VlmTexture *texture,
    const VlmOutline *outline, const VlmTransform *t)
{
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

      paint_strip (texture, u, du, v, MAX (du, dv), mask_at (m, x, y),
          row + 3 * (gsize) x, MIN (STRIP, x1 - x));
    }
  }
}

void
vlm_canvas_draw_actor (const VlmCanvas *c, const VlmActor *actor, gint64 time)
{
  const VlmObject *o = &actor->object;
  VlmPose pose = vlm_path_pose (&actor->path, time);
  double size = pose.scale * o->size;
  double way = pose.x + pose.y;
  VlmTransform t = place_of (c, &pose, size);

  if (!vlm_path_visible (&actor->path, time))
    return;
  if (o->casts_shadow &&
      (c->scene->effects.drawn & VLM_SCENE_EFFECT_SHADOWS) != 0)
    draw_shadow (c, o, &t, time, way, c->scene->effects.shadow_strength);
  if (!is_near (c, &t, 2.0))
    return;
  for (guint i = 0; i < o->n_parts; i++) {
    VlmOutline held;

    draw_part (c, &o->parts[i].texture,
        vlm_part_outline (&o->parts[i], time, way, &held), &t);
  }
}

void
vlm_canvas_draw_shade (
    const VlmCanvas *c, const VlmActor *actor, double strength, gint64 time)
{
  VlmPose pose = vlm_path_pose (&actor->path, time);
  VlmTransform t = place_of (c, &pose, pose.scale * actor->object.size);

  draw_shadow (c, &actor->object, &t, time, pose.x + pose.y, strength);
}

/* A row of a patch; its texture lies over the scene and moves by itself. */
static void
draw_patch_row (const VlmCanvas *c, const VlmPatch *patch, gint64 time, int y,
    int x0, int x1)
{
  float du = (float) (1.0 / c->scale_x);
  float dv = (float) (1.0 / c->scale_y);
  double dx, dy;
  double v;

  vlm_patch_offset (patch, time, &dx, &dy);
  v = (y + 0.5 - c->shake_y) / c->scale_y - dy;
  dx += vlm_patch_ripple (patch, time, v);
  for (int x = x0; x < x1; x += STRIP) {
    double u = (x + 0.5 - c->shake_x) / c->scale_x - dx;

    paint_strip (&patch->texture, (float) u, du, (float) v, MAX (du, dv),
        mask_at (&c->scene->mask, x, y),
        c->rgb + (gsize) y * c->stride + 3 * (gsize) x, MIN (STRIP, x1 - x));
  }
}

void
vlm_canvas_draw_patch (const VlmCanvas *c, const VlmPatch *patch, gint64 time)
{
  const VlmOutline *outline = &patch->outline;
  VlmTransform t = { .xx = c->scale_x, .yy = c->scale_y };
  int x0, x1, y0, y1;
  double dx, dy;

  vlm_patch_offset (patch, time, &dx, &dy);
  t.x0 = dx * c->scale_x + c->shake_x;
  t.y0 = dy * c->scale_y + c->shake_y;
  vlm_mask_fill (&c->scene->mask, &outline, 1, &t, 0);
  visible_part (c, &x0, &x1, &y0, &y1);
  for (int y = y0; y < y1; y++)
    draw_patch_row (c, patch, time, y, x0, x1);
}
