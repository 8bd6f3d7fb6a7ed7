/* gst-vlm: leaves that sway, water that flows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/sway.h"

#include "scene/trig.h"

static void
draw_texture (VlmPatch *p, VlmRandom *random, const VlmBackground *background,
    double frequency)
{
  p->texture = (VlmTexture){
    .pattern = VLM_PATTERN_CLOUDS,
    .along_u = (float) frequency,
    .seed = (guint32) vlm_random_next (random),
  };
  p->texture.colors[0] = vlm_background_near_color (background, random);
  p->texture.colors[1] = vlm_background_near_color (background, random);
}

/* A crown of leaves, somewhere. */
static void
draw_leaves (VlmPatch *p, VlmRandom *random, const VlmBackground *background,
    double width, double height)
{
  double x = vlm_random_between (random, 0.0, width);
  double y = vlm_random_between (random, 0.0, height);
  double size = vlm_random_between (random, 0.1, 0.35);

  draw_texture (p, random, background, vlm_random_between (random, 8.0, 40.0));
  vlm_outline_init_blob (&p->outline, random);
  vlm_outline_place (&p->outline, x, y, size, size, 0.0);
  p->swing_x = vlm_random_between (random, 0.003, 0.025);
  p->swing_y = 0.4 * vlm_random_between (random, 0.0, 0.02);
  p->turns = vlm_random_between (random, 0.15, 1.2);
  p->ripple = vlm_random_between (random, 0.002, 0.015);
  p->ripple_turns = vlm_random_between (random, 0.3, 2.0);
  p->ripple_along = vlm_random_between (random, 2.0, 12.0);
}

/* A band from one side to the other. */
static void
draw_water (VlmPatch *p, VlmRandom *random, const VlmBackground *background,
    double width, double height)
{
  double y = vlm_random_between (random, 0.3, 1.0) * height;
  double half = vlm_random_between (random, 0.06, 0.25);

  draw_texture (p, random, background, vlm_random_between (random, 3.0, 20.0));
  vlm_outline_init_box (&p->outline, 0.0);
  vlm_outline_place (&p->outline, 0.5 * width, y, width, half, 0.0);
  p->ripple = vlm_random_between (random, 0.004, 0.03);
  p->ripple_turns = vlm_random_between (random, 0.2, 1.0);
  p->ripple_along = vlm_random_between (random, 3.0, 20.0);
  p->flow = vlm_random_between (random, -0.15, 0.15);
}

void
vlm_sway_init (VlmSway *sway, VlmRandom *random,
    const VlmBackground *background, double width, double height)
{
  gboolean is_water = vlm_random_chance (random, 0.3);
  guint n = is_water ? 1 : 1 + vlm_random_below (random, VLM_SWAY_MAX_PATCHES);

  *sway = (VlmSway){ .n_patches = n };
  for (guint i = 0; i < n; i++) {
    VlmPatch *patch = &sway->patches[i];

    if (is_water)
      draw_water (patch, random, background, width, height);
    else
      draw_leaves (patch, random, background, width, height);
    patch->phase = vlm_random_between (random, 0.0, 1.0);
  }
}

void
vlm_patch_offset (const VlmPatch *patch, gint64 time, double *dx, double *dy)
{
  double turns = patch->turns * ((double) time / 1e9) + patch->phase;

  *dx = patch->swing_x *
      (0.7 * vlm_sin_turns (turns) + 0.3 * vlm_sin_turns (2.3 * turns));
  *dy = patch->swing_y * vlm_sin_turns (1.7 * turns);
}

double
vlm_patch_ripple (const VlmPatch *patch, gint64 time, double y)
{
  double seconds = (double) time / 1e9;

  return patch->flow * seconds +
      patch->ripple *
      vlm_sin_turns (patch->ripple_turns * seconds + patch->ripple_along * y +
          patch->phase);
}
