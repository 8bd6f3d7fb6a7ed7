/* gst-vlm: between host memory and buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/buffer.h"

/* Copies host memory to the buffer: straight into mapped memory, else through a
 * staging ring. Blocks until the source may be reused. Not for use while
 * commands that touch the range are in flight. */
gboolean vlm_vk_buffer_write (VlmVkBuffer *buffer, guint64 offset,
    const void *data, gsize n_bytes, GError **error);

/* The same for data that a callback produces in chunks right into mapped or
 * staging memory, so that packing needs no second copy: @fill must write
 * [offset, offset + n_bytes) of the whole to @target. It is called with rising
 * offsets, multiples of @granule_bytes, and must not use the device. The memory
 * may be write-combined: write it in order, do not read it. */
typedef void (*VlmVkFillFunc) (
    guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data);
gboolean vlm_vk_buffer_fill (VlmVkBuffer *buffer, guint64 offset,
    guint64 n_bytes, gsize granule_bytes, VlmVkFillFunc fill,
    gpointer user_data, GError **error);

/* Copies from the buffer to host memory; the commands that wrote it must have
 * completed. */
gboolean vlm_vk_buffer_read (VlmVkBuffer *buffer, guint64 offset, void *data,
    gsize n_bytes, GError **error);
