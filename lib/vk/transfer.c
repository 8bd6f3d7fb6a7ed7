/* gst-vlm: between host memory and buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/transfer.h"

#include <string.h>

#include "vk/buffer-private.h"
#include "vk/staging.h"

/* Reads from memory that is mapped but not cached are slow (it is across a bus,
 * or write-combined); above this a copy to a cached buffer is faster. */
#define MAX_UNCACHED_READ_BYTES 4096

static gboolean
in_range (const VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes)
{
  return offset <= buffer->n_bytes && n_bytes <= buffer->n_bytes - offset;
}

gboolean
vlm_vk_buffer_fill (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes,
    gsize granule_bytes, VlmVkFillFunc fill, gpointer user_data, GError **error)
{
  g_assert (in_range (buffer, offset, n_bytes));
  g_assert (granule_bytes > 0);
  if (n_bytes == 0)
    return TRUE;
  if (buffer->mapped == NULL)
    return vlm_vk_staging_fill (
        buffer, offset, n_bytes, granule_bytes, fill, user_data, error);
  fill (buffer->mapped + offset, 0, n_bytes, user_data);
  return TRUE;
}

static void
fill_from_memory (
    guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  memcpy (target, (const guint8 *) user_data + offset, n_bytes);
}

gboolean
vlm_vk_buffer_write (VlmVkBuffer *buffer, guint64 offset, const void *data,
    gsize n_bytes, GError **error)
{
  return vlm_vk_buffer_fill (
      buffer, offset, n_bytes, 1, fill_from_memory, (gpointer) data, error);
}

gboolean
vlm_vk_buffer_read (VlmVkBuffer *buffer, guint64 offset, void *data,
    gsize n_bytes, GError **error)
{
  g_assert (in_range (buffer, offset, n_bytes));
  if (n_bytes == 0)
    return TRUE;
  if (buffer->mapped == NULL ||
      (!buffer->block.cached && n_bytes > MAX_UNCACHED_READ_BYTES))
    return vlm_vk_staging_read (buffer, offset, data, n_bytes, error);
  memcpy (data, buffer->mapped + offset, n_bytes);
  return TRUE;
}
