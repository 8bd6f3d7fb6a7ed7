/* gst-vlm: recording and submitting compute work
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "vk/debug.h"
#include "vk/queue.h"
#include "vk/result.h"

struct _VlmVkCommands
{
  VlmVkDevice *device;
  VlmVkBatch *batch; /* NULL until something is recorded */
  VlmVkPipeline *bound;
  const char *label;
  const char *open_label; /* around what is recorded; NULL for none */
  GError *error;
};

VlmVkCommands *
vlm_vk_commands_new (VlmVkDevice *device, GError **error)
{
  if (!vlm_vk_device_check (device, error))
    return NULL;
  VlmVkCommands *commands = g_new0 (VlmVkCommands, 1);
  commands->device = vlm_vk_device_ref (device);
  return commands;
}

void
vlm_vk_commands_free (VlmVkCommands *commands)
{
  if (commands == NULL)
    return;
  g_clear_pointer (&commands->batch, vlm_vk_queue_drop);
  g_clear_error (&commands->error);
  vlm_vk_device_unref (commands->device);
  g_free (commands);
}

void
vlm_vk_commands_fail (VlmVkCommands *commands, GError *error)
{
  g_assert (error != NULL);
  if (commands->error == NULL)
    commands->error = error;
  else
    g_error_free (error);
}

void
vlm_vk_commands_label (VlmVkCommands *commands, const char *label)
{
  commands->label = label;
}

/* Labels are static strings, so that the same text is the same pointer. */
static void
follow_label (VlmVkCommands *commands, const char *label)
{
  if (label == commands->open_label)
    return;
  if (commands->open_label != NULL)
    vlm_vk_debug_end (commands->batch->commands);
  if (label != NULL)
    vlm_vk_debug_begin (commands->batch->commands, label);
  commands->open_label = label;
}

/* FALSE when recording has ended with an error. */
static gboolean
prepare (VlmVkCommands *commands)
{
  if (commands->error != NULL)
    return FALSE;
  if (commands->batch == NULL) {
    commands->batch = vlm_vk_queue_begin (commands->device, &commands->error);
    commands->bound = NULL;
    commands->open_label = NULL;
  }
  if (commands->batch == NULL)
    return FALSE;
  follow_label (commands, commands->label);
  return TRUE;
}

static void
add_tick (VlmVkCommands *commands, const char *kernel)
{
  vlm_vk_ticks_add (&commands->batch->ticks, commands->device,
      commands->batch->commands, commands->label, kernel, &commands->error);
}

static gboolean
in_range (const VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes)
{
  return n_bytes > 0 && offset <= buffer->n_bytes &&
      n_bytes <= buffer->n_bytes - offset;
}

static gboolean
check_binding (VlmVkCommands *commands, const VlmVkShader *shader, guint i,
    const VlmVkBinding *binding)
{
  g_assert (in_range (binding->buffer, binding->offset, binding->n_bytes));
  g_assert (binding->offset % 256 == 0);
  g_assert ((binding->texel_format != VK_FORMAT_UNDEFINED) ==
      (shader->bindings[i] == 'T'));
  g_assert (shader->bindings[i] == 'S' || binding->access == VLM_VK_READ);

  guint64 most = commands->device->physical.caps.max_storage_range;
  if (shader->bindings[i] == 'S' && binding->n_bytes > most) {
    g_set_error (&commands->error, VLM_DEVICE_ERROR,
        VLM_DEVICE_ERROR_MISSING_FEATURE,
        "shader %s, binding %u: %" G_GUINT64_FORMAT
        " bytes are beyond the device's limit of %" G_GUINT64_FORMAT,
        shader->name, i, binding->n_bytes, most);
    return FALSE;
  }
  return TRUE;
}

/* Writes one binding's descriptor; its infos live as long as @write. */
static gboolean
describe (VlmVkCommands *commands, const VlmVkBinding *binding,
    VkDescriptorBufferInfo *info, VkBufferView *texels,
    VkWriteDescriptorSet *write)
{
  VlmVkBatch *batch = commands->batch;
  write->sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  write->descriptorCount = 1;
  if (binding->texel_format == VK_FORMAT_UNDEFINED) {
    *info = (VkDescriptorBufferInfo){ binding->buffer->handle, binding->offset,
      binding->n_bytes };
    write->descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    write->pBufferInfo = info;
    vlm_vk_batch_hold (batch, binding->buffer);
    return TRUE;
  }
  VlmVkView *view =
      vlm_vk_buffer_use_view (binding->buffer, binding->texel_format,
          binding->offset, binding->n_bytes, &commands->error);
  if (view == NULL)
    return FALSE;
  vlm_vk_batch_hold_view (batch, binding->buffer, view);
  *texels = view->handle;
  write->descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
  write->pTexelBufferView = texels;
  return TRUE;
}

static gboolean
bind (VlmVkCommands *commands, VlmVkPipeline *pipeline,
    const VlmVkBinding *bindings)
{
  VlmVkBatch *batch = commands->batch;
  guint n = pipeline->shader->n_bindings;
  VkDescriptorBufferInfo infos[VLM_VK_MAX_BINDINGS];
  VkBufferView texels[VLM_VK_MAX_BINDINGS];
  VkWriteDescriptorSet writes[VLM_VK_MAX_BINDINGS] = { 0 };

  if (n == 0)
    return TRUE;
  VkDescriptorSet set =
      vlm_vk_batch_alloc_set (batch, pipeline, &commands->error);
  if (set == VK_NULL_HANDLE)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    if (!describe (commands, &bindings[i], &infos[i], &texels[i], &writes[i]))
      return FALSE;
  }
  vkUpdateDescriptorSets (commands->device->handle, n, writes, 0, NULL);
  vkCmdBindDescriptorSets (batch->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
      pipeline->layout, 0, 1, &set, 0, NULL);
  return TRUE;
}

