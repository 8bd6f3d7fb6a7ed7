/* gst-vlm: the construction of unnamed objects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/build.h"

#include "scene/names.h"
#include "scene/trig.h"

#define MIN_CONTRAST 55.0f
#define MIN_CONTRAST_OF_PATTERN 30.0f

/* Much of what moves in the world is white, black or gray, and some has the
 * same colour as a named object: a colour alone does not imply a name. */
static VlmColor
draw_color (VlmRandom *random)
{
  double paint = vlm_random_between (random, 0.0, 1.0);

  if (paint < 0.15)
    return vlm_color_draw_gray (random, 225.0, 255.0);
  if (paint < 0.22)
    return vlm_color_draw_gray (random, 5.0, 40.0);
  if (paint < 0.32)
    return vlm_color_draw_gray (random, 40.0, 225.0);
  if (paint < 0.45)
    return vlm_named_color (vlm_random_below (random, VLM_N_NAMED_COLORS));
  return vlm_color_draw (random, vlm_random_chance (random, 0.4) ? 0.9 : 0.35);
}

/* A colour that differs from all that is behind it, if one is drawn. */
static VlmColor
draw_color_before (VlmRandom *random, const VlmBackground *b, float least)
{
  VlmColor best = { { 0 } };
  float best_contrast = -1.0f;

  for (guint i = 0; i < 24 && best_contrast < least; i++) {
    VlmColor color = draw_color (random);
    float contrast = vlm_background_contrast (b, color);

    if (contrast > best_contrast) {
      best = color;
      best_contrast = contrast;
    }
  }
  return best;
}

/* A texture that differs from what is behind it. */
static void
draw_texture (VlmTexture *t, VlmRandom *random, const VlmBackground *b)
{
  static const VlmPattern patterns[] = { VLM_PATTERN_PLAIN, VLM_PATTERN_PLAIN,
    VLM_PATTERN_STRIPES, VLM_PATTERN_CHECKS, VLM_PATTERN_CLOUDS,
    VLM_PATTERN_CLOUDS };
  double turns = vlm_random_between (random, 0.0, 1.0);
  double frequency = vlm_random_between (random, 0.8, 3.5);

  *t = (VlmTexture){
    .pattern = patterns[vlm_random_below (random, G_N_ELEMENTS (patterns))],
    .along_u = (float) (frequency * vlm_cos_turns (turns)),
    .along_v = (float) (frequency * vlm_sin_turns (turns)),
    .shade_u = (float) vlm_random_between (random, -0.3, 0.3),
    .shade_v = (float) vlm_random_between (random, -0.35, 0.1),
    .falloff = (float) vlm_random_between (random, 0.0, 0.3),
    .seed = (guint32) vlm_random_next (random),
  };
  t->colors[0] = draw_color_before (random, b, MIN_CONTRAST);
  t->colors[1] = draw_color_before (random, b, MIN_CONTRAST_OF_PATTERN);
}

VlmPart *
vlm_build_add_part (VlmObject *object, const VlmOutline *outline,
    VlmRandom *random, const VlmBackground *background)
{
  VlmPart *part = &object->parts[object->n_parts++];

  g_assert (object->n_parts <= VLM_OBJECT_MAX_PARTS);
  part->outline = *outline;
  draw_texture (&part->texture, random, background);
  return part;
}

/* Long and low, with something on top and wheels below. */
void
vlm_build_vehicle (VlmObject *object, VlmRandom *random, const VlmBackground *b)
{
  double height = vlm_random_between (random, 0.2, 0.32);
  double wheel = vlm_random_between (random, 0.12, 0.19);
  double axle = vlm_random_between (random, 0.5, 0.68);
  double cabin = vlm_random_between (random, 0.35, 0.75);
  double at = vlm_random_between (random, -0.2, 0.2);
  VlmOutline outline;

  vlm_outline_init_box (&outline, vlm_random_between (random, 0.2, 0.9));
  vlm_outline_place (&outline, at, -height, cabin, 0.9 * height, 0.0);
  vlm_build_add_part (object, &outline, random, b);
  vlm_outline_init_box (&outline, vlm_random_between (random, 0.1, 0.6));
  vlm_outline_place (&outline, 0.0, 0.4 * height, 1.0, height, 0.0);
  vlm_build_add_part (object, &outline, random, b);
  for (int side = -1; side <= 1; side += 2) {
    vlm_outline_init_shape (&outline, VLM_SHAPE_CIRCLE);
    vlm_outline_place (&outline, side * axle, 1.4 * height, wheel, wheel, 0.0);
    vlm_build_add_part (object, &outline, random, b);
  }
}

