/* gst-vlm: inside a Vulkan device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"
#include "vk/memory.h"
#include "vk/physical.h"

typedef struct _VlmVkBatch VlmVkBatch;
typedef struct _VlmVkPipelines VlmVkPipelines;
typedef struct _VlmVkStaging VlmVkStaging;
typedef struct _VlmVkTimer VlmVkTimer;

/* Locks are taken in the order queue, batches, memory; none is held across a
 * callback. */
struct _VlmVkDevice
{
  gatomicrefcount refs;
  VlmVkPhysical physical;
  VkDevice handle;
  VkQueue queue;
  gboolean no_map;         /* device buffers are not mapped, for tests */
  gboolean pins_subgroups; /* to the default size, in every pipeline */

  GMutex queue_lock;
  VkSemaphore timeline;
  guint64 last_value; /* submitted */
  GQueue in_flight;   /* VlmVkBatch, by value */
  gint lost;          /* atomic; never goes back */

  GMutex batches_lock;
  GPtrArray *batches; /* VlmVkBatch, to be used again */

  VlmVkMemory *memory;
  VlmVkPipelines *pipelines;
  VlmVkStaging *staging;
  VlmVkTimer *timer;
};

/* Releases what completed work has held. */
void vlm_vk_device_reap (VlmVkDevice *device);

/* Marks the device as lost if that is what @result says. Returns @result. */
VkResult vlm_vk_device_note (VlmVkDevice *device, VkResult result);

/* FALSE with VLM_DEVICE_ERROR_LOST once the device was lost. */
gboolean vlm_vk_device_check (VlmVkDevice *device, GError **error);
