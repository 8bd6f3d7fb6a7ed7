/* gst-vlm: inside a Vulkan device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"
#include "vk/memory.h"
#include "vk/physical.h"

typedef struct _VlmVkPipelines VlmVkPipelines;
typedef struct _VlmVkQueue VlmVkQueue;
typedef struct _VlmVkStaging VlmVkStaging;
typedef struct _VlmVkTimer VlmVkTimer;

/* The parts of a device see this and those below them: memory, buffers,
 * pipelines and timer; batches of commands; the queue; commands and staging;
 * transfers. device.c makes them all and is seen by none. What a lower part
 * needs of a higher one it finds here as a function.
 *
 * Locks are taken in the order queue, batches, memory; none is held across a
 * callback. */
struct _VlmVkDevice
{
  gatomicrefcount refs;
  VlmVkPhysical physical;
  VkDevice handle;
  gint lost;               /* atomic; never goes back */
  gboolean no_map;         /* device buffers are not mapped, for tests */
  gboolean pins_subgroups; /* to the default size, in every pipeline */
  gboolean only_compiles;  /* no queue, memory, staging or cache file */

  void (*close) (VlmVkDevice *device);   /* it is no longer in use */
  void (*reclaim) (VlmVkDevice *device); /* releases what finished work holds */

  VlmVkMemory *memory;
  VlmVkPipelines *pipelines;
  VlmVkQueue *queue;
  VlmVkStaging *staging;
  VlmVkTimer *timer;
};

/* Marks the device as lost if @result is that error. Returns @result. */
VkResult vlm_vk_device_note (VlmVkDevice *device, VkResult result);

/* FALSE with VLM_DEVICE_ERROR_LOST once the device was lost. */
gboolean vlm_vk_device_check (VlmVkDevice *device, GError **error);
