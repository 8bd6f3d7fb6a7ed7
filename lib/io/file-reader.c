/* gst-vlm: a file read from front to back
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/file-reader.h"

#include <vlm/vlm-error.h>

#define WINDOW_BYTES (64u << 10)

void
vlm_file_reader_init (
    VlmFileReader *reader, const VlmDataFile *file, guint64 at)
{
  *reader = (VlmFileReader){ .file = file, .at = at };
}

void
vlm_file_reader_clear (VlmFileReader *reader)
{
  g_free (reader->window);
  g_clear_error (&reader->error);
  *reader = (VlmFileReader){ 0 };
}

void
vlm_file_reader_set_place (VlmFileReader *reader, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_vsnprintf (reader->place, sizeof reader->place, format, args);
  va_end (args);
}

static gboolean fail (VlmFileReader *reader, VlmLoadError code,
    const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (VlmFileReader *reader, VlmLoadError code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (&reader->error, VLM_LOAD_ERROR, (int) code, "%s: %s%s%s",
      vlm_data_file_get_path (reader->file), reader->place,
      reader->place[0] != '\0' ? ": " : "", message);
  return FALSE;
}

gboolean
vlm_file_reader_ok (VlmFileReader *reader, GError **error)
{
  if (reader->error == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (reader->error);
  return FALSE;
}

guint64
vlm_file_reader_get_n_left (const VlmFileReader *reader)
{
  return vlm_data_file_get_n_bytes (reader->file) - reader->at;
}

/* Whether @n bytes are available. */
static gboolean
check_left (VlmFileReader *reader, guint64 n)
{
  if (reader->error != NULL)
    return FALSE;
  if (n <= vlm_file_reader_get_n_left (reader))
    return TRUE;
  return fail (reader, VLM_LOAD_ERROR_TRUNCATED,
      "%" G_GUINT64_FORMAT " bytes should follow byte %" G_GUINT64_FORMAT
      ", but the file has %" G_GUINT64_FORMAT,
      n, reader->at, vlm_data_file_get_n_bytes (reader->file));
}

/* Moves the window to the next byte, with at least @n bytes in it. */
static gboolean
fill_window (VlmFileReader *reader, gsize n)
{
  guint64 n_left = vlm_file_reader_get_n_left (reader);
  gsize n_window = (gsize) MIN (MAX (n, WINDOW_BYTES), n_left);

  if (n_window > reader->window_size) {
    g_free (reader->window);
    reader->window = g_malloc (n_window);
    reader->window_size = n_window;
  }
  reader->window_at = reader->at;
  reader->window_n = n_window;
  return vlm_data_file_read (
      reader->file, reader->at, n_window, reader->window, &reader->error);
}

const guint8 *
vlm_file_reader_take (VlmFileReader *reader, guint64 n)
{
  const guint8 *bytes;

  if (!check_left (reader, n))
    return NULL;
  if (n > VLM_FILE_READER_MAX_TAKE) {
    fail (reader, VLM_LOAD_ERROR_TOO_LARGE,
        "%" G_GUINT64_FORMAT " bytes at byte %" G_GUINT64_FORMAT
        ", the limit is %u",
        n, reader->at, VLM_FILE_READER_MAX_TAKE);
    return NULL;
  }
  if (reader->window == NULL ||
      reader->at + n > reader->window_at + reader->window_n) {
    if (!fill_window (reader, (gsize) n))
      return NULL;
  }
  bytes = reader->window + (reader->at - reader->window_at);
  reader->at += n;
  return bytes;
}

/* Only forwards: bytes that are skipped beyond the window are not read. */
gboolean
vlm_file_reader_skip (VlmFileReader *reader, guint64 n)
{
  if (!check_left (reader, n))
    return FALSE;
  reader->at += n;
  if (reader->window != NULL &&
      reader->at > reader->window_at + reader->window_n) {
    reader->window_n = 0;
    reader->window_at = reader->at;
  }
  return TRUE;
}

guint64
vlm_file_reader_uint (VlmFileReader *reader, guint n_bytes)
{
  const guint8 *bytes = vlm_file_reader_take (reader, n_bytes);
  guint64 value = 0;

  g_assert (n_bytes <= sizeof value);
  if (bytes == NULL)
    return 0;
  for (guint i = n_bytes; i-- > 0;)
    value = value << 8 | bytes[i];
  return value;
}
