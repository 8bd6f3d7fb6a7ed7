/* gst-vlm: number and size of frames within a budget
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-plan.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-size.h>

#include "media/grid.h"

#define MAX_FRAMES 768
#define MAX_TOKENS 24576
/* The area of a frame is not halved more often: that is a factor of 256. */
#define MAX_PIXEL_STEPS 8

typedef struct
{
  guint max_frames; /* a whole number of slices */
  guint max_tokens;
  guint depth;
  guint64 token; /* pixels of one */
} Limits;

static gboolean
get_limits (const VlmGeometry *geometry, const VlmVideoBudget *budget,
    Limits *limits, GError **error)
{
  guint64 cell = (guint64) geometry->patch_size * geometry->merge_size;
  guint depth = geometry->temporal_patch_size;
  guint max_frames = budget->max_frames != 0 ? budget->max_frames : MAX_FRAMES;

  if (cell == 0 || cell > G_MAXUINT16 || depth == 0 || max_frames < depth) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "max-frames %u: a slice has %u frames, a token %" G_GUINT64_FORMAT
        " pixels a side",
        max_frames, depth, cell);
    return FALSE;
  }
  *limits = (Limits){ max_frames / depth * depth,
    budget->max_tokens != 0 ? budget->max_tokens : MAX_TOKENS, depth,
    cell * cell };
  return TRUE;
}

/* Frames in the duration at the wanted rate. */
static guint
count_wanted (const VlmVideoBudget *budget, const Limits *limits)
{
  VlmWide n = (VlmWide) budget->duration * budget->fps_n;
  VlmWide second = (VlmWide) VLM_SECOND * budget->fps_d;

  if (budget->duration <= 0)
    return limits->max_frames;
  n = (n + second - 1) / second;
  n = (n + limits->depth - 1) / limits->depth * limits->depth;
  return (guint) CLAMP (n, (VlmWide) limits->depth, limits->max_frames);
}

/* @n_frames in @duration; times in milliseconds where that can be written. */
static void
set_rate (VlmVideoPlan *plan, gint64 duration, guint n_frames)
{
  guint64 n = n_frames;
  guint64 d = (guint64) duration / (VLM_SECOND / 1000);
  guint64 a;
  guint64 b;

  if (n * 1000 <= G_MAXUINT && d <= G_MAXUINT && d > 0)
    n *= 1000;
  else
    d = MAX (1, (guint64) duration / VLM_SECOND);
  for (a = n, b = d; b != 0;) {
    guint64 rest = a % b;

    a = b;
    b = rest;
  }
  plan->fps_n = (guint) (n / a);
  plan->fps_d = (guint) (d / a);
}

/**
 * vlm_video_plan:
 * @geometry: of the model
 * @budget: what may be spent
 * @source_width: of the video
 * @source_height: of the video
 * @plan: (out caller-allocates): how it is spent
 * @error: return location
 *
 * The size of the frames of a window as in qwen-vl-utils: the more frames share
 * the tokens, the smaller they are, down to the smallest area. Where that is
 * still too much for the tokens there are fewer frames.
 *
 * Returns: %FALSE with %VLM_INFER_ERROR_BAD_INPUT when there is no such size
 *
 * Since: 0.1
 */
gboolean
vlm_video_plan (const VlmGeometry *geometry, const VlmVideoBudget *budget,
    guint source_width, guint source_height, VlmVideoPlan *plan, GError **error)
{
  VlmVideoLimits video = { 0 };
  Limits limits;
  guint64 n_tokens;
  guint wanted;

  g_return_val_if_fail (geometry != NULL && budget != NULL, FALSE);
  g_return_val_if_fail (budget->fps_n > 0 && budget->fps_d > 0, FALSE);
  g_return_val_if_fail (plan != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!get_limits (geometry, budget, &limits, error))
    return FALSE;
  wanted = count_wanted (budget, &limits);
  video.min_pixels = budget->min_pixels;
  video.max_pixels = budget->max_pixels;
  video.total_pixels = limits.max_tokens * limits.token;
  if (!vlm_video_plan_size (geometry, &video, wanted, source_width,
          source_height, &plan->width, &plan->height, error))
    return FALSE;

  n_tokens = (guint64) plan->width * plan->height / limits.token;
  plan->n_frames = (guint) CLAMP (limits.max_tokens / n_tokens * limits.depth,
      limits.depth, limits.max_frames);
  plan->fps_n = budget->fps_n;
  plan->fps_d = budget->fps_d;
  plan->is_lowered = budget->duration > 0 &&
      (VlmWide) budget->duration * budget->fps_n >
          (VlmWide) plan->n_frames * VLM_SECOND * budget->fps_d;
  if (plan->is_lowered)
    set_rate (plan, budget->duration, plan->n_frames);
  return TRUE;
}

/**
 * vlm_video_plan_smaller:
 * @geometry: of the model
 * @budget: as it was given to vlm_video_plan()
 * @source_width: of the video
 * @source_height: of the video
 * @plan: what came out
 * @step: how often the area is to be halved
 * @width: (out): of the smaller frames
 * @height: (out): of the smaller frames
 *
 * The size of smaller frames, for slow devices. No size is smaller than the
 * smallest one, and no two steps have the same size.
 *
 * Returns: %FALSE when there is no such step
 *
 * Since: 0.1
 */
gboolean
vlm_video_plan_smaller (const VlmGeometry *geometry,
    const VlmVideoBudget *budget, guint source_width, guint source_height,
    const VlmVideoPlan *plan, guint step, guint *width, guint *height)
{
  VlmVideoLimits video = { 0 };
  guint64 area;

  g_return_val_if_fail (geometry != NULL && budget != NULL, FALSE);
  g_return_val_if_fail (plan != NULL && width != NULL && height != NULL, FALSE);

  *width = plan->width;
  *height = plan->height;
  if (step == 0)
    return TRUE;
  if (step > MAX_PIXEL_STEPS)
    return FALSE;
  area = (guint64) plan->width * plan->height;
  /* The default for the smallest area does not apply if the largest one that
   * is set is below it. */
  video.min_pixels = budget->min_pixels;
  video.max_pixels = area >> step;
  return (video.min_pixels == 0 || video.max_pixels >= video.min_pixels) &&
      video.max_pixels >= (guint64) geometry->patch_size *
          geometry->merge_size * geometry->patch_size * geometry->merge_size &&
      vlm_video_plan_size (geometry, &video, 2, source_width, source_height,
          width, height, NULL) &&
      (guint64) *width * *height <= (area >> step);
}
