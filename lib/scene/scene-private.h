/* gst-vlm: the inside of a scene
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

#include "scene/background.h"
#include "scene/effects.h"
#include "scene/object.h"
#include "scene/path.h"
#include "scene/raster.h"
#include "scene/sway.h"
#include "scene/troubles.h"

#define VLM_SCENE_MAX_SHADES 2

typedef struct
{
  VlmObject object;
  VlmPath path;
  guint depth; /* drawn in this order, farthest first */
  VlmSceneEvent event;
  char *description;
} VlmActor;

/* The shadow of something that is not in view. */
typedef struct
{
  VlmActor actor;
  double strength; /* of the light that it takes */
} VlmShade;

/* The background as it was last rendered, larger than the picture by a margin
 * for the camera's shake. */
typedef struct
{
  guint width;
  guint height;
  guint margin_x;
  guint margin_y;
  guint8 *rgb; /* [height + 2 margin_y, width + 2 margin_x, 3] */
} VlmBackdrop;

struct _VlmScene
{
  VlmSceneParams params;
  VlmStage stage; /* the shorter side is 1 */
  VlmBackground background;
  VlmEffects effects;
  guint n_actors;
  VlmActor actors[VLM_SCENE_MAX_OBJECTS]; /* in the order of their events */
  guint n_bystanders;
  VlmActor bystanders[VLM_SCENE_MAX_BYSTANDERS]; /* without events */
  VlmTroubles troubles;
  VlmSway sway;
  guint n_shades;
  VlmShade shades[VLM_SCENE_MAX_SHADES];
  VlmBackdrop backdrop;
  VlmMask mask;
};

/* In units of the scene. */
typedef struct
{
  double x0;
  double y0;
  double x1;
  double y1;
} VlmBox;

/* Around all of it, whether inside the picture or not. */
VlmBox vlm_actor_box (const VlmActor *actor, gint64 time);
/* The area that two boxes have in common. */
double vlm_box_shared (const VlmBox *a, const VlmBox *b);
/* What the camera multiplies the light with, for what is in view. */
double vlm_scene_exposure (const VlmScene *scene, gint64 time);
/* What @actor does, in words. */
char *vlm_scene_describe (const VlmActor *actor);
gint64 vlm_scene_clamp_time (const VlmScene *scene, gint64 time);
