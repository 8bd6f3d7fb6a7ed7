/* gst-vlm: objects drawn on a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/scene-private.h"

typedef struct
{
  VlmScene *scene;
  guint8 *rgb;
  gsize stride;
  int width;
  int height;
  double scale_x; /* pixels a unit */
  double scale_y;
  double shake_x; /* pixels */
  double shake_y;
} VlmCanvas;

/* Its shadow, then the object, at its place at @time. */
void vlm_canvas_draw_actor (
    const VlmCanvas *canvas, const VlmActor *actor, gint64 time);
/* Nothing but its shadow, which takes @strength (0 to 1) of the light. */
void vlm_canvas_draw_shade (const VlmCanvas *canvas, const VlmActor *actor,
    double strength, gint64 time);
void vlm_canvas_draw_patch (
    const VlmCanvas *canvas, const VlmPatch *patch, gint64 time);
