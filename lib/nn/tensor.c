/* gst-vlm: activations on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/tensor.h"

#include "base/checked.h"
#include "nn/context.h"

#include <vlm/vlm-error.h>

#include <string.h>

#define ELEMENT_BYTES 4
#define LD_ELEMENTS 8
#define BINDING_ALIGNMENT 256

G_STATIC_ASSERT (
    VLM_NN_ROW_STEP *LD_ELEMENTS *ELEMENT_BYTES % BINDING_ALIGNMENT == 0);

static void
fill_zero (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  memset (target, 0, n_bytes);
}

gboolean
vlm_nn_tensor_init (VlmNnTensor *tensor, VlmNn *nn, guint64 n_rows,
    guint n_cols, GError **error)
{
  const gsize ld = vlm_align_up (n_cols, LD_ELEMENTS);
  guint64 n_bytes;
  g_autoptr (VlmVkBuffer) buffer = NULL;

  *tensor = (VlmNnTensor){ 0 };
  if (n_rows == 0 || n_cols == 0 || ld > G_MAXUINT32 ||
      !vlm_checked_mul (n_rows, ld * ELEMENT_BYTES, &n_bytes)) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "no tensor has %" G_GUINT64_FORMAT " rows of %u elements", n_rows,
        n_cols);
    return FALSE;
  }

  buffer = vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_DEVICE, error);
  if (buffer == NULL ||
      !vlm_vk_buffer_fill (buffer, 0, n_bytes, ELEMENT_BYTES * LD_ELEMENTS,
          fill_zero, NULL, error))
    return FALSE;

  *tensor = (VlmNnTensor){
    .buffer = g_steal_pointer (&buffer),
    .n_rows = n_rows,
    .n_cols = n_cols,
    .ld = (guint) ld,
  };
  return TRUE;
}

guint64
vlm_nn_tensor_bytes (guint64 n_rows, guint n_cols)
{
  return n_rows * vlm_align_up (n_cols, LD_ELEMENTS) * ELEMENT_BYTES;
}

void
vlm_nn_tensor_clear (VlmNnTensor *tensor)
{
  if (tensor == NULL)
    return;
  g_clear_pointer (&tensor->buffer, vlm_vk_buffer_unref);
  *tensor = (VlmNnTensor){ 0 };
}

VlmNnTensor
vlm_nn_tensor_reshape (const VlmNnTensor *tensor, guint64 n_rows, guint n_cols)
{
  const guint ld = (guint) vlm_align_up (n_cols, LD_ELEMENTS);

  g_assert (n_rows * ld <= tensor->n_rows * tensor->ld);
  return (VlmNnTensor){
    .buffer = tensor->buffer,
    .offset = tensor->offset,
    .n_rows = n_rows,
    .n_cols = n_cols,
    .ld = ld,
  };
}

gboolean
vlm_nn_tensor_row_begins (guint n_cols)
{
  return vlm_align_up (n_cols, LD_ELEMENTS) * ELEMENT_BYTES %
      BINDING_ALIGNMENT ==
      0;
}

VlmNnTensor
vlm_nn_tensor_rows (const VlmNnTensor *tensor, guint64 first, guint64 n)
{
  VlmNnTensor view = *tensor;

  view.offset += first * tensor->ld * ELEMENT_BYTES;
  view.n_rows = n;
  g_assert (view.offset % BINDING_ALIGNMENT == 0);
  g_assert (first + n <= tensor->n_rows);
  return view;
}

typedef struct
{
  const guint8 *rows; /* dense */
  gsize row_bytes;
  gsize ld_bytes;
} DenseRows;

/* Chunks begin and end at whole rows: the granule is a row. */
static void
fill_rows (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  const DenseRows *dense = user_data;
  const guint64 first = offset / dense->ld_bytes;

  for (gsize i = 0; i < n_bytes / dense->ld_bytes; i++) {
    guint8 *row = target + i * dense->ld_bytes;

    memcpy (
        row, dense->rows + (first + i) * dense->row_bytes, dense->row_bytes);
    memset (row + dense->row_bytes, 0, dense->ld_bytes - dense->row_bytes);
  }
}

gboolean
vlm_nn_tensor_write (VlmNnTensor *tensor, VlmNn *nn, guint64 first_row,
    guint64 n_rows, const void *data, GError **error)
{
  DenseRows dense = {
    .rows = data,
    .row_bytes = (gsize) tensor->n_cols * ELEMENT_BYTES,
    .ld_bytes = (gsize) tensor->ld * ELEMENT_BYTES,
  };

  g_assert (first_row + n_rows <= tensor->n_rows);
  if (n_rows == 0)
    return TRUE;
  return vlm_vk_buffer_fill (tensor->buffer,
      tensor->offset + first_row * dense.ld_bytes, n_rows * dense.ld_bytes,
      dense.ld_bytes, fill_rows, &dense, error);
}

gboolean
vlm_nn_tensor_read (const VlmNnTensor *tensor, VlmNn *nn, guint64 first_row,
    guint64 n_rows, void *data, GError **error)
{
  const gsize row_bytes = (gsize) tensor->n_cols * ELEMENT_BYTES;
  const gsize ld_bytes = (gsize) tensor->ld * ELEMENT_BYTES;
  guint64 offset = tensor->offset + first_row * ld_bytes;
  const guint8 *mapped = vlm_vk_buffer_map (tensor->buffer);
  g_autofree guint8 *copy = NULL;

  g_assert (first_row + n_rows <= tensor->n_rows);
  if (n_rows == 0)
    return TRUE;
  if (mapped != NULL) {
    mapped += offset;
  } else if (row_bytes == ld_bytes) {
    return vlm_vk_buffer_read (
        tensor->buffer, offset, data, n_rows * ld_bytes, error);
  } else {
    copy = g_malloc (n_rows * ld_bytes);
    if (!vlm_vk_buffer_read (
            tensor->buffer, offset, copy, n_rows * ld_bytes, error))
      return FALSE;
    mapped = copy;
  }
  for (guint64 i = 0; i < n_rows; i++)
    memcpy ((guint8 *) data + i * row_bytes, mapped + i * ld_bytes, row_bytes);
  return TRUE;
}
