/* gst-vlm: a GGUF model in one file or in parts
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/gguf.h"

/* Immutable, atomic reference count, reading from any thread. */
typedef struct _VlmGgufFiles VlmGgufFiles;

/* A file, or any part of a model that llama-gguf-split made
 * (NAME-00001-of-00003.gguf …): all parts are opened then, in the folder of the
 * one that was named. Errors of each as vlm_gguf_open () has them; NOT_FOUND
 * for a part that is not there, MISMATCH when parts are not of one model. */
VlmGgufFiles *vlm_gguf_files_open (const char *path, GError **error);
VlmGgufFiles *vlm_gguf_files_ref (VlmGgufFiles *files);
void vlm_gguf_files_unref (VlmGgufFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmGgufFiles, vlm_gguf_files_unref)

/* The first part: it has the keys of the model. */
const VlmGguf *vlm_gguf_files_get_head (const VlmGgufFiles *files);
guint vlm_gguf_files_get_n_tensors (const VlmGgufFiles *files);
/* FALSE when there is none of that name; @view may be NULL. */
gboolean vlm_gguf_files_find (
    const VlmGgufFiles *files, const char *name, VlmTensorView *view);

/* Whether @name is that of a part; *no counts from 1. */
gboolean vlm_gguf_part_of_name (const char *name, guint *no, guint *count);
