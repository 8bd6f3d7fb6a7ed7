/* gst-vlm: one safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * 8 bytes little-endian n, n bytes of JSON {name: {dtype, shape, data_offsets}},
 * then the data. https://github.com/huggingface/safetensors, "Format" */
#pragma once

#include "base/dtype.h"
#include "io/data-file.h"
#include "io/limits.h"

/* A tensor in a file, row-major. Holds a reference of the file: it can be read
 * until clear, whatever becomes of the table of contents. */
typedef struct
{
  VlmDataFile *file;
  char *name;
  const char *dtype_name; /* static */
  VlmDType dtype;         /* VLM_DTYPE_INVALID for one not of base/dtype.h */
  guint n_dims;
  guint64 shape[VLM_MAX_DIMS];
  guint64 n_elements;
  guint64 n_bytes;
  guint64 offset; /* in the file; not aligned to anything */
} VlmTensorView;

void vlm_tensor_view_clear (VlmTensorView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmTensorView, vlm_tensor_view_clear)

/* Bytes [first, first + n_bytes) of the data. Any thread. TRUNCATED when the
 * file has become shorter; errors name the file. */
gboolean vlm_tensor_view_read (const VlmTensorView *view, guint64 first,
    gsize n_bytes, void *data, GError **error);
/* All of it, for tensors known to be small. (transfer full), g_free */
guint8 *vlm_tensor_view_read_all (const VlmTensorView *view, GError **error);
/* Elements [first, first + n) as floats; the dtype is a plain one of
 * floats. */
gboolean vlm_tensor_view_read_floats (const VlmTensorView *view, guint64 first,
    guint64 n, float *values, GError **error);
/* "[3, 4]" (transfer full) */
char *vlm_tensor_shape_to_string (const guint64 *shape, guint n_dims);

/* The table of contents. Immutable, one owner, reading from any thread. */
typedef struct _VlmSafetensors VlmSafetensors;

/* Checks the whole header: limits, offsets inside of the file, no overlap,
 * sizes that follow from shape and dtype. Errors name file and tensor:
 * TRUNCATED when the file is shorter than it says, CORRUPT when it contradicts
 * itself, TOO_LARGE beyond a limit, UNSUPPORTED for an unknown dtype; and what
 * vlm_file_check_kind () says of a file that is none. */
VlmSafetensors *vlm_safetensors_open (const char *path, GError **error);
VlmSafetensors *vlm_safetensors_new (VlmDataFile *file, GError **error);
void vlm_safetensors_free (VlmSafetensors *tensors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSafetensors, vlm_safetensors_free)

const char *vlm_safetensors_get_path (const VlmSafetensors *tensors);
guint vlm_safetensors_get_n_tensors (const VlmSafetensors *tensors);
/* In the order of their data. */
const char *
vlm_safetensors_get_name (const VlmSafetensors *tensors, guint index);
/* FALSE when there is none of that name; @view may be NULL. */
gboolean vlm_safetensors_find (
    const VlmSafetensors *tensors, const char *name, VlmTensorView *view);
/* A string of __metadata__, or NULL. */
const char *
vlm_safetensors_get_metadata (const VlmSafetensors *tensors, const char *key);
