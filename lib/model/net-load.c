/* gst-vlm: from the files of a checkpoint to the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/model-dir.h"
#include "model/net-upload.h"

/* What the upload of all tensors shares. */
typedef struct
{
  VlmNet *net;
  VlmNn *nn;
  GCancellable *cancellable;
  VlmProgressFunc progress;
  gpointer user_data;
  guint64 n_bytes;
  guint64 n_done;
} Loader;

static gboolean
advance (Loader *loader, guint64 n_bytes, GError **error)
{
  loader->n_done += n_bytes;
  if (loader->progress != NULL)
    loader->progress ("weights", (double) loader->n_done / loader->n_bytes,
        loader->user_data);
  return !g_cancellable_set_error_if_cancelled (loader->cancellable, error);
}

/* Piece by piece: host memory holds one. */
static gboolean
load_matrix (Loader *loader, const VlmWeightItem *item,
    const VlmTensorView *view, GError **error)
{
  guint64 row_bytes = view->n_bytes / item->n_out;
  guint limit = vlm_net_piece_rows (item, view->dtype);
  g_autofree guint8 *rows = g_malloc (MIN (limit, item->n_out) * row_bytes);

  for (guint first = 0; first < item->n_out; first += limit) {
    guint n = MIN (item->n_out - first, limit);
    guint64 offset = first * row_bytes;

    if (!vlm_tensor_view_read (view, offset, n * row_bytes, rows, error) ||
        !vlm_net_put_rows (loader->net, loader->nn, item, view->dtype, first, n,
            rows, error) ||
        !advance (loader, n * row_bytes, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
load_vector (Loader *loader, const VlmWeightItem *item,
    const VlmTensorView *view, GError **error)
{
  g_autofree float *values = g_new (float, item->n_out);

  return vlm_tensor_view_read_floats (view, 0, item->n_out, values, error) &&
      vlm_net_put_vector (loader->net, loader->nn, item, values, error) &&
      advance (loader, view->n_bytes, error);
}

static gboolean
load_item (Loader *loader, const VlmWeightItem *item,
    const VlmTensorSource *source, GError **error)
{
  g_auto (VlmTensorView) view = { 0 };
  gboolean ok;

  if (!vlm_weight_item_find (item, source, &view, error))
    return FALSE;
  ok = vlm_weight_is_matrix (item->weight)
      ? load_matrix (loader, item, &view, error)
      : load_vector (loader, item, &view, error);
  if (!ok)
    g_prefix_error (error, "%s: ", view.name);
  return ok;
}

VlmNet *
vlm_net_load (VlmVkDevice *device, const char *directory,
    GCancellable *cancellable, VlmProgressFunc progress, gpointer user_data,
    GError **error)
{
  g_autoptr (VlmConfig) config = vlm_config_load (directory, error);
  g_autoptr (VlmModelDir) dir = NULL;
  g_autoptr (VlmTensorSource) source = NULL;
  g_autoptr (VlmWeightList) list = NULL;
  g_autoptr (VlmNet) net = NULL;
  g_autoptr (VlmNn) nn = NULL;
  Loader loader = {
    .cancellable = cancellable, .progress = progress, .user_data = user_data
  };

  if (config == NULL)
    return NULL;
  dir = vlm_model_dir_open (directory, error);
  if (dir == NULL)
    return NULL;
  source = vlm_tensor_source_open (dir->weights, error);
  if (source == NULL)
    return NULL;
  list = vlm_weight_list_new (config);
  if (!vlm_weight_list_check (list, config, source, &loader.n_bytes, error))
    return NULL;
  nn = vlm_nn_new (device, error);
  if (nn == NULL)
    return NULL;
  net = vlm_net_new (device, config);
  loader.net = net;
  loader.nn = nn;
  for (guint i = 0; i < list->n_items; i++)
    if (!load_item (&loader, &list->items[i], source, error))
      return NULL;
  return g_steal_pointer (&net);
}
