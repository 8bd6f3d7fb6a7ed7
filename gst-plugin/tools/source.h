/* gst-vlm: input files and URIs of programs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The name for errors: @word, or "standard input" for "-". */
const char *source_get_name (const char *word);

/* The address of a file's name, of an address, or of standard input for "-".
 * What cannot exist is an error with the reason: G_FILE_ERROR or
 * GST_RESOURCE_ERROR. A named pipe is opened, and stays open, so that the wait
 * for its writer can be cancelled. (transfer full) */
char *source_to_uri (const char *word, GError **error);

/* Whether source_to_uri() would find it; nothing is opened. */
gboolean source_check (const char *word, GError **error);

/* FALSE when @path is one of the files in @words, by whatever name: a result must
 * not replace what it was made from. @words may be NULL. */
gboolean source_check_result (char **words, const char *path, GError **error);

/* All that can be read from it, or G_IO_ERROR_CANCELLED. (transfer full) */
GBytes *
source_read (const char *word, GCancellable *cancellable, GError **error);

/* @words with a folder replaced by the files in it, in natural order of their
 * names; those that begin with a dot are left out. (transfer full) */
char **source_expand (char **words, GError **error);
