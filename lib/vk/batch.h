/* gst-vlm: one command buffer and all that its work needs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/barrier.h"
#include "vk/buffer-private.h"
#include "vk/pipeline-private.h"
#include "vk/timer.h"

/* Belongs to one recorder, then to the device until its work is complete, then
 * to the device's list of those to be used again. */
struct _VlmVkBatch
{
  VlmVkDevice *device; /* not held */
  VkCommandPool pool;
  VkCommandBuffer commands;
  GArray *set_pools;   /* SetPool */
  guint i_set_pool;    /* the one in use */
  GHashTable *buffers; /* VlmVkBuffer, held */
  GArray *views;       /* of them, in use */
  VlmVkBarrier barrier;
  VlmVkTicks ticks;
  guint64 value; /* of the timeline, when the work is complete */
};

/* A batch in the recording state. */
VlmVkBatch *vlm_vk_batch_begin (VlmVkDevice *device, GError **error);

/* A set for @pipeline, valid for this batch. */
VkDescriptorSet vlm_vk_batch_alloc_set (
    VlmVkBatch *batch, const VlmVkPipeline *pipeline, GError **error);

/* Keeps @buffer until the work is complete. */
void vlm_vk_batch_hold (VlmVkBatch *batch, VlmVkBuffer *buffer);
/* Also keeps a view of it, of which it takes over the use. */
void vlm_vk_batch_hold_view (
    VlmVkBatch *batch, VlmVkBuffer *buffer, VlmVkView *view);

/* Takes @batch, also on error. */
gboolean
vlm_vk_batch_submit (VlmVkBatch *batch, guint64 *value, GError **error);

/* Takes a batch whose work is complete or was never submitted. */
void vlm_vk_batch_recycle (VlmVkBatch *batch);
/* The same, for good. */
void vlm_vk_batch_destroy (VlmVkBatch *batch);
