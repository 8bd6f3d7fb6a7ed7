/* gst-vlm: a file that is written completely or not at all
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/result-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

static gboolean
fail (const char *path, GError **error)
{
  int why = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s: %s",
      path, g_strerror (why));
  return FALSE;
}

gboolean
result_file_open (ResultFile *self, const char *path, GError **error)
{
  g_autofree char *beside = NULL;
  struct stat status;
  gboolean exists = stat (path, &status) == 0;
  int fd;

  if (exists && !S_ISREG (status.st_mode)) {
    fd = open (path, O_WRONLY | O_CLOEXEC);
  } else {
    /* a link stays a link */
    char *real = exists ? realpath (path, NULL) : NULL;

    beside = g_strconcat (real != NULL ? real : path, ".XXXXXX", NULL);
    free (real);
    if (exists && access (path, W_OK) != 0)
      return fail (path, error);
    fd = g_mkstemp_full (beside, O_WRONLY | O_CLOEXEC,
        exists ? (int) (status.st_mode & 0777) : 0666);
  }
  if (fd < 0)
    return fail (path, error);
  self->path = g_strdup (path);
  self->beside = g_steal_pointer (&beside);
  self->fd = fd;
  return TRUE;
}

static gboolean
write_all (int fd, const char *data, gsize n)
{
  while (n > 0) {
    gssize written = write (fd, data, n);

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return FALSE;
    data += written;
    n -= (gsize) written;
  }
  return TRUE;
}

gboolean
result_file_finish (
    ResultFile *self, gconstpointer data, gsize n_bytes, GError **error)
{
  g_autofree char *name = NULL;

  if (!write_all (self->fd, data, n_bytes) ||
      (self->beside != NULL && fsync (self->fd) != 0))
    return fail (self->path, error);
  if (self->beside == NULL)
    return TRUE;
  name = g_strndup (self->beside, strlen (self->beside) - strlen (".XXXXXX"));
  if (g_rename (self->beside, name) != 0)
    return fail (self->path, error);
  g_clear_pointer (&self->beside, g_free);
  return TRUE;
}

void
result_file_clear (ResultFile *self)
{
  if (self->path == NULL)
    return;
  close (self->fd);
  if (self->beside != NULL)
    g_unlink (self->beside);
  g_clear_pointer (&self->beside, g_free);
  g_clear_pointer (&self->path, g_free);
}
