/* gst-vlm: the sizes of resized pictures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-size.h>

#include "media/limits.h"

#define MAX_RATIO 200
#define VIDEO_MIN_TOKENS 128
#define VIDEO_MAX_TOKENS 768
/* 0.9 of the 128000 tokens of the context */
#define VIDEO_TOTAL_TOKENS 115200

typedef struct
{
  guint factor;
  double min_pixels;
  double max_pixels;
  /* qwen-vl-utils keeps a side from becoming 0 when it is first rounded, the
   * image processor when it is shrunk. */
  gboolean is_video;
} SizeRule;

/* Half way goes to the even multiple. */
static guint64
round_to_multiple (guint n, guint factor)
{
  guint64 quotient = n / factor;
  guint64 twice = 2 * (guint64) (n % factor);

  if (twice > factor || (twice == factor && quotient % 2 == 1))
    quotient++;
  return quotient * factor;
}

/* The order of the operations is the reference's: a double product that lands
 * next to a multiple must land on the same side. */
static void
scale_side (const SizeRule *rule, guint width, guint height, gboolean shrink,
    double sides[2])
{
  double area = (double) width * height;
  double factor = rule->factor;
  guint source[2] = { width, height };

  for (guint i = 0; i < 2; i++) {
    if (shrink) {
      double beta = sqrt (area / rule->max_pixels);

      sides[i] = floor (source[i] / beta / factor) * factor;
      if (!rule->is_video)
        sides[i] = MAX (factor, sides[i]);
    } else {
      double beta = sqrt (rule->min_pixels / area);

      sides[i] = ceil (source[i] * beta / factor) * factor;
    }
  }
}

static gboolean
plan_size (const SizeRule *rule, guint source_width, guint source_height,
    guint *width, guint *height, GError **error)
{
  guint longer = MAX (source_width, source_height);
  guint shorter = MIN (source_width, source_height);

  if (shorter == 0 || longer > VLM_MAX_SIDE) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a picture of %ux%u pixels: sides must be 1 to %u", source_width,
        source_height, VLM_MAX_SIDE);
    return FALSE;
  }
  if (longer > (guint64) MAX_RATIO * shorter) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a picture of %ux%u pixels: one side is %.1f times the other, more "
        "than %u",
        source_width, source_height, (double) longer / shorter, MAX_RATIO);
    return FALSE;
  }

  double sides[2] = { round_to_multiple (source_width, rule->factor),
    round_to_multiple (source_height, rule->factor) };
  if (rule->is_video) {
    sides[0] = MAX (sides[0], rule->factor);
    sides[1] = MAX (sides[1], rule->factor);
  }
  if (sides[0] * sides[1] > rule->max_pixels)
    scale_side (rule, source_width, source_height, TRUE, sides);
  else if (sides[0] * sides[1] < rule->min_pixels)
    scale_side (rule, source_width, source_height, FALSE, sides);

  for (guint i = 0; i < 2; i++)
    if (!(sides[i] >= rule->factor && sides[i] <= VLM_MAX_SIDE)) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "a picture of %ux%u pixels becomes %.0fx%.0f within %.0f to %.0f "
          "pixels: sides must be %u to %u",
          source_width, source_height, sides[0], sides[1], rule->min_pixels,
          rule->max_pixels, rule->factor, VLM_MAX_SIDE);
      return FALSE;
    }
  *width = (guint) sides[0];
  *height = (guint) sides[1];
  return TRUE;
}

/* Fills in what is not given. */
static gboolean
resolve_limits (guint64 default_min, guint64 default_max, guint64 *min_pixels,
    guint64 *max_pixels, GError **error)
{
  gboolean min_given = *min_pixels != 0;

  if (*max_pixels == 0)
    *max_pixels = MAX (default_max, *min_pixels);
  if (!min_given)
    *min_pixels = MIN (default_min, *max_pixels);
  if (*min_pixels <= *max_pixels)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "min-pixels %" G_GUINT64_FORMAT
      " is more than max-pixels %" G_GUINT64_FORMAT,
      *min_pixels, *max_pixels);
  return FALSE;
}

