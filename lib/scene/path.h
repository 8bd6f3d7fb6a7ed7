/* gst-vlm: where an object is, and when
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/outline.h"

/* An object counts as in view while this part of it is inside. */
#define VLM_IN_VIEW_PART 0.125

typedef enum
{
  VLM_SIDE_LEFT,
  VLM_SIDE_RIGHT,
  VLM_SIDE_TOP,
  VLM_SIDE_BOTTOM,
} VlmSide;

typedef enum
{
  VLM_CAME_BEFORE, /* it is there when the scene begins */
  VLM_CAME_FROM_NOWHERE,
  VLM_CAME_FROM_SIDE,
} VlmCame;

typedef enum
{
  VLM_WENT_NOT, /* it is there when the scene ends */
  VLM_WENT_NOWHERE,
  VLM_WENT_TO_SIDE,
} VlmWent;

typedef struct
{
  gint64 time;
  double x;
  double y;
  double scale;
} VlmPose;

#define VLM_PATH_MAX_POSES 6

/* In straight lines from pose to pose, and on beyond the first and the last one,
 * if it came from a side or went to one. */
typedef struct
{
  gint64 start;
  gint64 end;
  VlmCame came;
  VlmWent went;
  VlmSide from;
  VlmSide to;
  gboolean moves; /* within the picture */
  VlmSide towards;
  gint64 moves_from;
  gint64 moves_until;
  double fidget_x; /* how far it goes to and fro besides; 0: it stays still */
  double fidget_y;
  double fidget_turns; /* a second */
  double fidget_phase;
  guint n_poses;
  VlmPose poses[VLM_PATH_MAX_POSES];
} VlmPath;

/* Where and when paths can be: a scene's width and height, its length, the
 * fraction by which objects at its top edge are smaller than at its bottom
 * one, the fraction by which those at its right edge are (negative: at its
 * left one), and how far a level way goes down for a unit to the right. */
typedef struct
{
  double width;
  double height;
  gint64 duration;
  double perspective;
  double oblique;
  double slope;
} VlmStage;

/* What something does that is in view. */
typedef struct
{
  gboolean restless; /* it may not simply be there all the time, unmoving */
  gboolean is_brief; /* 0.5 to 2 s */
  gboolean stays;    /* most of the scene, moving a little */
  gboolean at_edge;  /* the side cuts it */
} VlmManner;

/* @reach: of the object at scale 1, at most 0.35 to a side. */
void vlm_path_init (VlmPath *path, VlmRandom *random, const VlmReach *reach,
    const VlmStage *stage, const VlmManner *manner);
/* In at one side and out at the other. */
void vlm_path_init_passing (VlmPath *path, VlmRandom *random,
    const VlmReach *reach, const VlmStage *stage);
/* There from the first moment to the last, and never moves; often the edge of
 * the picture cuts it. */
void vlm_path_init_still (VlmPath *path, VlmRandom *random,
    const VlmReach *reach, const VlmStage *stage);
VlmPose vlm_path_pose (const VlmPath *path, gint64 time);
/* By the rule of VlmSceneEvent. */
gboolean vlm_path_in_view (const VlmPath *path, gint64 time);
/* In view, or partly inside before or after. */
gboolean vlm_path_visible (const VlmPath *path, gint64 time);
