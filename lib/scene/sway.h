/* gst-vlm: leaves that sway, water that flows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/background.h"
#include "scene/outline.h"

#define VLM_SWAY_MAX_PATCHES 4

/* A region of the background in which something always moves. */
typedef struct
{
  VlmOutline outline; /* in units of the scene */
  VlmTexture texture; /* over the scene */
  double swing_x;     /* how far all of it goes, units of the scene */
  double swing_y;
  double turns; /* a second */
  double phase;
  double ripple; /* how far its rows go by themselves */
  double ripple_turns;
  double ripple_along; /* turns a unit of height */
  double flow;         /* units a second */
} VlmPatch;

typedef struct
{
  guint n_patches;
  VlmPatch patches[VLM_SWAY_MAX_PATCHES];
} VlmSway;

void vlm_sway_init (VlmSway *sway, VlmRandom *random,
    const VlmBackground *background, double width, double height);
/* By how much the whole patch has moved. */
void
vlm_patch_offset (const VlmPatch *patch, gint64 time, double *dx, double *dy);
/* By how much the texture of the row at height @y has moved besides. */
double vlm_patch_ripple (const VlmPatch *patch, gint64 time, double y);
