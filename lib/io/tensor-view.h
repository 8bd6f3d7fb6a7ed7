/* gst-vlm: a tensor in a file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"
#include "io/data-file.h"
#include "io/limits.h"

/* Rows that no file holds as they are: of several tensors, or packed in another
 * way. Immutable, atomic reference count, reading from any thread. */
typedef struct _VlmTensorRows VlmTensorRows;
struct _VlmTensorRows
{
  gatomicrefcount refs;
  /* Rows first … first + n - 1, one after another. */
  gboolean (*read) (const VlmTensorRows *rows, guint64 first, guint64 n,
      guint8 *data, GError **error);
  void (*free) (VlmTensorRows *rows);
  /* Element i of a row is column order[i] of the matrix; NULL: column i. Of the
   * rows. */
  const guint32 *order;
};

/* A tensor, row-major. Holds references of what it is read from: it can be read
 * until clear, whatever becomes of the table of contents. */
typedef struct
{
  VlmDataFile *file; /* where it is, or most of it */
  char *name;
  const char *dtype_name; /* static; of the file */
  VlmDType dtype;         /* VLM_DTYPE_INVALID for one not of base/dtype.h */
  guint n_dims;
  guint64 shape[VLM_MAX_DIMS];
  guint64 n_elements;
  guint64 n_bytes;     /* of all rows */
  guint64 offset;      /* in the file; not aligned to anything */
  VlmTensorRows *rows; /* NULL: they are in the file, from offset on */
} VlmTensorView;

void vlm_tensor_view_clear (VlmTensorView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmTensorView, vlm_tensor_view_clear)

/* With references of its own. */
void vlm_tensor_view_copy (const VlmTensorView *view, VlmTensorView *copy);

/* A row is everything but the first dimension; a vector is one row. */
guint64 vlm_tensor_view_get_n_rows (const VlmTensorView *view);

/* Rows first … first + n - 1, vlm_dtype_row_bytes () each. Any thread.
 * TRUNCATED when the file has become shorter; errors name the file. */
gboolean vlm_tensor_view_read_rows (const VlmTensorView *view, guint64 first,
    guint64 n, void *data, GError **error);
/* Bytes [first, first + n_bytes) of a tensor whose rows are in the file. */
gboolean vlm_tensor_view_read (const VlmTensorView *view, guint64 first,
    gsize n_bytes, void *data, GError **error);
/* All of it, for tensors known to be small. (transfer full), g_free */
guint8 *vlm_tensor_view_read_all (const VlmTensorView *view, GError **error);
/* Elements [first, first + n) of a tensor whose rows are in the file as floats;
 * the dtype is a plain one of floats. */
gboolean vlm_tensor_view_read_floats (const VlmTensorView *view, guint64 first,
    guint64 n, float *values, GError **error);
/* "[3, 4]" (transfer full) */
char *vlm_tensor_shape_to_string (const guint64 *shape, guint n_dims);
