/* gst-vlm: a tensor in a file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-view.h"

#include "base/blocks.h"

void
vlm_tensor_view_clear (VlmTensorView *view)
{
  vlm_data_file_unref (view->file);
  if (view->rows != NULL && g_atomic_ref_count_dec (&view->rows->refs))
    view->rows->free (view->rows);
  g_free (view->name);
  *view = (VlmTensorView){ 0 };
}

void
vlm_tensor_view_copy (const VlmTensorView *view, VlmTensorView *copy)
{
  *copy = *view;
  copy->file = vlm_data_file_ref (view->file);
  copy->name = g_strdup (view->name);
  if (copy->rows != NULL)
    g_atomic_ref_count_inc (&copy->rows->refs);
}

guint64
vlm_tensor_view_get_n_rows (const VlmTensorView *view)
{
  return view->n_dims < 2 ? 1 : view->shape[0];
}

gboolean
vlm_tensor_view_read_rows (const VlmTensorView *view, guint64 first, guint64 n,
    void *data, GError **error)
{
  const guint64 n_rows = vlm_tensor_view_get_n_rows (view);
  const guint64 row_bytes = n_rows > 0 ? view->n_bytes / n_rows : 0;

  g_assert (first <= n_rows && n <= n_rows - first);
  if (n == 0)
    return TRUE;
  if (view->rows != NULL)
    return view->rows->read (view->rows, first, n, data, error);
  return vlm_tensor_view_read (
      view, first * row_bytes, (gsize) (n * row_bytes), data, error);
}

gboolean
vlm_tensor_view_read (const VlmTensorView *view, guint64 first, gsize n_bytes,
    void *data, GError **error)
{
  g_assert (view->rows == NULL);
  g_assert (first <= view->n_bytes && n_bytes <= view->n_bytes - first);
  return vlm_data_file_read (
      view->file, view->offset + first, n_bytes, data, error);
}

guint8 *
vlm_tensor_view_read_all (const VlmTensorView *view, GError **error)
{
  g_autofree guint8 *data = g_malloc (view->n_bytes + 1);

  if (!vlm_tensor_view_read (view, 0, view->n_bytes, data, error))
    return NULL;
  return g_steal_pointer (&data);
}

gboolean
vlm_tensor_view_read_floats (const VlmTensorView *view, guint64 first,
    guint64 n, float *values, GError **error)
{
  const gsize size = vlm_dtype_size (view->dtype);
  guint8 chunk[16384];

  g_assert (first <= view->n_elements && n <= view->n_elements - first);
  for (guint64 done = 0; done < n;) {
    gsize n_step = (gsize) MIN (n - done, sizeof chunk / size);

    if (!vlm_tensor_view_read (
            view, (first + done) * size, n_step * size, chunk, error))
      return FALSE;
    vlm_dequantise (view->dtype, chunk, n_step, values + done);
    done += n_step;
  }
  return TRUE;
}

char *
vlm_tensor_shape_to_string (const guint64 *shape, guint n_dims)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf (
        text, "%s%" G_GUINT64_FORMAT, i > 0 ? ", " : "", shape[i]);
  return g_string_free (g_string_append_c (text, ']'), FALSE);
}
