/* gst-vlm: matrix products
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/checked.h"
#include "nn/kernel.h"
#include "nn/matrix.h"
#include "nn/order.h"
#include "nn/select.h"

#include <vlm/vlm-error.h>

/* shaders/include/matmul.glsl */
typedef struct
{
  guint32 n_rows;
  guint32 n_k8;
  guint32 n_blocks;
  guint32 first_block;
  guint32 y_ld;
  guint32 n_cols;
  guint32 bits_at;
  guint32 scales_at;
  guint32 supers_at;
  float eps; /* with a norm */
} Push;

/* Epilogues of the halves of SWIGLU, where they are products of their own, after
 * those of VlmNnEpilogue: y = silu (…), then y *= …. */
enum
{
  GATE = VLM_NN_SWIGLU + 1,
  VALUE,
};

typedef struct
{
  const VlmNnTensor *x; /* as given */
  const VlmNnMatrix *w;
  const VlmNnTensor *bias;
  const VlmNnTensor *y;
  VlmNnEpilogue epilogue;
  guint n_blocks; /* that have outputs */
  /* The norm that follows, or NULL; whether it was made. */
  const VlmNnTensor *norm;
  float eps;
  const VlmNnTensor *normed;
  gboolean is_normed;
  /* x in this order is in x_ordered. */
  const VlmVkBuffer *order;
  VlmNnTensor x_ordered;
} Product;

static gboolean
check_shapes (VlmNn *nn, const Product *product)
{
  const guint n_out = product->w->n_out;
  const gboolean paired = product->epilogue == VLM_NN_SWIGLU;
  const guint y_cols = paired ? n_out / 2 : n_out;

  if (product->x->n_cols == product->w->n_in && product->y->n_cols == y_cols &&
      product->x->n_rows == product->y->n_rows && !(paired && n_out % 2 != 0) &&
      (product->bias == NULL ||
          product->bias->ld >= product->n_blocks * VLM_NN_BLOCK))
    return TRUE;
  vlm_nn_fail (nn,
      g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "matmul: x [%" G_GUINT64_FORMAT ", %u], w [%u, %u], bias [%u], "
          "y [%" G_GUINT64_FORMAT ", %u] do not match each other",
          product->x->n_rows, product->x->n_cols, n_out, product->w->n_in,
          product->bias != NULL ? product->bias->n_cols : 0, product->y->n_rows,
          product->y->n_cols));
  return FALSE;
}

/* Blocks of a part that have outputs. */
static guint
count_blocks (const Product *product, const VlmNnPart *part)
{
  const VlmNnMatrix *w = product->w;
  const guint end = part + 1 < w->parts + w->n_parts ? part[1].first_block
                                                     : product->n_blocks;

  return end - part->first_block;
}

static gboolean
is_value (const Product *product, const VlmNnPart *part)
{
  return product->w->n_first > 0 && part->first_block >= product->w->n_first;
}

static guint32
epilogue_of (const Product *product, const VlmNnPart *part)
{
  if (product->w->n_first == 0)
    return product->epilogue;
  return is_value (product, part) ? VALUE : GATE;
}

/* Whether one dispatch makes all rows, and its last workgroup their norm. */
static gboolean
ends_with_norm (
    VlmNn *nn, const Product *product, const VlmNnKernel *kernel, guint64 chunk)
{
  GError *error = NULL;

  if (product->norm == NULL || kernel->normed == NULL ||
      product->w->n_parts != 1 || product->x->n_rows > chunk ||
      product->x->n_rows > kernel->tile_rows)
    return FALSE;
  if (nn->tickets.buffer != NULL ||
      vlm_nn_tensor_init (&nn->tickets, nn, 1, 1, &error))
    return TRUE;
  vlm_nn_fail (nn, error);
  return FALSE;
}

