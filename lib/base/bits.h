/* gst-vlm: sets of small numbers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * i is in the set when bit i % 32 of word i / 32 is set: as the shaders read
 * the sets of allowed and of seen tokens. */
#pragma once

#include <glib.h>

static inline guint
vlm_bits_n_words (guint n)
{
  return n / 32 + (n % 32 != 0);
}

/* The empty set of numbers below @n. (transfer full), g_free */
static inline guint32 *
vlm_bits_new (guint n)
{
  return g_new0 (guint32, vlm_bits_n_words (n));
}

static inline void
vlm_bits_add (guint32 *bits, guint i)
{
  bits[i / 32] |= (guint32) 1 << (i % 32);
}

static inline gboolean
vlm_bits_has (const guint32 *bits, guint i)
{
  return (bits[i / 32] >> (i % 32) & 1u) != 0;
}
