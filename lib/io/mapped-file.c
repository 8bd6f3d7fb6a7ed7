/* gst-vlm: files mapped into memory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/mapped-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "base/checked.h"

struct _VlmMappedFile
{
  gatomicrefcount refs;
  char *path;
  GBytes *bytes;
  gboolean is_mapping; /* not memory of the process itself */
};

static VlmMappedFile *
mapped_file_take (const char *path, GBytes *bytes, gboolean is_mapping)
{
  VlmMappedFile *file = g_new0 (VlmMappedFile, 1);

  g_atomic_ref_count_init (&file->refs);
  file->path = g_strdup (path);
  file->bytes = bytes;
  file->is_mapping = is_mapping;
  return file;
}

static gboolean
check_regular (int fd, const char *path, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) != 0) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND, "%s: %s",
        path, g_strerror (errno));
    return FALSE;
  }
  if (!S_ISREG (status.st_mode)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: not a regular file", path);
    return FALSE;
  }
  return TRUE;
}

VlmMappedFile *
vlm_mapped_file_new (const char *path, GError **error)
{
  /* O_NONBLOCK: a pipe in the place of a file must not block the open. */
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

  if (fd < 0) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND, "%s: %s",
        path, g_strerror (errno));
    return NULL;
  }

  g_autoptr (GMappedFile) mapping = NULL;
  g_autoptr (GError) cause = NULL;
  if (check_regular (fd, path, error)) {
    mapping = g_mapped_file_new_from_fd (fd, FALSE, &cause);
    if (mapping == NULL)
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s: cannot be mapped: %s", path, cause->message);
  }
  close (fd);
  if (mapping == NULL)
    return NULL;
  return mapped_file_take (path, g_mapped_file_get_bytes (mapping), TRUE);
}

VlmMappedFile *
vlm_mapped_file_new_from_bytes (GBytes *bytes, const char *name)
{
  return mapped_file_take (name, g_bytes_ref (bytes), FALSE);
}

VlmMappedFile *
vlm_mapped_file_ref (VlmMappedFile *file)
{
  g_atomic_ref_count_inc (&file->refs);
  return file;
}

void
vlm_mapped_file_unref (VlmMappedFile *file)
{
  if (file == NULL || !g_atomic_ref_count_dec (&file->refs))
    return;
  g_bytes_unref (file->bytes);
  g_free (file->path);
  g_free (file);
}

const char *
vlm_mapped_file_get_path (const VlmMappedFile *file)
{
  return file->path;
}

guint64
vlm_mapped_file_get_n_bytes (const VlmMappedFile *file)
{
  return g_bytes_get_size (file->bytes);
}

const guint8 *
vlm_mapped_file_get_data (const VlmMappedFile *file)
{
  return g_bytes_get_data (file->bytes, NULL);
}

void
vlm_mapped_file_drop (
    const VlmMappedFile *file, guint64 offset, guint64 n_bytes)
{
  guint64 n_file = vlm_mapped_file_get_n_bytes (file);

  g_assert (offset <= n_file && n_bytes <= n_file - offset);
  if (!file->is_mapping || n_bytes == 0)
    return;

  /* Outwards to whole pages: a neighbour's part of a page is only read again,
   * and no page is left behind at the seams. */
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  guint64 first = offset & ~((guint64) page - 1);
  guint64 end = vlm_align_up (offset + n_bytes, page);
  guint8 *data = (guint8 *) vlm_mapped_file_get_data (file);

  /* Advice only: when it fails, memory is used and nothing is wrong. */
  (void) madvise (data + first, end - first, MADV_DONTNEED);
}
