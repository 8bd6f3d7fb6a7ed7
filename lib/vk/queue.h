/* gst-vlm: the queue of a device, and the work that is on it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work is complete in the order in which it was submitted; a timeline counts
 * the submissions. Thread-safe. vlm_vk_device_wait() is part of it. */
#pragma once

#include "vk/batch.h"

/* NULL with an error. */
VlmVkQueue *vlm_vk_queue_new (VlmVkDevice *device, GError **error);
/* Waits until nothing is in use, and forgets all batches. Does nothing if there
 * is no queue, like the next one. */
void vlm_vk_queue_finish (VlmVkDevice *device);
/* After that. */
void vlm_vk_queue_free (VlmVkDevice *device);

/* A batch in the recording state. */
VlmVkBatch *vlm_vk_queue_begin (VlmVkDevice *device, GError **error);
/* Takes @batch, also on error. */
gboolean
vlm_vk_queue_submit (VlmVkBatch *batch, guint64 *value, GError **error);
/* Takes a batch that is not submitted. */
void vlm_vk_queue_drop (VlmVkBatch *batch);
/* The timeline's value when everything that was submitted is complete. */
guint64 vlm_vk_queue_get_last (VlmVkDevice *device);
/* Releases what completed work has held. */
void vlm_vk_queue_reap (VlmVkDevice *device);
