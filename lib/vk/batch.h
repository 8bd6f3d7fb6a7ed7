/* gst-vlm: one command buffer and all that its work needs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/barrier.h"
#include "vk/buffer-private.h"
#include "vk/pipeline-private.h"
#include "vk/timer.h"

/* Belongs to one recorder, then to the queue until its work is complete, then to
 * the queue's list of those to be used again. */
typedef struct _VlmVkBatch VlmVkBatch;

#define VLM_VK_BATCH_SEEN 64

struct _VlmVkBatch
{
  VlmVkDevice *device; /* not held */
  VkCommandPool pool;
  VkCommandBuffer commands;
  GArray *set_pools;                    /* SetPool */
  guint i_set_pool;                     /* the one in use */
  GHashTable *buffers;                  /* VlmVkBuffer, held */
  VlmVkBuffer *seen[VLM_VK_BATCH_SEEN]; /* some of them */
  GArray *views;                        /* of them, in use */
  VlmVkBarrier barrier;
  VlmVkTicks ticks;
  guint64 value; /* of the timeline, when the work is complete */
};

VlmVkBatch *vlm_vk_batch_new (VlmVkDevice *device, GError **error);
/* Its work must be complete. */
void vlm_vk_batch_destroy (VlmVkBatch *batch);

/* To the recording state, and out of it. */
gboolean vlm_vk_batch_begin (VlmVkBatch *batch, GError **error);
gboolean vlm_vk_batch_end (VlmVkBatch *batch, GError **error);
/* To begin again. Its work must be complete; everything that the work held is
 * released, also on error, after which the batch can only be destroyed. */
gboolean vlm_vk_batch_reset (VlmVkBatch *batch, GError **error);

/* A set for @pipeline, valid for this batch. */
VkDescriptorSet vlm_vk_batch_alloc_set (
    VlmVkBatch *batch, const VlmVkPipeline *pipeline, GError **error);

/* Keeps @buffer until the work is complete. */
void vlm_vk_batch_hold (VlmVkBatch *batch, VlmVkBuffer *buffer);
/* Also keeps a view of it; takes the caller's use of that view. */
void vlm_vk_batch_hold_view (
    VlmVkBatch *batch, VlmVkBuffer *buffer, VlmVkView *view);
