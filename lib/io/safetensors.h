/* gst-vlm: one safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * 8 bytes little-endian n, n bytes of JSON {name: {dtype, shape, data_offsets}},
 * then the data. https://github.com/huggingface/safetensors, "Format" */
#pragma once

#include "io/tensor-view.h"

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
