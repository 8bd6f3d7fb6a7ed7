/* gst-vlm: from the files of a checkpoint to the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/blocks.h"
#include "base/crew.h"
#include "base/quantise.h"
#include "base/work.h"
#include "model/memory.h"
#include "model/net-upload.h"

/* What the upload of all tensors shares. */
typedef struct
{
  const VlmCheckpoint *checkpoint;
  VlmNet *net;
  VlmNn *nn;
  const VlmWork *work;
  GThread *caller;
  GArray *matrices; /* guint, their first items */
  GMutex lock;      /* of n_done */
  guint64 n_done;
} Loader;

static gboolean
advance (Loader *loader, guint64 n_bytes, GError **error)
{
  guint64 n_done;

  g_mutex_lock (&loader->lock);
  n_done = loader->n_done += n_bytes;
  g_mutex_unlock (&loader->lock);
  if (g_thread_self () == loader->caller)
    vlm_work_progress (
        loader->work, "weights", (double) n_done / loader->checkpoint->n_bytes);
  return vlm_work_goes_on (loader->work, error);
}

/* Room for a piece in each of its forms; NULL where a form is not needed. */
typedef struct
{
  guint8 *file;  /* rows as they are in the file */
  float *values; /* as floats */
  guint8 *blocks;
  guint8 *rows; /* as the device takes them: one of the above */
} Piece;

static void
piece_init (Piece *piece, const VlmWeightItem *item, VlmDType from, guint n)
{
  *piece =
      (Piece){ .file = g_malloc (n * vlm_dtype_row_bytes (from, item->n_in)) };
  piece->rows = piece->file;
  if (from == item->dtype)
    return;
  piece->values = g_new (float, (gsize) n * item->n_in);
  piece->rows = (guint8 *) piece->values;
  if (item->dtype == VLM_DTYPE_F32)
    return;
  piece->blocks = g_malloc (n * vlm_dtype_row_bytes (item->dtype, item->n_in));
  piece->rows = piece->blocks;
}

static void
piece_clear (Piece *piece)
{
  g_free (piece->file);
  g_free (piece->values);
  g_free (piece->blocks);
}

/* Converts what the file has to what the device wants, by way of floats. */
static void
convert (Piece *piece, const VlmWeightItem *item, VlmDType from, guint n)
{
  const gsize from_bytes = vlm_dtype_row_bytes (from, item->n_in);
  const gsize to_bytes = vlm_dtype_row_bytes (item->dtype, item->n_in);

  if (piece->values == NULL)
    return;
  for (guint i = 0; i < n; i++)
    vlm_dequantise (from, piece->file + i * from_bytes, item->n_in,
        piece->values + (gsize) i * item->n_in);
  if (piece->blocks == NULL)
    return;
  for (guint i = 0; i < n; i++)
    vlm_quantise (item->dtype, piece->values + (gsize) i * item->n_in,
        item->n_in, piece->blocks + i * to_bytes);
}

/* Piece by piece: host memory holds one for each thread. */
static gboolean
load_matrix (Loader *loader, const VlmWeightItem *item,
    const VlmTensorView *view, GError **error)
{
  const gsize row_bytes = vlm_dtype_row_bytes (view->dtype, item->n_in);
  const guint limit = MIN (vlm_net_piece_rows (item), item->n_out);
  gboolean ok = TRUE;
  Piece piece;

  piece_init (&piece, item, view->dtype, limit);
  for (guint first = 0; ok && first < item->n_out; first += limit) {
    guint n = MIN (item->n_out - first, limit);

    ok = vlm_tensor_view_read_rows (view, first, n, piece.file, error);
    if (ok)
      convert (&piece, item, view->dtype, n);
    ok = ok &&
        vlm_net_put_rows (loader->net, item, first, n, piece.rows, error) &&
        advance (loader, n * row_bytes, error);
  }
  piece_clear (&piece);
  return ok;
}

