/* gst-vlm: three-axis positions with absolute time
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HF transformers modeling_qwen2_5_vl.py get_rope_index(), in its original
 * (4.49) form: the float product is truncated last. */
#include "model/qwen2_5_vl/mrope.h"

#include <math.h>

/* One slice, all of its tokens at the same time @t after @start. */
static void
add_slice (VlmPositions *positions, const VlmVisionConfig *config, VlmGrid grid,
    gint32 start, gint32 t)
{
  guint height = grid.h / config->spatial_merge_size;
  guint width = grid.w / config->spatial_merge_size;
  gint32 last = MAX (t, (gint32) MAX (height, width) - 1);
  gint32 *targets[3];
  guint i = 0;

  vlm_positions_extend (positions, height * width, targets);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++, i++) {
      targets[0][i] = start + t;
      targets[1][i] = start + (gint32) y;
      targets[2][i] = start + (gint32) x;
    }
  positions->next = MAX (positions->next, start + last + 1);
}

void
vlm_positions_add_image (
    VlmPositions *positions, const VlmVisionConfig *config, VlmGrid grid)
{
  gint32 start = positions->next;

  for (guint i = 0; i < grid.t; i++)
    add_slice (positions, config, grid, start, 0);
}

void
vlm_positions_add_video (VlmPositions *positions, const VlmVisionConfig *config,
    VlmGrid grid, float second_per_grid)
{
  gint32 start = positions->next;

  for (guint i = 0; i < grid.t; i++) {
    float seconds = (float) i * second_per_grid;
    float t = seconds * (float) config->tokens_per_second;

    add_slice (positions, config, grid, start, (gint32) t);
  }
}

void
vlm_positions_add_video_times (VlmPositions *positions,
    const VlmVisionConfig *config, VlmGrid grid, const gint64 *times)
{
  gint64 per_second = config->tokens_per_second;
  gint32 start = positions->next;

  for (guint i = 0; i < grid.t; i++) {
    gint64 elapsed = times[i] - times[0];
    /* Seconds and the rest apart: no product can overflow. */
    gint64 t = elapsed / VLM_SECOND * per_second +
        elapsed % VLM_SECOND * per_second / VLM_SECOND;

    g_assert (elapsed >= 0 && t < G_MAXINT32 / 2);
    add_slice (positions, config, grid, start, (gint32) t);
  }
}

void
vlm_mrope_angles (const VlmPositions *positions, const VlmConfig *whole,
    guint first, guint n, float *angles)
{
  const VlmTextConfig *config = &whole->text;
  guint half = config->head_dim / 2;
  guint axis = 0, end = config->mrope_section[0];

  for (guint j = 0; j < half; j++) {
    float exponent = (float) (2 * j) / (float) config->head_dim;
    float inv_freq = 1.0f / (float) pow (config->rope_theta, exponent);
    const gint32 *ids;

    while (j >= end)
      end += config->mrope_section[++axis];
    ids = &g_array_index (positions->axes[axis], gint32, first);
    for (guint i = 0; i < n; i++) {
      float *target = angles + (gsize) i * 2 * half + j;
      float angle = (float) ids[i] * inv_freq;

      /* Vision tokens share an axis with their neighbours. */
      if (i > 0 && ids[i] == ids[i - 1]) {
        target[0] = target[-2 * (gssize) half];
        target[half] = target[-(gssize) half];
      } else {
        target[0] = (float) cos (angle);
        target[half] = (float) sin (angle);
      }
    }
  }
}
