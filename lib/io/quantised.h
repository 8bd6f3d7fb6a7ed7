/* gst-vlm: quantised checkpoints of Hugging Face
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/tensor-source.h"

/* The content of quantization_config in config.json: the method by which the
 * weights were quantised, and its parameters. One owner. */
typedef struct _VlmQuantConfig VlmQuantConfig;

/* *config is NULL when the weights are not quantised. FALSE with UNSUPPORTED, and
 * what to use instead, for a method or a variant of it that this cannot run; with
 * CORRUPT for values that make no sense. Looks into the directory of @path for
 * quantize_config.json, which older tools write. */
gboolean vlm_quant_config_load (
    const char *path, VlmQuantConfig **config, GError **error);
/* config.json alone, from memory; @source takes the place of the path in
 * messages. */
gboolean vlm_quant_config_read (const char *json, gsize n_bytes,
    const char *source, VlmQuantConfig **config, GError **error);
void vlm_quant_config_free (VlmQuantConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmQuantConfig, vlm_quant_config_free)

/* "awq", … */
const char *vlm_quant_config_get_method (const VlmQuantConfig *config);

/* @source (taken) as if each of its quantised layers were one tensor
 * NAME.weight, [outputs, inputs], of a type of blocks; all other tensors are
 * found as they are. Checks all that belongs to a layer: NOT_FOUND for a part
 * that is missing, MISMATCH for shapes that do not fit one another or what the
 * configuration says. Inputs in
 * the order of their activations make rows with an order of their own. Layers
 * that fit no block have rows of F32. */
VlmTensorSource *vlm_tensor_source_new_quantised (
    VlmTensorSource *source, const VlmQuantConfig *config, GError **error);
