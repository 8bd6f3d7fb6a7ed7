/* gst-vlm: which shard holds which tensor
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* model.safetensors.index.json, or one of another name. Immutable, one owner. */
typedef struct _VlmSafetensorsIndex VlmSafetensorsIndex;

/* Every shard is a plain file name: a path is refused with CORRUPT. */
VlmSafetensorsIndex *
vlm_safetensors_index_load (const char *path, GError **error);
void vlm_safetensors_index_free (VlmSafetensorsIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSafetensorsIndex, vlm_safetensors_index_free)

/* Names of the files it lists, in the order of strcmp. Lives with it. */
const GPtrArray *
vlm_safetensors_index_get_shards (const VlmSafetensorsIndex *index);
/* The file that holds a tensor, as the index has it; NULL when it does not. */
const char *vlm_safetensors_index_find (
    const VlmSafetensorsIndex *index, const char *tensor);
