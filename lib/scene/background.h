/* gst-vlm: what is behind the objects of a scene
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

#include "scene/texture.h"

#define VLM_BACKGROUND_MAX_BLOCKS 14

/* Something that never moves: a building, a sign, a mark on the ground. */
typedef struct
{
  float x0;
  float y0;
  float x1;
  float y1;
  VlmTexture texture;
} VlmBlock;

typedef struct
{
  VlmSceneBackgrounds kind; /* one bit */
  gboolean is_radial;       /* of a gradient */
  double horizon;           /* of clutter, y */
  VlmTexture ground;        /* below the horizon */
  VlmTexture texture;       /* of all the rest */
  guint n_blocks;
  VlmBlock blocks[VLM_BACKGROUND_MAX_BLOCKS];
} VlmBackground;

/* @kinds: of which one is drawn; @width and @height of the scene, the shorter
 * one being 1. */
void vlm_background_init (VlmBackground *background, VlmRandom *random,
    VlmSceneBackgrounds kinds, double width, double height);
/* Of all of it, 0 to 255. */
double
vlm_background_lightness (const VlmBackground *background, double height);
/* How much @color differs from everything in @background at least. */
float vlm_background_contrast (const VlmBackground *background, VlmColor color);
/* One that differs by little from one that is in @background. */
VlmColor
vlm_background_near_color (const VlmBackground *background, VlmRandom *random);
/* Packed RGB, [height, width]; the pixel (0, 0) has its corner at (@x0, @y0) of
 * the scene, pixels are (@dx, @dy) large. */
void vlm_background_render (const VlmBackground *background, double x0,
    double y0, double dx, double dy, int width, int height, guint8 *rgb);
