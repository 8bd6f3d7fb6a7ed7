/* gst-vlm: input of fuzz targets as files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between the files of one input. */
#define FUZZ_SEPARATOR 0x1e

static inline GLogWriterOutput
fuzz_say_nothing (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  return G_LOG_WRITER_HANDLED;
}

static inline const char *fuzz_folder (void);

static inline void
fuzz_remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (fuzz_folder (), 0, NULL);

  for (const char *name;
       dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *path = g_build_filename (fuzz_folder (), name, NULL);

    g_unlink (path);
  }
  g_rmdir (fuzz_folder ());
}

/* A folder of this process, in memory if possible, until it ends. Warnings are
 * discarded from the first call on. */
static inline const char *
fuzz_folder (void)
{
  static char *folder;

  if (folder == NULL) {
    const char *root = g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR)
        ? "/dev/shm"
        : g_get_tmp_dir ();

    folder = g_strdup_printf ("%s/vlm-fuzz-%d", root, (int) getpid ());
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_log_set_writer_func (fuzz_say_nothing, NULL, NULL);
    atexit (fuzz_remove_folder);
  }
  return folder;
}

static inline void
fuzz_write (const char *name, const void *data, gsize n_bytes)
{
  g_autofree char *path = g_build_filename (fuzz_folder (), name, NULL);
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (data, 1, n_bytes, file), ==, n_bytes);
  fclose (file);
}

/* The parts of an input as files of these names, in order; a part that is not
 * there leaves no file. */
static inline void
fuzz_write_parts (
    const uint8_t *data, gsize n_bytes, const char *const *names, guint n_names)
{
  for (guint i = 0; i < n_names; i++) {
    const uint8_t *end =
        data != NULL ? memchr (data, FUZZ_SEPARATOR, n_bytes) : NULL;
    gsize n = end != NULL ? (gsize) (end - data) : n_bytes;

    if (data == NULL) {
      g_autofree char *path = g_build_filename (fuzz_folder (), names[i], NULL);

      g_unlink (path);
      continue;
    }
    fuzz_write (names[i], data, n);
    data = end != NULL ? end + 1 : NULL;
    n_bytes = end != NULL ? n_bytes - n - 1 : 0;
  }
}
