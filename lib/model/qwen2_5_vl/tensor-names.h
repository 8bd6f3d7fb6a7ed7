/* gst-vlm: tensors under the names of other tools
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/tensor-source.h"

/* The name that the released files have for what @name holds, whatever comes
 * before it ("base_model.model.model.layers.…") and whatever the tower is called
 * ("vision_tower.…"). NULL when it is none of the network's. (transfer full) */
char *vlm_tensor_names_canonical (const char *name);

/* Lets the tensors of @source be found under the names of the released files.
 * UNSUPPORTED when what is there is not whole weights (LoRA matrices beside
 * their layers, MLX's quantisation); MISMATCH when two tensors could be the same
 * one. Does nothing to files whose names are known. */
gboolean vlm_tensor_names_normalise (VlmTensorSource *source, GError **error);
