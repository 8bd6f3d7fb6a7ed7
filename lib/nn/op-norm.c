/* gst-vlm: root-mean-square norm
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/kernel.h"
#include "nn/select.h"

#include <vlm/vlm-error.h>

/* shaders/norm/rms_norm.comp */
typedef struct
{
  guint32 ld4;
  guint32 n_cols;
  float eps;
} Push;

void
vlm_nn_rms_norm (VlmNn *nn, const VlmNnTensor *x, const VlmNnTensor *w,
    float eps, const VlmNnTensor *y)
{
  const VlmNnProblem problem = {
    .op = VLM_NN_OP_NORM, .m = x->n_rows, .k = x->n_cols
  };
  const VlmNnKernel *kernel = vlm_nn_select (nn, &problem);
  const guint32 spec[] = { kernel->local_size, 1, 1 };
  const Push push = { .ld4 = x->ld / 4, .n_cols = x->n_cols, .eps = eps };
  /* A dispatch that writes what it reads declares it once for each binding. */
  const gboolean in_place = x->buffer == y->buffer && x->offset == y->offset;
  guint64 chunk;

  if (x->n_rows != y->n_rows || x->n_cols != y->n_cols ||
      x->n_cols != w->n_cols || w->n_rows == 0) {
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "rms_norm: x [%" G_GUINT64_FORMAT ", %u], w [%u], "
            "y [%" G_GUINT64_FORMAT ", %u] do not match each other",
            x->n_rows, x->n_cols, w->n_cols, y->n_rows, y->n_cols));
    return;
  }
  chunk = vlm_nn_chunk_rows (nn, x->n_rows, x->ld, 1);
  for (guint64 first = 0; chunk != 0 && first < x->n_rows; first += chunk) {
    const guint64 n = MIN (chunk, x->n_rows - first);
    const VlmVkBinding bindings[] = {
      vlm_nn_bind_floats (x, first, n, VLM_VK_READ),
      vlm_nn_bind_floats (w, 0, 1, VLM_VK_READ),
      vlm_nn_bind_floats (
          y, first, n, in_place ? VLM_VK_READ_WRITE : VLM_VK_WRITE),
    };

    vlm_nn_dispatch (nn, kernel->shader, spec, G_N_ELEMENTS (spec), bindings,
        &push, sizeof push, 1, (guint) n, 1);
  }
}
