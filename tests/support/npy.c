/* gst-vlm: pictures of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * "\x93NUMPY", version 1.0, two bytes of header length, a Python dictionary:
 * numpy.lib.format, "Format Version 1.0" */
#include "tests/support/npy.h"

#include <string.h>

#define PREAMBLE "\x93NUMPY\x01\x00"
#define N_PREAMBLE 8u

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", path, what);
  return FALSE;
}

/* "… 'shape': (2, 3, 4), …" */
static gboolean
read_shape (const char *header, Npy *npy)
{
  const char *at = strstr (header, "'shape': (");

  if (at == NULL)
    return FALSE;
  at += strlen ("'shape': (");
  npy->n_bytes = 1;
  for (npy->n_dims = 0; g_ascii_isdigit (*at); npy->n_dims++) {
    char *end;
    guint64 n = g_ascii_strtoull (at, &end, 10);

    if (npy->n_dims == NPY_MAX_DIMS ||
        !g_size_checked_mul (&npy->n_bytes, npy->n_bytes, n))
      return FALSE;
    npy->shape[npy->n_dims] = n;
    for (at = end; *at == ',' || *at == ' ';)
      at++;
  }
  return *at == ')';
}

static gboolean
parse (const char *path, const char *contents, gsize n_contents, Npy *npy,
    GError **error)
{
  gsize n_header;

  if (n_contents < N_PREAMBLE + 2 ||
      memcmp (contents, PREAMBLE, N_PREAMBLE) != 0)
    return fail (error, path, "not a .npy file of version 1.0");
  n_header = (guint8) contents[N_PREAMBLE] |
      (gsize) (guint8) contents[N_PREAMBLE + 1] << 8;
  if (n_contents - N_PREAMBLE - 2 < n_header)
    return fail (error, path, "the file ends in its header");

  g_autofree char *header = g_strndup (contents + N_PREAMBLE + 2, n_header);
  if (strstr (header, "'descr': '|u1'") == NULL ||
      strstr (header, "'fortran_order': False") == NULL)
    return fail (error, path, "not an array of u8 in C order");
  if (!read_shape (header, npy))
    return fail (error, path, "bad shape");
  if (n_contents - N_PREAMBLE - 2 - n_header != npy->n_bytes)
    return fail (error, path, "the size does not follow from the shape");
  npy->data = g_memdup2 (contents + N_PREAMBLE + 2 + n_header, npy->n_bytes);
  return TRUE;
}

gboolean
npy_load (const char *path, Npy *npy, GError **error)
{
  g_autofree char *contents = NULL;
  gsize n_contents;

  *npy = (Npy){ 0 };
  return g_file_get_contents (path, &contents, &n_contents, error) &&
      parse (path, contents, n_contents, npy, error);
}

void
npy_clear (Npy *npy)
{
  g_free (npy->data);
  *npy = (Npy){ 0 };
}
