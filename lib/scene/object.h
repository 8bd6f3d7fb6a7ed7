/* gst-vlm: what an object looks like
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/names.h"

#define VLM_OBJECT_MAX_PARTS 8
/* Of objects of one outline with smaller ones on it. */
#define VLM_OBJECT_MAX_MARKS 4

/* A limb turns around its pivot, to and fro, as time passes and as its object
 * gets on. */
typedef struct
{
  double most; /* turns to each side; 0: it is no limb */
  double x;    /* the pivot, in units of the outlines */
  double y;
  double rate;  /* a second */
  double along; /* a unit of the scene */
  double phase;
} VlmSwing;

typedef struct
{
  VlmOutline outline;
  VlmTexture texture; /* over the object's own coordinates */
  VlmSwing swing;
} VlmPart;

typedef struct
{
  guint name; /* of the label; VLM_OBJECT_UNNAMED */
  guint n_parts;
  VlmPart parts[VLM_OBJECT_MAX_PARTS]; /* from back to front */
  VlmReach reach;                      /* in units of the scene, at scale 1 */
  double size; /* of a unit of the outlines, in units of the scene */
  /* x moves by shear times the height above the ground; heights are multiplied
   * by squash. */
  gboolean casts_shadow;
  double shadow_shear;
  double shadow_squash;
  double shadow_x;
  double shadow_y;
  double shadow_blur; /* in units of the outlines */
} VlmObject;

void vlm_object_init_named (VlmObject *object, VlmRandom *random, guint name);
void vlm_object_init_any (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
/* Something that always stays: a wall, a panel, a sign, a parked vehicle, a
 * waiting person. */
void vlm_object_init_standing (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
/* With limbs: people, animals, machines; half of them dark. @restless: the limbs
 * move even while it stays where it is. */
void vlm_object_init_limbed (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless);
/* Colours near those of what is behind it. */
void vlm_object_make_faint (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
/* All of it turns by @turns. */
void vlm_object_turn (VlmObject *object, double turns);
/* Makes it smaller or larger. */
void vlm_object_scale (VlmObject *object, double factor);
/* The outline of a part at that time, after its object has gone @way units of
 * the scene; in @held if it is not the part's own. */
const VlmOutline *vlm_part_outline (
    const VlmPart *part, gint64 time, double way, VlmOutline *held);
gboolean vlm_object_has_restless_limbs (const VlmObject *object);
/* Of all of it, 0 to 255. */
double vlm_object_lightness (const VlmObject *object);
