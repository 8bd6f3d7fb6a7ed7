/* gst-vlm: frames to the rows the vision tower reads
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "media/patchify.h"

/* The reference scales in double, stores f32 and continues in f32. */
void
vlm_norm_table_init (VlmNormTable *table, const float mean[VLM_N_CHANNELS],
    const float std[VLM_N_CHANNELS])
{
  for (guint c = 0; c < VLM_N_CHANNELS; c++)
    for (guint x = 0; x < 256; x++) {
      float scaled = (float) (x * (1.0 / 255.0));
      float centered = scaled - mean[c];

      table->value[c][x] = centered / std[c];
    }
}

gboolean
vlm_patch_grid (const VlmGeometry *geometry, VlmFrame *const *frames,
    guint n_frames, VlmPatchGrid *grid, GError **error)
{
  guint side = geometry->patch_size;
  guint factor = side * geometry->merge_size;
  guint depth = geometry->temporal_patch_size;

  if (factor == 0 || depth == 0 || n_frames == 0) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "%u frames, patches of %ux%u pixels x %u frames, %u merged a side: "
        "empty input",
        n_frames, side, side, depth, geometry->merge_size);
    return FALSE;
  }
  for (guint i = 0; i < n_frames; i++) {
    guint width = frames[i]->width;
    guint height = frames[i]->height;

    if (width != frames[0]->width || height != frames[0]->height ||
        width % factor != 0 || height % factor != 0) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "frame %u has %ux%u pixels, the first one %ux%u: must be the same, "
          "multiples of %u",
          i, width, height, frames[0]->width, frames[0]->height, factor);
      return FALSE;
    }
  }

  grid->t = n_frames / depth + (n_frames % depth != 0);
  grid->h = frames[0]->height / side;
  grid->w = frames[0]->width / side;
  grid->patch_floats = VLM_N_CHANNELS * depth * side * side;

  guint64 n_patches = (guint64) grid->h * grid->w * grid->t;
  if (n_patches > G_MAXUINT) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "%u frames of %ux%u pixels have too many patches", n_frames,
        frames[0]->width, frames[0]->height);
    return FALSE;
  }
  grid->n_patches = (guint) n_patches;
  return TRUE;
}

/* One frame's part of one patch: a square for each channel. */
static void
write_square (const VlmNormTable *table, const VlmFrame *frame, guint side,
    guint x, guint y, gsize channel_floats, float *out)
{
  for (guint row = 0; row < side; row++) {
    const guint8 *pixel =
        frame->pixels + 3 * ((gsize) (y + row) * frame->width + x);

    for (guint column = 0; column < side; column++, pixel += 3, out++) {
      out[0] = table->value[0][pixel[0]];
      out[channel_floats] = table->value[1][pixel[1]];
      out[2 * channel_floats] = table->value[2][pixel[2]];
    }
  }
}

void
vlm_patchify (const VlmGeometry *geometry, const VlmNormTable *table,
    const VlmPatchGrid *grid, VlmFrame *const *frames, guint n_frames,
    float *patches)
{
  guint side = geometry->patch_size;
  guint merge = geometry->merge_size;
  guint depth = geometry->temporal_patch_size;
  gsize square = (gsize) side * side;

  for (guint t = 0; t < grid->t; t++)
    for (guint cell_y = 0; cell_y < grid->h; cell_y += merge)
      for (guint cell_x = 0; cell_x < grid->w; cell_x += merge)
        for (guint i = 0; i < merge * merge; i++) {
          guint x = (cell_x + i % merge) * side;
          guint y = (cell_y + i / merge) * side;

          for (guint d = 0; d < depth; d++) {
            guint index = MIN (t * depth + d, n_frames - 1);

            write_square (table, frames[index], side, x, y, depth * square,
                patches + d * square);
          }
          patches += grid->patch_floats;
        }
}
