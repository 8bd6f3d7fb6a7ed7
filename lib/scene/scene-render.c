/* gst-vlm: from a scene to pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

#include <vlm/vlm-scene-render.h>

#include "scene/backdrop.h"
#include "scene/blur.h"
#include "scene/canvas.h"

#define MAX_SIDE 32768
/* What is behind the objects, and moves or not. */
static void
draw_surroundings (const VlmCanvas *c, gint64 time)
{
  const VlmScene *scene = c->scene;

  for (guint i = 0; i < scene->sway.n_patches; i++)
    vlm_canvas_draw_patch (c, &scene->sway.patches[i], time);
  for (guint i = 0; i < scene->n_bystanders; i++)
    vlm_canvas_draw_actor (c, &scene->bystanders[i], time);
  for (guint i = 0; i < scene->n_shades; i++)
    vlm_canvas_draw_shade (
        c, &scene->shades[i].actor, scene->shades[i].strength, time);
}

static void
lose_focus (const VlmCanvas *c, gint64 time)
{
  double blur = vlm_troubles_blur (&c->scene->troubles, time);

  if (blur > 0.0)
    vlm_blur_picture (c->rgb, c->stride, c->width, c->height,
        (int) (256.0 * blur * c->scale_x), (int) (256.0 * blur * c->scale_y));
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
 *
 * Since: 0.1
 */
void
vlm_scene_render (VlmScene *scene, gint64 time, guint width, guint height,
    guint8 *rgb, gsize stride)
{
  VlmCanvas c = { scene, rgb, stride, (int) width, (int) height };

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
  vlm_backdrop_draw (&c);
  draw_surroundings (&c, time);
  for (guint depth = 0; depth < scene->n_actors; depth++)
    for (guint i = 0; i < scene->n_actors; i++)
      if (scene->actors[i].depth == depth)
        vlm_canvas_draw_actor (&c, &scene->actors[i], time);
  lose_focus (&c, time);
  vlm_effects_apply (&scene->effects, time,
      vlm_scene_exposure (scene, time) *
          vlm_troubles_light (&scene->troubles, time),
      rgb, stride, c.width, c.height);
}
