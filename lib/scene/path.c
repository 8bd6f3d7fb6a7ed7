/* gst-vlm: where an object is, and when
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/path.h"

#include <vlm/vlm-types.h>

#include "scene/trig.h"

#define MIN_SCALE 0.75
#define MAX_SCALE 1.25

typedef struct
{
  VlmPath *path;
  VlmRandom *random;
  const VlmReach *reach;
  const VlmStage *stage;
  const VlmManner *manner;
  double margin; /* to the sides, where it rests */
  gboolean is_cut;
  VlmSide cut_by;
  double cut_part; /* of it that is inside */
} Planner;

static gint64
part_of (gint64 time, double part)
{
  return (gint64) ((double) time * part);
}

/* Whole milliseconds, which read well; shorter scenes have no room for that. */
static gint64
round_time (gint64 time)
{
  return time >= VLM_SECOND / 10 ? time / 1000000 * 1000000 : time;
}

/* For a moment only. */
static void
draw_brief_times (Planner *p)
{
  gint64 length =
      part_of (VLM_SECOND, vlm_random_between (p->random, 0.5, 2.0));
  gint64 latest = p->stage->duration - length;
  double start = vlm_random_between (p->random, 0.0, 1.0);

  p->path->start = round_time (part_of (latest, start));
  p->path->end = MIN (p->path->start + round_time (length), p->stage->duration);
}

/* For most of the scene. */
static void
draw_long_times (Planner *p)
{
  gboolean from_start = vlm_random_chance (p->random, 0.5);
  gboolean to_end = vlm_random_chance (p->random, 0.5);
  double first = vlm_random_between (p->random, 0.02, 0.3);
  double last = vlm_random_between (p->random, 0.7, 0.98);

  p->path->start =
      from_start ? 0 : round_time (part_of (p->stage->duration, first));
  p->path->end = to_end ? p->stage->duration
                        : round_time (part_of (p->stage->duration, last));
}

static void
draw_usual_times (Planner *p)
{
  VlmPath *path = p->path;
  gint64 least = MIN (VLM_SECOND, p->stage->duration / 2);
  gboolean from_start = vlm_random_chance (p->random, 0.3);
  gboolean to_end = vlm_random_chance (p->random, 0.3);
  double first = vlm_random_between (p->random, 0.03, 0.8);
  double last = vlm_random_between (p->random, 0.0, 1.0);

  path->start =
      from_start ? 0 : round_time (part_of (p->stage->duration, first));
  path->start = MIN (path->start, p->stage->duration - least);
  path->end = path->start + least +
      part_of (p->stage->duration - path->start - least, last);
  path->end = to_end ? p->stage->duration : round_time (path->end);
  if (path->end <= path->start || p->stage->duration == 0)
    path->end = p->stage->duration;
}

static void
draw_times (Planner *p)
{
  VlmPath *path = p->path;

  if (p->manner->is_brief && p->stage->duration > 3 * VLM_SECOND)
    draw_brief_times (p);
  else if (p->manner->stays && p->stage->duration > 3 * VLM_SECOND)
    draw_long_times (p);
  else
    draw_usual_times (p);
  path->came = path->start == 0            ? VLM_CAME_BEFORE
      : vlm_random_chance (p->random, 0.6) ? VLM_CAME_FROM_SIDE
                                           : VLM_CAME_FROM_NOWHERE;
  path->went = path->end == p->stage->duration ? VLM_WENT_NOT
      : vlm_random_chance (p->random, 0.6)     ? VLM_WENT_TO_SIDE
                                               : VLM_WENT_NOWHERE;
}

static VlmSide
draw_side (VlmRandom *random)
{
  gboolean along = vlm_random_chance (random, 0.7);

  return (VlmSide) (vlm_random_below (random, 2) + (along ? 0 : 2));
}

static VlmSide
opposite (VlmSide side)
{
  return (VlmSide) (side ^ 1);
}

