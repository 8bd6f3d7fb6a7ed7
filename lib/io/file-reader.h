/* gst-vlm: a file read from front to back
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For binary headers whose length is only known after reading them. Little
 * endian. The first failure is kept, and everything read after it is zero, so
 * several values may be read before one call of vlm_file_reader_ok (). */
#pragma once

#include "io/data-file.h"

/* Most that can be taken at once: no header has a string as long. */
#define VLM_FILE_READER_MAX_TAKE (16u << 20)

typedef struct
{
  const VlmDataFile *file; /* borrowed */
  guint64 at;              /* of the next byte */
  guint8 *window;          /* bytes from window_at on */
  guint64 window_at;
  gsize window_n;
  gsize window_size;
  GError *error;
  char place[128]; /* what is being read, for messages */
} VlmFileReader;

/* From byte @at, which is inside of the file, on. */
void vlm_file_reader_init (
    VlmFileReader *reader, const VlmDataFile *file, guint64 at);
void vlm_file_reader_clear (VlmFileReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmFileReader, vlm_file_reader_clear)

/* Errors from here on begin with "file: place: ". */
void vlm_file_reader_set_place (VlmFileReader *reader, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/* TRUE while nothing failed; otherwise what failed first, which *error (may be
 * NULL) takes. */
gboolean vlm_file_reader_ok (VlmFileReader *reader, GError **error);
guint64 vlm_file_reader_get_n_left (const VlmFileReader *reader);

/* The next @n bytes, valid until the next call. NULL when the file has fewer
 * (TRUNCATED), or @n is beyond the limit (TOO_LARGE). */
const guint8 *vlm_file_reader_take (VlmFileReader *reader, guint64 n);
gboolean vlm_file_reader_skip (VlmFileReader *reader, guint64 n);
/* Of @n_bytes, 8 at most. */
guint64 vlm_file_reader_uint (VlmFileReader *reader, guint n_bytes);
