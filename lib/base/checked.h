/* gst-vlm: arithmetic on sizes that come from files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Each returns FALSE on overflow; *out is undefined then. */
static inline gboolean
vlm_checked_mul (guint64 a, guint64 b, guint64 *out)
{
  return g_uint64_checked_mul (out, a, b);
}

static inline gboolean
vlm_checked_add (guint64 a, guint64 b, guint64 *out)
{
  return g_uint64_checked_add (out, a, b);
}

/* @alignment is a power of two. */
static inline gsize
vlm_align_up (gsize n, gsize alignment)
{
  return (n + alignment - 1) & ~(alignment - 1);
}

static inline guint64
vlm_div_round_up (guint64 n, guint64 d)
{
  return n / d + (n % d != 0);
}
