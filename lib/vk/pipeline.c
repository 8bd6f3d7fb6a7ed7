/* gst-vlm: compute pipelines
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/pipeline-private.h"

#include <string.h>

#include "base/log.h"
#include "vk/cache-file.h"
#include "vk/debug.h"
#include "vk/instance.h"
#include "vk/result.h"

struct _VlmVkPipelines
{
  VkPipelineCache cache; /* locks itself */
  char *path;
  GBytes *on_disk; /* NULL for none */

  GMutex lock;
  GCond compiled;
  GHashTable *table; /* VlmVkPipeline, its own key */
  guint n_made;
  guint n_saved; /* n_made when it was last saved */
};

static guint
pipeline_hash (gconstpointer key)
{
  const VlmVkPipeline *pipeline = key;
  guint hash = g_direct_hash (pipeline->shader);
  for (guint i = 0; i < pipeline->n_spec; i++)
    hash = (hash ^ pipeline->spec[i]) * 16777619u + (hash >> 15);
  return hash;
}

static gboolean
pipeline_equal (gconstpointer key_a, gconstpointer key_b)
{
  const VlmVkPipeline *a = key_a, *b = key_b;
  return a->shader == b->shader && a->n_spec == b->n_spec &&
      memcmp (a->spec, b->spec, a->n_spec * sizeof a->spec[0]) == 0;
}

static void
pipeline_free (VkDevice device, VlmVkPipeline *pipeline)
{
  vkDestroyPipeline (device, pipeline->handle, NULL);
  vkDestroyPipelineLayout (device, pipeline->layout, NULL);
  vkDestroyDescriptorSetLayout (device, pipeline->set_layout, NULL);
  g_free (pipeline);
}

VlmVkPipelines *
vlm_vk_pipelines_new (VlmVkDevice *device, GError **error)
{
  g_autofree char *path = vlm_vk_cache_file_path (&device->physical);
  /* A device that only compiles ignores the cache, whose pipelines are not
   * compiled. */
  g_autoptr (GBytes) on_disk = device->only_compiles
      ? NULL
      : vlm_vk_cache_file_load (path, &device->physical);
  VkPipelineCacheCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
    .initialDataSize = on_disk != NULL ? g_bytes_get_size (on_disk) : 0,
    .pInitialData = on_disk != NULL ? g_bytes_get_data (on_disk, NULL) : NULL,
  };
  VkPipelineCache cache;
  if (!vlm_vk_call (
          error, vkCreatePipelineCache, device->handle, &info, NULL, &cache))
    return NULL;

  VlmVkPipelines *pipelines = g_new0 (VlmVkPipelines, 1);
  pipelines->cache = cache;
  pipelines->path = g_steal_pointer (&path);
  pipelines->on_disk = g_steal_pointer (&on_disk);
  pipelines->table = g_hash_table_new (pipeline_hash, pipeline_equal);
  g_mutex_init (&pipelines->lock);
  g_cond_init (&pipelines->compiled);
  return pipelines;
}

void
vlm_vk_pipelines_free (VlmVkDevice *device, VlmVkPipelines *pipelines)
{
  if (pipelines == NULL)
    return;
  GHashTableIter iter;
  gpointer pipeline;
  g_hash_table_iter_init (&iter, pipelines->table);
  while (g_hash_table_iter_next (&iter, &pipeline, NULL))
    pipeline_free (device->handle, pipeline);
  g_hash_table_unref (pipelines->table);
  vkDestroyPipelineCache (device->handle, pipelines->cache, NULL);
  g_clear_pointer (&pipelines->on_disk, g_bytes_unref);
  g_free (pipelines->path);
  g_mutex_clear (&pipelines->lock);
  g_cond_clear (&pipelines->compiled);
  g_free (pipelines);
}

