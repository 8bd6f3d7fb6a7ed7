/* gst-vlm: the queue of a device, and the work that is on it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/queue.h"

#include "base/log.h"
#include "vk/instance.h"
#include "vk/result.h"

/* Batches that are kept: as many as are in use at once, one recorded, a few in
 * flight. */
#define MAX_SPARE 8
/* How late a cancelled wait may notice. */
#define CANCEL_SLICE_NS (2 * 1000 * 1000)
/* A wait that cannot be cancelled still checks whether another thread has found
 * that the device is lost. */
#define LOST_SLICE_NS (1000 * 1000 * 1000)

struct _VlmVkQueue
{
  VkQueue handle;
  GMutex lock;
  VkSemaphore timeline;
  guint64 last_value; /* submitted */
  GQueue in_flight;   /* VlmVkBatch, by value */
  GMutex spare_lock;
  GPtrArray *spare; /* VlmVkBatch, to be used again */
};

static gboolean
create_timeline (VlmVkQueue *queue, VkDevice device, GError **error)
{
  VkSemaphoreTypeCreateInfo type = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
  };
  VkSemaphoreCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    .pNext = &type,
  };
  if (vlm_vk_call (
          error, vkCreateSemaphore, device, &info, NULL, &queue->timeline))
    return TRUE;
  queue->timeline = VK_NULL_HANDLE;
  return FALSE;
}

VlmVkQueue *
vlm_vk_queue_new (VlmVkDevice *device, GError **error)
{
  VlmVkQueue *queue = g_new0 (VlmVkQueue, 1);

  if (!create_timeline (queue, device->handle, error)) {
    g_free (queue);
    return NULL;
  }
  vkGetDeviceQueue (
      device->handle, device->physical.queue_family, 0, &queue->handle);
  g_mutex_init (&queue->lock);
  g_mutex_init (&queue->spare_lock);
  g_queue_init (&queue->in_flight);
  queue->spare =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_vk_batch_destroy);
  return queue;
}

void
vlm_vk_queue_drop (VlmVkBatch *batch)
{
  VlmVkDevice *device = batch->device;
  VlmVkQueue *queue = device->queue;
  g_autoptr (GError) error = NULL;

  if (batch->value > 0 && batch->value != G_MAXUINT64)
    vlm_vk_ticks_collect (&batch->ticks, device);
  gboolean keep = vlm_vk_batch_reset (batch, &error);
  if (!keep)
    vlm_debug ("a command buffer is not used again: %s", error->message);

  if (keep) {
    g_mutex_lock (&queue->spare_lock);
    keep = queue->spare->len < MAX_SPARE;
    if (keep)
      g_ptr_array_add (queue->spare, batch);
    g_mutex_unlock (&queue->spare_lock);
  }
  if (!keep)
    vlm_vk_batch_destroy (batch);
}

void
vlm_vk_queue_finish (VlmVkDevice *device)
{
  VlmVkQueue *queue = device->queue;

  if (queue == NULL)
    return;
  /* Called directly: nothing that is in use may be destroyed, injected fault or
   * not. On a lost device it fails, and then nothing is in use any more. */
  g_autoptr (GError) error = NULL;
  if (vlm_vk_check (
          vkDeviceWaitIdle (device->handle), "vkDeviceWaitIdle", &error) < 0)
    vlm_debug ("closing the device: %s", error->message);

  VlmVkBatch *batch;
  while ((batch = g_queue_pop_head (&queue->in_flight)) != NULL)
    vlm_vk_queue_drop (batch);
  g_ptr_array_set_size (queue->spare, 0);
}

void
vlm_vk_queue_free (VlmVkDevice *device)
{
  VlmVkQueue *queue = g_steal_pointer (&device->queue);

  if (queue == NULL)
    return;
  g_ptr_array_unref (queue->spare);
  vkDestroySemaphore (device->handle, queue->timeline, NULL);
  g_mutex_clear (&queue->lock);
  g_mutex_clear (&queue->spare_lock);
  g_free (queue);
}

VlmVkBatch *
vlm_vk_queue_begin (VlmVkDevice *device, GError **error)
{
  VlmVkQueue *queue = device->queue;
  VlmVkBatch *batch = NULL;

  g_mutex_lock (&queue->spare_lock);
  if (queue->spare->len > 0)
    batch = g_ptr_array_steal_index_fast (queue->spare, queue->spare->len - 1);
  g_mutex_unlock (&queue->spare_lock);

  if (batch == NULL)
    batch = vlm_vk_batch_new (device, error);
  if (batch != NULL && !vlm_vk_batch_begin (batch, error)) {
    vlm_vk_batch_destroy (batch);
    return NULL;
  }
  return batch;
}

