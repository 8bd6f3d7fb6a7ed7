/* gst-vlm: files that are read in parts
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* An open file. It is read, never mapped: if it is truncated or written to
 * meanwhile, that is an error, not a signal or a mixture of two versions, and
 * host memory does not grow with it. Immutable, atomic reference count, any
 * thread. */
typedef struct _VlmDataFile VlmDataFile;

/* A regular file; errors as those of vlm_file_open (). */
VlmDataFile *vlm_data_file_open (const char *path, GError **error);
/* The same over memory; @name takes the place of the path in messages. */
VlmDataFile *vlm_data_file_new_from_bytes (GBytes *bytes, const char *name);
VlmDataFile *vlm_data_file_ref (VlmDataFile *file);
void vlm_data_file_unref (VlmDataFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmDataFile, vlm_data_file_unref)

const char *vlm_data_file_get_path (const VlmDataFile *file);
/* As it was opened. */
guint64 vlm_data_file_get_n_bytes (const VlmDataFile *file);

/* Bytes [offset, offset + n_bytes), which must be inside of it. TRUNCATED when
 * the file has become shorter, CORRUPT when it was written to. */
gboolean vlm_data_file_read (const VlmDataFile *file, guint64 offset,
    gsize n_bytes, void *data, GError **error);

/* FALSE when another kind of file is in its place, see vlm_file_check_kind (). */
gboolean vlm_data_file_check_kind (const VlmDataFile *file, GError **error);
