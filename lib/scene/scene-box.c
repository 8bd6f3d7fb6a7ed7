/* gst-vlm: where the objects of a scene are in a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

#include <vlm/vlm-scene-box.h>

#include "scene/trig.h"

#define MAX_SIDE 32768

/* In units of the scene. */
typedef struct
{
  double width;
  double height;
  double x0;
  double y0;
  double x1;
  double y1;
} Bounds;

static void
extend (Bounds *b, double x, double y)
{
  b->x0 = MIN (b->x0, x);
  b->y0 = MIN (b->y0, y);
  b->x1 = MAX (b->x1, x);
  b->y1 = MAX (b->y1, y);
}

/* Cuts what is outside [0, most] off the part [from, to] of a line that goes from
 * @at on by @step; FALSE if nothing is left. */
static gboolean
cut (double at, double step, double most, double *from, double *to)
{
  double enters = step != 0.0 ? -at / step : 0.0;
  double leaves = step != 0.0 ? (most - at) / step : 1.0;

  if (step == 0.0)
    return at >= 0.0 && at <= most;
  *from = MAX (*from, MIN (enters, leaves));
  *to = MIN (*to, MAX (enters, leaves));
  return *from <= *to;
}

/* The part of an edge that is inside. No outline is larger than the picture, so
 * the edges inside reach as far as the area inside does. */
static void
add_edge (Bounds *b, double x0, double y0, double x1, double y1)
{
  double from = 0.0, to = 1.0;

  if (!cut (x0, x1 - x0, b->width, &from, &to) ||
      !cut (y0, y1 - y0, b->height, &from, &to))
    return;
  extend (b, x0 + (x1 - x0) * from, y0 + (y1 - y0) * from);
  extend (b, x0 + (x1 - x0) * to, y0 + (y1 - y0) * to);
}

static void
add_outline (
    Bounds *b, const VlmOutline *outline, double x, double y, double size)
{
  for (guint i = 0; i < outline->n_outer; i++) {
    guint k = i + 1 < outline->n_outer ? i + 1 : 0;

    add_edge (b, x + size * outline->x[i], y + size * outline->y[i],
        x + size * outline->x[k], y + size * outline->y[k]);
  }
}

/* Whole pixels of a side of @n, at least one. */
static void
to_pixels (double low, double high, gint n, gint *first, gint *length)
{
  gint begin = (gint) vlm_floor (CLAMP (low, 0.0, n - 1.0));
  gint end = (gint) -vlm_floor (-CLAMP (high, 0.0, (double) n));

  *first = begin;
  *length = MAX (end - begin, 1);
}

/* Around the part of @actor, in view, that is inside the picture. */
static void
find_box (const VlmScene *scene, const VlmActor *actor, gint64 time,
    guint width, guint height, VlmRect *box)
{
  const VlmObject *object = &actor->object;
  VlmPose pose = vlm_path_pose (&actor->path, time);
  double dx, dy;
  /* Nothing yet; if the camera's trembling hides the little that is in view,
   * the pixel next to it. */
  Bounds b = { scene->stage.width, scene->stage.height, 1e9, 1e9, -1e9, -1e9 };

  vlm_effects_shake (&scene->effects, time, &dx, &dy);
  for (guint i = 0; i < object->n_parts; i++) {
    VlmOutline held;

    add_outline (&b,
        vlm_part_outline (&object->parts[i], time, pose.x + pose.y, &held),
        pose.x + dx, pose.y + dy, pose.scale * object->size);
  }
  if (b.x1 < b.x0)
    extend (&b, pose.x + dx, pose.y + dy);
  to_pixels (b.x0 * width / scene->stage.width,
      b.x1 * width / scene->stage.width, (gint) width, &box->x, &box->width);
  to_pixels (b.y0 * height / scene->stage.height,
      b.y1 * height / scene->stage.height, (gint) height, &box->y,
      &box->height);
}

VlmBox
vlm_actor_box (const VlmActor *actor, gint64 time)
{
  VlmPose pose = vlm_path_pose (&actor->path, time);
  const VlmReach *r = &actor->object.reach;

  return (VlmBox){ pose.x - pose.scale * r->left, pose.y - pose.scale * r->top,
    pose.x + pose.scale * r->right, pose.y + pose.scale * r->bottom };
}

double
vlm_box_shared (const VlmBox *a, const VlmBox *b)
{
  double w = MIN (a->x1, b->x1) - MAX (a->x0, b->x0);
  double h = MIN (a->y1, b->y1) - MAX (a->y0, b->y0);

  return w > 0.0 && h > 0.0 ? w * h : 0.0;
}

/**
 * vlm_scene_get_box:
 * @scene: a scene
 * @index: of an event; the box is that of its object
 * @time: when, ns; beyond the scene, its first or last moment
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @box: (out): around the part of the object that is inside the picture; width
 *   0 while it is not in view
 *
 * Other objects may cover a part of what is in the box. Shadows do not belong
 * to it.
 *
 * Returns: %TRUE if the object is in view
 *
 * Since: 0.1
 */
gboolean
vlm_scene_get_box (const VlmScene *scene, guint index, gint64 time, guint width,
    guint height, VlmRect *box)
{
  g_return_val_if_fail (scene != NULL && index < scene->n_actors, FALSE);
  g_return_val_if_fail (width >= 1 && width <= MAX_SIDE, FALSE);
  g_return_val_if_fail (height >= 1 && height <= MAX_SIDE, FALSE);

  time = vlm_scene_clamp_time (scene, time);
  *box = (VlmRect){ 0, 0, 0, 0 };
  if (!vlm_path_in_view (&scene->actors[index].path, time))
    return FALSE;
  find_box (scene, &scene->actors[index], time, width, height, box);
  return TRUE;
}

/**
 * vlm_scene_get_bystander_box:
 * @scene: a scene
 * @index: of a bystander
 * @time: when, ns: it stands still, but the camera may tremble
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @box: (out): around the bystander
 *
 * Computes where a bystander is in a picture of a size.
 *
 * Since: 0.1
 */
void
vlm_scene_get_bystander_box (const VlmScene *scene, guint index, gint64 time,
    guint width, guint height, VlmRect *box)
{
  g_return_if_fail (scene != NULL && index < scene->n_bystanders);
  g_return_if_fail (width >= 1 && width <= MAX_SIDE);
  g_return_if_fail (height >= 1 && height <= MAX_SIDE);

  find_box (scene, &scene->bystanders[index],
      vlm_scene_clamp_time (scene, time), width, height, box);
}
