/* gst-vlm: time on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device-private.h"

/* Sums of all completed work of a device. Thread-safe. */
VlmVkTimer *vlm_vk_timer_new (void);
void vlm_vk_timer_free (VlmVkTimer *timer);
/* As vlm_vk_device_get_timings(), of what has been collected. */
GArray *vlm_vk_timer_get_timings (VlmVkTimer *timer);

/* The times of one batch: a tick before the first dispatch and one after each, so
 * a span begins at the end of the one before. */
typedef struct
{
  gboolean on;
  GArray *pools; /* VkQueryPool */
  GArray *spans; /* of label and kernel */
  guint n_ticks;
} VlmVkTicks;

void vlm_vk_ticks_init (VlmVkTicks *ticks);
void vlm_vk_ticks_clear (VlmVkTicks *ticks, VlmVkDevice *device);

/* At the begin of recording; does nothing while timing is off. */
gboolean vlm_vk_ticks_begin (VlmVkTicks *ticks, VlmVkDevice *device,
    VkCommandBuffer commands, GError **error);
/* After a dispatch or a copy. @label may be NULL; both live for ever. */
gboolean vlm_vk_ticks_add (VlmVkTicks *ticks, VlmVkDevice *device,
    VkCommandBuffer commands, const char *label, const char *kernel,
    GError **error);
/* When the work is complete: adds to the sums of the device. */
void vlm_vk_ticks_collect (VlmVkTicks *ticks, VlmVkDevice *device);
