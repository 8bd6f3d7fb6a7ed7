/* gst-vlm: which shard holds which tensor
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* model.safetensors.index.json. Immutable, one owner. */
typedef struct _VlmSafetensorsIndex VlmSafetensorsIndex;

/* Every shard is a plain file name: a path is refused with CORRUPT. */
VlmSafetensorsIndex *
vlm_safetensors_index_load (const char *path, GError **error);
void vlm_safetensors_index_free (VlmSafetensorsIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSafetensorsIndex, vlm_safetensors_index_free)

guint vlm_safetensors_index_get_n_tensors (const VlmSafetensorsIndex *index);
/* The tensor's name; *shard is the name of the file that holds it. */
const char *vlm_safetensors_index_get_tensor (
    const VlmSafetensorsIndex *index, guint i, const char **shard);
