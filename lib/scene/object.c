/* gst-vlm: what an object looks like
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/object.h"

#include "scene/build.h"
#include "scene/limbs.h"
#include "scene/trig.h"

double
vlm_object_lightness (const VlmObject *object)
{
  double sum = 0.0;

  for (guint i = 0; i < object->n_parts; i++)
    sum += vlm_texture_lightness (&object->parts[i].texture);
  return sum / object->n_parts;
}

static void
turn_limb (const VlmSwing *swing, double turns, VlmOutline *outline)
{
  vlm_outline_place (outline, -swing->x, -swing->y, 1.0, 1.0, 0.0);
  vlm_outline_place (outline, 0.0, 0.0, 1.0, 1.0, turns);
  vlm_outline_place (outline, swing->x, swing->y, 1.0, 1.0, 0.0);
}

const VlmOutline *
vlm_part_outline (
    const VlmPart *part, gint64 time, double way, VlmOutline *held)
{
  const VlmSwing *swing = &part->swing;
  double turns =
      swing->rate * ((double) time / 1e9) + swing->along * way + swing->phase;

  if (swing->most == 0.0)
    return &part->outline;
  *held = part->outline;
  turn_limb (swing, swing->most * vlm_sin_turns (turns), held);
  return held;
}

gboolean
vlm_object_has_restless_limbs (const VlmObject *object)
{
  for (guint i = 0; i < object->n_parts; i++)
    if (object->parts[i].swing.most != 0.0 && object->parts[i].swing.rate > 0.0)
      return TRUE;
  return FALSE;
}

/* In units of the outlines, wherever the limbs are. */
static void
find_reach (VlmObject *object)
{
  VlmReach *r = &object->reach;

  *r = (VlmReach){ 0 };
  for (guint i = 0; i < object->n_parts; i++) {
    const VlmPart *part = &object->parts[i];

    vlm_outline_extend_reach (&part->outline, r);
    for (int side = -1; side <= 1 && part->swing.most != 0.0; side += 2) {
      VlmOutline turned = part->outline;

      turn_limb (&part->swing, side * part->swing.most, &turned);
      vlm_outline_extend_reach (&turned, r);
    }
  }
}

static void
scale_reach (VlmReach *r, double factor)
{
  r->left *= factor;
  r->right *= factor;
  r->top *= factor;
  r->bottom *= factor;
}

/* @farthest: how far it reaches to the side to which it reaches farthest. */
static void
set_size (VlmObject *object, double farthest)
{
  const VlmReach *r = &object->reach;

  find_reach (object);
  object->size =
      farthest / MAX (MAX (r->left, r->right), MAX (r->top, r->bottom));
  scale_reach (&object->reach, object->size);
}

void
vlm_object_scale (VlmObject *object, double factor)
{
  object->size *= factor;
  scale_reach (&object->reach, factor);
}

void
vlm_object_turn (VlmObject *object, double turns)
{
  for (guint i = 0; i < object->n_parts; i++) {
    VlmSwing *swing = &object->parts[i].swing;
    double x =
        swing->x * vlm_cos_turns (turns) - swing->y * vlm_sin_turns (turns);

    swing->y =
        swing->x * vlm_sin_turns (turns) + swing->y * vlm_cos_turns (turns);
    swing->x = x;
    vlm_outline_place (&object->parts[i].outline, 0.0, 0.0, 1.0, 1.0, turns);
  }
  find_reach (object);
  scale_reach (&object->reach, object->size);
}

void
vlm_object_make_faint (
    VlmObject *object, VlmRandom *random, const VlmBackground *background)
{
  for (guint i = 0; i < object->n_parts; i++)
    for (guint k = 0; k < 2; k++)
      object->parts[i].texture.colors[k] =
          vlm_background_near_color (background, random);
}

/* Beside it, or on the ground it stands on. */
static void
draw_shadow (VlmObject *object, VlmRandom *random)
{
  gboolean stands = vlm_random_chance (random, 0.6);

  object->casts_shadow = vlm_random_chance (random, 0.8);
  object->shadow_shear = stands ? vlm_random_between (random, -2.0, 2.0) : 0.0;
  object->shadow_squash = stands ? vlm_random_between (random, 0.12, 0.5) : 1.0;
  object->shadow_x = stands ? 0.0 : vlm_random_between (random, -0.3, 0.3);
  object->shadow_y = stands ? 0.0 : vlm_random_between (random, 0.08, 0.3);
  object->shadow_blur = vlm_random_between (random, 0.04, 0.2);
}

void
vlm_object_init_named (VlmObject *object, VlmRandom *random, guint name)
{
  double spread = vlm_random_between (random, 0.0, 1.0);
  VlmPart *part = &object->parts[0];
  VlmTexture *t = &part->texture;

  *object = (VlmObject){ .name = name, .n_parts = 1 };
  vlm_outline_init_shape (&part->outline, (VlmShape) (name % VLM_N_SHAPES));
  *t = (VlmTexture){ .pattern = VLM_PATTERN_PLAIN };
  t->colors[0] = vlm_named_color (name / VLM_N_SHAPES);
  for (guint i = 0; i < 3; i++) {
    float shade = (float) vlm_random_between (random, -12.0, 12.0);

    t->colors[0].c[i] = CLAMP (t->colors[0].c[i] + shade, 0.0f, 255.0f);
  }
  if (vlm_random_chance (random, 0.4)) {
    t->shade_u = (float) vlm_random_between (random, -0.12, 0.12);
    t->shade_v = (float) vlm_random_between (random, -0.12, 0.12);
  }
  /* More small ones than large ones. */
  set_size (object, 0.075 + 0.13 * spread * spread);
  draw_shadow (object, random);
}

void
vlm_object_init_any (
    VlmObject *object, VlmRandom *random, const VlmBackground *background)
{
  double spread = vlm_random_between (random, 0.0, 1.0);
  double build = vlm_random_between (random, 0.0, 1.0);

  *object = (VlmObject){ .name = VLM_OBJECT_UNNAMED };
  if (build < 0.25)
    vlm_build_vehicle (object, random, background);
  else if (build < 0.45)
    vlm_build_figure (object, random, background);
  else
    vlm_build_thing (object, random, background);
  set_size (object, 0.07 + 0.21 * spread * spread);
  draw_shadow (object, random);
}

void
vlm_object_init_standing (
    VlmObject *object, VlmRandom *random, const VlmBackground *background)
{
  double spread = vlm_random_between (random, 0.0, 1.0);
  double build = vlm_random_between (random, 0.0, 1.0);

  *object = (VlmObject){ .name = VLM_OBJECT_UNNAMED };
  if (build < 0.35)
    vlm_build_panel (object, random, background);
  else if (build < 0.6)
    vlm_build_sign (object, random, background);
  else if (build < 0.8)
    vlm_build_vehicle (object, random, background);
  else
    vlm_build_figure (object, random, background);
  set_size (object, 0.08 + 0.22 * spread);
  draw_shadow (object, random);
}

void
vlm_object_init_limbed (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless)
{
  double spread = vlm_random_between (random, 0.0, 1.0);
  double build = vlm_random_between (random, 0.0, 1.0);

  *object = (VlmObject){ .name = VLM_OBJECT_UNNAMED };
  if (build < 0.65)
    vlm_build_walker (object, random, background, restless);
  else if (build < 0.85)
    vlm_build_animal (object, random, background, restless);
  else
    vlm_build_machine (object, random, background, restless);
  set_size (object, 0.09 + 0.19 * spread * spread);
  draw_shadow (object, random);
}