/* A head on a body that stands upright. */
void
vlm_build_figure (VlmObject *object, VlmRandom *random, const VlmBackground *b)
{
  double width = vlm_random_between (random, 0.18, 0.34);
  double waist = vlm_random_between (random, -0.05, 0.25);
  double head = vlm_random_between (random, 0.13, 0.2);
  double neck = 2.0 * head - 1.0;
  double gap = width * vlm_random_between (random, 0.3, 0.55);
  VlmOutline outline;

  for (int side = -1; side <= 1; side += 2) {
    vlm_outline_init_box (&outline, 0.4);
    vlm_outline_place (&outline, side * gap, (waist + 1.0) / 2.0, 0.4 * width,
        (1.0 - waist) / 2.0 + 0.05, 0.0);
    vlm_build_add_part (object, &outline, random, b);
  }
  object->parts[1].texture = object->parts[0].texture;
  vlm_outline_init_box (&outline, 0.5);
  vlm_outline_place (&outline, 0.0, (waist + neck) / 2.0, width,
      (waist - neck) / 2.0 + 0.05, 0.0);
  vlm_build_add_part (object, &outline, random, b);
  vlm_outline_init_shape (&outline, VLM_SHAPE_CIRCLE);
  vlm_outline_place (&outline, 0.0, -1.0 + head, 0.85 * head, head, 0.0);
  vlm_build_add_part (object, &outline, random, b);
}

/* One outline, perhaps with smaller ones on it. */
void
vlm_build_thing (VlmObject *object, VlmRandom *random, const VlmBackground *b)
{
  guint n_marks = vlm_random_chance (random, 0.5)
      ? 0
      : 1 + vlm_random_below (random, VLM_OBJECT_MAX_MARKS);
  double turns = vlm_random_between (random, 0.0, 1.0);

  for (guint i = 0; i <= n_marks; i++) {
    double size = i == 0 ? 1.0 : vlm_random_between (random, 0.12, 0.35);
    double x = i == 0 ? 0.0 : vlm_random_between (random, -0.4, 0.4);
    double y = i == 0 ? 0.0 : vlm_random_between (random, -0.4, 0.4);
    VlmOutline outline;

    if (vlm_random_chance (random, 0.5))
      vlm_outline_init_blob (&outline, random);
    else
      vlm_outline_init_polygon (&outline, random);
    vlm_outline_place (&outline, x, y, size, size, turns);
    vlm_build_add_part (object, &outline, random, b);
  }
}

/* A wall, a door, a cabinet: one or two upright rectangles. */
void
vlm_build_panel (VlmObject *object, VlmRandom *random, const VlmBackground *b)
{
  double width = vlm_random_between (random, 0.25, 1.0);
  double height = vlm_random_between (random, 0.35, 1.0);
  gboolean is_split = vlm_random_chance (random, 0.5);
  VlmOutline outline;

  vlm_outline_init_box (&outline, 0.0);
  vlm_outline_place (&outline, 0.0, 0.0, width, height, 0.0);
  vlm_build_add_part (object, &outline, random, b);
  if (!is_split)
    return;
  vlm_outline_init_box (&outline, 0.1);
  vlm_outline_place (&outline, 0.0, vlm_random_between (random, -0.4, 0.0),
      vlm_random_between (random, 0.4, 0.8) * width,
      vlm_random_between (random, 0.2, 0.5) * height, 0.0);
  vlm_build_add_part (object, &outline, random, b);
}

/* A board on a pole. */
void
vlm_build_sign (VlmObject *object, VlmRandom *random, const VlmBackground *b)
{
  double board = vlm_random_between (random, 0.2, 0.45);
  double pole = vlm_random_between (random, 0.04, 0.1);
  VlmOutline outline;

  vlm_outline_init_box (&outline, 0.0);
  vlm_outline_place (
      &outline, 0.0, 0.5 * (board - 0.2), pole, 1.0 - 0.5 * board, 0.0);
  vlm_build_add_part (object, &outline, random, b);
  if (vlm_random_chance (random, 0.4))
    vlm_outline_init_shape (&outline, VLM_SHAPE_CIRCLE);
  else
    vlm_outline_init_box (&outline, vlm_random_between (random, 0.05, 0.4));
  vlm_outline_place (&outline, 0.0, board - 1.0,
      board * vlm_random_between (random, 0.8, 1.6), board, 0.0);
  vlm_build_add_part (object, &outline, random, b);
}
