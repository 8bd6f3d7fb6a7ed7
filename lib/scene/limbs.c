/* gst-vlm: objects with limbs
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dark and upright, with arms to the sides, some of them look like a black cross
 * from afar, but they are not one: no object here has a name. */
#include "scene/limbs.h"

#include "scene/build.h"

#define MIN_CONTRAST_OF_DARK 35.0f

/* How its limbs move, and what it wears. */
typedef struct
{
  VlmObject *object;
  VlmRandom *random;
  const VlmBackground *background;
  double rate;  /* of its swings, a second */
  double along; /* a unit of the scene */
  double phase;
  gboolean is_dark;
  VlmColor dark;
} Builder;

static void
init_builder (Builder *b, VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless)
{
  *b = (Builder){ object, random, background };
  b->rate = restless ? vlm_random_between (random, 0.3, 1.3) : 0.0;
  b->along = vlm_random_between (random, 2.0, 6.0);
  b->phase = vlm_random_between (random, 0.0, 1.0);
  b->dark = vlm_color_draw_gray (random, 5.0, 50.0);
  b->is_dark = vlm_random_chance (random, 0.55) &&
      vlm_background_contrast (background, b->dark) >= MIN_CONTRAST_OF_DARK;
}

static VlmPart *
add_part (Builder *b, const VlmOutline *outline)
{
  VlmPart *part =
      vlm_build_add_part (b->object, outline, b->random, b->background);

  if (b->is_dark) {
    part->texture.pattern = VLM_PATTERN_PLAIN;
    part->texture.colors[0] = b->dark;
  }
  return part;
}

/* A rounded bar from (x, y) on, downwards, turned by @turns. @opposite: it swings
 * against the others. */
static void
add_limb (Builder *b, double x, double y, double half_width, double length,
    double turns, double most, gboolean opposite)
{
  VlmOutline outline;
  VlmPart *part;

  vlm_outline_init_box (&outline, 0.6);
  vlm_outline_place (
      &outline, 0.0, 0.5 * length, half_width, 0.5 * length, 0.0);
  vlm_outline_place (&outline, x, y, 1.0, 1.0, turns);
  part = add_part (b, &outline);
  part->swing = (VlmSwing){ most, x, y, b->rate, b->along,
    b->phase + (opposite ? 0.5 : 0.0) };
}

static void
add_box (Builder *b, double x, double y, double half_width, double half_height,
    double roundness)
{
  VlmOutline outline;

  vlm_outline_init_box (&outline, roundness);
  vlm_outline_place (&outline, x, y, half_width, half_height, 0.0);
  add_part (b, &outline);
}

static void
add_head (Builder *b, double x, double y, double size)
{
  VlmOutline outline;

  vlm_outline_init_shape (&outline, VLM_SHAPE_CIRCLE);
  vlm_outline_place (&outline, x, y, 0.85 * size, size, 0.0);
  add_part (b, &outline);
}

/* A person that walks: two legs, two arms, a trunk, a head. */
void
vlm_build_walker (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless)
{
  Builder b;
  double width = vlm_random_between (random, 0.14, 0.28);
  double head = vlm_random_between (random, 0.12, 0.18);
  double waist = vlm_random_between (random, -0.05, 0.2);
  double stride = vlm_random_between (random, 0.03, 0.1);
  double reach = vlm_random_between (random, 0.03, 0.14);
  /* hanging, or stretched out to the sides */
  double spread = vlm_random_chance (random, 0.25)
      ? 0.2
      : vlm_random_between (random, 0.01, 0.06);
  double shoulder = 2.0 * head - 0.95;

  init_builder (&b, object, random, background, restless);
  for (int side = -1; side <= 1; side += 2)
    add_limb (&b, side * 0.45 * width, waist, 0.4 * width, 1.0 - waist, 0.0,
        stride, side > 0);
  for (int side = -1; side <= 1; side += 2)
    add_limb (&b, side * 0.9 * width, shoulder, 0.28 * width,
        0.9 * (waist - shoulder), -side * spread, reach, side < 0);
  add_box (&b, 0.0, 0.5 * (waist + shoulder), width,
      0.5 * (waist - shoulder) + 0.06, 0.4);
  add_head (&b, 0.0, head - 1.0, head);
}

/* Four legs, a long body, a head in front. */
void
vlm_build_animal (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless)
{
  Builder b;
  double height = vlm_random_between (random, 0.16, 0.3);
  double leg = vlm_random_between (random, 0.35, 0.6);
  double stride = vlm_random_between (random, 0.03, 0.1);
  int front = vlm_random_chance (random, 0.5) ? 1 : -1;

  init_builder (&b, object, random, background, restless);
  for (int i = 0; i < 4; i++)
    add_limb (&b, 0.25 * (2 * i - 3), 0.5 * height, 0.07, leg, 0.0, stride,
        i % 2 == 1);
  add_box (&b, 0.0, 0.0, 0.8, height, 0.7);
  add_head (&b, front * 0.85, -0.9 * height, 0.9 * height);
}

/* A base, a mast, and an arm that swings. */
void
vlm_build_machine (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless)
{
  Builder b;
  double base = vlm_random_between (random, 0.3, 0.8);
  double mast = vlm_random_between (random, 0.08, 0.2);
  double arm = vlm_random_between (random, 0.5, 0.9);
  double turns = vlm_random_between (random, 0.15, 0.35);
  double most = vlm_random_between (random, 0.04, 0.15);

  init_builder (&b, object, random, background, restless);
  add_box (&b, 0.0, 0.8, base, 0.2, 0.2);
  add_box (&b, 0.0, 0.1, mast, 0.7, 0.1);
  add_limb (&b, 0.0, -0.55, 0.09, arm,
      vlm_random_chance (random, 0.5) ? turns : -turns, most, FALSE);
}
