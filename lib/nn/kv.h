/* gst-vlm: binding keys and values
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"

/* How many heads one dispatch may bind; 0 and an error kept for submit when not
 * even one fits. */
guint vlm_nn_kv_heads_per_binding (VlmNn *nn, const VlmNnKv *kv);

/* @buffer is the keys or the values of one of its segments. */
VlmVkBinding vlm_nn_kv_bind (const VlmNnKv *kv, VlmVkBuffer *buffer,
    guint first_head, guint n_heads, VlmVkAccess access);
