/* gst-vlm: sub-allocated Vulkan buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"

typedef enum
{
  /* Device-local; mapped too where device memory is host visible and coherent
   * (lavapipe, integrated and resizable-BAR devices). */
  VLM_VK_BUFFER_DEVICE,
  VLM_VK_BUFFER_UPLOAD,   /* mapped, written by the host, read once */
  VLM_VK_BUFFER_READBACK, /* mapped, cached for the host's reads */
} VlmVkBufferUse;

/* Atomic reference count; holds its device. Usable as storage buffer, uniform
 * texel buffer, transfer source and target. */
typedef struct _VlmVkBuffer VlmVkBuffer;

VlmVkBuffer *vlm_vk_buffer_new (
    VlmVkDevice *device, guint64 n_bytes, VlmVkBufferUse use, GError **error);
VlmVkBuffer *vlm_vk_buffer_ref (VlmVkBuffer *buffer);
void vlm_vk_buffer_unref (VlmVkBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVkBuffer, vlm_vk_buffer_unref)

guint64 vlm_vk_buffer_get_size (VlmVkBuffer *buffer);

/* NULL where the memory is not mapped. */
guint8 *vlm_vk_buffer_map (VlmVkBuffer *buffer);

/* A texel view of a range, made once and kept with the buffer. @offset is a
 * multiple of 256. VK_NULL_HANDLE on error. */
VkBufferView vlm_vk_buffer_get_view (VlmVkBuffer *buffer, VkFormat format,
    guint64 offset, guint64 n_bytes, GError **error);