gsize
vlm_vk_pipelines_get_loaded_bytes (VlmVkDevice *device)
{
  GBytes *on_disk = device->pipelines->on_disk;
  return on_disk != NULL ? g_bytes_get_size (on_disk) : 0;
}

guint
vlm_vk_pipelines_get_made (VlmVkDevice *device)
{
  VlmVkPipelines *pipelines = device->pipelines;
  g_mutex_lock (&pipelines->lock);
  guint n_made = pipelines->n_made;
  g_mutex_unlock (&pipelines->lock);
  return n_made;
}

static gboolean
create_layouts (VlmVkDevice *device, VlmVkPipeline *pipeline, GError **error)
{
  const VlmVkShader *shader = pipeline->shader;
  VkDescriptorSetLayoutBinding bindings[VLM_VK_MAX_BINDINGS];
  for (guint i = 0; i < shader->n_bindings; i++) {
    g_assert (shader->bindings[i] == 'S' || shader->bindings[i] == 'T');
    bindings[i] = (VkDescriptorSetLayoutBinding){
      .binding = i,
      .descriptorType = shader->bindings[i] == 'T'
          ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
          : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
      .descriptorCount = 1,
      .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    };
  }
  VkDescriptorSetLayoutCreateInfo set_info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = shader->n_bindings,
    .pBindings = bindings,
  };
  if (!vlm_vk_call (error, vkCreateDescriptorSetLayout, device->handle,
          &set_info, NULL, &pipeline->set_layout))
    return FALSE;

  VkPushConstantRange range = {
    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    .size = shader->push_bytes,
  };
  VkPipelineLayoutCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = &pipeline->set_layout,
    .pushConstantRangeCount = shader->push_bytes > 0 ? 1 : 0,
    .pPushConstantRanges = &range,
  };
  return vlm_vk_call (error, vkCreatePipelineLayout, device->handle, &info,
      NULL, &pipeline->layout);
}

static gboolean
create_handle (VlmVkDevice *device, VlmVkPipeline *pipeline,
    VkShaderModule module, GError **error)
{
  VkSpecializationMapEntry entries[VLM_VK_MAX_SPEC];
  for (guint i = 0; i < pipeline->n_spec; i++)
    entries[i] = (VkSpecializationMapEntry){
      .constantID = i,
      .offset = i * (guint) sizeof pipeline->spec[0],
      .size = sizeof pipeline->spec[0],
    };
  VkSpecializationInfo spec = {
    .mapEntryCount = pipeline->n_spec,
    .pMapEntries = entries,
    .dataSize = pipeline->n_spec * sizeof pipeline->spec[0],
    .pData = pipeline->spec,
  };
  /* Otherwise a device may run a shader in smaller subgroups than it reports. */
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
    .requiredSubgroupSize = device->physical.caps.subgroup_size,
  };
  size.sType =
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .flags = device->only_compiles && device->physical.has_statistics
        ? VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR
        : 0,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .pNext = device->pins_subgroups ? &size : NULL,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .module = module,
      .pName = "main",
      .pSpecializationInfo = pipeline->n_spec > 0 ? &spec : NULL,
    },
    .layout = pipeline->layout,
  };
  return vlm_vk_call (error, vkCreateComputePipelines, device->handle,
      device->pipelines->cache, 1, &info, NULL, &pipeline->handle);
}

static gboolean
compile (VlmVkDevice *device, VlmVkPipeline *pipeline, GError **error)
{
  const VlmVkShader *shader = pipeline->shader;
  gint64 begin_us = g_get_monotonic_time ();
  VkShaderModuleCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = shader->n_words * sizeof shader->words[0],
    .pCode = shader->words,
  };
  VkShaderModule module;
  gboolean ok = vlm_vk_check_addresses (error) &&
      create_layouts (device, pipeline, error);
  if (ok) {
    ok = vlm_vk_call (
        error, vkCreateShaderModule, device->handle, &info, NULL, &module);
    if (ok) {
      ok = create_handle (device, pipeline, module, error);
      vkDestroyShaderModule (device->handle, module, NULL);
    }
  }
  if (ok)
    vlm_vk_debug_name (device->handle, VK_OBJECT_TYPE_PIPELINE,
        (guint64) pipeline->handle, shader->name);
  if (!ok)
    g_prefix_error (error, "shader %s: ", shader->name);
  else
    vlm_debug ("shader %s: made in %.1f ms", shader->name,
        (double) (g_get_monotonic_time () - begin_us) / 1000);
  return ok;
}

