/* gst-vlm: difficulties of scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

#include "scene/random.h"

typedef struct
{
  VlmSceneTroubles drawn; /* those that this scene has */
  guint64 seed;
  double drift_amount; /* of 1 */
  double drift_period; /* s */
  double drift_part;   /* of a period, in which the light changes */
  double focus_amount; /* in units of the scene */
  double focus_turns;  /* a second */
  double focus_phase;
  double turns;       /* by which the camera is tilted; 0 if it is not */
  double oblique;     /* how much smaller one side is; negative: the left */
  double perspective; /* that the camera has at least */
} VlmTroubles;

/* No more than this, in units of the scene. */
#define VLM_FOCUS_MAX 0.012

void vlm_troubles_init (
    VlmTroubles *troubles, VlmRandom *random, VlmSceneTroubles allowed);
/* What the light is multiplied with. */
double vlm_troubles_light (const VlmTroubles *troubles, gint64 time);
/* How far everything is smeared, in units of the scene. */
double vlm_troubles_blur (const VlmTroubles *troubles, gint64 time);
