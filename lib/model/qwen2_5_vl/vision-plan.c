/* gst-vlm: the order in which patches go through the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cell is the square of merge_size^2 patches that becomes one token; patches
 * arrive cell by cell (merge order). Window order visits the cells of a slice
 * window by window, so that a window is one run of rows. It never crosses a
 * slice, hence a slice is one run of rows too. */
#include "model/qwen2_5_vl/vision-plan.h"

#include <math.h>

#include <vlm/vlm-error.h>

/* Guards the sizes of all arrays; a thousand of the largest images. */
#define MAX_PATCHES (1u << 26)

gboolean
vlm_vision_plan_count (const VlmVisionConfig *config, const VlmGrid *grids,
    guint n_grids, guint *n_patches_out, GError **error)
{
  guint merge = config->spatial_merge_size;
  guint64 n_patches = 0;

  for (guint i = 0; i < n_grids; i++) {
    VlmGrid g = grids[i];
    guint64 area = (guint64) g.h * g.w;

    if (g.t == 0 || area == 0 || g.h % merge != 0 || g.w % merge != 0) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "grid %u: %u x %u x %u patches are not slices of whole %u x %u cells",
          i, g.t, g.h, g.w, merge, merge);
      return FALSE;
    }
    if (area > MAX_PATCHES || area * g.t > MAX_PATCHES - n_patches) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "grid %u: %u x %u x %u patches, more than %u in all", i, g.t, g.h,
          g.w, MAX_PATCHES);
      return FALSE;
    }
    n_patches += area * g.t;
  }
  *n_patches_out = (guint) n_patches;
  return TRUE;
}

/* One cell at the next place of window order. */
static void
add_cell (
    VlmVisionPlan *plan, guint merge, guint place, guint cell, guint y, guint x)
{
  guint patch = place * merge * merge;

  plan->window_index[place] = cell;
  for (guint dy = 0; dy < merge; dy++)
    for (guint dx = 0; dx < merge; dx++, patch++) {
      plan->rows[patch] = y * merge + dy;
      plan->cols[patch] = x * merge + dx;
    }
}

/* The windows of one slice of height x width cells whose first cell is @base;
 * those at the right and lower edges are smaller. */
static void
add_slice (VlmVisionPlan *plan, guint merge, guint side, guint base,
    guint height, guint width)
{
  guint place = base;

  for (guint y0 = 0; y0 < height; y0 += side)
    for (guint x0 = 0; x0 < width; x0 += side) {
      for (guint y = y0; y < MIN (y0 + side, height); y++)
        for (guint x = x0; x < MIN (x0 + side, width); x++)
          add_cell (plan, merge, place++, base + y * width + x, y, x);
      plan->window_bounds[++plan->n_windows] = place * merge * merge;
    }
}

VlmVisionPlan *
vlm_vision_plan_new (const VlmVisionConfig *config, const VlmGrid *grids,
    guint n_grids, GError **error)
{
  g_autoptr (VlmVisionPlan) plan = g_new0 (VlmVisionPlan, 1);
  guint merge = config->spatial_merge_size;
  guint side = config->window_size / config->patch_size / merge;
  guint base = 0, slice = 0;

  g_assert (side > 0);
  if (!vlm_vision_plan_count (config, grids, n_grids, &plan->n_patches, error))
    return NULL;
  plan->n_cells = plan->n_patches / (merge * merge);
  for (guint i = 0; i < n_grids; i++)
    plan->n_slices += grids[i].t;
  plan->window_index = g_new (guint32, plan->n_cells);
  plan->window_bounds = g_new (guint32, plan->n_cells + 1);
  plan->slice_bounds = g_new (guint32, plan->n_slices + 1);
  plan->rows = g_new (guint32, plan->n_patches);
  plan->cols = g_new (guint32, plan->n_patches);
  plan->window_bounds[0] = 0;
  plan->slice_bounds[0] = 0;
  for (guint i = 0; i < n_grids; i++) {
    guint height = grids[i].h / merge, width = grids[i].w / merge;

    for (guint t = 0; t < grids[i].t; t++) {
      add_slice (plan, merge, side, base, height, width);
      base += height * width;
      plan->slice_bounds[++slice] = base * merge * merge;
    }
  }
  return g_steal_pointer (&plan);
}

void
vlm_vision_plan_free (VlmVisionPlan *plan)
{
  if (plan == NULL)
    return;
  g_free (plan->window_index);
  g_free (plan->window_bounds);
  g_free (plan->slice_bounds);
  g_free (plan->rows);
  g_free (plan->cols);
  g_free (plan);
}

/* Cosines and sines of every coordinate 0 … n - 1, [n, 2, n_freq]: patches
 * share them, so that few are computed. The angle itself is a product of
 * two floats, as in the reference. */
static float *
angle_table (guint n, guint n_freq)
{
  float *table = g_new (float, (gsize) n * 2 * n_freq);

  for (guint j = 0; j < n_freq; j++) {
    float exponent = (float) (2 * j) / (float) (2 * n_freq);
    float inv_freq = 1.0f / (float) pow (10000.0, exponent);

    for (guint p = 0; p < n; p++) {
      float angle = (float) p * inv_freq;

      table[(gsize) p * 2 * n_freq + j] = (float) cos (angle);
      table[((gsize) p * 2 + 1) * n_freq + j] = (float) sin (angle);
    }
  }
  return table;
}

void
vlm_vision_plan_angles (
    const VlmVisionPlan *plan, const VlmVisionConfig *config, float *angles)
{
  guint quarter = config->head_dim / 4;
  gsize row_bytes = quarter * sizeof (float);
  g_autofree float *table = NULL;
  guint n = 0;

  for (guint i = 0; i < plan->n_patches; i++)
    n = MAX (n, MAX (plan->rows[i], plan->cols[i]) + 1);
  table = angle_table (n, quarter);
  for (guint i = 0; i < plan->n_patches; i++) {
    const float *row = table + (gsize) plan->rows[i] * 2 * quarter;
    const float *col = table + (gsize) plan->cols[i] * 2 * quarter;
    float *target = angles + (gsize) i * 4 * quarter;

    memcpy (target, row, row_bytes);
    memcpy (target + quarter, col, row_bytes);
    memcpy (target + 2 * quarter, row + quarter, row_bytes);
    memcpy (target + 3 * quarter, col + quarter, row_bytes);
  }
}
