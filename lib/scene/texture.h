/* gst-vlm: colours, patterns and noise
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/random.h"

/* R, G, B, each 0 to 255. */
typedef struct
{
  float c[3];
} VlmColor;

typedef enum
{
  VLM_PATTERN_PLAIN,
  VLM_PATTERN_STRIPES,
  VLM_PATTERN_CHECKS,
  VLM_PATTERN_BRICKS,
  VLM_PATTERN_CLOUDS,
  VLM_N_PATTERNS,
} VlmPattern;

/* How a surface looks at (u, v): between two colours according to the pattern,
 * then lit from one side and darker away from its middle. */
typedef struct
{
  VlmPattern pattern;
  VlmColor colors[2];
  float along_u; /* of the pattern, periods a unit */
  float along_v;
  float shade_u; /* of the light, a unit */
  float shade_v;
  float falloff; /* times the square of the distance */
  guint32 seed;
} VlmTexture;

/* Muted: saturation is at most @saturation. */
VlmColor vlm_color_draw (VlmRandom *random, double saturation);
/* Between @dark and @light, nearly without a colour. */
VlmColor vlm_color_draw_gray (VlmRandom *random, double dark, double light);
double vlm_color_lightness (VlmColor color); /* 0 to 255 */
/* About what it looks like from afar. */
double vlm_texture_lightness (const VlmTexture *texture);
/* The largest difference of a channel. */
float vlm_color_distance (VlmColor a, VlmColor b);

/* The pattern in [0, 1], 0 for the first colour; @grain is the size of a pixel,
 * over which edges are smoothed. @scratch: [n] */
void vlm_texture_pattern_row (const VlmTexture *texture, float u, float du,
    float v, float grain, float *out, float *scratch, int n);
