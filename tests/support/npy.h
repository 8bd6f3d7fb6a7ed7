/* gst-vlm: pictures of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define NPY_MAX_DIMS 4

/* A .npy file of u8 in C order, e.g. [H, W, 3] or [T, H, W, 3]. */
typedef struct
{
  guint n_dims;
  gsize shape[NPY_MAX_DIMS];
  gsize n_bytes;
  guint8 *data;
} Npy;

/* G_FILE_ERROR_INVAL for any other kind of array. */
gboolean npy_load (const char *path, Npy *npy, GError **error);
void npy_clear (Npy *npy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Npy, npy_clear)