/* Somewhere where all of it is inside. */
static VlmPose
draw_inside (Planner *p)
{
  const VlmReach *r = p->reach;
  double s = vlm_random_between (p->random, MIN_SCALE, MAX_SCALE);

  return (VlmPose){
    .x = vlm_random_between (p->random, s * r->left + p->margin,
        p->stage->width - s * r->right - p->margin),
    .y = vlm_random_between (p->random, s * r->top + p->margin,
        p->stage->height - s * r->bottom - p->margin),
    .scale = s,
  };
}

/* Moves @pose so that @part of it is inside. */
static VlmPose
across_side (const Planner *p, VlmPose pose, VlmSide side, double part)
{
  const VlmReach *r = p->reach;
  double s = pose.scale;
  double w = part * s * (r->left + r->right);
  double h = part * s * (r->top + r->bottom);

  switch (side) {
  case VLM_SIDE_LEFT:
    pose.x = w - s * r->right;
    break;
  case VLM_SIDE_RIGHT:
    pose.x = p->stage->width - w + s * r->left;
    break;
  case VLM_SIDE_TOP:
    pose.y = h - s * r->bottom;
    break;
  default:
    pose.y = p->stage->height - h + s * r->top;
    break;
  }
  return pose;
}

/* Moves @pose so that the part of it that counts as in view is inside. */
static VlmPose
at_side (const Planner *p, VlmPose pose, VlmSide side)
{
  return across_side (p, pose, side, VLM_IN_VIEW_PART);
}

static void
add_pose (Planner *p, VlmPose pose, gint64 time)
{
  g_assert (p->path->n_poses < VLM_PATH_MAX_POSES);
  pose.time = time;
  p->path->poses[p->path->n_poses++] = pose;
}

static double
distance (const VlmPose *a, const VlmPose *b)
{
  return MAX (ABS (a->x - b->x), ABS (a->y - b->y));
}

/* How long it takes from one to the other, at most @most. */
static gint64
draw_travel (Planner *p, const VlmPose *from, const VlmPose *to, gint64 most)
{
  double speed = vlm_random_between (p->random, 0.12, 0.9);
  double seconds = distance (from, to) / speed;
  double least = (double) most * 0.2;
  double travel = MAX (seconds * (double) VLM_SECOND, least);

  return MAX ((gint64) MIN (travel, (double) most), 1);
}

/* Moves a coordinate so that all of it is inside, if it fits. */
static double
clamp_inside (double at, double scale, double before, double after, double most)
{
  double low = scale * before;
  double high = most - scale * after;

  return CLAMP (at, low, MAX (low, high));
}

/* A way that is level in the world is not level for a tilted camera. */
static void
tilt (const Planner *p, const VlmPose *first, VlmPose *last)
{
  const VlmReach *r = p->reach;
  double way;

  if (p->path->from <= VLM_SIDE_RIGHT) {
    way = p->path->from == VLM_SIDE_LEFT ? p->stage->width : -p->stage->width;
    last->y = clamp_inside (last->y + p->stage->slope * way, first->scale,
        r->top, r->bottom, p->stage->height);
  } else {
    way = p->path->from == VLM_SIDE_TOP ? p->stage->height : -p->stage->height;
    last->x = clamp_inside (last->x - p->stage->slope * way, first->scale,
        r->left, r->right, p->stage->width);
  }
}

/* In at one side and out at the opposite one, without a stop. */
static void
plan_crossing (Planner *p)
{
  VlmPath *path = p->path;
  VlmPose first = draw_inside (p);
  VlmPose last = draw_inside (p);
  double drift = vlm_random_between (p->random, 0.0, 1.0);

  path->from = draw_side (p->random);
  path->to = opposite (path->from);
  if (path->from <= VLM_SIDE_RIGHT)
    last.y = first.y + (last.y - first.y) * drift;
  else
    last.x = first.x + (last.x - first.x) * drift;
  last.scale = first.scale;
  if (p->stage->slope != 0.0)
    tilt (p, &first, &last);
  add_pose (p, at_side (p, first, path->from), path->start);
  add_pose (p, at_side (p, last, path->to), path->end);
}

