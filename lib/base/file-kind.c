/* gst-vlm: failed downloads in the place of a file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "base/file.h"

#define AGAIN "download the file again"

typedef enum
{
  BYTES, /* exactly these */
  TEXT,  /* after white space, in any case */
  NOTE,  /* the same, and the whole file is short */
} Match;

/* The beginnings of files that are something else. */
static const struct
{
  const char *start;
  gsize n_start;
  Match match;
  VlmLoadError code;
  const char *message;
} impostors[] = {
#define S(text) text, sizeof text - 1
  { S ("version https://git-lfs.github.com/"), NOTE, VLM_LOAD_ERROR_NOT_FOUND,
      "a Git LFS pointer, the file itself is not here: run \"git lfs pull\" in "
      "its folder, or " AGAIN },
  { S ("version https://hawser.github.com/"), NOTE, VLM_LOAD_ERROR_NOT_FOUND,
      "a Git LFS pointer, the file itself is not here: run \"git lfs pull\" in "
      "its folder, or " AGAIN },
  { S ("/annex/objects/"), NOTE, VLM_LOAD_ERROR_NOT_FOUND,
      "a git-annex pointer, the file itself is not here: run \"git annex get\" "
      "in its folder" },
  { S ("../../blobs/"), NOTE, VLM_LOAD_ERROR_NOT_FOUND,
      "the text of a symbolic link that was not copied as one: copy the file "
      "that it names, or " AGAIN },
  { S ("<!doctype html"), TEXT, VLM_LOAD_ERROR_CORRUPT,
      "a web page (HTML), not the file itself: a server answered the download "
      "with a page, as it does for a login or a wrong address; " AGAIN },
  { S ("<html"), TEXT, VLM_LOAD_ERROR_CORRUPT,
      "a web page (HTML), not the file itself: a server answered the download "
      "with a page, as it does for a login or a wrong address; " AGAIN },
  { S ("<?xml"), TEXT, VLM_LOAD_ERROR_CORRUPT,
      "a message of a server (XML), not the file itself: " AGAIN },
  { S ("{\"error\""), NOTE, VLM_LOAD_ERROR_CORRUPT,
      "an error message of a server, not the file itself: " AGAIN },
  { S ("Entry not found"), NOTE, VLM_LOAD_ERROR_CORRUPT,
      "an error message of a server, not the file itself: " AGAIN },
  { S ("Repository not found"), NOTE, VLM_LOAD_ERROR_CORRUPT,
      "an error message of a server, not the file itself: " AGAIN },
  { S ("Invalid "), NOTE, VLM_LOAD_ERROR_CORRUPT,
      "an error message of a server, not the file itself: log in there "
      "and " AGAIN },
  { S ("Access to "), NOTE, VLM_LOAD_ERROR_CORRUPT,
      "an error message of a server, not the file itself: log in there "
      "and " AGAIN },
  { S ("GGUF"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "a GGUF file under the name of another kind: rename it to *.gguf" },
  { S ("PK\003\004"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "a ZIP archive, as PyTorch writes its .bin and .pt files: unpack it, or "
      "save the model with safe_serialization=True" },
  { S ("\037\213"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "compressed with gzip: unpack it" },
  { S ("\375"
       "7zXZ"),
      BYTES, VLM_LOAD_ERROR_UNSUPPORTED, "compressed with xz: unpack it" },
  { S ("\050\265\057\375"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "compressed with zstd: unpack it" },
  { S ("\377\376"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "text in UTF-16: save it as UTF-8" },
  { S ("\376\377"), BYTES, VLM_LOAD_ERROR_UNSUPPORTED,
      "text in UTF-16: save it as UTF-8" },
#undef S
};

static gboolean
begins_with (const char *data, gsize n_bytes, const char *start, gsize n_start,
    Match how)
{
  gsize at = 0;

  if (how != BYTES && n_bytes >= 3 && memcmp (data, "\357\273\277", 3) == 0)
    at = 3;
  while (how != BYTES && at < n_bytes && g_ascii_isspace (data[at]))
    at++;
  if (n_bytes - at < n_start)
    return FALSE;
  return how == BYTES ? memcmp (data + at, start, n_start) == 0
                      : g_ascii_strncasecmp (data + at, start, n_start) == 0;
}

static gboolean
is_zero (const char *data, gsize n_bytes)
{
  for (gsize i = 0; i < n_bytes; i++)
    if (data[i] != 0)
      return FALSE;
  return TRUE;
}

gboolean
vlm_file_check_kind (
    const char *path, const void *data, guint64 n_bytes, GError **error)
{
  gsize n = (gsize) MIN (n_bytes, VLM_FILE_KIND_BYTES);

  if (n == 0 || is_zero (data, n)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED,
        "%s: %s, as a download that was not finished leaves it: " AGAIN, path,
        n == 0 ? "empty" : "filled with zeros");
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (impostors); i++) {
    if ((impostors[i].match == NOTE && n_bytes > VLM_FILE_KIND_BYTES) ||
        !begins_with (data, n, impostors[i].start, impostors[i].n_start,
            impostors[i].match))
      continue;
    g_set_error (error, VLM_LOAD_ERROR, impostors[i].code, "%s: %s", path,
        impostors[i].message);
    return FALSE;
  }
  return TRUE;
}
