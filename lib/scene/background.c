/* gst-vlm: what is behind the objects of a scene
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/background.h"

#include "scene/trig.h"

#define SATURATION 0.28

static VlmColor
near_color (VlmRandom *random, VlmColor color, double distance)
{
  double shift = vlm_random_between (random, -distance, distance);

  for (guint i = 0; i < 3; i++) {
    double own = vlm_random_between (random, -0.3, 0.3) * distance;

    color.c[i] = CLAMP (color.c[i] + (float) (shift + own), 8.0f, 247.0f);
  }
  return color;
}

static VlmTexture
draw_texture (
    VlmRandom *random, VlmPattern pattern, double contrast, double frequency)
{
  double turns = vlm_random_chance (random, 0.5)
      ? vlm_random_between (random, 0.0, 1.0)
      : 0.25 * vlm_random_below (random, 4);
  VlmTexture texture = { .pattern = pattern };

  texture.colors[0] = vlm_color_draw (random, SATURATION);
  texture.colors[1] = near_color (random, texture.colors[0], contrast);
  texture.along_u = (float) (frequency * vlm_cos_turns (turns));
  texture.along_v = (float) (frequency * vlm_sin_turns (turns));
  texture.shade_u = (float) vlm_random_between (random, -0.1, 0.1);
  texture.shade_v = (float) vlm_random_between (random, -0.1, 0.1);
  texture.seed = (guint32) vlm_random_next (random);
  return texture;
}

/* Gradients reuse a texture: the pattern is a ramp from corner to corner. */
static void
draw_gradient (VlmBackground *b, VlmRandom *random, double width, double height)
{
  double turns = vlm_random_between (random, 0.0, 1.0);
  VlmTexture *t = &b->texture;

  *t = draw_texture (random, VLM_PATTERN_PLAIN, 90.0, 1.0);
  t->shade_u = t->shade_v = 0.0f;
  t->along_u = (float) (vlm_cos_turns (turns) / width);
  t->along_v = (float) (vlm_sin_turns (turns) / height);
  b->is_radial = vlm_random_chance (random, 0.35);
}

static void
draw_blocks (VlmBackground *b, VlmRandom *random, double width, double height)
{
  guint n = 4 + vlm_random_below (random, VLM_BACKGROUND_MAX_BLOCKS - 3);

  for (guint i = 0; i < n; i++) {
    VlmBlock *block = &b->blocks[i];
    gboolean on_ground = i % 3 == 2;
    double w = vlm_random_between (random, 0.15, 0.6);
    double h = on_ground ? vlm_random_between (random, 0.02, 0.08)
                         : vlm_random_between (random, 0.1, 0.7) * b->horizon;
    double x = vlm_random_between (random, -0.2, width);
    double y = on_ground ? vlm_random_between (random, b->horizon, height)
                         : b->horizon - h;
    VlmPattern pattern = i % 2 == 0 ? VLM_PATTERN_CHECKS : VLM_PATTERN_CLOUDS;

    block->x0 = (float) x;
    block->y0 = (float) y;
    block->x1 = (float) (x + w);
    block->y1 = (float) (y + h);
    block->texture =
        draw_texture (random, on_ground ? VLM_PATTERN_CLOUDS : pattern, 35.0,
            vlm_random_between (random, 4.0, 14.0));
    if (!on_ground)
      block->texture.along_v = 0.0f;
    block->texture.colors[0] = near_color (
        random, on_ground ? b->ground.colors[0] : b->texture.colors[0], 55.0);
    block->texture.colors[1] =
        near_color (random, block->texture.colors[0], 30.0);
  }
  b->n_blocks = n;
}

static VlmSceneBackgrounds
draw_kind (VlmRandom *random, VlmSceneBackgrounds kinds)
{
  VlmSceneBackgrounds kind;

  if ((kinds & VLM_SCENE_BACKGROUND_ALL) == 0)
    kinds = VLM_SCENE_BACKGROUND_ALL;
  do
    kind = (VlmSceneBackgrounds) (1u << vlm_random_below (random, 5));
  while ((kinds & kind) == 0);
  return kind;
}

