/* gst-vlm: which model, and where it runs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

#define VLM_TYPE_MODEL_WEIGHTS (vlm_model_weights_get_type ())

/**
 * VlmModelWeights:
 * @VLM_MODEL_WEIGHTS_AUTO: as the files have them
 * @VLM_MODEL_WEIGHTS_NATIVE: as the files have them
 * @VLM_MODEL_WEIGHTS_INT8: eight bits, with a scale for 32 of them
 * @VLM_MODEL_WEIGHTS_INT4: four bits, with a scale and an offset for 32 of
 *   them; the vision tower, the embeddings and the output head have eight
 *
 * What a device holds of the matrices of a model. Files whose weights are
 * quantised already stay as they are; those of 16 or 32 bits are quantised while
 * they are loaded.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_MODEL_WEIGHTS_AUTO,
  VLM_MODEL_WEIGHTS_NATIVE,
  VLM_MODEL_WEIGHTS_INT8,
  VLM_MODEL_WEIGHTS_INT4,
} VlmModelWeights;

VLM_API GType vlm_model_weights_get_type (void) G_GNUC_CONST;

#define VLM_TYPE_KV_CACHE (vlm_kv_cache_get_type ())

/**
 * VlmKvCache:
 * @VLM_KV_CACHE_AUTO: 16 bits on GPUs, 32 on software devices, where reading
 *   16 takes longer
 * @VLM_KV_CACHE_F32: 32 bits each, as they were computed
 * @VLM_KV_CACHE_F16: 16 bits each, rounded: half the memory
 *
 * What a session keeps the keys and values of its context in.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_KV_CACHE_AUTO,
  VLM_KV_CACHE_F32,
  VLM_KV_CACHE_F16,
} VlmKvCache;

VLM_API GType vlm_kv_cache_get_type (void) G_GNUC_CONST;

#define VLM_TYPE_MODEL_PARAMS (vlm_model_params_get_type ())

/**
 * VlmModelParams:
 * @path: (nullable) (type filename): a Hugging Face checkpoint, a directory
 *   with config.json, tokenizer.json (or vocab.json and merges.txt) and one or
 *   many safetensors files; or a GGUF file of a language model, with the one of
 *   its vision tower (mmproj) beside it; %NULL or empty for the small one that
 *   ships, or the one that the environment variable `VLM_MODEL_PATH` names
 * @device: (nullable): index, UUID or part of the name of the device; %NULL or
 *   empty for the best
 * @mmproj: (nullable) (type filename): the GGUF file of the vision tower, where
 *   several are beside @path; %NULL or empty for the only one
 * @weights: what the device holds of its matrices
 * @kv_cache: what sessions keep their context in, unless they say otherwise
 *
 * Which model, and where it runs. All fields zero are the defaults.
 *
 * Since: 0.1
 */
typedef struct
{
  char *path;
  char *device;
  char *mmproj;
  VlmModelWeights weights;
  VlmKvCache kv_cache;

  /*< private >*/
  gpointer padding[6];
} VlmModelParams;

VLM_API GType vlm_model_params_get_type (void) G_GNUC_CONST;
VLM_API VlmModelParams *vlm_model_params_copy (const VlmModelParams *params);
VLM_API void vlm_model_params_free (VlmModelParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelParams, vlm_model_params_free)

G_END_DECLS
