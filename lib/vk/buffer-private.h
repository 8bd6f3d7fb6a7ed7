/* gst-vlm: inside a buffer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device-private.h"

typedef struct
{
  VkFormat format;
  guint64 offset;
  guint64 n_bytes;
  VkBufferView handle;
  guint uses;       /* by work in flight */
  gboolean pinned;  /* was given out by vlm_vk_buffer_get_view */
  guint64 last_use; /* of the buffer's views_clock */
} VlmVkView;

/* Two counts: users' references hold the device as well, those of work in
 * flight do not, or the device and its unfinished work would hold each other. */
struct _VlmVkBuffer
{
  gatomicrefcount users;
  gatomicrefcount holds; /* one for all users, one for each batch */
  gboolean holds_device;
  VlmVkDevice *device;
  VkBuffer handle;
  VlmVkBlock block;
  guint64 n_bytes;
  guint8 *mapped;
  GMutex views_lock;
  GHashTable *views;    /* VlmVkView, its own key; NULL until the first one */
  VlmVkView *last_view; /* the one that was used last, or NULL */
  guint64 views_clock;
};

/* A buffer that belongs to the device itself: it does not hold it. */
VlmVkBuffer *vlm_vk_buffer_new_internal (
    VlmVkDevice *device, guint64 n_bytes, VlmVkBufferUse use, GError **error);

/* What work in flight takes and releases. */
void vlm_vk_buffer_hold (VlmVkBuffer *buffer);
void vlm_vk_buffer_release (VlmVkBuffer *buffer);

/* How many bytes a view of a range really has: sometimes a few more. What waits
 * for the range waits for them too. */
guint64
vlm_vk_buffer_view_bytes (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes);

/* A view that stays until it is released. */
VlmVkView *vlm_vk_buffer_use_view (VlmVkBuffer *buffer, VkFormat format,
    guint64 offset, guint64 n_bytes, GError **error);
void vlm_vk_buffer_release_view (VlmVkBuffer *buffer, VlmVkView *view);