/* Rows [first, first + n) by one part of the weights. */
static void
record_rows (VlmNn *nn, const Product *product, const VlmNnKernel *kernel,
    const VlmNnPart *part, guint64 first, guint64 n)
{
  guint32 spec[VLM_VK_MAX_SPEC];
  const guint32 epilogue = epilogue_of (product, part);
  const guint32 own[] = { part->format->shader, epilogue,
    product->bias != NULL };
  const guint n_spec =
      vlm_nn_kernel_spec (nn, kernel, own, G_N_ELEMENTS (own), spec);
  const VlmVkBinding x = vlm_nn_bind_floats (
      part->order.buffer != NULL ? &product->x_ordered : product->x, first, n,
      VLM_VK_READ);
  const VlmVkBinding bindings[] = {
    x,
    vlm_nn_bind_part (part),
    product->bias == NULL
        ? x /* not read */
        : vlm_nn_bind_floats (product->bias, 0, 1, VLM_VK_READ),
    vlm_nn_bind_floats (product->y, first, n,
        epilogue == VLM_NN_ADD || epilogue == VALUE ? VLM_VK_READ_WRITE
                                                    : VLM_VK_WRITE),
    product->is_normed ? vlm_nn_bind_floats (product->norm, 0, 1, VLM_VK_READ)
                       : x,
    product->is_normed
        ? vlm_nn_bind_floats (product->normed, first, n, VLM_VK_WRITE)
        : x,
    product->is_normed
        ? vlm_nn_bind_ints (&nn->tickets, 0, 1, VLM_VK_READ_WRITE)
        : x,
  };
  const Push push = {
    .n_rows = (guint32) n,
    .n_k8 = product->w->n_groups,
    .n_blocks = count_blocks (product, part),
    .first_block = part->first_block -
        (is_value (product, part) ? product->w->n_first : 0),
    .y_ld = product->y->ld,
    .n_cols = product->y->n_cols,
    .bits_at = vlm_nn_part_granule (part, VLM_NN_PLANE_BITS),
    .scales_at = vlm_nn_part_granule (part, VLM_NN_PLANE_SCALES),
    .supers_at = vlm_nn_part_granule (part, VLM_NN_PLANE_SUPERS),
    .eps = product->eps,
  };
  const VlmVkShader *shader =
      product->is_normed ? kernel->normed : kernel->shader;
  const guint n_push =
      product->is_normed ? sizeof push : G_STRUCT_OFFSET (Push, eps);
  const guint across =
      (guint) vlm_div_round_up (push.n_blocks, kernel->tile_cols);
  const guint down = (guint) vlm_div_round_up (n, kernel->tile_rows);
  const guint band = MIN (kernel->band, down);

  if (band == 0)
    vlm_nn_dispatch (
        nn, shader, spec, n_spec, bindings, &push, n_push, across, down, 1);
  else
    vlm_nn_dispatch (nn, shader, spec, n_spec, bindings, &push, n_push, band,
        across, (guint) vlm_div_round_up (down, band));
}

/* All rows by one part of the weights. */
static void
record_part (VlmNn *nn, Product *product, const VlmNnPart *part)
{
  const guint64 n_rows = product->x->n_rows;
  const VlmNnProblem problem = {
    .op = VLM_NN_OP_MATMUL,
    .m = n_rows,
    .n = count_blocks (product, part) * VLM_NN_BLOCK,
    .k = product->w->n_in,
    .format = part->format,
  };
  const VlmNnKernel *kernel = vlm_nn_select (nn, &problem);
  const guint64 chunk = vlm_nn_chunk_rows (
      nn, n_rows, MAX (product->x->ld, product->y->ld), kernel->tile_rows);

  product->is_normed = ends_with_norm (nn, product, kernel, chunk);
  for (guint64 first = 0; chunk != 0 && first < n_rows; first += chunk)
    record_rows (nn, product, kernel, part, first, MIN (chunk, n_rows - first));
}

static void
record_product (VlmNn *nn, Product *product)
{
  const VlmNnMatrix *w = product->w;
  const guint n_blocks = vlm_nn_matrix_count_blocks (w);

  product->n_blocks = product->epilogue == VLM_NN_SWIGLU
      ? (guint) vlm_align_up (n_blocks, 2)
      : n_blocks;
  if (!check_shapes (nn, product))
    return;
  for (guint i = 0; i < w->n_parts; i++) {
    const VlmNnPart *part = &w->parts[i];

    if (part->order.buffer != NULL && part->order.buffer != product->order) {
      if (!vlm_nn_order_columns (
              nn, product->x, &part->order, &product->x_ordered))
        return;
      product->order = part->order.buffer;
    }
    record_part (nn, product, part);
  }
}

void
vlm_nn_matmul (VlmNn *nn, const VlmNnTensor *x, const VlmNnMatrix *w,
    const VlmNnTensor *bias, VlmNnEpilogue epilogue, const VlmNnTensor *y)
{
  Product product = {
    .x = x,
    .w = w,
    .bias = bias,
    .y = y,
    .epilogue = epilogue,
  };

  record_product (nn, &product);
}

void
vlm_nn_matmul_norm (VlmNn *nn, const VlmNnTensor *x, const VlmNnMatrix *w,
    const VlmNnTensor *y, const VlmNnTensor *norm, float eps,
    const VlmNnTensor *normed)
{
  const gboolean fits = normed->n_rows == y->n_rows &&
      normed->n_cols == y->n_cols && norm->n_cols == y->n_cols;
  Product product = {
    .x = x,
    .w = w,
    .y = y,
    .epilogue = VLM_NN_ADD,
    .norm = fits ? norm : NULL,
    .eps = eps,
    .normed = normed,
  };

  record_product (nn, &product);
  /* Also reports shapes that do not match. */
  if (!product.is_normed)
    vlm_nn_rms_norm (nn, y, norm, eps, normed);
}
