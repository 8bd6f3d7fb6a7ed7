/* gst-vlm: files mapped into memory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Immutable, atomic reference count, any thread. A file that is shortened by
 * somebody else while it is mapped ends the process with SIGBUS, as with any
 * mapping: writers must replace files, not rewrite them. */
typedef struct _VlmMappedFile VlmMappedFile;

/* A regular file, read-only. VLM_LOAD_ERROR_NOT_FOUND when it cannot be
 * opened, UNSUPPORTED when it is not a regular file. */
VlmMappedFile *vlm_mapped_file_new (const char *path, GError **error);
/* The same over memory; @name stands for the path in messages. */
VlmMappedFile *vlm_mapped_file_new_from_bytes (GBytes *bytes, const char *name);
VlmMappedFile *vlm_mapped_file_ref (VlmMappedFile *file);
void vlm_mapped_file_unref (VlmMappedFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmMappedFile, vlm_mapped_file_unref)

const char *vlm_mapped_file_get_path (const VlmMappedFile *file);
guint64 vlm_mapped_file_get_n_bytes (const VlmMappedFile *file);
const guint8 *vlm_mapped_file_get_data (const VlmMappedFile *file);

/* Gives the physical pages that hold [offset, offset + n_bytes) back to the
 * system; they come back from the file when they are read again. This is how a
 * file larger than memory streams through. */
void vlm_mapped_file_drop (
    const VlmMappedFile *file, guint64 offset, guint64 n_bytes);
