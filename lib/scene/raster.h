/* gst-vlm: which part of each pixel an outline covers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/outline.h"

/* Coverage, 0 to 255, of a rectangle of pixels. Memory is kept for the next
 * picture. */
typedef struct
{
  int x;
  int y;
  int width;
  int height;
  guint8 *coverage; /* [height, width] */
  gsize n_coverage;
  float *areas; /* [height, width + 2] */
  gsize n_areas;
  guint8 *blurred;
  gsize n_blurred;
  guint32 *sums; /* [width] */
  gsize n_sums;
} VlmMask;

/* From the coordinates of an outline to pixels:
 * X = x0 + xx x + xy y, Y = y0 + yx x + yy y. */
typedef struct
{
  double x0;
  double xx;
  double xy;
  double y0;
  double yx;
  double yy;
} VlmTransform;

void vlm_mask_clear (VlmMask *mask);
/* The exact area that the union of @outlines covers of each pixel (where two of
 * them share a pixel's inside, at most all of it); @border empty pixels around
 * it. The mask is as large as that, whether or not it is inside a picture. */
void vlm_mask_fill (VlmMask *mask, const VlmOutline *const *outlines,
    guint n_outlines, const VlmTransform *transform, int border);
/* Box filters of 2 @radius + 1 pixels, twice each way. */
void vlm_mask_blur (VlmMask *mask, int radius_x, int radius_y);