static gboolean
get_factor (const VlmGeometry *geometry, guint *factor, GError **error)
{
  guint64 product = (guint64) geometry->patch_size * geometry->merge_size;

  if (product == 0 || product > VLM_MAX_SIDE) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "patches of %u pixels, %u merged a side: no size is a multiple",
        geometry->patch_size, geometry->merge_size);
    return FALSE;
  }
  *factor = (guint) product;
  return TRUE;
}

/**
 * vlm_image_plan_size:
 * @geometry: of the model
 * @source_width: of the picture
 * @source_height: of the picture
 * @min_pixels: smallest area, 0 for that of @geometry
 * @max_pixels: largest area, 0 for that of @geometry
 * @width: (out): to resize to
 * @height: (out): to resize to
 * @error: return location
 *
 * The size of a still image, by the rule of the reference's image processor.
 * A @max_pixels below the @geometry's minimum lowers that, too.
 *
 * Returns: %FALSE with %VLM_INFER_ERROR_BAD_INPUT when there is none
 *
 * Since: 0.1
 */
gboolean
vlm_image_plan_size (const VlmGeometry *geometry, guint source_width,
    guint source_height, guint64 min_pixels, guint64 max_pixels, guint *width,
    guint *height, GError **error)
{
  guint factor;

  g_return_val_if_fail (geometry != NULL, FALSE);
  g_return_val_if_fail (width != NULL && height != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!get_factor (geometry, &factor, error) ||
      !resolve_limits (geometry->image_min_pixels, geometry->image_max_pixels,
          &min_pixels, &max_pixels, error))
    return FALSE;

  SizeRule rule = { factor, (double) min_pixels, (double) max_pixels, FALSE };
  return plan_size (&rule, source_width, source_height, width, height, error);
}

/**
 * vlm_video_plan_size:
 * @geometry: of the model
 * @limits: (nullable): the pixel budget; %NULL for the default one
 * @n_frames: how many frames share the budget
 * @source_width: of the video
 * @source_height: of the video
 * @width: (out): to resize to
 * @height: (out): to resize to
 * @error: return location
 *
 * The size of a video's frames, by the rule of qwen-vl-utils.
 *
 * Returns: %FALSE with %VLM_INFER_ERROR_BAD_INPUT when there is none
 *
 * Since: 0.1
 */
gboolean
vlm_video_plan_size (const VlmGeometry *geometry, const VlmVideoLimits *limits,
    guint n_frames, guint source_width, guint source_height, guint *width,
    guint *height, GError **error)
{
  static const VlmVideoLimits defaults = { 0, 0, 0 };
  guint factor;

  g_return_val_if_fail (geometry != NULL, FALSE);
  g_return_val_if_fail (width != NULL && height != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!get_factor (geometry, &factor, error))
    return FALSE;
  if (n_frames == 0) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a video without frames");
    return FALSE;
  }
  if (limits == NULL)
    limits = &defaults;

  guint64 token = (guint64) factor * factor;
  guint64 min_pixels = limits->min_pixels;
  guint64 max_pixels = limits->max_pixels;
  guint64 total_pixels = limits->total_pixels;
  guint64 least = geometry->video_min_pixels != 0 ? geometry->video_min_pixels
                                                  : VIDEO_MIN_TOKENS * token;
  guint64 usual = geometry->video_max_pixels != 0 ? geometry->video_max_pixels
                                                  : VIDEO_MAX_TOKENS * token;
  if (!resolve_limits (least, usual, &min_pixels, &max_pixels, error))
    return FALSE;
  if (total_pixels == 0)
    total_pixels = VIDEO_TOTAL_TOKENS * token;

  /* Two frames make one token, hence twice each frame's share. */
  double share = (double) total_pixels / n_frames * 2;
  double ceiling = limits->max_pixels != 0 ? (double) VIDEO_MAX_TOKENS * token
                                           : (double) usual;
  double most = MIN (ceiling, share);
  most = MAX (most, floor ((double) min_pixels * 1.05));
  if (limits->max_pixels != 0)
    most = MIN (most, (double) max_pixels);

  SizeRule rule = { factor, (double) min_pixels, most, TRUE };
  return plan_size (&rule, source_width, source_height, width, height, error);
}
