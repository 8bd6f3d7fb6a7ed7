/* gst-vlm: texel views of buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "vk/buffer-private.h"
#include "vk/result.h"

/* A matrix is read through a few views that stay; a scratch arena through as
 * many as there are shapes. Beyond this number the least used ones are freed. */
#define MAX_VIEWS 256

static guint
view_hash (gconstpointer key)
{
  const VlmVkView *view = key;
  guint64 hash = view->offset * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  hash = (hash ^ (hash >> 29) ^ view->n_bytes) *
      G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  return (guint) (hash >> 32) ^ (guint) view->format;
}

static gboolean
view_equal (gconstpointer key_a, gconstpointer key_b)
{
  const VlmVkView *a = key_a, *b = key_b;
  return a->format == b->format && a->offset == b->offset &&
      a->n_bytes == b->n_bytes;
}

/* Bytes of a texel; 0 for a format that no shader here reads. */
static guint
texel_bytes (VkFormat format)
{
  switch (format) {
  case VK_FORMAT_R32_UINT:
  case VK_FORMAT_R32_SINT:
  case VK_FORMAT_R32_SFLOAT:
  case VK_FORMAT_R16G16_UINT:
  case VK_FORMAT_R16G16_SFLOAT:
  case VK_FORMAT_R8G8B8A8_UINT:
  case VK_FORMAT_R8G8B8A8_SINT:
  case VK_FORMAT_R8G8B8A8_UNORM:
    return 4;
  case VK_FORMAT_R32G32_UINT:
  case VK_FORMAT_R32G32_SINT:
  case VK_FORMAT_R32G32_SFLOAT:
  case VK_FORMAT_R16G16B16A16_UINT:
  case VK_FORMAT_R16G16B16A16_SFLOAT:
    return 8;
  case VK_FORMAT_R32G32B32A32_UINT:
  case VK_FORMAT_R32G32B32A32_SINT:
  case VK_FORMAT_R32G32B32A32_SFLOAT:
    return 16;
  case VK_FORMAT_R16_UINT:
  case VK_FORMAT_R16_SFLOAT:
    return 2;
  case VK_FORMAT_R8_UINT:
  case VK_FORMAT_R8_SINT:
    return 1;
  default:
    return 0;
  }
}

static gboolean
check_view (VlmVkDevice *device, const VlmVkView *view, GError **error)
{
  guint bytes = texel_bytes (view->format);
  g_assert (bytes > 0);
  g_assert (view->n_bytes > 0 && view->n_bytes % bytes == 0);
  g_assert (view->offset % 256 == 0);

  VkFormatProperties properties;
  vkGetPhysicalDeviceFormatProperties (
      device->physical.handle, view->format, &properties);
  if ((properties.bufferFeatures &
          VK_FORMAT_FEATURE_UNIFORM_TEXEL_BUFFER_BIT) == 0) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
        "the device has no texel views of VkFormat %d", (int) view->format);
    return FALSE;
  }
  guint64 most = device->physical.caps.max_texel_elements;
  if (view->n_bytes / bytes > most) {
    g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
        "a view of %" G_GUINT64_FORMAT " texels is beyond the device's limit "
        "of %" G_GUINT64_FORMAT,
        view->n_bytes / bytes, most);
    return FALSE;
  }
  return TRUE;
}

static void
evict_one (VlmVkBuffer *buffer)
{
  VlmVkView *oldest = NULL;
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init (&iter, buffer->views);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VlmVkView *view = key;
    if (view->uses == 0 && !view->pinned &&
        (oldest == NULL || view->last_use < oldest->last_use))
      oldest = view;
  }
  if (oldest == NULL)
    return;
  g_hash_table_remove (buffer->views, oldest);
  if (buffer->last_view == oldest)
    buffer->last_view = NULL;
  vkDestroyBufferView (buffer->device->handle, oldest->handle, NULL);
  g_free (oldest);
}

static VlmVkView *
get_locked (VlmVkBuffer *buffer, const VlmVkView *key, GError **error)
{
  VlmVkDevice *device = buffer->device;
  if (buffer->views == NULL)
    buffer->views = g_hash_table_new (view_hash, view_equal);
  /* Most buffers are read through the same view again and again. */
  VlmVkView *view =
      buffer->last_view != NULL && view_equal (buffer->last_view, key)
      ? buffer->last_view
      : g_hash_table_lookup (buffer->views, key);
  if (view == NULL) {
    if (!check_view (device, key, error))
      return NULL;
    VkBufferViewCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
      .buffer = buffer->handle,
      .format = key->format,
      .offset = key->offset,
      .range = vlm_vk_buffer_view_bytes (buffer, key->offset, key->n_bytes),
    };
    VkBufferView handle;
    if (!vlm_vk_call (
            error, vkCreateBufferView, device->handle, &info, NULL, &handle))
      return NULL;
    if (g_hash_table_size (buffer->views) >= MAX_VIEWS)
      evict_one (buffer);
    view = g_new (VlmVkView, 1);
    *view = *key;
    view->handle = handle;
    g_hash_table_add (buffer->views, view);
  }
  view->last_use = ++buffer->views_clock;
  buffer->last_view = view;
  return view;
}

static VlmVkView *
get_view (VlmVkBuffer *buffer, VkFormat format, guint64 offset, guint64 n_bytes,
    gboolean pin, GError **error)
{
  g_assert (offset <= buffer->n_bytes && n_bytes <= buffer->n_bytes - offset);
  VlmVkView key = { .format = format, .offset = offset, .n_bytes = n_bytes };
  g_mutex_lock (&buffer->views_lock);
  VlmVkView *view = get_locked (buffer, &key, error);
  if (view != NULL && pin)
    view->pinned = TRUE;
  else if (view != NULL)
    view->uses++;
  g_mutex_unlock (&buffer->views_lock);
  return view;
}

VkBufferView
vlm_vk_buffer_get_view (VlmVkBuffer *buffer, VkFormat format, guint64 offset,
    guint64 n_bytes, GError **error)
{
  VlmVkView *view = get_view (buffer, format, offset, n_bytes, TRUE, error);
  return view != NULL ? view->handle : VK_NULL_HANDLE;
}

VlmVkView *
vlm_vk_buffer_use_view (VlmVkBuffer *buffer, VkFormat format, guint64 offset,
    guint64 n_bytes, GError **error)
{
  return get_view (buffer, format, offset, n_bytes, FALSE, error);
}

void
vlm_vk_buffer_release_view (VlmVkBuffer *buffer, VlmVkView *view)
{
  g_mutex_lock (&buffer->views_lock);
  g_assert (view->uses > 0);
  view->uses--;
  g_mutex_unlock (&buffer->views_lock);
}
