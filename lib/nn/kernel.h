/* gst-vlm: how an op becomes dispatches
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"

/* Rows [first_row, first_row + n_rows) of a tensor as a binding; first_row * ld
 * is a multiple of 64. The same for a texel and a storage binding. */
VlmVkBinding vlm_nn_bind_floats (const VlmNnTensor *tensor, guint64 first_row,
    guint64 n_rows, VlmVkAccess access);
VlmVkBinding vlm_nn_bind_ints (const VlmNnTensor *tensor, guint64 first_row,
    guint64 n_rows, VlmVkAccess access);

/* Records one dispatch with one binding for each of the shader's; a texel
 * format is ignored where the shader has a storage buffer. Spec: see
 * lib/vk/pipeline.h; constants 0 to 2 are the workgroup's size. Push is what
 * the shader's Push is; its size must agree with the embedded module. */
void vlm_nn_dispatch (VlmNn *nn, const VlmVkShader *shader, const guint32 *spec,
    guint n_spec, const VlmVkBinding *bindings, const void *push,
    guint push_bytes, guint n_x, guint n_y, guint n_z);

/* How many of @n_rows rows of @ld elements (the longest of an op's tensors) one
 * dispatch may bind, with a workgroup for each @tile_rows rows: all of them, or
 * a multiple of 8 and of @tile_rows, so that every chunk begins where a binding
 * may. 0 and an error kept for submit when not even one tile fits. */
guint64
vlm_nn_chunk_rows (VlmNn *nn, guint64 n_rows, guint64 ld, guint tile_rows);
