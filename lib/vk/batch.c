/* gst-vlm: one command buffer and all that its work needs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/batch.h"

#include <string.h>

#include "vk/result.h"

#define POOL_SETS 128
#define POOL_STORAGE (POOL_SETS * 5)
#define POOL_TEXEL (POOL_SETS * 4)
G_STATIC_ASSERT (POOL_TEXEL >= VLM_VK_MAX_BINDINGS);

typedef struct
{
  VkDescriptorPool handle;
  guint n_sets; /* left */
  guint n_storage;
  guint n_texel;
} SetPool;

typedef struct
{
  VlmVkBuffer *buffer;
  VlmVkView *view;
} ViewUse;

static void
drop_holds (VlmVkBatch *batch)
{
  for (guint i = 0; i < batch->views->len; i++) {
    ViewUse *use = &g_array_index (batch->views, ViewUse, i);
    vlm_vk_buffer_release_view (use->buffer, use->view);
  }
  g_array_set_size (batch->views, 0);
  memset (batch->seen, 0, sizeof batch->seen);

  GHashTableIter iter;
  gpointer buffer;
  g_hash_table_iter_init (&iter, batch->buffers);
  while (g_hash_table_iter_next (&iter, &buffer, NULL)) {
    g_hash_table_iter_steal (&iter);
    vlm_vk_buffer_release (buffer);
  }
}

void
vlm_vk_batch_destroy (VlmVkBatch *batch)
{
  VlmVkDevice *device = batch->device;
  drop_holds (batch);
  for (guint i = 0; i < batch->set_pools->len; i++)
    vkDestroyDescriptorPool (device->handle,
        g_array_index (batch->set_pools, SetPool, i).handle, NULL);
  vkDestroyCommandPool (device->handle, batch->pool, NULL);
  vlm_vk_ticks_clear (&batch->ticks, device);
  vlm_vk_barrier_clear (&batch->barrier);
  g_array_unref (batch->set_pools);
  g_array_unref (batch->views);
  g_hash_table_unref (batch->buffers);
  g_free (batch);
}

static gboolean
create_commands (VlmVkBatch *batch, GError **error)
{
  VlmVkDevice *device = batch->device;
  VkCommandPoolCreateInfo pool_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
    .queueFamilyIndex = device->physical.queue_family,
  };
  if (!vlm_vk_call (error, vkCreateCommandPool, device->handle, &pool_info,
          NULL, &batch->pool)) {
    batch->pool = VK_NULL_HANDLE;
    return FALSE;
  }
  VkCommandBufferAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = batch->pool,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  return vlm_vk_call (
      error, vkAllocateCommandBuffers, device->handle, &info, &batch->commands);
}

VlmVkBatch *
vlm_vk_batch_new (VlmVkDevice *device, GError **error)
{
  VlmVkBatch *batch = g_new0 (VlmVkBatch, 1);
  batch->device = device;
  batch->set_pools = g_array_new (FALSE, FALSE, sizeof (SetPool));
  batch->buffers = g_hash_table_new (NULL, NULL);
  batch->views = g_array_new (FALSE, FALSE, sizeof (ViewUse));
  vlm_vk_barrier_init (&batch->barrier);
  vlm_vk_ticks_init (&batch->ticks);
  if (!create_commands (batch, error)) {
    vlm_vk_batch_destroy (batch);
    return NULL;
  }
  return batch;
}

gboolean
vlm_vk_batch_begin (VlmVkBatch *batch, GError **error)
{
  VkCommandBufferBeginInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };
  batch->value = 0;
  return vlm_vk_call (error, vkBeginCommandBuffer, batch->commands, &info) &&
      vlm_vk_ticks_begin (&batch->ticks, batch->device, batch->commands, error);
}

static SetPool *
add_set_pool (VlmVkBatch *batch, GError **error)
{
  VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, POOL_STORAGE },
    { VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, POOL_TEXEL },
  };
  VkDescriptorPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = POOL_SETS,
    .poolSizeCount = G_N_ELEMENTS (sizes),
    .pPoolSizes = sizes,
  };
  SetPool pool = { VK_NULL_HANDLE, POOL_SETS, POOL_STORAGE, POOL_TEXEL };
  if (!vlm_vk_call (error, vkCreateDescriptorPool, batch->device->handle, &info,
          NULL, &pool.handle))
    return NULL;
  g_array_append_val (batch->set_pools, pool);
  return &g_array_index (batch->set_pools, SetPool, batch->set_pools->len - 1);
}

