/* gst-vlm: a file that is written completely or not at all
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A result of hours must not be lost at the end because a folder does not exist:
 * the file is opened at the start, under another name in the same folder, and
 * renamed at the end. A device or a pipe is written directly. Zero at first. */
typedef struct
{
  char *path;
  char *beside; /* NULL if it is not a regular file */
  int fd;       /* valid if path is set */
} ResultFile;

/* G_FILE_ERROR that names @path. */
gboolean result_file_open (ResultFile *self, const char *path, GError **error);
gboolean result_file_finish (
    ResultFile *self, gconstpointer data, gsize n_bytes, GError **error);
/* Without a result_file_finish(), the file at its path stays as it was. */
void result_file_clear (ResultFile *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ResultFile, result_file_clear)
