/* gst-vlm: compute pipelines, made on first use and cached on disk
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"

#define VLM_VK_MAX_BINDINGS 8
#define VLM_VK_MAX_SPEC 24

/* A shader as the build embedded it. Bindings are 0 … n_bindings - 1 in set 0.
 * Lives as long as the process. */
typedef struct
{
  const char *name;
  const guint32 *words;
  gsize n_words;
  guint n_bindings;
  guint8 bindings[VLM_VK_MAX_BINDINGS]; /* 'S' storage, 'T' uniform texel */
  guint push_bytes;
} VlmVkShader;

/* Owned by the device's cache, valid as long as the device. */
typedef struct _VlmVkPipeline VlmVkPipeline;

/* The pipeline of (shader, specialisation constants 0 … n_spec - 1), from
 * memory, from the on-disk cache, or compiled now. Thread-safe. */
VlmVkPipeline *
vlm_vk_pipeline_get (VlmVkDevice *device, const VlmVkShader *shader,
    const guint32 *spec, guint n_spec, GError **error);

/* Writes the pipeline cache to disk (g_get_user_cache_dir ()/gst-vlm, or
 * VLM_CACHE_DIR), atomically. Also done when the device is closed. */
void vlm_vk_pipeline_cache_save (VlmVkDevice *device);
