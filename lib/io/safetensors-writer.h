/* gst-vlm: writing a safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"
#include "io/limits.h"

/* Collects copies of tensors in memory. One thread. */
typedef struct _VlmSafetensorsWriter VlmSafetensorsWriter;

VlmSafetensorsWriter *vlm_safetensors_writer_new (void);
void vlm_safetensors_writer_free (VlmSafetensorsWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    VlmSafetensorsWriter, vlm_safetensors_writer_free)

/* A string for __metadata__. */
void vlm_safetensors_writer_set_metadata (
    VlmSafetensorsWriter *writer, const char *key, const char *value);
/* @data: the product of @shape elements, row-major. No two tensors may have one
 * name; at most VLM_MAX_DIMS dimensions. */
void vlm_safetensors_writer_add (VlmSafetensorsWriter *writer, const char *name,
    VlmDType dtype, const guint64 *shape, guint n_dims, gconstpointer data);

/* The file as it would be written: the same tensors give the same bytes,
 * whatever the order they were added in. (transfer full) */
GBytes *vlm_safetensors_writer_get_bytes (const VlmSafetensorsWriter *writer);
/* Replaces @path atomically: readers see the old file or the whole new one.
 * Errors are of G_FILE_ERROR. */
gboolean vlm_safetensors_writer_write (
    const VlmSafetensorsWriter *writer, const char *path, GError **error);
