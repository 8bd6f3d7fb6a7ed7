/* gst-vlm: the pipeline cache on disk
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/physical.h"

/* The path of the cache of this device and driver. */
char *vlm_vk_cache_file_path (const VlmVkPhysical *physical);
/* A file with another name beside it. */
char *vlm_vk_cache_file_path_of (
    const VlmVkPhysical *physical, const char *name, const char *suffix);

/* What vkGetPipelineCacheData () once gave on this very driver; NULL when there
 * is no file, or (with a warning) when it is not whole or not of this driver. */
GBytes *
vlm_vk_cache_file_load (const char *path, const VlmVkPhysical *physical);

/* Replaces the file atomically. */
gboolean vlm_vk_cache_file_save (
    const char *path, const guint8 *data, gsize n_bytes, GError **error);
