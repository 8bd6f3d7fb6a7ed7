/* gst-vlm: the outlines of objects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/random.h"

#define VLM_OUTLINE_MAX_POINTS 192

typedef enum
{
  VLM_SHAPE_CIRCLE,
  VLM_SHAPE_SQUARE,
  VLM_SHAPE_TRIANGLE,
  VLM_SHAPE_STAR,
  VLM_SHAPE_CROSS,
  VLM_SHAPE_RING,
  VLM_N_SHAPES,
} VlmShape;

/* A closed polygon that does not cross itself, clockwise on the screen; points
 * from n_outer on are a hole in it, the other way round. Curves have enough
 * points for a picture of 4K. */
typedef struct
{
  guint n_points;
  guint n_outer;
  float x[VLM_OUTLINE_MAX_POINTS];
  float y[VLM_OUTLINE_MAX_POINTS];
} VlmOutline;

/* How far something reaches from its centre, to each side; never negative. */
typedef struct
{
  double left;
  double right;
  double top;
  double bottom;
} VlmReach;

/* All fit into [-1, 1] x [-1, 1] and reach one of its sides. */
void vlm_outline_init_shape (VlmOutline *outline, VlmShape shape);
void vlm_outline_init_blob (VlmOutline *outline, VlmRandom *random);
void vlm_outline_init_polygon (VlmOutline *outline, VlmRandom *random);
/* @roundness: radius of the corners, 0 to 1 of half the side. */
void vlm_outline_init_box (VlmOutline *outline, double roundness);

/* Scales, turns (in turns), then moves. */
void vlm_outline_place (VlmOutline *outline, double x, double y,
    double half_width, double half_height, double turns);
/* Grows @reach to hold @outline as well. */
void vlm_outline_extend_reach (const VlmOutline *outline, VlmReach *reach);
