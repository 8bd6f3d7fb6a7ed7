/* gst-vlm: files that are read in parts
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/data-file.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

struct _VlmDataFile
{
  gatomicrefcount refs;
  char *path;
  VlmFileState state; /* of memory only the size */
  GBytes *bytes;      /* NULL for a file */
  int fd;
};

static VlmDataFile *
data_file_new (
    const char *path, const VlmFileState *state, GBytes *bytes, int fd)
{
  VlmDataFile *file = g_new0 (VlmDataFile, 1);

  g_atomic_ref_count_init (&file->refs);
  file->path = g_strdup (path);
  file->state = *state;
  file->bytes = bytes;
  file->fd = fd;
  return file;
}

VlmDataFile *
vlm_data_file_open (const char *path, GError **error)
{
  VlmFileState state;
  int fd = vlm_file_open (path, &state, error);

  return fd < 0 ? NULL : data_file_new (path, &state, NULL, fd);
}

VlmDataFile *
vlm_data_file_new_from_bytes (GBytes *bytes, const char *name)
{
  const VlmFileState state = { .n_bytes = g_bytes_get_size (bytes) };

  return data_file_new (name, &state, g_bytes_ref (bytes), -1);
}

VlmDataFile *
vlm_data_file_ref (VlmDataFile *file)
{
  g_atomic_ref_count_inc (&file->refs);
  return file;
}

void
vlm_data_file_unref (VlmDataFile *file)
{
  if (file == NULL || !g_atomic_ref_count_dec (&file->refs))
    return;
  if (file->bytes == NULL)
    close (file->fd);
  else
    g_bytes_unref (file->bytes);
  g_free (file->path);
  g_free (file);
}

const char *
vlm_data_file_get_path (const VlmDataFile *file)
{
  return file->path;
}

guint64
vlm_data_file_get_n_bytes (const VlmDataFile *file)
{
  return file->state.n_bytes;
}

gboolean
vlm_data_file_read (const VlmDataFile *file, guint64 offset, gsize n_bytes,
    void *data, GError **error)
{
  g_assert (offset <= file->state.n_bytes);
  g_assert (n_bytes <= file->state.n_bytes - offset);
  if (file->bytes == NULL)
    return vlm_file_read_at (
               file->fd, file->path, offset, n_bytes, data, error) &&
        vlm_file_check_unchanged (file->fd, file->path, &file->state, error);
  if (n_bytes > 0)
    memcpy (data,
        (const guint8 *) g_bytes_get_data (file->bytes, NULL) + offset,
        n_bytes);
  return TRUE;
}

gboolean
vlm_data_file_check_kind (const VlmDataFile *file, GError **error)
{
  guint8 head[VLM_FILE_KIND_BYTES];
  gsize n = (gsize) MIN (file->state.n_bytes, sizeof head);

  return vlm_data_file_read (file, 0, n, head, error) &&
      vlm_file_check_kind (file->path, head, file->state.n_bytes, error);
}