/* A move that is long enough, mostly along one axis, or none. */
static gboolean
draw_move (Planner *p, const VlmPose *from, VlmPose *to)
{
  gboolean along = vlm_random_chance (p->random, 0.6);

  for (guint i = 0; i < 12; i++) {
    *to = draw_inside (p);
    to->scale = from->scale;
    if (along)
      to->y = from->y + 0.2 * (to->y - from->y);
    else
      to->x = from->x + 0.2 * (to->x - from->x);
    /* still inside, though it was drawn for another scale */
    to->x = CLAMP (to->x, from->scale * p->reach->left,
        p->stage->width - from->scale * p->reach->right);
    to->y = CLAMP (to->y, from->scale * p->reach->top,
        p->stage->height - from->scale * p->reach->bottom);
    if (distance (from, to) >= 0.22)
      break;
    along = !along;
  }
  return distance (from, to) >= 0.22;
}

static VlmSide
direction (const VlmPose *from, const VlmPose *to)
{
  double dx = to->x - from->x;
  double dy = to->y - from->y;

  if (ABS (dx) >= ABS (dy))
    return dx < 0.0 ? VLM_SIDE_LEFT : VLM_SIDE_RIGHT;
  return dy < 0.0 ? VLM_SIDE_TOP : VLM_SIDE_BOTTOM;
}

/* Between @from and @until; @rest is where it is until then, and from then on. */
static void
plan_move (Planner *p, VlmPose *rest, gint64 from, gint64 until)
{
  VlmPath *path = p->path;
  gint64 room = until - from;
  VlmPose to;
  gint64 begin;
  gint64 end;

  if (room < VLM_SECOND / 2 || !draw_move (p, rest, &to))
    return;
  begin = from + part_of (room, vlm_random_between (p->random, 0.0, 0.4));
  end = begin + draw_travel (p, rest, &to, until - begin);
  add_pose (p, *rest, begin);
  add_pose (p, to, end);
  path->moves = TRUE;
  path->towards = direction (rest, &to);
  path->moves_from = begin;
  path->moves_until = end;
  *rest = to;
}

/* Along the side that cuts it. */
static VlmPose
slide (Planner *p, VlmPose pose)
{
  VlmPose other = draw_inside (p);

  if (p->cut_by <= VLM_SIDE_RIGHT)
    pose.y = other.y;
  else
    pose.x = other.x;
  return pose;
}

/* At one side of the picture, never far inside. */
static void
plan_edge (Planner *p)
{
  VlmPath *path = p->path;
  gboolean comes = path->came == VLM_CAME_FROM_SIDE;
  gboolean goes = path->went == VLM_WENT_TO_SIDE;
  gint64 in_view = path->end - path->start;
  gint64 arrives = path->start + (comes ? in_view / 4 : 0);
  gint64 departs = path->end - (goes ? in_view / 4 : 0);
  VlmPose rest = draw_inside (p);
  gboolean slides = vlm_random_chance (p->random, 0.4) ||
      (p->manner->restless && !comes && !goes);

  p->is_cut = TRUE;
  p->cut_by = path->from = path->to = draw_side (p->random);
  p->cut_part = vlm_random_between (p->random, 0.45, 1.0);
  rest = across_side (p, rest, p->cut_by, p->cut_part);
  if (comes)
    add_pose (p, at_side (p, rest, path->from), path->start);
  add_pose (p, rest, arrives);
  if (slides && departs > arrives) {
    VlmPose to = slide (p, rest);

    path->moves = distance (&rest, &to) > 0.0;
    path->towards = direction (&rest, &to);
    rest = to;
    add_pose (p, rest, departs);
  } else if (goes) {
    add_pose (p, rest, departs);
  }
  if (goes)
    add_pose (p, at_side (p, rest, path->to), path->end);
}

