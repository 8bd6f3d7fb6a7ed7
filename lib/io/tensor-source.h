/* gst-vlm: the tensors of a checkpoint, whatever holds them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/gguf-files.h"
#include "io/tensor-view.h"

/* By whose names tensors are found. */
typedef enum
{
  VLM_TENSOR_NAMES_HUGGING_FACE,
  VLM_TENSOR_NAMES_GGUF,
} VlmTensorNames;

/* Immutable, one owner, reading from any thread. */
typedef struct _VlmTensorSource VlmTensorSource;

/* @path is a safetensors file, or a shard index (its name ends in
 * ".index.json"): {"weight_map": {tensor: file}}. A file of the index must be a
 * plain name in the directory of the index (CORRUPT otherwise), be there
 * (NOT_FOUND, with its name) and hold what the index says (MISMATCH). */
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
/* FALSE when there is none of that name; @view may be NULL. */
gboolean vlm_tensor_source_find (
    const VlmTensorSource *source, const char *name, VlmTensorView *view);
