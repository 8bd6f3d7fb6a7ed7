/* gst-vlm: motion detection
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include <vlm/vlm-motion.h>

#include "media/image-view.h"

/* Cells at most, and no smaller than their points. */
#define COLUMNS 64
#define ROWS 36
/* Points of a cell, each way. Noise of 11 levels, the most that vlmtestsrc
 * makes, leaves 3 levels in the mean of 16 points, and 4 in a difference. */
#define POINTS 4
/* Levels by which a cell must differ: five times that noise is never reached
 * by seven cells at once, and objects differ from the background by more. */
#define LEVELS 14

struct _VlmMotion
{
  guint width;
  guint height;
  VlmPixelFormat format;
  guint columns;
  guint rows;
  gsize offsets[COLUMNS * POINTS]; /* of the points in a row */
  guint8 seen[ROWS * COLUMNS];
  guint8 kept[ROWS * COLUMNS];
  gboolean has_seen;
  gboolean has_kept;
  gboolean reaches_border; /* what the last vlm_motion_look() found */
};

/**
 * vlm_motion_new: (skip)
 *
 * Makes a detector of motion.
 *
 * Returns: (transfer full): a detector that has kept nothing yet
 *
 * Since: 0.1
 */
VlmMotion *
vlm_motion_new (void)
{
  return g_new0 (VlmMotion, 1);
}

/**
 * vlm_motion_free:
 * @motion: (nullable) (transfer full): a detector
 *
 * Frees a detector.
 *
 * Since: 0.1
 */
void
vlm_motion_free (VlmMotion *motion)
{
  g_free (motion);
}

/* Where brightness is in the first plane; in RGB, green is used for it. */
static void
find_luma (VlmPixelFormat format, gsize *first, gsize *step)
{
  *first = 0;
  *step = 1;
  switch (format) {
  case VLM_PIXEL_FORMAT_RGB:
  case VLM_PIXEL_FORMAT_BGR:
    *first = 1;
    *step = 3;
    break;
  case VLM_PIXEL_FORMAT_RGBX:
  case VLM_PIXEL_FORMAT_BGRX:
  case VLM_PIXEL_FORMAT_RGBA:
  case VLM_PIXEL_FORMAT_BGRA:
    *first = 1;
    *step = 4;
    break;
  case VLM_PIXEL_FORMAT_YUY2:
    *step = 2;
    break;
  case VLM_PIXEL_FORMAT_UYVY:
    *first = 1;
    *step = 2;
    break;
  default:
    break;
  }
}

static void
prepare (VlmMotion *motion, const VlmImageView *view)
{
  gsize first;
  gsize step;

  if (motion->width == view->width && motion->height == view->height &&
      motion->format == view->format)
    return;
  motion->width = view->width;
  motion->height = view->height;
  motion->format = view->format;
  motion->has_seen = motion->has_kept = FALSE;
  motion->columns = CLAMP (view->width / POINTS, 1, COLUMNS);
  motion->rows = CLAMP (view->height / POINTS, 1, ROWS);
  find_luma (view->format, &first, &step);
  for (guint i = 0; i < motion->columns * POINTS; i++)
    motion->offsets[i] = first +
        step *
            ((2 * (gsize) i + 1) * view->width /
                (2 * motion->columns * POINTS));
}

static void
add_row (const VlmMotion *motion, const guint8 *row, guint16 sums[COLUMNS])
{
  for (guint c = 0; c < motion->columns; c++) {
    const gsize *offsets = motion->offsets + c * POINTS;
    guint sum = 0;

    for (guint i = 0; i < POINTS; i++)
      sum += row[offsets[i]];
    sums[c] = (guint16) (sums[c] + sum);
  }
}

static void
measure (VlmMotion *motion, const VlmImageView *view)
{
  for (guint r = 0; r < motion->rows; r++) {
    guint16 sums[COLUMNS] = { 0 };

    for (guint i = 0; i < POINTS; i++) {
      gsize y = (2 * ((gsize) r * POINTS + i) + 1) * view->height /
          (2 * motion->rows * POINTS);

      add_row (motion, view->planes[0] + (gssize) y * view->strides[0], sums);
    }
    for (guint c = 0; c < motion->columns; c++)
      motion->seen[r * motion->columns + c] =
          (guint8) ((sums[c] + POINTS * POINTS / 2) / (POINTS * POINTS));
  }
  motion->has_seen = TRUE;
}

/* The median of the differences is what the light has done. */
static int
find_median (const VlmMotion *motion, guint n_cells)
{
  guint counts[511] = { 0 };
  int value = 0;
  guint n;

  for (guint i = 0; i < n_cells; i++)
    counts[255 + motion->seen[i] - motion->kept[i]]++;
  for (n = counts[0]; n < (n_cells + 1) / 2; n += counts[value])
    value++;
  return value - 255;
}

static gboolean
is_at_border (const VlmMotion *motion, guint row, guint column)
{
  return row == 0 || row == motion->rows - 1 || column == 0 ||
      column == motion->columns - 1;
}

static float
compare (VlmMotion *motion)
{
  guint n_cells = motion->rows * motion->columns;
  int median;
  guint n = 0;

  motion->reaches_border = FALSE;
  if (!motion->has_kept)
    return -1.0f;
  median = find_median (motion, n_cells);
  for (guint i = 0; i < n_cells; i++) {
    if (abs (motion->seen[i] - motion->kept[i] - median) <= LEVELS)
      continue;
    n++;
    motion->reaches_border |=
        is_at_border (motion, i / motion->columns, i % motion->columns);
  }
  return (float) n / (float) n_cells;
}

/**
 * vlm_motion_look:
 * @motion: a detector
 * @view: a picture
 * @changed: (out): share of it that differs from the one that was kept, 0 to 1;
 *   -1 when there is none of this size and format
 * @error: return location
 *
 * Compares a picture with the one that vlm_motion_keep() kept.
 *
 * Returns: %FALSE with %VLM_INFER_ERROR_BAD_INPUT when the view cannot be read
 *
 * Since: 0.1
 */
gboolean
vlm_motion_look (
    VlmMotion *motion, const VlmImageView *view, float *changed, GError **error)
{
  g_return_val_if_fail (motion != NULL, FALSE);
  g_return_val_if_fail (view != NULL && changed != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!vlm_image_view_check (view, error))
    return FALSE;
  prepare (motion, view);
  measure (motion, view);
  *changed = compare (motion);
  return TRUE;
}

/**
 * vlm_motion_reaches_border:
 * @motion: a detector
 *
 * Says whether that what vlm_motion_look() found reaches the border of the
 * picture: what comes or goes, rather than what moves within.
 *
 * Returns: whether a cell at the border differs
 *
 * Since: 0.1
 */
gboolean
vlm_motion_reaches_border (const VlmMotion *motion)
{
  g_return_val_if_fail (motion != NULL, FALSE);
  return motion->reaches_border;
}

/**
 * vlm_motion_keep:
 * @motion: a detector
 *
 * Keeps the picture of the last vlm_motion_look(), to compare the following
 * ones with it.
 *
 * Since: 0.1
 */
void
vlm_motion_keep (VlmMotion *motion)
{
  g_return_if_fail (motion != NULL);

  if (!motion->has_seen)
    return;
  memcpy (motion->kept, motion->seen, sizeof motion->kept);
  motion->has_kept = TRUE;
}

/**
 * vlm_motion_reset:
 * @motion: a detector
 *
 * Forgets the picture that was kept.
 *
 * Since: 0.1
 */
void
vlm_motion_reset (VlmMotion *motion)
{
  g_return_if_fail (motion != NULL);
  motion->has_kept = FALSE;
}
