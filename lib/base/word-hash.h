/* gst-vlm: a hash of many numbers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* For a GHashTable whose keys are GBytes of whole 32-bit words, instead of
 * g_bytes_hash (), which looks at each byte. */
static inline guint
vlm_word_hash (gconstpointer bytes)
{
  gsize n_bytes;
  const guint32 *words = g_bytes_get_data ((GBytes *) bytes, &n_bytes);
  guint hash = 5381;

  for (gsize i = 0; i < n_bytes / sizeof *words; i++)
    hash = (hash ^ words[i]) * 0x01000193u;
  return hash ^ hash >> 15;
}
