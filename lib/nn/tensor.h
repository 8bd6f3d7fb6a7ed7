/* gst-vlm: matrices on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"
#include "vk/buffer.h"

typedef struct _VlmNn VlmNn;

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
/* NULL-safe and idempotent. */
void vlm_nn_tensor_clear (VlmNnTensor *tensor);

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

/* Weights [n_out, n_in] (rows are outputs, as in checkpoints), kept in their
 * own 16- or 32-bit type and packed for the kernels:
 * [n_out / 8][n_in / g][8][g], g elements in 16 bytes, padded with zeros to
 * multiples of 16 outputs and 8 inputs. Split over several buffers where one
 * binding or allocation could not hold them. */
typedef struct _VlmNnMatrix VlmNnMatrix;

VlmNnMatrix *vlm_nn_matrix_new (
    VlmNn *nn, guint n_out, guint n_in, VlmDType dtype, GError **error);
void vlm_nn_matrix_free (VlmNnMatrix *matrix);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNnMatrix, vlm_nn_matrix_free)

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

/* Packs @n_rows rows of @n_in elements of the matrix's dtype, straight from
 * mapped memory (@data need not be aligned). @first_out is the output of the
 * first one; with PAIR_*, its row in its own source: gate and value j both have
 * j, of n_out / 2. Any split into calls gives the same matrix; whole blocks of
 * 8 rows are the fast way. */
gboolean vlm_nn_matrix_write (VlmNnMatrix *matrix, VlmNn *nn, VlmNnRows rows,
    guint first_out, guint n_rows, const void *data, GError **error);
