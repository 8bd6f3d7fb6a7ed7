/* gst-vlm: copies to and from memory that the host cannot map
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device-private.h"
#include "vk/transfer.h"

/* Two slots a direction: the host fills or empties one while the device copies
 * the other. 8 MiB keep a 50 GB/s bus busy for 160 us, which hides what a
 * submission costs. */
#define VLM_VK_STAGING_SLOTS 2
#define VLM_VK_SLOT_BYTES ((gsize) 8 << 20)
#define VLM_VK_STAGING_BYTES (2 * VLM_VK_STAGING_SLOTS * VLM_VK_SLOT_BYTES)

/* Takes memory on first use and keeps it. Thread-safe: one copy at a time. */
VlmVkStaging *vlm_vk_staging_new (void);
/* Its work must be complete. NULL-safe. */
void vlm_vk_staging_free (VlmVkStaging *staging);

/* As vlm_vk_buffer_fill () and vlm_vk_buffer_read (). */
gboolean vlm_vk_staging_fill (VlmVkBuffer *buffer, guint64 offset,
    guint64 n_bytes, gsize granule_bytes, VlmVkFillFunc fill,
    gpointer user_data, GError **error);
gboolean vlm_vk_staging_read (VlmVkBuffer *buffer, guint64 offset, void *data,
    gsize n_bytes, GError **error);