static void
order (VlmVkCommands *commands, const VlmVkBinding *bindings, guint n_bindings)
{
  VlmVkSpan spans[VLM_VK_MAX_BINDINGS];
  for (guint i = 0; i < n_bindings; i++) {
    const VlmVkBinding *b = &bindings[i];
    guint64 n_bytes = b->n_bytes;
    if (b->texel_format != VK_FORMAT_UNDEFINED)
      n_bytes = vlm_vk_buffer_view_bytes (b->buffer, b->offset, n_bytes);
    spans[i] =
        (VlmVkSpan){ b->buffer, b->offset, b->offset + n_bytes, b->access };
  }
  vlm_vk_barrier_access (&commands->batch->barrier, commands->batch->commands,
      spans, n_bindings, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
}

void
vlm_vk_commands_dispatch (VlmVkCommands *commands, VlmVkPipeline *pipeline,
    const VlmVkBinding *bindings, guint n_bindings, const void *push,
    guint push_bytes, guint n_x, guint n_y, guint n_z)
{
  const VlmVkShader *shader = pipeline->shader;
  const guint32 *most = commands->device->physical.caps.max_workgroup_count;
  g_assert (n_bindings == shader->n_bindings);
  g_assert (push_bytes == shader->push_bytes);
  g_assert (n_x <= most[0] && n_y <= most[1] && n_z <= most[2]);
  if (n_x == 0 || n_y == 0 || n_z == 0 || !prepare (commands))
    return;

  for (guint i = 0; i < n_bindings; i++)
    if (!check_binding (commands, shader, i, &bindings[i]))
      return;
  VkCommandBuffer handle = commands->batch->commands;
  if (!bind (commands, pipeline, bindings))
    return;
  if (commands->bound != pipeline) {
    vkCmdBindPipeline (
        handle, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->handle);
    commands->bound = pipeline;
  }
  if (push_bytes > 0)
    vkCmdPushConstants (handle, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT,
        0, push_bytes, push);
  order (commands, bindings, n_bindings);
  vkCmdDispatch (handle, n_x, n_y, n_z);
  add_tick (commands, shader->name);
}

void
vlm_vk_commands_copy (VlmVkCommands *commands, VlmVkBuffer *source,
    guint64 source_offset, VlmVkBuffer *target, guint64 target_offset,
    guint64 n_bytes)
{
  if (n_bytes == 0 || !prepare (commands))
    return;
  g_assert (in_range (source, source_offset, n_bytes));
  g_assert (in_range (target, target_offset, n_bytes));
  g_assert (source != target || source_offset + n_bytes <= target_offset ||
      target_offset + n_bytes <= source_offset);

  VlmVkBatch *batch = commands->batch;
  VlmVkSpan spans[] = {
    { source, source_offset, source_offset + n_bytes, VLM_VK_READ },
    { target, target_offset, target_offset + n_bytes, VLM_VK_WRITE },
  };
  VkBufferCopy region = { source_offset, target_offset, n_bytes };
  vlm_vk_batch_hold (batch, source);
  vlm_vk_batch_hold (batch, target);
  vlm_vk_barrier_access (&batch->barrier, batch->commands, spans,
      G_N_ELEMENTS (spans), VK_PIPELINE_STAGE_TRANSFER_BIT);
  vkCmdCopyBuffer (batch->commands, source->handle, target->handle, 1, &region);
  add_tick (commands, "copy");
}

void
vlm_vk_commands_fill (VlmVkCommands *commands, VlmVkBuffer *target,
    guint64 offset, guint64 n_bytes, guint32 value)
{
  g_assert (offset % 4 == 0 && n_bytes % 4 == 0);
  if (n_bytes == 0 || !prepare (commands))
    return;
  g_assert (in_range (target, offset, n_bytes));

  VlmVkBatch *batch = commands->batch;
  VlmVkSpan span = { target, offset, offset + n_bytes, VLM_VK_WRITE };
  vlm_vk_batch_hold (batch, target);
  vlm_vk_barrier_access (&batch->barrier, batch->commands, &span, 1,
      VK_PIPELINE_STAGE_TRANSFER_BIT);
  vkCmdFillBuffer (batch->commands, target->handle, offset, n_bytes, value);
  add_tick (commands, "fill");
}

gboolean
vlm_vk_commands_submit (VlmVkCommands *commands, guint64 *value, GError **error)
{
  VlmVkDevice *device = commands->device;
  VlmVkBatch *batch;

  if (commands->batch != NULL)
    follow_label (commands, NULL);
  batch = g_steal_pointer (&commands->batch);
  commands->label = NULL;
  if (commands->error != NULL) {
    g_propagate_error (error, g_steal_pointer (&commands->error));
    if (batch != NULL)
      vlm_vk_queue_drop (batch);
    return FALSE;
  }
  if (batch != NULL)
    return vlm_vk_queue_submit (batch, value, error);
  /* Nothing recorded: done when all before it is. */
  *value = vlm_vk_queue_get_last (device);
  return vlm_vk_device_check (device, error);
}