/* A thread that finds a pipeline which another one is compiling waits for it.
 * Different ones are compiled at the same time. */
VlmVkPipeline *
vlm_vk_pipeline_get (VlmVkDevice *device, const VlmVkShader *shader,
    const guint32 *spec, guint n_spec, GError **error)
{
  g_assert (n_spec <= VLM_VK_MAX_SPEC);
  g_assert (shader->n_bindings <= VLM_VK_MAX_BINDINGS);
  VlmVkPipelines *pipelines = device->pipelines;
  VlmVkPipeline key = { .shader = shader, .n_spec = n_spec };
  if (n_spec > 0)
    memcpy (key.spec, spec, n_spec * sizeof spec[0]);

  g_mutex_lock (&pipelines->lock);
  VlmVkPipeline *pipeline = g_hash_table_lookup (pipelines->table, &key);
  while (pipeline != NULL && pipeline->compiling) {
    g_cond_wait (&pipelines->compiled, &pipelines->lock);
    pipeline = g_hash_table_lookup (pipelines->table, &key);
  }
  if (pipeline != NULL) {
    g_mutex_unlock (&pipelines->lock);
    return pipeline;
  }
  pipeline = g_new (VlmVkPipeline, 1);
  *pipeline = key;
  pipeline->compiling = TRUE;
  g_hash_table_add (pipelines->table, pipeline);
  g_mutex_unlock (&pipelines->lock);

  gboolean ok = compile (device, pipeline, error);

  g_mutex_lock (&pipelines->lock);
  pipeline->compiling = FALSE;
  if (ok) {
    pipelines->n_made++;
  } else {
    g_hash_table_remove (pipelines->table, pipeline);
    pipeline_free (device->handle, pipeline);
    pipeline = NULL;
  }
  g_cond_broadcast (&pipelines->compiled);
  g_mutex_unlock (&pipelines->lock);
  return pipeline;
}

static gboolean
save (VlmVkDevice *device, GError **error)
{
  VlmVkPipelines *pipelines = device->pipelines;
  size_t n_bytes = 0;
  if (!vlm_vk_call (error, vkGetPipelineCacheData, device->handle,
          pipelines->cache, &n_bytes, NULL))
    return FALSE;
  g_autofree guint8 *data = g_malloc (n_bytes);
  /* If it has grown since, the part that fits is a valid cache too. */
  if (!vlm_vk_call (error, vkGetPipelineCacheData, device->handle,
          pipelines->cache, &n_bytes, data))
    return FALSE;
  if (pipelines->on_disk != NULL &&
      g_bytes_get_size (pipelines->on_disk) == n_bytes &&
      memcmp (g_bytes_get_data (pipelines->on_disk, NULL), data, n_bytes) == 0)
    return TRUE;
  return vlm_vk_cache_file_save (pipelines->path, data, n_bytes, error);
}

void
vlm_vk_pipeline_cache_save (VlmVkDevice *device)
{
  VlmVkPipelines *pipelines = device->pipelines;
  g_mutex_lock (&pipelines->lock);
  gboolean anything_new = pipelines->n_saved != pipelines->n_made;
  pipelines->n_saved = pipelines->n_made;
  g_mutex_unlock (&pipelines->lock);

  g_autoptr (GError) error = NULL;
  if (anything_new && !save (device, &error))
    vlm_warning ("the pipeline cache could not be saved: %s", error->message);
}
