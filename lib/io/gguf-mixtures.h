/* gst-vlm: which types llama-quantize gives to the tensors of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"

/* By name, such as "Q4_K_M". */
typedef struct _VlmGgufMixture VlmGgufMixture;

/* The largest first; NULL past the last one. */
const VlmGgufMixture *vlm_gguf_mixture_get (guint i);
const char *vlm_gguf_mixture_get_name (const VlmGgufMixture *mixture);

/* What the choice depends on besides the name of a tensor. */
typedef struct
{
  guint n_layers;
  guint n_heads, n_kv_heads;
  gboolean is_tied; /* the embeddings are the head */
} VlmGgufModelShape;

/* The type of the matrix @name, with rows of @n_in. Without importance matrix, as
 * published files mostly are. Towers (names of mmproj) are F16. */
VlmDType vlm_gguf_mixture_get_type (const VlmGgufMixture *mixture,
    const VlmGgufModelShape *shape, const char *name, guint n_in);