void
vlm_background_init (VlmBackground *b, VlmRandom *random,
    VlmSceneBackgrounds kinds, double width, double height)
{
  static const VlmPattern patterns[] = { VLM_PATTERN_STRIPES,
    VLM_PATTERN_CHECKS, VLM_PATTERN_BRICKS };

  *b = (VlmBackground){ .kind = draw_kind (random, kinds) };
  switch (b->kind) {
  case VLM_SCENE_BACKGROUND_GRADIENT:
    draw_gradient (b, random, width, height);
    break;
  case VLM_SCENE_BACKGROUND_TEXTURE:
    b->texture = draw_texture (random, patterns[vlm_random_below (random, 3)],
        35.0, vlm_random_between (random, 2.5, 14.0));
    if (b->texture.pattern == VLM_PATTERN_BRICKS) {
      b->texture.along_u = (float) vlm_random_between (random, 2.0, 7.0);
      b->texture.along_v = 0.0f;
    }
    break;
  case VLM_SCENE_BACKGROUND_NOISE:
    b->texture = draw_texture (random, VLM_PATTERN_CLOUDS, 80.0,
        vlm_random_between (random, 1.0, 16.0));
    break;
  case VLM_SCENE_BACKGROUND_CLUTTER:
    b->texture = draw_texture (random, VLM_PATTERN_CLOUDS, 40.0,
        vlm_random_between (random, 0.6, 2.0));
    b->horizon = height * vlm_random_between (random, 0.2, 0.65);
    b->ground = draw_texture (random, VLM_PATTERN_CLOUDS, 30.0,
        vlm_random_between (random, 2.0, 20.0));
    draw_blocks (b, random, width, height);
    break;
  default:
    b->texture = draw_texture (random, VLM_PATTERN_PLAIN, 0.0, 1.0);
    b->texture.shade_u = b->texture.shade_v = 0.0f;
    break;
  }
}

static float
texture_contrast (const VlmTexture *texture, VlmColor color)
{
  float least = G_MAXFLOAT;

  for (guint i = 0; i <= 4; i++) {
    float part = (float) i / 4.0f;
    VlmColor between;

    for (guint k = 0; k < 3; k++)
      between.c[k] = texture->colors[0].c[k] +
          (texture->colors[1].c[k] - texture->colors[0].c[k]) * part;
    least = MIN (least, vlm_color_distance (between, color));
  }
  return least;
}

float
vlm_background_contrast (const VlmBackground *b, VlmColor color)
{
  float least = texture_contrast (&b->texture, color);

  if (b->kind != VLM_SCENE_BACKGROUND_CLUTTER)
    return least;
  least = MIN (least, texture_contrast (&b->ground, color));
  for (guint i = 0; i < b->n_blocks; i++)
    least = MIN (least, texture_contrast (&b->blocks[i].texture, color));
  return least;
}

VlmColor
vlm_background_near_color (const VlmBackground *b, VlmRandom *random)
{
  const VlmTexture *near =
      b->kind == VLM_SCENE_BACKGROUND_CLUTTER && vlm_random_chance (random, 0.6)
      ? &b->ground
      : &b->texture;
  VlmColor color = near->colors[vlm_random_below (random, 2)];
  double shift = vlm_random_between (random, 24.0, 45.0);

  /* lighter or darker, as there is room */
  if (vlm_color_lightness (color) > 200.0 ||
      (vlm_color_lightness (color) > 55.0 && vlm_random_chance (random, 0.5)))
    shift = -shift;
  for (guint i = 0; i < 3; i++) {
    double own = vlm_random_between (random, -8.0, 8.0);

    color.c[i] = CLAMP (color.c[i] + (float) (shift + own), 0.0f, 255.0f);
  }
  return color;
}

double
vlm_background_lightness (const VlmBackground *b, double height)
{
  double lightness = vlm_texture_lightness (&b->texture);
  double ground;

  if (b->kind == VLM_SCENE_BACKGROUND_GRADIENT)
    return 0.5 * (lightness + vlm_color_lightness (b->texture.colors[1]));
  if (b->kind != VLM_SCENE_BACKGROUND_CLUTTER)
    return lightness;
  /* each block covers little: they do not count */
  ground = vlm_texture_lightness (&b->ground);
  return ground + (lightness - ground) * b->horizon / height;
}

