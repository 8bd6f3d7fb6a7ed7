/* gst-vlm: a patch embedding with its channels last
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/patch-rows.h"

#include <string.h>

typedef struct
{
  VlmTensorRows rows;
  VlmTensorView inner; /* as it is in the file */
  gsize n_places;      /* of a channel: frames, lines and columns */
  gsize n_channels;
} Reordered;

static gboolean
read_rows (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Reordered *self = (const Reordered *) rows;
  const gsize size = vlm_dtype_size (self->inner.dtype);
  const gsize row_bytes = self->n_places * self->n_channels * size;
  g_autofree guint8 *row = g_malloc (row_bytes);

  for (guint64 i = 0; i < n; i++) {
    guint8 *target = data + i * row_bytes;

    if (!vlm_tensor_view_read_rows (&self->inner, first + i, 1, row, error))
      return FALSE;
    for (gsize channel = 0; channel < self->n_channels; channel++)
      for (gsize place = 0; place < self->n_places; place++) {
        memcpy (
            target, row + (place * self->n_channels + channel) * size, size);
        target += size;
      }
  }
  return TRUE;
}

static void
reordered_free (VlmTensorRows *rows)
{
  Reordered *self = (Reordered *) rows;

  vlm_tensor_view_clear (&self->inner);
  g_free (self);
}

gboolean
vlm_patch_rows_reorder (
    VlmTensorView *view, guint n_channels, guint n_frames, guint side)
{
  const guint64 last[] = { n_frames, side, side, n_channels };
  const guint64 first[] = { n_channels, n_frames, side, side };
  Reordered *self;

  if (view->n_dims != 5 || memcmp (view->shape + 1, last, sizeof last) != 0 ||
      memcmp (first, last, sizeof last) == 0 ||
      vlm_dtype_block_length (view->dtype) != 1)
    return FALSE;
  self = g_new0 (Reordered, 1);
  g_atomic_ref_count_init (&self->rows.refs);
  self->rows.read = read_rows;
  self->rows.free = reordered_free;
  self->n_places = (gsize) n_frames * side * side;
  self->n_channels = n_channels;
  self->inner = *view;
  view->file = vlm_data_file_ref (view->file);
  view->name = g_strdup (view->name);
  view->rows = &self->rows;
  memcpy (view->shape + 1, first, sizeof first);
  return TRUE;
}
