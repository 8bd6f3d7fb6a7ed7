/* gst-vlm: the tensors of a checkpoint, whatever holds them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/gguf-files.h"
#include "io/tensor-view.h"

/* Whose names the tensors have. */
typedef enum
{
  VLM_TENSOR_NAMES_HUGGING_FACE,
  VLM_TENSOR_NAMES_GGUF,
} VlmTensorNames;

/* Immutable, one owner, reading from any thread. */
typedef struct _VlmTensorSource VlmTensorSource;

/* @path is one of
 * - a shard index (its name ends in ".json"): {"weight_map": {tensor: file}}.
 *   Files must be plain names in the directory of the index (CORRUPT
 *   otherwise). The tensors are those that the files hold: the index only says
 *   which file counts where two hold the same one, and a file or a tensor that
 *   is not there is reported when it is needed.
 * - the first of NAME-00001-of-0000N.safetensors; NOT_FOUND when one is missing
 * - another safetensors file. */
VlmTensorSource *vlm_tensor_source_open (const char *path, GError **error);
/* A language model and its vision tower (references are taken). The two halves
 * of the patch kernel, one a frame, are found as one tensor under the name of
 * the first, with the shape of Hugging Face: NOT_FOUND when one is missing,
 * MISMATCH when they are not alike. */
VlmTensorSource *vlm_tensor_source_new_gguf (
    VlmGgufFiles *text, VlmGgufFiles *mmproj, GError **error);
void vlm_tensor_source_free (VlmTensorSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTensorSource, vlm_tensor_source_free)

const char *vlm_tensor_source_get_path (const VlmTensorSource *source);
/* The file that a tensor of that name is in, or should be, for messages. */
const char *
vlm_tensor_source_get_path_of (const VlmTensorSource *source, const char *name);
VlmTensorNames vlm_tensor_source_get_names (const VlmTensorSource *source);
guint vlm_tensor_source_get_n_tensors (const VlmTensorSource *source);
/* All names, sorted by strcmp; the container is the caller's, the names live
 * with the source. */
GPtrArray *vlm_tensor_source_list (const VlmTensorSource *source);
/* Lets the tensor @name be found as @alias too, before others use the source. */
void vlm_tensor_source_add_alias (
    VlmTensorSource *source, const char *alias, const char *name);
/* FALSE when there is none of that name or alias; @view, which may be NULL, has
 * the name of the file. */
gboolean vlm_tensor_source_find (
    const VlmTensorSource *source, const char *name, VlmTensorView *view);
/* Why a tensor is not there, when the index has it; why any may not be there,
 * when @name is NULL and files are missing. NULL otherwise. (transfer full) */
char *
vlm_tensor_source_explain (const VlmTensorSource *source, const char *name);
