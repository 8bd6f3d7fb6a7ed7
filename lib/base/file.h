/* gst-vlm: reading files that may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files come from other people and other programs, and may be replaced,
 * shortened or extended while they are read. Nothing here blocks on a FIFO,
 * opens a device, trusts a size for longer than one call, or maps memory. Errors
 * are VLM_LOAD_ERROR and name the file. */
#pragma once

#include <glib.h>

/* A file as it was when it was opened. */
typedef struct
{
  guint64 n_bytes;
  gint64 modified_s; /* since 1970 */
  gint64 modified_ns;
} VlmFileState;

/* A descriptor for reading a regular file, or -1: NOT_FOUND when it cannot be
 * opened, UNSUPPORTED when it is not a regular file. */
int vlm_file_open (const char *path, VlmFileState *state, GError **error);

/* Bytes [offset, offset + n_bytes). TRUNCATED when the file is shorter now.
 * @path is for messages. Any thread. */
gboolean vlm_file_read_at (int fd, const char *path, guint64 offset,
    gsize n_bytes, void *data, GError **error);

/* FALSE when the file was written to since it was opened: CORRUPT, because what
 * was read may be of two versions. */
gboolean vlm_file_check_unchanged (
    int fd, const char *path, const VlmFileState *state, GError **error);

/* A whole file of at most @max_bytes (TOO_LARGE), with a NUL after it that
 * *n_bytes does not count. */
gboolean vlm_file_read (const char *path, gsize max_bytes, char **contents,
    gsize *n_bytes, GError **error);

/* FALSE if the beginning of a file shows that it is something else: a Git LFS
 * pointer, a web page, another format, nothing. The message says which, and
 * what to do. @n_bytes: of the whole file; @data holds its first
 * VLM_FILE_KIND_BYTES, or all when it is shorter. */
#define VLM_FILE_KIND_BYTES 512
gboolean vlm_file_check_kind (
    const char *path, const void *data, guint64 n_bytes, GError **error);
