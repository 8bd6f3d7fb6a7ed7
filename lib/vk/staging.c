/* gst-vlm: copies to and from memory that the host cannot map
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/staging.h"

#include <string.h>

#include "vk/queue.h"

typedef struct
{
  VlmVkBuffer *buffer;
  guint64 value; /* of the timeline, when the device is done with it */
} Slot;

struct _VlmVkStaging
{
  GMutex lock;
  Slot up[VLM_VK_STAGING_SLOTS];
  Slot down[VLM_VK_STAGING_SLOTS];
};

VlmVkStaging *
vlm_vk_staging_new (void)
{
  VlmVkStaging *staging = g_new0 (VlmVkStaging, 1);
  g_mutex_init (&staging->lock);
  return staging;
}

void
vlm_vk_staging_free (VlmVkStaging *staging)
{
  if (staging == NULL)
    return;
  for (guint i = 0; i < VLM_VK_STAGING_SLOTS; i++) {
    g_clear_pointer (&staging->up[i].buffer, vlm_vk_buffer_unref);
    g_clear_pointer (&staging->down[i].buffer, vlm_vk_buffer_unref);
  }
  g_mutex_clear (&staging->lock);
  g_free (staging);
}

/* Makes the slot free for the host, and at least so large. */
static gboolean
slot_prepare (VlmVkDevice *device, Slot *slot, guint64 n_bytes,
    VlmVkBufferUse use, GError **error)
{
  if (!vlm_vk_device_wait (device, slot->value, NULL, error))
    return FALSE;
  if (slot->buffer != NULL && vlm_vk_buffer_get_size (slot->buffer) >= n_bytes)
    return TRUE;
  g_clear_pointer (&slot->buffer, vlm_vk_buffer_unref);
  slot->buffer = vlm_vk_buffer_new_internal (device, n_bytes, use, error);
  return slot->buffer != NULL;
}

static gboolean
submit_copy (VlmVkDevice *device, VlmVkBuffer *source, guint64 source_offset,
    VlmVkBuffer *target, guint64 target_offset, guint64 n_bytes, guint64 *value,
    GError **error)
{
  VlmVkBatch *batch = vlm_vk_queue_begin (device, error);
  if (batch == NULL)
    return FALSE;
  VkBufferCopy region = { source_offset, target_offset, n_bytes };
  vlm_vk_batch_hold (batch, source);
  vlm_vk_batch_hold (batch, target);
  vkCmdCopyBuffer (batch->commands, source->handle, target->handle, 1, &region);
  return vlm_vk_queue_submit (batch, value, error);
}

static gboolean
fill_locked (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes,
    guint64 chunk_bytes, VlmVkFillFunc fill, gpointer user_data, GError **error)
{
  VlmVkDevice *device = buffer->device;
  Slot *slot = device->staging->up;

  guint i = 0;
  for (guint64 done = 0; done < n_bytes; i++) {
    guint64 n = MIN (n_bytes - done, chunk_bytes);
    slot = &device->staging->up[i % VLM_VK_STAGING_SLOTS];
    if (!slot_prepare (device, slot, MAX (n, VLM_VK_SLOT_BYTES),
            VLM_VK_BUFFER_UPLOAD, error))
      return FALSE;
    fill (slot->buffer->mapped, done, n, user_data);
    if (!submit_copy (device, slot->buffer, 0, buffer, offset + done, n,
            &slot->value, error))
      return FALSE;
    done += n;
  }
  return vlm_vk_device_wait (device, slot->value, NULL, error);
}

gboolean
vlm_vk_staging_fill (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes,
    gsize granule_bytes, VlmVkFillFunc fill, gpointer user_data, GError **error)
{
  guint64 chunk_bytes =
      MAX (VLM_VK_SLOT_BYTES / granule_bytes, 1) * (guint64) granule_bytes;
  VlmVkStaging *staging = buffer->device->staging;
  g_mutex_lock (&staging->lock);
  gboolean ok = fill_locked (
      buffer, offset, n_bytes, chunk_bytes, fill, user_data, error);
  g_mutex_unlock (&staging->lock);
  return ok;
}

typedef struct
{
  guint64 done;
  guint64 n;
} Chunk;

static gboolean
drain (VlmVkDevice *device, Slot *slot, const Chunk *chunk, guint8 *data,
    GError **error)
{
  if (!vlm_vk_device_wait (device, slot->value, NULL, error))
    return FALSE;
  memcpy (data + chunk->done, slot->buffer->mapped, chunk->n);
  return TRUE;
}

static gboolean
read_locked (VlmVkBuffer *buffer, guint64 offset, guint8 *data, guint64 n_bytes,
    GError **error)
{
  VlmVkDevice *device = buffer->device;
  Slot *slots = device->staging->down;
  Chunk chunks[VLM_VK_STAGING_SLOTS] = { 0 };
  guint64 n_chunks = (n_bytes + VLM_VK_SLOT_BYTES - 1) / VLM_VK_SLOT_BYTES;

  for (guint64 i = 0; i < n_chunks + VLM_VK_STAGING_SLOTS; i++) {
    Slot *slot = &slots[i % VLM_VK_STAGING_SLOTS];
    Chunk *chunk = &chunks[i % VLM_VK_STAGING_SLOTS];
    if (i >= VLM_VK_STAGING_SLOTS && i - VLM_VK_STAGING_SLOTS < n_chunks &&
        !drain (device, slot, chunk, data, error))
      return FALSE;
    if (i >= n_chunks)
      continue;
    chunk->done = i * VLM_VK_SLOT_BYTES;
    chunk->n = MIN (n_bytes - chunk->done, VLM_VK_SLOT_BYTES);
    if (!slot_prepare (
            device, slot, VLM_VK_SLOT_BYTES, VLM_VK_BUFFER_READBACK, error) ||
        !submit_copy (device, buffer, offset + chunk->done, slot->buffer, 0,
            chunk->n, &slot->value, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vlm_vk_staging_read (VlmVkBuffer *buffer, guint64 offset, void *data,
    gsize n_bytes, GError **error)
{
  VlmVkStaging *staging = buffer->device->staging;
  g_mutex_lock (&staging->lock);
  gboolean ok = read_locked (buffer, offset, data, n_bytes, error);
  g_mutex_unlock (&staging->lock);
  return ok;
}
