/* gst-vlm: recording and submitting compute work
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/buffer.h"
#include "vk/pipeline.h"

typedef enum
{
  VLM_VK_READ = 1,
  VLM_VK_WRITE = 2,
  VLM_VK_READ_WRITE = 3,
  /* A part of the range that no other dispatch with this access writes: they may
   * run at the same time. */
  VLM_VK_WRITE_APART = 6,
} VlmVkAccess;

/* One binding of a dispatch. */
typedef struct
{
  VlmVkBuffer *buffer;
  guint64 offset; /* multiple of 256 */
  guint64 n_bytes;
  VlmVkAccess access;
  VkFormat texel_format; /* of a 'T' binding; UNDEFINED for storage */
} VlmVkBinding;

/* A command buffer under construction. One thread. An error while recording is
 * kept and reported by submit, so recording needs no checks (as in cairo).
 * Barriers are emitted only where the ranges of two accesses conflict. Buffers
 * are referenced until the work is complete. */
typedef struct _VlmVkCommands VlmVkCommands;

VlmVkCommands *vlm_vk_commands_new (VlmVkDevice *device, GError **error);
void vlm_vk_commands_free (VlmVkCommands *commands);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVkCommands, vlm_vk_commands_free)

/* Ends recording with @error (taken) if there was none before. */
void vlm_vk_commands_fail (VlmVkCommands *commands, GError *error);

void vlm_vk_commands_dispatch (VlmVkCommands *commands, VlmVkPipeline *pipeline,
    const VlmVkBinding *bindings, guint n_bindings, const void *push,
    guint push_bytes, guint n_x, guint n_y, guint n_z);
void vlm_vk_commands_copy (VlmVkCommands *commands, VlmVkBuffer *source,
    guint64 source_offset, VlmVkBuffer *target, guint64 target_offset,
    guint64 n_bytes);
void vlm_vk_commands_fill (VlmVkCommands *commands, VlmVkBuffer *target,
    guint64 offset, guint64 n_bytes, guint32 value);

/* Names what follows in timings and in captures; a static string. */
void vlm_vk_commands_label (VlmVkCommands *commands, const char *label);

/* Submits what was recorded; @value is what the device's timeline reaches when
 * it is done. The object can then be recorded again at once. */
gboolean vlm_vk_commands_submit (
    VlmVkCommands *commands, guint64 *value, GError **error);