static void
gradient_row (
    const VlmBackground *b, float x, float dx, float y, float *out, int n)
{
  for (int i = 0; i < n; i++) {
    float u = (x + (float) i * dx) * b->texture.along_u;
    float v = y * b->texture.along_v;
    float at = b->is_radial ? 2.0f * (u - v) * (u - v) : 0.5f + 0.5f * (u + v);

    out[i] = CLAMP (at, 0.0f, 1.0f);
  }
}

/* Colours of @n pixels from pattern values; rows of 3 n floats. */
static void
color_row (const VlmTexture *t, float x, float dx, float y, const float *at,
    float *out, int n)
{
  for (int i = 0; i < n; i++) {
    float light = 1.0f + (x + (float) i * dx - 0.5f) * t->shade_u +
        (y - 0.5f) * t->shade_v;

    light = CLAMP (light, 0.7f, 1.3f);
    for (int k = 0; k < 3; k++)
      out[3 * i + k] = light *
          (t->colors[0].c[k] + (t->colors[1].c[k] - t->colors[0].c[k]) * at[i]);
  }
}

/* How much of [x, x + d] is within [x0, x1]. */
static inline float
overlap (float x, float d, float x0, float x1)
{
  float part = (MIN (x + d, x1) - MAX (x, x0)) / d;

  return CLAMP (part, 0.0f, 1.0f);
}

typedef struct
{
  float x0;
  float dx;
  float dy;
  int n;
  float *at;      /* [n] */
  float *scratch; /* [n] */
  float *color;   /* [3 n], of what is drawn */
  float *row;     /* [3 n], the result */
} Painter;

static void
paint (Painter *p, const VlmTexture *texture, float y, float *out)
{
  vlm_texture_pattern_row (
      texture, p->x0, p->dx, y, MAX (p->dx, p->dy), p->at, p->scratch, p->n);
  color_row (texture, p->x0, p->dx, y, p->at, out, p->n);
}

static void
mix_into_row (Painter *p, float x0, float x1, float amount)
{
  for (int i = 0; i < p->n; i++) {
    float part = amount * overlap (p->x0 + (float) i * p->dx, p->dx, x0, x1);

    for (int k = 3 * i; part > 0.0f && k < 3 * i + 3; k++)
      p->row[k] += (p->color[k] - p->row[k]) * part;
  }
}

static void
paint_clutter (Painter *p, const VlmBackground *b, float top)
{
  float y = top + 0.5f * p->dy;
  float below = overlap (top, p->dy, (float) b->horizon, G_MAXFLOAT);

  if (below > 0.0f) {
    paint (p, &b->ground, y, p->color);
    mix_into_row (p, -G_MAXFLOAT, G_MAXFLOAT, below);
  }
  for (guint i = 0; i < b->n_blocks; i++) {
    const VlmBlock *block = &b->blocks[i];
    float part = overlap (top, p->dy, block->y0, block->y1);

    if (part > 0.0f) {
      paint (p, &block->texture, y, p->color);
      mix_into_row (p, block->x0, block->x1, part);
    }
  }
}

void
vlm_background_render (const VlmBackground *b, double x0, double y0, double dx,
    double dy, int width, int height, guint8 *rgb)
{
  gsize n = (gsize) width;
  g_autofree float *memory = g_new (float, 8 * n);
  Painter p = {
    .x0 = (float) x0,
    .dx = (float) dx,
    .dy = (float) dy,
    .n = width,
    .at = memory,
    .scratch = memory + n,
    .color = memory + 2 * n,
    .row = memory + 5 * n,
  };

  for (int i = 0; i < height; i++) {
    float top = (float) (y0 + i * dy);
    float y = top + 0.5f * p.dy;
    guint8 *out = rgb + 3 * n * (gsize) i;

    if (b->kind == VLM_SCENE_BACKGROUND_GRADIENT) {
      gradient_row (b, p.x0, p.dx, y, p.at, p.n);
      color_row (&b->texture, p.x0, p.dx, y, p.at, p.row, p.n);
    } else {
      paint (&p, &b->texture, y, p.row);
    }
    if (b->kind == VLM_SCENE_BACKGROUND_CLUTTER)
      paint_clutter (&p, b, top);
    for (gsize k = 0; k < 3 * n; k++)
      out[k] = (guint8) (CLAMP (p.row[k], 0.0f, 255.0f) + 0.5f);
  }
}
