/* gst-vlm: the outlines of objects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/outline.h"

#include "scene/trig.h"

/* A fifth of a pixel away from the true circle in a picture of 4K. */
#define N_CURVE_POINTS 96
#define N_CORNER_POINTS 12

static void
add_point (VlmOutline *outline, double x, double y)
{
  g_assert (outline->n_points < VLM_OUTLINE_MAX_POINTS);
  outline->x[outline->n_points] = (float) x;
  outline->y[outline->n_points++] = (float) y;
}

static void
add_circle (VlmOutline *outline, double radius, gboolean reverse)
{
  for (guint i = 0; i < N_CURVE_POINTS; i++) {
    double turns = (double) i / N_CURVE_POINTS * (reverse ? -1.0 : 1.0);

    add_point (outline, radius * vlm_cos_turns (turns),
        radius * vlm_sin_turns (turns));
  }
}

static void
add_star (VlmOutline *outline, guint n_tips, double inner)
{
  for (guint i = 0; i < 2 * n_tips; i++) {
    double turns = (double) i / (2.0 * n_tips) - 0.25;
    double radius = i % 2 == 0 ? 1.0 : inner;

    add_point (outline, radius * vlm_cos_turns (turns),
        radius * vlm_sin_turns (turns));
  }
}

static void
add_cross (VlmOutline *outline, double arm)
{
  const double x[] = { -arm, arm, arm, 1, 1, arm, arm, -arm, -arm, -1, -1,
    -arm };
  const double y[] = { -1, -1, -arm, -arm, arm, arm, 1, 1, arm, arm, -arm,
    -arm };

  for (guint i = 0; i < G_N_ELEMENTS (x); i++)
    add_point (outline, x[i], y[i]);
}

void
vlm_outline_init_shape (VlmOutline *outline, VlmShape shape)
{
  outline->n_points = 0;
  switch (shape) {
  case VLM_SHAPE_CIRCLE:
  case VLM_SHAPE_RING:
    add_circle (outline, 1.0, FALSE);
    break;
  case VLM_SHAPE_SQUARE:
    vlm_outline_init_box (outline, 0.0);
    vlm_outline_place (outline, 0.0, 0.0, 0.88, 0.88, 0.0);
    break;
  case VLM_SHAPE_TRIANGLE:
    add_point (outline, 0.0, -1.0);
    add_point (outline, 1.0, 0.8);
    add_point (outline, -1.0, 0.8);
    break;
  case VLM_SHAPE_STAR:
    add_star (outline, 5, 0.42);
    break;
  case VLM_SHAPE_CROSS:
    add_cross (outline, 0.34);
    break;
  default:
    g_assert_not_reached ();
  }
  outline->n_outer = outline->n_points;
  if (shape == VLM_SHAPE_RING)
    add_circle (outline, 0.55, TRUE);
}

/* To where it reaches one of the sides. */
static void
fit (VlmOutline *outline)
{
  float most = 0.0f;

  for (guint i = 0; i < outline->n_points; i++) {
    most = MAX (most, ABS (outline->x[i]));
    most = MAX (most, ABS (outline->y[i]));
  }
  for (guint i = 0; i < outline->n_points; i++) {
    outline->x[i] /= most;
    outline->y[i] /= most;
  }
}

void
vlm_outline_init_blob (VlmOutline *outline, VlmRandom *random)
{
  double amount[5];
  double phase[5];
  double stretch = vlm_random_between (random, 0.45, 1.0);

  /* Together below 1: the radius stays positive, so nothing crosses. */
  for (guint k = 0; k < 5; k++) {
    amount[k] = vlm_random_between (random, 0.0, 0.5) / (k + 1.5);
    phase[k] = vlm_random_between (random, 0.0, 1.0);
  }
  outline->n_points = 0;
  for (guint i = 0; i < N_CURVE_POINTS; i++) {
    double turns = (double) i / N_CURVE_POINTS;
    double radius = 1.0;

    for (guint k = 0; k < 5; k++)
      radius += amount[k] * vlm_sin_turns ((k + 2) * turns + phase[k]);
    add_point (outline, radius * vlm_cos_turns (turns),
        stretch * radius * vlm_sin_turns (turns));
  }
  outline->n_outer = outline->n_points;
  fit (outline);
}

void
vlm_outline_init_polygon (VlmOutline *outline, VlmRandom *random)
{
  guint n = 4 + vlm_random_below (random, 6);
  double stretch = vlm_random_between (random, 0.5, 1.0);

  outline->n_points = 0;
  for (guint i = 0; i < n; i++) {
    double turns = (i + vlm_random_between (random, 0.15, 0.85)) / n;
    double radius = vlm_random_between (random, 0.55, 1.0);

    add_point (outline, radius * vlm_cos_turns (turns),
        stretch * radius * vlm_sin_turns (turns));
  }
  outline->n_outer = outline->n_points;
  fit (outline);
}

void
vlm_outline_init_box (VlmOutline *outline, double roundness)
{
  static const double corner_x[] = { 1.0, -1.0, -1.0, 1.0 };
  static const double corner_y[] = { 1.0, 1.0, -1.0, -1.0 };
  guint n = roundness > 0.0 ? N_CORNER_POINTS : 1;
  double inner = 1.0 - roundness;

  outline->n_points = 0;
  for (guint corner = 0; corner < 4; corner++) {
    for (guint i = 0; i < n; i++) {
      double turns = 0.25 * (corner + (n > 1 ? (double) i / (n - 1) : 0.0));

      add_point (outline,
          corner_x[corner] * inner + roundness * vlm_cos_turns (turns),
          corner_y[corner] * inner + roundness * vlm_sin_turns (turns));
    }
  }
  outline->n_outer = outline->n_points;
}

void
vlm_outline_place (VlmOutline *outline, double x, double y, double half_width,
    double half_height, double turns)
{
  double c = vlm_cos_turns (turns);
  double s = vlm_sin_turns (turns);

  for (guint i = 0; i < outline->n_points; i++) {
    double px = outline->x[i] * half_width;
    double py = outline->y[i] * half_height;

    outline->x[i] = (float) (x + c * px - s * py);
    outline->y[i] = (float) (y + s * px + c * py);
  }
}

void
vlm_outline_extend_reach (const VlmOutline *outline, VlmReach *reach)
{
  for (guint i = 0; i < outline->n_points; i++) {
    reach->left = MAX (reach->left, -(double) outline->x[i]);
    reach->right = MAX (reach->right, (double) outline->x[i]);
    reach->top = MAX (reach->top, -(double) outline->y[i]);
    reach->bottom = MAX (reach->bottom, (double) outline->y[i]);
  }
}
