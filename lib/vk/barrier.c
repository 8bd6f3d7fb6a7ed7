/* gst-vlm: where barriers are needed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/barrier.h"

/* Looking through more accesses would cost more than the barrier saves. */
#define MAX_ACCESSES 512

#define DEVICE_STAGES                                                          \
  (VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT)
#define DEVICE_ACCESS                                                          \
  (VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |                    \
      VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT)

void
vlm_vk_barrier_init (VlmVkBarrier *barrier)
{
  *barrier = (VlmVkBarrier){
    .accesses = g_array_new (FALSE, FALSE, sizeof (VlmVkSpan)),
  };
}

void
vlm_vk_barrier_clear (VlmVkBarrier *barrier)
{
  g_clear_pointer (&barrier->accesses, g_array_unref);
}

void
vlm_vk_barrier_reset (VlmVkBarrier *barrier)
{
  g_array_set_size (barrier->accesses, 0);
  barrier->stages = 0;
  barrier->writes = 0;
}

static gboolean
in_conflict (VlmVkAccess a, VlmVkAccess b)
{
  return ((a | b) & VLM_VK_WRITE) != 0 && (a & b) != VLM_VK_WRITE_APART;
}

gboolean
vlm_vk_barrier_conflicts (const VlmVkBarrier *barrier, const VlmVkSpan *span)
{
  for (guint i = 0; i < barrier->accesses->len; i++) {
    const VlmVkSpan *seen = &g_array_index (barrier->accesses, VlmVkSpan, i);
    if (seen->buffer == span->buffer && seen->begin < span->end &&
        span->begin < seen->end && in_conflict (seen->access, span->access))
      return TRUE;
  }
  return FALSE;
}

void
vlm_vk_barrier_add (
    VlmVkBarrier *barrier, const VlmVkSpan *span, VkPipelineStageFlags stage)
{
  barrier->stages |= stage;
  if ((span->access & VLM_VK_WRITE) != 0)
    barrier->writes |= stage == VK_PIPELINE_STAGE_TRANSFER_BIT
        ? VK_ACCESS_TRANSFER_WRITE_BIT
        : VK_ACCESS_SHADER_WRITE_BIT;
  /* Work in place, and many dispatches over the same weights. */
  for (guint i = barrier->accesses->len; i-- > 0;) {
    VlmVkSpan *seen = &g_array_index (barrier->accesses, VlmVkSpan, i);
    if (seen->buffer == span->buffer && seen->begin == span->begin &&
        seen->end == span->end) {
      seen->access |= span->access;
      return;
    }
  }
  g_array_append_val (barrier->accesses, *span);
}

static void
emit (VlmVkBarrier *barrier, VkCommandBuffer commands,
    VkPipelineStageFlags target_stages, VkAccessFlags target_access)
{
  VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = barrier->writes,
    .dstAccessMask = barrier->writes != 0 ? target_access : 0,
  };
  vkCmdPipelineBarrier (commands, barrier->stages, target_stages, 0,
      barrier->writes != 0 ? 1 : 0, &memory, 0, NULL, 0, NULL);
  vlm_vk_barrier_reset (barrier);
}

void
vlm_vk_barrier_access (VlmVkBarrier *barrier, VkCommandBuffer commands,
    const VlmVkSpan *spans, guint n_spans, VkPipelineStageFlags stage)
{
  gboolean needed = barrier->accesses->len + n_spans > MAX_ACCESSES;
  for (guint i = 0; i < n_spans && !needed; i++)
    needed = vlm_vk_barrier_conflicts (barrier, &spans[i]);
  if (needed)
    emit (barrier, commands, DEVICE_STAGES, DEVICE_ACCESS);
  for (guint i = 0; i < n_spans; i++)
    vlm_vk_barrier_add (barrier, &spans[i], stage);
}

void
vlm_vk_barrier_finish (VlmVkBarrier *barrier, VkCommandBuffer commands)
{
  /* What earlier barriers ordered was not made visible to the host. */
  barrier->stages = DEVICE_STAGES;
  barrier->writes = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  emit (barrier, commands, DEVICE_STAGES | VK_PIPELINE_STAGE_HOST_BIT,
      DEVICE_ACCESS | VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT);
}
