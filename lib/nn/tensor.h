/* gst-vlm: matrices on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"

#include <gio/gio.h>

typedef struct _VlmNn VlmNn;
/* Memory of the device: vk/buffer.h. */
typedef struct _VlmVkBuffer VlmVkBuffer;

/* [n_rows, n_cols] of 32-bit floats or integers, row-major. Rows are ld
 * elements apart, ld = n_cols rounded up to 8; the padding of float rows is
 * always zero, and every op keeps it so. A plain value that borrows or owns one
 * reference of its buffer: see init/clear and rows. */
typedef struct
{
  VlmVkBuffer *buffer;
  guint64 offset; /* bytes, multiple of 256 */
  guint64 n_rows;
  guint n_cols;
  guint ld;
} VlmNnTensor;

/* Zero-filled. */
gboolean vlm_nn_tensor_init (VlmNnTensor *tensor, VlmNn *nn, guint64 n_rows,
    guint n_cols, GError **error);
/* Bytes that it takes; the product must not overflow. */
guint64 vlm_nn_tensor_bytes (guint64 n_rows, guint n_cols);
/* NULL-safe and idempotent. */
void vlm_nn_tensor_clear (VlmNnTensor *tensor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmNnTensor, vlm_nn_tensor_clear)

/* A borrowed view of the first @n_rows rows with @n_cols columns over the same
 * memory: how one scratch allocation serves several shapes.
 * n_rows * align8 (n_cols) must fit. The padding is the writer's. */
VlmNnTensor
vlm_nn_tensor_reshape (const VlmNnTensor *tensor, guint64 n_rows, guint n_cols);

/* Host to device and back. Rows are dense (n_cols elements) on the host. The
 * device must not be using the tensor. */
gboolean vlm_nn_tensor_write (VlmNnTensor *tensor, VlmNn *nn, guint64 first_row,
    guint64 n_rows, const void *data, GError **error);
gboolean vlm_nn_tensor_read (const VlmNnTensor *tensor, VlmNn *nn,
    guint64 first_row, guint64 n_rows, void *data, GError **error);

/* Rows that a view may begin with, whatever their length: multiples of so
 * many. */
#define VLM_NN_ROW_STEP 8
/* Whether a view may begin with any row of @n_cols elements. */
gboolean vlm_nn_tensor_row_begins (guint n_cols);
/* A borrowed view of rows first … first + n - 1; @first is one to begin with. */
VlmNnTensor
vlm_nn_tensor_rows (const VlmNnTensor *tensor, guint64 first, guint64 n);

/* Weights [n_out, n_in] (rows are outputs, as in checkpoints), in the format of
 * their type (nn/format.h). Split over several buffers where one binding or
 * allocation could not hold them. */
typedef struct _VlmNnMatrix VlmNnMatrix;

/* Outputs of one type; all but the last of a matrix have a multiple of
 * VLM_NN_ROW_STEP. Element i of their rows is for input order[i], a permutation;
 * NULL: for input i. */
typedef struct
{
  guint n_out;
  VlmDType dtype;
  const guint32 *order; /* [n_in]; copied */
} VlmNnSegment;

/* Whether rows of both can be neighbours in one product. */
gboolean vlm_nn_segment_is_alike (
    const VlmNnSegment *a, const VlmNnSegment *b, guint n_in);

/* VLM_LOAD_ERROR_UNSUPPORTED for a type that no kernel reads. */
VlmNnMatrix *vlm_nn_matrix_new (
    VlmNn *nn, guint n_out, guint n_in, VlmDType dtype, GError **error);
VlmNnMatrix *vlm_nn_matrix_new_segments (VlmNn *nn, guint n_in,
    const VlmNnSegment *segments, guint n_segments, GError **error);
/* Of rows PAIR_FIRST and PAIR_SECOND, as many each, as @halves say. Where those
 * are not alike, each half is kept on its own, and SWIGLU is two products. */
VlmNnMatrix *vlm_nn_matrix_new_pair (
    VlmNn *nn, guint n_in, const VlmNnSegment halves[2], GError **error);
void vlm_nn_matrix_free (VlmNnMatrix *matrix);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNnMatrix, vlm_nn_matrix_free)

/* Of the device. */
guint64 vlm_nn_matrix_get_n_bytes (const VlmNnMatrix *matrix);

/* Where the rows of a source go. PAIR_FIRST and PAIR_SECOND interleave two
 * sources in blocks of 8 outputs, so that a gate and its value are in
 * neighbouring blocks (VLM_NN_SWIGLU). */
typedef enum
{
  VLM_NN_ROWS_PLAIN,
  VLM_NN_ROWS_PAIR_FIRST,
  VLM_NN_ROWS_PAIR_SECOND,
} VlmNnRows;

/* The row of the whole that row @i of a source is. */
guint vlm_nn_rows_place (VlmNnRows rows, guint i);
/* Rows of the whole for @n_out of all sources, with their padding. */
guint vlm_nn_rows_length (VlmNnRows rows, guint n_out);

/* Packs @n_rows rows of @n_in elements of the type of their segment, straight
 * from mapped memory (@data need not be aligned). @first_out is the output of
 * the first one; with PAIR_*, its row in its own source: gate and value j both
 * have j, of n_out / 2. Any split into calls gives the same matrix; pieces that
 * begin with a multiple of VLM_NN_PIECE_ROWS are the fast way. */
#define VLM_NN_PIECE_ROWS 32
gboolean vlm_nn_matrix_write (VlmNnMatrix *matrix, VlmNnRows rows,
    guint first_out, guint n_rows, const void *data, GError **error);
