/* gst-vlm: sub-allocated Vulkan buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/buffer-private.h"

#include <vlm/vlm-error.h>

#include "base/checked.h"
#include "vk/debug.h"
#include "vk/result.h"

/* The largest texel is 16 bytes; handles are a multiple of it in size. */
#define GRANULE_BYTES 16
/* llvmpipe keeps a variant of each shader for every combination of its texel
 * buffers having a size that is a power of two or not, and views whose size has
 * zeros in bits 8 to 15 or not (it takes them for mipmap levels); compiling a
 * variant takes up to a second. So buffers are never the one and, where there
 * is room behind, views never the other. */
#define VIEW_SLACK_BYTES 256

static guint64
handle_bytes (guint64 n_bytes)
{
  const guint64 roomy =
      vlm_align_up (n_bytes, GRANULE_BYTES) + VIEW_SLACK_BYTES;
  return (roomy & (roomy - 1)) == 0 ? roomy + GRANULE_BYTES : roomy;
}

guint64
vlm_vk_buffer_view_bytes (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes)
{
  const guint64 wider = n_bytes + VIEW_SLACK_BYTES;
  if ((n_bytes >> 8 & 0xff) != 0 ||
      wider > buffer->device->physical.caps.max_texel_elements ||
      offset + wider > handle_bytes (buffer->n_bytes))
    return n_bytes;
  return wider;
}

static gboolean
create_handle (VlmVkBuffer *buffer, VlmVkBufferUse use, GError **error)
{
  VlmVkDevice *device = buffer->device;
  VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = handle_bytes (buffer->n_bytes),
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
        VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
        VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
  };
  if (!vlm_vk_call (error, vkCreateBuffer, device->handle, &info, NULL,
          &buffer->handle)) {
    buffer->handle = VK_NULL_HANDLE;
    return FALSE;
  }

  VkMemoryRequirements requirements;
  vkGetBufferMemoryRequirements (device->handle, buffer->handle, &requirements);
  GError *local = NULL;
  if (!vlm_vk_memory_alloc (
          device->memory, &requirements, use, &buffer->block, &local)) {
    /* Finished work may still hold memory. */
    if (!g_error_matches (
            local, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY)) {
      g_propagate_error (error, local);
      return FALSE;
    }
    g_clear_error (&local);
    device->reclaim (device);
    if (!vlm_vk_memory_alloc (
            device->memory, &requirements, use, &buffer->block, error))
      return FALSE;
  }
  return vlm_vk_call (error, vkBindBufferMemory, device->handle, buffer->handle,
      buffer->block.memory, buffer->block.offset);
}

static void
view_free (VlmVkBuffer *buffer, VlmVkView *view)
{
  vkDestroyBufferView (buffer->device->handle, view->handle, NULL);
  g_free (view);
}

static void
buffer_free (VlmVkBuffer *buffer)
{
  if (buffer->views != NULL) {
    GHashTableIter iter;
    gpointer view;
    g_hash_table_iter_init (&iter, buffer->views);
    while (g_hash_table_iter_next (&iter, &view, NULL))
      view_free (buffer, view);
    g_hash_table_unref (buffer->views);
  }
  vkDestroyBuffer (buffer->device->handle, buffer->handle, NULL);
  vlm_vk_memory_free (buffer->device->memory, &buffer->block);
  g_mutex_clear (&buffer->views_lock);
  g_free (buffer);
}

static void
name_buffer (const VlmVkBuffer *buffer, VlmVkBufferUse use)
{
  static const char *const uses[] = { "device", "upload", "readback" };
  g_autofree char *name = g_strdup_printf (
      "%s, %" G_GUINT64_FORMAT " bytes", uses[use], buffer->n_bytes);

  vlm_vk_debug_name (buffer->device->handle, VK_OBJECT_TYPE_BUFFER,
      (guint64) buffer->handle, name);
}

static VlmVkBuffer *
buffer_new (VlmVkDevice *device, guint64 n_bytes, VlmVkBufferUse use,
    gboolean holds_device, GError **error)
{
  g_assert (n_bytes > 0);
  guint64 most = device->physical.caps.max_allocation_bytes;
  if (n_bytes > most - VIEW_SLACK_BYTES - 2 * GRANULE_BYTES) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
        "a buffer of %" G_GUINT64_FORMAT " bytes is beyond the device's limit "
        "of %" G_GUINT64_FORMAT " for one allocation",
        n_bytes, most);
    return NULL;
  }

  VlmVkBuffer *buffer = g_new0 (VlmVkBuffer, 1);
  g_atomic_ref_count_init (&buffer->users);
  g_atomic_ref_count_init (&buffer->holds);
  g_mutex_init (&buffer->views_lock);
  buffer->device = device;
  buffer->n_bytes = n_bytes;
  if (!create_handle (buffer, use, error)) {
    buffer_free (buffer);
    return NULL;
  }
  name_buffer (buffer, use);
  buffer->holds_device = holds_device;
  if (holds_device)
    vlm_vk_device_ref (device);
  if (use != VLM_VK_BUFFER_DEVICE || !device->no_map)
    buffer->mapped = buffer->block.mapped;
  return buffer;
}

VlmVkBuffer *
vlm_vk_buffer_new (
    VlmVkDevice *device, guint64 n_bytes, VlmVkBufferUse use, GError **error)
{
  return buffer_new (device, n_bytes, use, TRUE, error);
}

VlmVkBuffer *
vlm_vk_buffer_new_internal (
    VlmVkDevice *device, guint64 n_bytes, VlmVkBufferUse use, GError **error)
{
  return buffer_new (device, n_bytes, use, FALSE, error);
}

VlmVkBuffer *
vlm_vk_buffer_ref (VlmVkBuffer *buffer)
{
  g_atomic_ref_count_inc (&buffer->users);
  return buffer;
}

void
vlm_vk_buffer_unref (VlmVkBuffer *buffer)
{
  if (buffer == NULL || !g_atomic_ref_count_dec (&buffer->users))
    return;
  VlmVkDevice *device = buffer->holds_device ? buffer->device : NULL;
  vlm_vk_buffer_release (buffer);
  vlm_vk_device_unref (device);
}

void
vlm_vk_buffer_hold (VlmVkBuffer *buffer)
{
  g_atomic_ref_count_inc (&buffer->holds);
}

void
vlm_vk_buffer_release (VlmVkBuffer *buffer)
{
  if (g_atomic_ref_count_dec (&buffer->holds))
    buffer_free (buffer);
}

guint64
vlm_vk_buffer_get_size (VlmVkBuffer *buffer)
{
  return buffer->n_bytes;
}

guint8 *
vlm_vk_buffer_map (VlmVkBuffer *buffer)
{
  return buffer->mapped;
}
