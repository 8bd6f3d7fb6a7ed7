/* gst-vlm: publishing to a file, one message per line
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * file:///PATH[?max-size=BYTES[&max-files=N]]: a file that would grow beyond
 * max-size is renamed to PATH.1, PATH.2, … (the highest number is the newest),
 * and the newest max-files of those are kept. A message is acknowledged when it
 * is on the disk. The file is only ever appended to. */
#include "publish/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "publish/error.h"

typedef struct
{
  GstVlmTransport parent;
  const char *path;
  guint64 max_size;  /* 0: never renamed */
  guint64 max_files; /* 0: all are kept */
  int fd;            /* -1: closed */
} FileTransport;

static gboolean
fail (FileTransport *self, const char *what, int code, GError **error)
{
  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY,
      "%s cannot be %s: %s", self->path, what, g_strerror (code));
  return FALSE;
}

static GstVlmTransport *
file_create (const GstVlmTransportParams *params, GError **error)
{
  static const char *const names[] = { "max-size", "max-files", NULL };
  const GstVlmLocation *location = params->location;
  FileTransport settings = { .fd = -1 };

  if (!gst_vlm_location_check_params (location, names, error) ||
      !gst_vlm_location_get_number (
          location, "max-size", 1, G_MAXINT64, 0, &settings.max_size, error) ||
      !gst_vlm_location_get_number (
          location, "max-files", 1, G_MAXINT, 0, &settings.max_files, error))
    return NULL;
  if (*location->path == '\0' || g_str_has_suffix (location->path, "/") ||
      (*location->host != '\0' && strcmp (location->host, "localhost") != 0)) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
        "%s is not a file on this machine: file:///FOLDER/NAME has three "
        "slashes",
        location->printable);
    return NULL;
  }
  settings.parent.klass = &gst_vlm_transport_file;
  settings.parent.params = params;
  settings.path = location->path;
  return g_memdup2 (&settings, sizeof settings);
}

static void
close_file (FileTransport *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
file_destroy (GstVlmTransport *transport)
{
  FileTransport *self = (FileTransport *) transport;

  close_file (self);
  g_free (self);
}

/* A line that was cut off in a crash must not be continued. */
static gboolean
finish_last_line (FileTransport *self, off_t size)
{
  char last = '\n';

  if (size == 0 || pread (self->fd, &last, 1, size - 1) != 1 || last == '\n')
    return TRUE;
  return write (self->fd, "\n", 1) == 1;
}

static gboolean
file_connect (GstVlmTransport *transport, GError **error)
{
  FileTransport *self = (FileTransport *) transport;
  struct stat status;

  if (self->fd >= 0)
    return TRUE;
  /* O_NONBLOCK: a FIFO does not make this wait. */
  self->fd = open (self->path,
      O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  if (self->fd < 0)
    return fail (self, "opened", errno, error);
  if (fstat (self->fd, &status) != 0 || !S_ISREG (status.st_mode)) {
    close_file (self);
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_AWAY,
        "%s is not a regular file", self->path);
    return FALSE;
  }
  if (!finish_last_line (self, status.st_size)) {
    int code = errno;

    close_file (self);
    return fail (self, "written to", code, error);
  }
  return TRUE;
}

/* The numbers of the files PATH.N, in order. */
static GArray *
list_numbers (FileTransport *self)
{
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *base = g_path_get_basename (self->path);
  g_autofree char *prefix = g_strconcat (base, ".", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    guint64 number;
    guint i;

    if (!g_str_has_prefix (name, prefix) ||
        !g_ascii_string_to_unsigned (
            name + strlen (prefix), 10, 1, G_MAXINT64 - 1, &number, NULL))
      continue;
    for (i = 0; i < numbers->len; i++)
      if (g_array_index (numbers, guint64, i) > number)
        break;
    g_array_insert_val (numbers, i, number);
  }
  return numbers;
}

static char *
numbered (FileTransport *self, guint64 number)
{
  return g_strdup_printf ("%s.%" G_GUINT64_FORMAT, self->path, number);
}

static gboolean
rotate (FileTransport *self, GError **error)
{
  g_autoptr (GArray) numbers = list_numbers (self);
  guint64 next = numbers->len > 0
      ? g_array_index (numbers, guint64, numbers->len - 1) + 1
      : 1;
  g_autofree char *path = numbered (self, next);

  if (g_rename (self->path, path) != 0)
    return fail (self, "renamed", errno, error);
  close_file (self);
  g_array_append_val (numbers, next);
  for (guint i = 0; self->max_files > 0 && i + self->max_files < numbers->len;
       i++) {
    g_autofree char *old = numbered (self, g_array_index (numbers, guint64, i));

    unlink (old);
  }
  return file_connect ((GstVlmTransport *) self, error);
}

/* Another program may have renamed or removed the file. */
static gboolean
is_still_there (FileTransport *self)
{
  struct stat open_file;
  struct stat named;

  return fstat (self->fd, &open_file) == 0 && stat (self->path, &named) == 0 &&
      open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/* Writes all of the line, or nothing. */
static gboolean
append (FileTransport *self, const char *line, gsize size, off_t before,
    GError **error)
{
  gsize n_written = 0;

  while (n_written < size) {
    ssize_t n = write (self->fd, line + n_written, size - n_written);
    int code = errno;

    if (n < 0 && code == EINTR)
      continue;
    if (n <= 0) {
      if (n_written > 0 && ftruncate (self->fd, before) != 0)
        code = errno;
      return fail (self, "written to", code, error);
    }
    n_written += (gsize) n;
  }
  return TRUE;
}

static gboolean
write_line (FileTransport *self, const char *payload, GError **error)
{
  g_autofree char *line = g_strconcat (payload, "\n", NULL);
  gsize size = strlen (line);
  struct stat status;

  if (fstat (self->fd, &status) != 0)
    return fail (self, "written to", errno, error);
  if (self->max_size > 0 && status.st_size > 0 &&
      (guint64) status.st_size + size > self->max_size) {
    if (fdatasync (self->fd) != 0)
      return fail (self, "written to", errno, error);
    if (!rotate (self, error))
      return FALSE;
    status.st_size = 0;
  }
  return append (self, line, size, status.st_size, error);
}

static guint
file_deliver (GstVlmTransport *transport, GPtrArray *messages, GError **error)
{
  FileTransport *self = (FileTransport *) transport;
  guint n = 0;

  if (!is_still_there (self)) {
    close_file (self);
    if (!file_connect (transport, error))
      return 0;
  }
  while (n < messages->len &&
      write_line (self, ((GstVlmMessage *) messages->pdata[n])->payload, error))
    n++;
  if (fdatasync (self->fd) != 0) {
    g_clear_error (error);
    fail (self, "written to", errno, error);
    return 0;
  }
  return n;
}

static gboolean
file_idle (GstVlmTransport *transport, GError **error)
{
  gst_vlm_wait_for (transport->params->wait, NULL, 0, -1, TRUE);
  return TRUE;
}

static void
file_disconnect (GstVlmTransport *transport, const GstVlmMessage *last)
{
  close_file ((FileTransport *) transport);
}

const GstVlmTransportClass gst_vlm_transport_file = {
  .keeps_connection = TRUE,
  .create = file_create,
  .destroy = file_destroy,
  .connect = file_connect,
  .deliver = file_deliver,
  .idle = file_idle,
  .disconnect = file_disconnect,
};
