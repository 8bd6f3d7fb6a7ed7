/* gst-vlm: reading files that may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

static int
fail_errno (const char *path, int code, GError **error)
{
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND, "%s: %s", path,
      g_strerror (code));
  return -1;
}

static int
fail_irregular (const char *path, mode_t mode, GError **error)
{
  const char *kind = S_ISDIR (mode) ? "a directory"
      : S_ISFIFO (mode)             ? "a FIFO"
      : S_ISSOCK (mode)             ? "a socket"
                                    : "a device";

  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "%s: %s, not a regular file", path, kind);
  return -1;
}

/* A cache whose files were removed leaves links that lead nowhere. */
static int
fail_stat (const char *path, int code, GError **error)
{
  g_autofree char *target = g_file_read_link (path, NULL);

  if (code != ENOENT || target == NULL)
    return fail_errno (path, code, error);
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "%s: a symbolic link to %s, which is not there: download the file again",
      path, target);
  return -1;
}

static void
get_state (const struct stat *status, VlmFileState *state)
{
  state->n_bytes = (guint64) status->st_size;
  state->modified_s = status->st_mtim.tv_sec;
  state->modified_ns = status->st_mtim.tv_nsec;
}

int
vlm_file_open (const char *path, VlmFileState *state, GError **error)
{
  GStatBuf before;
  struct stat status;
  int fd;

  /* Opening a device may have an effect, so look first. O_NONBLOCK is for a pipe
   * that replaces the file in between. */
  if (g_stat (path, &before) != 0)
    return fail_stat (path, errno, error);
  if (!S_ISREG (before.st_mode))
    return fail_irregular (path, before.st_mode, error);
  fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0)
    return fail_errno (path, errno, error);
  if (fstat (fd, &status) != 0) {
    int code = errno;

    close (fd);
    return fail_errno (path, code, error);
  }
  if (!S_ISREG (status.st_mode)) {
    close (fd);
    return fail_irregular (path, status.st_mode, error);
  }
  get_state (&status, state);
  return fd;
}

gboolean
vlm_file_read_at (int fd, const char *path, guint64 offset, gsize n_bytes,
    void *data, GError **error)
{
  guint8 *target = data;

  while (n_bytes > 0) {
    gssize n = pread (fd, target, n_bytes, (off_t) offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      fail_errno (path, errno, error);
      return FALSE;
    }
    if (n == 0) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED,
          "%s: was truncated while it was read: only %" G_GUINT64_FORMAT
          " bytes are left",
          path, offset);
      return FALSE;
    }
    target += n;
    offset += (guint64) n;
    n_bytes -= (gsize) n;
  }
  return TRUE;
}

gboolean
vlm_file_check_unchanged (
    int fd, const char *path, const VlmFileState *state, GError **error)
{
  struct stat status;
  VlmFileState now;

  if (fstat (fd, &status) != 0) {
    fail_errno (path, errno, error);
    return FALSE;
  }
  get_state (&status, &now);
  if (now.n_bytes == state->n_bytes && now.modified_s == state->modified_s &&
      now.modified_ns == state->modified_ns)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
      "%s: was changed while it was read: load it again when it is complete",
      path);
  return FALSE;
}

gboolean
vlm_file_read (const char *path, gsize max_bytes, char **contents,
    gsize *n_bytes, GError **error)
{
  g_autofree char *data = NULL;
  VlmFileState state;
  int fd = vlm_file_open (path, &state, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;
  if (state.n_bytes > max_bytes) {
    close (fd);
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: %" G_GUINT64_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT, path,
        state.n_bytes, max_bytes);
    return FALSE;
  }
  data = g_try_malloc (state.n_bytes + 1);
  if (data == NULL) {
    close (fd);
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
        "%s: not enough memory for its %" G_GUINT64_FORMAT " bytes", path,
        state.n_bytes);
    return FALSE;
  }
  ok = vlm_file_read_at (fd, path, 0, state.n_bytes, data, error) &&
      vlm_file_check_unchanged (fd, path, &state, error);
  close (fd);
  if (!ok)
    return FALSE;
  data[state.n_bytes] = '\0';
  *n_bytes = state.n_bytes;
  *contents = g_steal_pointer (&data);
  return TRUE;
}
