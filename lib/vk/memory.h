/* gst-vlm: sub-allocation of device memory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/buffer.h"

typedef struct _VlmVkMemory VlmVkMemory;
typedef struct _VlmVkSlab VlmVkSlab;

/* A piece of a slab. */
typedef struct
{
  VlmVkSlab *slab;
  VkDeviceMemory memory;
  guint64 offset;
  guint64 n_bytes;
  guint8 *mapped;  /* NULL where the memory is not host visible */
  gboolean cached; /* the host reads it at full speed */
} VlmVkBlock;

/* Thread-safe. @properties is copied. */
VlmVkMemory *vlm_vk_memory_new (
    VkDevice device, const VkPhysicalDeviceMemoryProperties *properties);
/* All blocks must have been freed. NULL-safe. */
void vlm_vk_memory_destroy (VlmVkMemory *memory);

/* The reported size of a heap is not used: only the driver decides when it is
 * full (VLM_DEVICE_ERROR_OUT_OF_MEMORY). */
gboolean vlm_vk_memory_alloc (VlmVkMemory *memory,
    const VkMemoryRequirements *requirements, VlmVkBufferUse use,
    VlmVkBlock *block, GError **error);
/* Zeroes @block; a zeroed one is allowed. */
void vlm_vk_memory_free (VlmVkMemory *memory, VlmVkBlock *block);

/* Bytes allocated from the driver, the most that ever were, and bytes in blocks.
 * Any may be NULL. */
void vlm_vk_memory_get_usage (VlmVkMemory *memory, guint64 *now_bytes,
    guint64 *peak_bytes, guint64 *block_bytes);
