/* gst-vlm: a file that is written completely or not at all
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a program works out for hours must not fail at the end for a folder that
 * is not there: it is opened at the start, under another name beside, which the
 * end changes. A device or a pipe is written as it is. Zero at first. */
typedef struct
{
  char *path;
  char *beside; /* NULL of what is no regular file */
  int fd;       /* valid where path is set */
} ResultFile;

/* G_FILE_ERROR that names @path. */
gboolean result_file_open (ResultFile *self, const char *path, GError **error);
gboolean result_file_finish (
    ResultFile *self, gconstpointer data, gsize n_bytes, GError **error);
/* Without a result_file_finish(), what was at its path is as it was. */
void result_file_clear (ResultFile *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ResultFile, result_file_clear)
