/* gst-vlm: how much memory this process may still allocate
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Libraries below this one, drivers and compilers among them, do not recover from
 * an allocation that fails: they crash, or wait for a thread that was never made.
 * So what will not fit is refused before they are called. */
#pragma once

#include <glib.h>

typedef enum
{
  VLM_HOST_ADDRESSES, /* what may be mapped, used or not */
  VLM_HOST_BYTES,     /* what may be used */
} VlmHostMemory;

/* The smallest of all limits, and its name for messages: "ulimit -v", … What
 * cannot be found out does not limit: G_MAXUINT64 and NULL at most. */
guint64 vlm_host_memory_left (VlmHostMemory kind, const char **limit);

/* FALSE with VLM_DEVICE_ERROR_OUT_OF_MEMORY, which says what @purpose needs, what
 * is left and what limits it: "… needs 7510 MB, and … leaves 4100 MB". */
gboolean vlm_host_memory_check (
    VlmHostMemory kind, guint64 n_bytes, const char *purpose, GError **error);
