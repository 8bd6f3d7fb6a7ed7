/* gst-vlm: what an object looks like
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/background.h"
#include "scene/outline.h"

#define VLM_OBJECT_MAX_PARTS 5
#define VLM_N_NAMED_COLORS 8

typedef struct
{
  VlmOutline outline;
  VlmTexture texture; /* over the object's own coordinates */
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

#define VLM_OBJECT_UNNAMED (VLM_N_NAMED_COLORS * VLM_N_SHAPES)

/* "red circle" …, then "object"; static text. */
const char *vlm_object_label (guint name);
void vlm_object_init_named (VlmObject *object, VlmRandom *random, guint name);
void vlm_object_init_any (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
/* Of all of it, 0 to 255. */
double vlm_object_lightness (const VlmObject *object);
/* How much a named object stands out. */
float vlm_object_name_contrast (guint name, const VlmBackground *background);
