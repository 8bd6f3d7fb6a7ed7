/* gst-vlm: quantised checkpoints of Hugging Face
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/tensor-source.h"

/* What config.json says of its weights in quantization_config: by which method
 * they were quantised, and how. One owner. */
typedef struct _VlmQuantConfig VlmQuantConfig;

/* NULL without an error when the weights are not quantised. UNSUPPORTED, with
 * what to use instead, for a method or a variant of it that this cannot run;
 * CORRUPT for values that make no sense. Looks into the directory of @config_path
 * for quantize_config.json, which older tools write. */
VlmQuantConfig *vlm_quant_config_load (const char *config_path, GError **error);
/* The same from memory; @source stands for the path in messages. */
VlmQuantConfig *vlm_quant_config_new_from_data (
    const char *json, gsize n_bytes, const char *source, GError **error);
void vlm_quant_config_free (VlmQuantConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmQuantConfig, vlm_quant_config_free)

/* "awq", … */
const char *vlm_quant_config_get_method (const VlmQuantConfig *config);

/* @source (taken) as if each of its quantised layers were one tensor
 * NAME.weight, [outputs, inputs], of a type of blocks; all other tensors are
 * found as they are. Checks all that belongs to a layer: NOT_FOUND for a part
 * that is missing, MISMATCH for shapes that do not fit one another or what the
 * configuration says. What fits no block, such as inputs in the order of their
 * activations, has rows of F32. */
VlmTensorSource *vlm_tensor_source_new_quantised (
    VlmTensorSource *source, const VlmQuantConfig *config, GError **error);
