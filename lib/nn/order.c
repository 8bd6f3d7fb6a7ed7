/* gst-vlm: inputs in the order of weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/order.h"

#include "base/checked.h"
#include "nn/kernel.h"
#include "shaders/vlm-shaders.h"

#define LOCAL_SIZE 64

/* shaders/rows/order_columns.comp */
typedef struct
{
  guint32 ld4;
} Push;

/* Work that was recorded before keeps the memory that it uses. */
static gboolean
make_room (VlmNn *nn, guint64 n_rows, guint n_cols)
{
  GError *error = NULL;

  if (nn->ordered.n_rows * nn->ordered.ld >=
      vlm_nn_tensor_bytes (n_rows, n_cols) / sizeof (float))
    return TRUE;
  vlm_nn_tensor_clear (&nn->ordered);
  if (vlm_nn_tensor_init (&nn->ordered, nn, n_rows, n_cols, &error))
    return TRUE;
  vlm_nn_fail (nn, error);
  return FALSE;
}

gboolean
vlm_nn_order_columns (
    VlmNn *nn, const VlmNnTensor *x, const VlmNnTensor *order, VlmNnTensor *y)
{
  const guint32 spec[] = { LOCAL_SIZE, 1, 1 };
  const Push push = { .ld4 = x->ld / 4 };
  const guint64 chunk = vlm_nn_chunk_rows (nn, x->n_rows, x->ld, 1);

  g_assert (order->n_cols == x->n_cols);
  if (chunk == 0 || !make_room (nn, x->n_rows, x->n_cols))
    return FALSE;
  *y = vlm_nn_tensor_reshape (&nn->ordered, x->n_rows, x->n_cols);
  for (guint64 first = 0; first < x->n_rows; first += chunk) {
    const guint64 n = MIN (chunk, x->n_rows - first);
    VlmVkBinding bindings[] = {
      vlm_nn_bind_floats (x, first, n, VLM_VK_READ),
      vlm_nn_bind_ints (order, 0, 1, VLM_VK_READ),
      vlm_nn_bind_floats (y, first, n, VLM_VK_WRITE),
    };

    bindings[1].texel_format = VK_FORMAT_R32G32B32A32_UINT;
    vlm_nn_dispatch (nn, &vlm_shader_order_columns, spec, G_N_ELEMENTS (spec),
        bindings, &push, sizeof push,
        (guint) vlm_div_round_up (push.ld4, LOCAL_SIZE), (guint) n, 1);
  }
  return TRUE;
}
