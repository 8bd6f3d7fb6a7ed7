/* gst-vlm: image degradations
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

#include "scene/random.h"

typedef struct
{
  VlmSceneEffects drawn; /* those that this scene has */
  guint64 seed;
  double light_amount; /* of 1 */
  double light_turns;  /* a second */
  double light_phase;
  double shake_amount; /* in units of the scene */
  double shake_turns;
  double shake_phase;
  double noise_amount; /* standard deviation, of 255 */
  int block_step;      /* of the quantiser */
  double shadow_strength;
  double exposure_amount; /* 1: the picture stays as light as it was */
} VlmEffects;

/* Never more than this, so that what is in view stays in view. */
#define VLM_SHAKE_MAX 0.006

void vlm_effects_init (
    VlmEffects *effects, VlmRandom *random, VlmSceneEffects allowed);
void vlm_effects_shake (
    const VlmEffects *effects, gint64 time, double *dx, double *dy);
/* Light, times @exposure, noise and compression, in this order, on packed RGB. */
void vlm_effects_apply (const VlmEffects *effects, gint64 time, double exposure,
    guint8 *rgb, gsize stride, int width, int height);