static gboolean
load_vector (Loader *loader, const VlmWeightItem *item,
    const VlmTensorView *view, GError **error)
{
  g_autofree guint8 *row = g_malloc (view->n_bytes);
  g_autofree float *values = g_new (float, item->n_out);

  if (!vlm_tensor_view_read_rows (view, 0, 1, row, error))
    return FALSE;
  vlm_dequantise (view->dtype, row, item->n_out, values);
  return vlm_net_put_vector (loader->net, loader->nn, item, values, error) &&
      advance (loader, view->n_bytes, error);
}

static gboolean
load_item (Loader *loader, guint i, GError **error)
{
  const VlmWeightItem *item = &loader->checkpoint->weights->items[i];
  g_auto (VlmTensorView) view = { 0 };
  gboolean ok;

  if (!vlm_weight_item_find (item, loader->checkpoint->source, &view, error))
    return FALSE;
  ok = vlm_weight_is_matrix (item->kind)
      ? load_matrix (loader, item, &view, error)
      : load_vector (loader, item, &view, error);
  if (!ok)
    g_prefix_error (error, "%s: ", view.name);
  return ok;
}

/* All parts of one matrix are loaded by one thread: they may be interleaved on
 * the device. */
static gboolean
load_whole_matrix (guint job, gpointer user_data, GError **error)
{
  Loader *loader = user_data;
  const VlmWeightList *list = loader->checkpoint->weights;
  guint i = g_array_index (loader->matrices, guint, job);

  do
    if (!load_item (loader, i, error))
      return FALSE;
  while (++i < list->n_items && !vlm_weight_list_is_first (list, i));
  return TRUE;
}

/* Loads small weights, and makes room for the rest, on one thread. */
static gboolean
prepare (Loader *loader, GError **error)
{
  const VlmWeightList *list = loader->checkpoint->weights;

  for (guint i = 0; i < list->n_items; i++) {
    if (!vlm_weight_is_matrix (list->items[i].kind)) {
      if (!load_item (loader, i, error))
        return FALSE;
    } else if (vlm_weight_list_is_first (list, i)) {
      if (!vlm_net_add_matrix (loader->net, loader->nn, list, i, error)) {
        g_prefix_error (error, "%s: ", list->items[i].names[0]);
        return FALSE;
      }
      g_array_append_val (loader->matrices, i);
    }
  }
  return TRUE;
}

static gboolean
load_all (Loader *loader, GError **error)
{
  if (!prepare (loader, error) ||
      !vlm_crew_run (vlm_crew_size (), loader->matrices->len, load_whole_matrix,
          loader, error))
    return FALSE;
  vlm_work_progress (loader->work, "weights", 1.0);
  return TRUE;
}

VlmNet *
vlm_net_load (VlmNnDevice *device, const VlmCheckpoint *checkpoint,
    const VlmWork *work, GError **error)
{
  const VlmWeightList *list = checkpoint->weights;
  g_autoptr (VlmNet) net = NULL;
  g_autoptr (VlmNn) nn = NULL;
  Loader loader = {
    .checkpoint = checkpoint, .work = work, .caller = g_thread_self ()
  };
  gboolean ok;

  /* If the device uses the machine's memory, it is handed out before it exists:
   * too much of it would end the process when it is written. */
  if (!vlm_memory_check_weights (device, checkpoint->config, list,
          vlm_tensor_source_get_path (checkpoint->source), error))
    return NULL;
  nn = vlm_nn_new (device, error);
  if (nn == NULL)
    return NULL;
  net = vlm_net_new (device, checkpoint->config, list);
  loader.net = net;
  loader.nn = nn;
  loader.matrices = g_array_new (FALSE, FALSE, sizeof (guint));
  g_mutex_init (&loader.lock);
  ok = load_all (&loader, error);
  g_mutex_clear (&loader.lock);
  g_array_unref (loader.matrices);
  return ok ? g_steal_pointer (&net) : NULL;
}
