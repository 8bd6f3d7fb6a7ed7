/* gst-vlm: putting weights in their places on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/net-upload.h"

/* Cancellation is checked between pieces. A piece stays in the cache of its
 * processor from reading until it is packed. */
#define PIECE_BYTES (512u << 10)

guint
vlm_net_piece_rows (const VlmWeightItem *item)
{
  guint n =
      (guint) (PIECE_BYTES / vlm_dtype_row_bytes (item->dtype, item->n_in));

  return MAX (n - n % VLM_NN_PIECE_ROWS, VLM_NN_PIECE_ROWS);
}

gboolean
vlm_net_add_matrix (VlmNet *net, VlmNn *nn, const VlmWeightList *list,
    guint first, GError **error)
{
  const VlmWeightItem *item = &list->items[first];
  VlmNnMatrix **matrix = &net->weights[item->weight].matrices[item->layer];
  VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS];
  guint n = vlm_weight_list_get_segments (list, first, segments);

  g_assert (*matrix == NULL);
  if (item->rows == VLM_NN_ROWS_PLAIN)
    *matrix = vlm_nn_matrix_new_segments (nn, item->n_in, segments, n, error);
  else
    *matrix = vlm_nn_matrix_new_pair (nn, item->n_in, segments, error);
  if (*matrix == NULL)
    return FALSE;
  net->n_bytes += vlm_nn_matrix_get_n_bytes (*matrix);
  return TRUE;
}

gboolean
vlm_net_put_rows (VlmNet *net, const VlmWeightItem *item, guint first, guint n,
    const void *data, GError **error)
{
  return vlm_nn_matrix_write (net->weights[item->weight].matrices[item->layer],
      item->rows, item->first_out + first, n, data, error);
}

/* Elements of the whole: the bias of a pair is padded as its matrix is. */
static guint
vector_length (const VlmNet *net, const VlmWeightItem *item)
{
  return vlm_nn_rows_length (item->rows, net->weights[item->weight].n_out);
}

gboolean
vlm_net_put_vector (VlmNet *net, VlmNn *nn, const VlmWeightItem *item,
    const float *values, GError **error)
{
  VlmNnTensor *vector = &net->weights[item->weight].vectors[item->layer];
  guint n = vector_length (net, item);
  g_autofree float *whole = g_new0 (float, n);

  if (vector->buffer == NULL) {
    if (!vlm_nn_tensor_init (vector, nn, 1, n, error))
      return FALSE;
    net->n_bytes += vector->ld * sizeof (float);
  } else if (!vlm_nn_tensor_read (vector, nn, 0, 1, whole, error)) {
    return FALSE;
  }
  for (guint i = 0; i < item->n_out; i++)
    whole[vlm_nn_rows_place (item->rows, item->first_out + i)] = values[i];
  return vlm_nn_tensor_write (vector, nn, 0, 1, whole, error);
}