/* Comes, perhaps moves, goes. */
static void
plan_stay (Planner *p)
{
  VlmPath *path = p->path;
  gint64 in_view = path->end - path->start;
  gboolean comes = path->came == VLM_CAME_FROM_SIDE;
  gboolean goes = path->went == VLM_WENT_TO_SIDE;
  gint64 most = comes && goes ? in_view / 2 : in_view;
  VlmPose rest = draw_inside (p);
  gint64 arrives = path->start;
  gint64 departs = path->end;
  gboolean still = path->came == VLM_CAME_BEFORE && path->went == VLM_WENT_NOT;
  double p_move = p->manner->stays ? 0.1
      : still                      ? (p->manner->restless ? 1.0 : 0.5)
                                   : 0.3;

  if (comes) {
    VlmPose outside;

    path->from = draw_side (p->random);
    outside = at_side (p, rest, path->from);
    arrives += draw_travel (p, &outside, &rest, most);
    add_pose (p, outside, path->start);
  }
  add_pose (p, rest, arrives);
  if (goes) {
    VlmPose outside;

    path->to = draw_side (p->random);
    outside = at_side (p, rest, path->to);
    departs -= draw_travel (p, &outside, &rest, most);
  }
  if (vlm_random_chance (p->random, p_move))
    plan_move (p, &rest, arrives, departs);
  if (goes) {
    add_pose (p, rest, departs);
    add_pose (p, at_side (p, rest, path->to), path->end);
  }
}

/* Makes @pose smaller by the perspective at its place. */
static void
shrink (const VlmStage *stage, VlmPose *pose)
{
  double above = 1.0 - CLAMP (pose->y / stage->height, 0.0, 1.0);

  pose->scale *= 1.0 - stage->perspective * above;
  if (stage->oblique != 0.0) {
    double right = CLAMP (pose->x / stage->width, 0.0, 1.0);

    pose->scale *= 1.0 -
        (stage->oblique > 0.0 ? stage->oblique * right
                              : -stage->oblique * (1.0 - right));
  }
}

/* Poses inside stay inside; poses at a side move so that they touch it again. */
static void
apply_perspective (Planner *p)
{
  VlmPath *path = p->path;
  VlmPose *last = &path->poses[path->n_poses - 1];

  for (VlmPose *pose = path->poses; pose <= last; pose++)
    shrink (p->stage, pose);
  for (VlmPose *pose = path->poses; pose <= last && p->is_cut; pose++)
    *pose = across_side (p, *pose, p->cut_by, p->cut_part);
  if (path->came == VLM_CAME_FROM_SIDE)
    path->poses[0] = at_side (p, path->poses[0], path->from);
  if (path->went == VLM_WENT_TO_SIDE)
    *last = at_side (p, *last, path->to);
}

/* From the first pose that differs from the next to the last one. */
static void
find_moves (VlmPath *path)
{
  path->moves_from = path->moves_until = path->start;
  for (guint i = 1; i < path->n_poses; i++) {
    if (distance (&path->poses[i - 1], &path->poses[i]) == 0.0)
      continue;
    if (path->moves_until == path->moves_from)
      path->moves_from = path->poses[i - 1].time;
    path->moves_until = path->poses[i].time;
  }
}

/* To and fro where it stays. */
static void
draw_fidgets (Planner *p)
{
  VlmPath *path = p->path;

  path->fidget_x = vlm_random_between (p->random, 0.006, 0.03);
  path->fidget_y = 0.4 * vlm_random_between (p->random, 0.0, 0.03);
  path->fidget_turns = vlm_random_between (p->random, 0.1, 0.6);
  path->fidget_phase = vlm_random_between (p->random, 0.0, 1.0);
  p->margin = 0.03;
}

void
vlm_path_init (VlmPath *path, VlmRandom *random, const VlmReach *reach,
    const VlmStage *stage, const VlmManner *manner)
{
  Planner p = { path, random, reach, stage, manner };

  *path = (VlmPath){ 0 };
  draw_times (&p);
  if (manner->stays)
    draw_fidgets (&p);
  if (manner->at_edge)
    plan_edge (&p);
  else if (path->came == VLM_CAME_FROM_SIDE && path->went == VLM_WENT_TO_SIDE &&
      !manner->stays && vlm_random_chance (random, 0.5))
    plan_crossing (&p);
  else
    plan_stay (&p);
  apply_perspective (&p);
  find_moves (path);
}