guint64
vlm_vk_queue_get_last (VlmVkDevice *device)
{
  VlmVkQueue *queue = device->queue;
  guint64 value;

  g_mutex_lock (&queue->lock);
  value = queue->last_value;
  g_mutex_unlock (&queue->lock);
  return value;
}

void
vlm_vk_queue_reap (VlmVkDevice *device)
{
  VlmVkQueue *queue = device->queue;
  guint64 reached = 0;

  if (g_atomic_int_get (&device->lost))
    return;
  /* A failure shows at the next wait, if it lasts. */
  if (vlm_vk_device_note (device,
          vlm_vk_try (NULL, vkGetSemaphoreCounterValue, device->handle,
              queue->timeline, &reached)) < 0)
    return;

  GQueue done = G_QUEUE_INIT;
  VlmVkBatch *batch;
  g_mutex_lock (&queue->lock);
  while ((batch = g_queue_peek_head (&queue->in_flight)) != NULL &&
      batch->value <= reached)
    g_queue_push_tail (&done, g_queue_pop_head (&queue->in_flight));
  g_mutex_unlock (&queue->lock);

  while ((batch = g_queue_pop_head (&done)) != NULL)
    vlm_vk_queue_drop (batch);
}

static VkResult
submit_locked (VlmVkBatch *batch, GError **error)
{
  VlmVkQueue *queue = batch->device->queue;
  guint64 value = queue->last_value + 1;
  VkTimelineSemaphoreSubmitInfo timeline = {
    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
    .signalSemaphoreValueCount = 1,
    .pSignalSemaphoreValues = &value,
  };
  VkSubmitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .pNext = &timeline,
    .commandBufferCount = 1,
    .pCommandBuffers = &batch->commands,
    .signalSemaphoreCount = 1,
    .pSignalSemaphores = &queue->timeline,
  };
  VkResult result = vlm_vk_try (
      error, vkQueueSubmit, queue->handle, 1, &info, VK_NULL_HANDLE);
  if (result >= 0) {
    batch->value = queue->last_value = value;
    g_queue_push_tail (&queue->in_flight, batch);
  } else if (result == VK_ERROR_DEVICE_LOST) {
    /* Some of it may be running: keep it until the device is closed. */
    batch->value = G_MAXUINT64;
    g_queue_push_tail (&queue->in_flight, batch);
  }
  return result;
}

gboolean
vlm_vk_queue_submit (VlmVkBatch *batch, guint64 *value, GError **error)
{
  VlmVkDevice *device = batch->device;
  VlmVkQueue *queue = device->queue;
  VkResult result;

  if (!vlm_vk_batch_end (batch, error) || !vlm_vk_check_addresses (error)) {
    vlm_vk_queue_drop (batch);
    return FALSE;
  }
  g_mutex_lock (&queue->lock);
  result = submit_locked (batch, error);
  if (result >= 0)
    *value = batch->value;
  g_mutex_unlock (&queue->lock);

  if (vlm_vk_device_note (device, result) >= 0) {
    vlm_vk_queue_reap (device);
    return TRUE;
  }
  if (result != VK_ERROR_DEVICE_LOST)
    vlm_vk_queue_drop (batch);
  return FALSE;
}

gboolean
vlm_vk_device_wait (VlmVkDevice *device, guint64 value,
    GCancellable *cancellable, GError **error)
{
  VlmVkQueue *queue = device->queue;
  VkSemaphoreWaitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
    .semaphoreCount = 1,
    .pSemaphores = &queue->timeline,
    .pValues = &value,
  };
  g_mutex_lock (&queue->lock);
  g_assert (value <= queue->last_value); /* or it would wait for ever */
  g_mutex_unlock (&queue->lock);

  guint64 slice_ns = cancellable != NULL ? CANCEL_SLICE_NS : LOST_SLICE_NS;
  VkResult result;
  do {
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !vlm_vk_device_check (device, error))
      return FALSE;
    result = vlm_vk_device_note (device,
        vlm_vk_try (error, vkWaitSemaphores, device->handle, &info, slice_ns));
  } while (result == VK_TIMEOUT);
  if (result < 0)
    return FALSE;
  vlm_vk_queue_reap (device);
  return TRUE;
}
