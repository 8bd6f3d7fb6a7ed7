/* gst-vlm: metadata of picture files that decoders ignore
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exif is a TIFF file inside of another: an order of bytes, the offset of a list,
 * and entries of twelve bytes; the one with the tag 0x0112 is needed. */
#include "tools/picture-file.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

typedef struct
{
  const guint8 *data;
  gsize n;
  gboolean little; /* endian */
} Span;

/* 0 beyond the end. */
static guint32
read_number (const Span *span, gsize at, guint n_bytes)
{
  guint32 value = 0;

  if (at > span->n || span->n - at < n_bytes)
    return 0;
  for (guint i = 0; i < n_bytes; i++)
    value = value << 8 | span->data[at + (span->little ? n_bytes - 1 - i : i)];
  return value;
}

static guint
read_tiff (const guint8 *data, gsize n)
{
  Span tiff = { data, n, FALSE };
  guint32 list;
  guint32 n_entries;

  /* As in JPEG: some programs write it into WebP as well. */
  if (n > 6 && memcmp (data, "Exif\0\0", 6) == 0)
    return read_tiff (data + 6, n - 6);
  if (n < 8 || (memcmp (data, "II", 2) != 0 && memcmp (data, "MM", 2) != 0))
    return 0;
  tiff.little = data[0] == 'I';
  list = read_number (&tiff, 4, 4);
  n_entries = read_number (&tiff, list, 2);
  for (guint32 i = 0; i < n_entries; i++) {
    gsize entry = (gsize) list + 2 + 12 * (gsize) i;
    guint32 value = read_number (&tiff, entry + 8, 2);

    if (read_number (&tiff, entry, 2) == TAG_ORIENTATION)
      return read_number (&tiff, entry + 2, 2) == TYPE_SHORT && value <= 8
          ? value
          : 0;
  }
  return 0;
}

/* A chunk is a length, a name, the bytes, and in PNG a sum. Returns the bytes of
 * the first one with @name; @n is 0 if there is none. */
static const guint8 *
find_chunk (const Span *file, const char *name, gsize *n)
{
  /* WebP is RIFF, whose numbers are little endian. */
  gsize at = file->little ? 12 : 8;

  *n = 0;
  while (at + 8 <= file->n) {
    guint32 length = read_number (file, file->little ? at + 4 : at, 4);
    gsize begin = at + 8;

    if (length > file->n - begin)
      return NULL;
    if (memcmp (file->data + at + (file->little ? 0 : 4), name, 4) == 0) {
      *n = length;
      return file->data + begin;
    }
    at = begin + length + (file->little ? length % 2 : 4);
  }
  return NULL;
}

static gboolean
is_png (const Span *file)
{
  return file->n >= 8 && memcmp (file->data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static gboolean
is_webp (const Span *file)
{
  return file->n >= 12 && memcmp (file->data, "RIFF", 4) == 0 &&
      memcmp (file->data + 8, "WEBP", 4) == 0;
}

guint
picture_file_find_orientation (const guint8 *data, gsize n)
{
  Span file = { data, n, FALSE };
  const guint8 *about;

  file.little = is_webp (&file);
  if (!file.little && !is_png (&file))
    return 0;
  about = find_chunk (&file, file.little ? "EXIF" : "eXIf", &n);
  return about != NULL ? read_tiff (about, n) : 0;
}

gboolean
picture_file_is_animated (const guint8 *data, gsize n)
{
  Span file = { data, n, FALSE };

  file.little = is_webp (&file);
  if (!file.little && !is_png (&file))
    return FALSE;
  return find_chunk (&file, file.little ? "ANIM" : "acTL", &n) != NULL;
}

/* --- truncated files ------------------------------------------------------ */

static gboolean
png_is_whole (const Span *file)
{
  gsize at = 8;

  while (file->n - at >= 12) {
    guint32 length = read_number (file, at, 4);

    if (length > file->n - at - 12)
      return FALSE;
    if (memcmp (file->data + at + 4, "IEND", 4) == 0)
      return TRUE;
    at += 12 + (gsize) length;
  }
  return FALSE;
}

/* Segments up to the picture's data, and the mark of the end after them: inside a
 * segment it may be that of a small picture. */
static gboolean
jpeg_is_whole (const Span *file)
{
  gsize at = 2;

  while (file->n - at >= 4 && file->data[at] == 0xff) {
    guint8 mark = file->data[at + 1];
    guint32 length = read_number (file, at + 2, 2);

    if (mark == 0xff) { /* stuffing */
      at++;
      continue;
    }
    if (length < 2 || length > file->n - at - 2)
      return FALSE;
    at += 2 + (gsize) length;
    if (mark == 0xda)
      break;
  }
  for (; file->n - at >= 2; at++)
    if (file->data[at] == 0xff && file->data[at + 1] == 0xd9)
      return TRUE;
  return FALSE;
}

gboolean
picture_file_is_whole (const guint8 *data, gsize n)
{
  Span file = { data, n, TRUE };

  if (is_png (&file)) {
    file.little = FALSE;
    return png_is_whole (&file);
  }
  if (n >= 2 && memcmp (data, "\xff\xd8", 2) == 0) {
    file.little = FALSE;
    return jpeg_is_whole (&file);
  }
  /* The length field of a BMP; it may be 0. */
  return n < 14 || memcmp (data, "BM", 2) != 0 ||
      read_number (&file, 2, 4) <= n;
}
