/* gst-vlm: inside a pipeline
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device-private.h"
#include "vk/pipeline.h"

struct _VlmVkPipeline
{
  const VlmVkShader *shader;
  guint32 spec[VLM_VK_MAX_SPEC];
  guint n_spec;
  gboolean compiling; /* by another thread; the handles are not set yet */
  VkDescriptorSetLayout set_layout;
  VkPipelineLayout layout;
  VkPipeline handle;
};

/* Reads the cache from disk; a problem with it is a warning. */
VlmVkPipelines *vlm_vk_pipelines_new (VlmVkDevice *device, GError **error);
/* NULL-safe. */
void vlm_vk_pipelines_free (VlmVkDevice *device, VlmVkPipelines *pipelines);

/* How much of the on-disk cache the driver was given; 0 for none. */
gsize vlm_vk_pipelines_get_loaded_bytes (VlmVkDevice *device);
/* Pipelines compiled, or taken from the on-disk cache, since opening. */
guint vlm_vk_pipelines_get_made (VlmVkDevice *device);