/* The pool in use, or the next one if that has too few left. */
static SetPool *
find_set_pool (
    VlmVkBatch *batch, guint n_storage, guint n_texel, GError **error)
{
  for (; batch->i_set_pool < batch->set_pools->len; batch->i_set_pool++) {
    SetPool *pool =
        &g_array_index (batch->set_pools, SetPool, batch->i_set_pool);
    if (pool->n_sets > 0 && pool->n_storage >= n_storage &&
        pool->n_texel >= n_texel)
      return pool;
  }
  return add_set_pool (batch, error);
}

VkDescriptorSet
vlm_vk_batch_alloc_set (
    VlmVkBatch *batch, const VlmVkPipeline *pipeline, GError **error)
{
  guint n_texel = 0;
  for (guint i = 0; i < pipeline->shader->n_bindings; i++)
    n_texel += pipeline->shader->bindings[i] == 'T';
  guint n_storage = pipeline->shader->n_bindings - n_texel;

  SetPool *pool = find_set_pool (batch, n_storage, n_texel, error);
  if (pool == NULL)
    return VK_NULL_HANDLE;
  VkDescriptorSetAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorPool = pool->handle,
    .descriptorSetCount = 1,
    .pSetLayouts = &pipeline->set_layout,
  };
  VkDescriptorSet set;
  if (!vlm_vk_call (
          error, vkAllocateDescriptorSets, batch->device->handle, &info, &set))
    return VK_NULL_HANDLE;
  pool->n_sets--;
  pool->n_storage -= n_storage;
  pool->n_texel -= n_texel;
  return set;
}

void
vlm_vk_batch_hold (VlmVkBatch *batch, VlmVkBuffer *buffer)
{
  /* One dispatch after another uses the same few. */
  VlmVkBuffer **seen = &batch->seen[GPOINTER_TO_SIZE (buffer) / sizeof *buffer %
      VLM_VK_BATCH_SEEN];
  if (*seen == buffer)
    return;
  *seen = buffer;
  if (g_hash_table_add (batch->buffers, buffer))
    vlm_vk_buffer_hold (buffer);
}

void
vlm_vk_batch_hold_view (VlmVkBatch *batch, VlmVkBuffer *buffer, VlmVkView *view)
{
  ViewUse use = { buffer, view };
  vlm_vk_batch_hold (batch, buffer);
  g_array_append_val (batch->views, use);
}

/* Nobody waits for it, so a device that is lost here must be marked as lost, or
 * it would go unnoticed. */
gboolean
vlm_vk_batch_reset (VlmVkBatch *batch, GError **error)
{
  VlmVkDevice *device = batch->device;

  drop_holds (batch);
  for (guint i = 0; i < batch->set_pools->len; i++) {
    SetPool *pool = &g_array_index (batch->set_pools, SetPool, i);
    if (vlm_vk_device_note (device,
            vlm_vk_try (error, vkResetDescriptorPool, device->handle,
                pool->handle, 0)) < 0)
      return FALSE;
    pool->n_sets = POOL_SETS;
    pool->n_storage = POOL_STORAGE;
    pool->n_texel = POOL_TEXEL;
  }
  batch->i_set_pool = 0;
  vlm_vk_barrier_reset (&batch->barrier);
  return vlm_vk_device_note (device,
             vlm_vk_try (error, vkResetCommandPool, device->handle, batch->pool,
                 0)) >= 0;
}

gboolean
vlm_vk_batch_end (VlmVkBatch *batch, GError **error)
{
  VlmVkDevice *device = batch->device;

  vlm_vk_barrier_finish (&batch->barrier, batch->commands);
  return vlm_vk_device_check (device, error) &&
      vlm_vk_device_note (
          device, vlm_vk_try (error, vkEndCommandBuffer, batch->commands)) >= 0;
}
