/* gst-vlm: difficulties of scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/troubles.h"

#include "scene/trig.h"

#define N_TROUBLES 11
#define P_TROUBLE 0.3

static guint
draw_one (VlmRandom *random, guint allowed)
{
  guint bit;

  do
    bit = 1u << vlm_random_below (random, N_TROUBLES);
  while ((allowed & bit) == 0);
  return bit;
}

static void
draw_angle (VlmTroubles *t, VlmRandom *random)
{
  double turns = vlm_random_between (random, 0.008, 0.04);
  double oblique = vlm_random_between (random, -0.45, 0.45);
  double perspective = vlm_random_between (random, 0.1, 0.6);
  gboolean is_left = vlm_random_chance (random, 0.5);

  if ((t->drawn & VLM_SCENE_TROUBLE_ANGLE) == 0)
    return;
  t->turns = is_left ? -turns : turns;
  t->oblique = oblique;
  t->perspective = perspective;
}

void
vlm_troubles_init (VlmTroubles *t, VlmRandom *random, VlmSceneTroubles allowed)
{
  guint drawn;

  *t = (VlmTroubles){ 0 };
  allowed &= VLM_SCENE_TROUBLE_ALL;
  if (allowed == 0)
    return;
  t->seed = vlm_random_next (random);
  drawn = draw_one (random, allowed);
  for (guint bit = 0; bit < N_TROUBLES; bit++)
    if (vlm_random_chance (random, P_TROUBLE))
      drawn |= 1u << bit;
  t->drawn = (VlmSceneTroubles) (drawn & allowed);
  t->drift_amount = vlm_random_between (random, 0.1, 0.45);
  t->drift_period = vlm_random_between (random, 1.2, 6.0);
  t->drift_part = vlm_random_between (random, 0.1, 1.0);
  t->focus_amount = vlm_random_between (random, 0.25, 1.0) * VLM_FOCUS_MAX;
  t->focus_turns = vlm_random_between (random, 0.05, 0.5);
  t->focus_phase = vlm_random_between (random, 0.0, 1.0);
  draw_angle (t, random);
}

/* In [-1, 1], another number for each period. */
static double
level_of (const VlmTroubles *t, gint64 period)
{
  VlmRandom random = vlm_random_init (t->seed, (guint64) period);

  return vlm_random_between (&random, -1.0, 1.0);
}

/* The camera holds one exposure for a while, then changes to the next. */
double
vlm_troubles_light (const VlmTroubles *t, gint64 time)
{
  double at = (double) time / 1e9 / t->drift_period;
  double period;
  double part;
  double before;

  if ((t->drawn & VLM_SCENE_TROUBLE_DRIFT) == 0)
    return 1.0;
  period = vlm_floor (at);
  part = MIN ((at - period) / t->drift_part, 1.0);
  part = part * part * (3.0 - 2.0 * part);
  before = level_of (t, (gint64) period - 1);
  return 1.0 +
      t->drift_amount *
      (before + (level_of (t, (gint64) period) - before) * part);
}

double
vlm_troubles_blur (const VlmTroubles *t, gint64 time)
{
  double turns = t->focus_turns * ((double) time / 1e9) + t->focus_phase;

  if ((t->drawn & VLM_SCENE_TROUBLE_FOCUS) == 0)
    return 0.0;
  /* clear for a good part of the time */
  return t->focus_amount * MAX (0.0, 0.35 + 0.65 * vlm_sin_turns (turns));
}