void
vlm_path_init_passing (VlmPath *path, VlmRandom *random, const VlmReach *reach,
    const VlmStage *stage)
{
  const VlmManner manner = { 0 };
  Planner p = { path, random, reach, stage, &manner };
  double first = vlm_random_between (random, -0.1, 0.8);
  double length = vlm_random_between (random, 0.8, 6.0);

  *path = (VlmPath){ .came = VLM_CAME_FROM_SIDE, .went = VLM_WENT_TO_SIDE };
  path->start = part_of (stage->duration, first);
  path->end = path->start + part_of (VLM_SECOND, length);
  plan_crossing (&p);
  apply_perspective (&p);
}

void
vlm_path_init_still (VlmPath *path, VlmRandom *random, const VlmReach *reach,
    const VlmStage *stage)
{
  const VlmManner manner = { 0 };
  Planner p = { path, random, reach, stage, &manner };
  VlmPose pose = draw_inside (&p);
  VlmSide side = draw_side (random);
  gboolean is_cut = vlm_random_chance (random, 0.4);
  double part = is_cut ? vlm_random_between (random, 0.2, 0.8) : 1.0;

  *path = (VlmPath){ .end = stage->duration };
  path->came = VLM_CAME_BEFORE;
  path->went = VLM_WENT_NOT;
  if (is_cut)
    pose = across_side (&p, pose, side, part);
  shrink (stage, &pose);
  /* it is smaller now, so another part of it is inside */
  if (is_cut)
    pose = across_side (&p, pose, side, part);
  add_pose (&p, pose, 0);
}

static VlmPose
pose_on_way (const VlmPath *path, gint64 time)
{
  guint i = 1;
  const VlmPose *a;
  const VlmPose *b;
  double part;

  if (time <= path->poses[0].time && path->came != VLM_CAME_FROM_SIDE)
    return path->poses[0];
  if (time >= path->poses[path->n_poses - 1].time &&
      path->went != VLM_WENT_TO_SIDE)
    return path->poses[path->n_poses - 1];
  while (i < path->n_poses - 1 && time > path->poses[i].time)
    i++;
  a = &path->poses[i - 1];
  b = &path->poses[i];
  if (b->time == a->time)
    return *b;
  part = (double) (time - a->time) / (double) (b->time - a->time);
  return (VlmPose){
    .time = time,
    .x = a->x + (b->x - a->x) * part,
    .y = a->y + (b->y - a->y) * part,
    /* outside the picture it stays */
    .scale = a->scale + (b->scale - a->scale) * CLAMP (part, 0.0, 1.0),
  };
}

/* How much it fidgets: not at all where it comes into view or leaves, so that it
 * does so at the right moment. */
static double
fidget_part (const VlmPath *path, gint64 time)
{
  double since =
      path->came == VLM_CAME_BEFORE ? 1.0 : (double) (time - path->start) / 1e9;
  double until =
      path->went == VLM_WENT_NOT ? 1.0 : (double) (path->end - time) / 1e9;
  double part = MIN (since, until);

  return CLAMP (part, 0.0, 1.0);
}

VlmPose
vlm_path_pose (const VlmPath *path, gint64 time)
{
  VlmPose pose = pose_on_way (path, time);
  double turns =
      path->fidget_turns * ((double) time / 1e9) + path->fidget_phase;
  double part;

  if (path->fidget_x == 0.0)
    return pose;
  part = fidget_part (path, time);
  pose.x += part * path->fidget_x *
      (0.6 * vlm_sin_turns (turns) + 0.4 * vlm_sin_turns (2.6 * turns));
  pose.y += part * path->fidget_y * vlm_sin_turns (1.4 * turns);
  return pose;
}

gboolean
vlm_path_in_view (const VlmPath *path, gint64 time)
{
  return time >= path->start &&
      (time < path->end || path->went == VLM_WENT_NOT);
}

gboolean
vlm_path_visible (const VlmPath *path, gint64 time)
{
  return vlm_path_in_view (path, time) ||
      (time < path->start && path->came == VLM_CAME_FROM_SIDE) ||
      (time >= path->end && path->went == VLM_WENT_TO_SIDE);
}
