/* gst-vlm: where barriers are needed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/command.h"

/* Accesses since the last barrier. One barrier orders everything before it
 * against everything after it, so after each the list is cleared. */
typedef struct
{
  GArray *accesses;
  VkPipelineStageFlags stages; /* of them */
  VkAccessFlags writes;        /* of them */
} VlmVkBarrier;

/* The bytes [begin, end) of a buffer. Buffers never share memory. */
typedef struct
{
  const VlmVkBuffer *buffer;
  guint64 begin;
  guint64 end;
  VlmVkAccess access;
} VlmVkSpan;

void vlm_vk_barrier_init (VlmVkBarrier *barrier);
void vlm_vk_barrier_clear (VlmVkBarrier *barrier);

/* Forgets everything: a barrier was emitted, or recording begins. */
void vlm_vk_barrier_reset (VlmVkBarrier *barrier);

/* TRUE when @span reads what was written, or writes what was read or written,
 * unless both write apart. */
gboolean
vlm_vk_barrier_conflicts (const VlmVkBarrier *barrier, const VlmVkSpan *span);

/* @stage is COMPUTE_SHADER or TRANSFER. */
void vlm_vk_barrier_add (
    VlmVkBarrier *barrier, const VlmVkSpan *span, VkPipelineStageFlags stage);

/* Emits a barrier if one of the spans conflicts, then adds them all. */
void vlm_vk_barrier_access (VlmVkBarrier *barrier, VkCommandBuffer commands,
    const VlmVkSpan *spans, guint n_spans, VkPipelineStageFlags stage);

/* Makes all that was done visible to later submissions and to the host, which
 * still has to wait for the end of the work. */
void vlm_vk_barrier_finish (VlmVkBarrier *barrier, VkCommandBuffer commands);
