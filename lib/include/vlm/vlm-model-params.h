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

#define VLM_TYPE_PRECISION (vlm_precision_get_type ())

/**
 * VlmPrecision:
 * @VLM_PRECISION_AUTO: fast on GPUs, exact on software devices
 * @VLM_PRECISION_EXACT: floats of 32 bits
 * @VLM_PRECISION_FAST: by the matrix units of the device, where it has some:
 *   inputs of matrix products are rounded to 16 bits, sums have 32
 *
 * How a session computes. On a device without matrix units that are known to be
 * right, fast is exact.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_PRECISION_AUTO,
  VLM_PRECISION_EXACT,
  VLM_PRECISION_FAST,
} VlmPrecision;

VLM_API GType vlm_precision_get_type (void) G_GNUC_CONST;

#define VLM_TYPE_REMOTE_SERVER (vlm_remote_server_get_type ())

/**
 * VlmRemoteServer:
 * @VLM_REMOTE_SERVER_AUTO: the server is asked what it is
 * @VLM_REMOTE_SERVER_VLLM: vLLM
 * @VLM_REMOTE_SERVER_SGLANG: SGLang
 * @VLM_REMOTE_SERVER_LLAMA: llama-server of llama.cpp
 * @VLM_REMOTE_SERVER_OLLAMA: Ollama
 * @VLM_REMOTE_SERVER_LMSTUDIO: LM Studio
 * @VLM_REMOTE_SERVER_OPENAI: any other with the chat API of OpenAI
 *
 * Which server has a model on another machine: they differ in what they take.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_REMOTE_SERVER_AUTO,
  VLM_REMOTE_SERVER_VLLM,
  VLM_REMOTE_SERVER_SGLANG,
  VLM_REMOTE_SERVER_LLAMA,
  VLM_REMOTE_SERVER_OLLAMA,
  VLM_REMOTE_SERVER_LMSTUDIO,
  VLM_REMOTE_SERVER_OPENAI,
} VlmRemoteServer;

VLM_API GType vlm_remote_server_get_type (void) G_GNUC_CONST;

#define VLM_TYPE_BOX_SPACE (vlm_box_space_get_type ())

/**
 * VlmBoxSpace:
 * @VLM_BOX_SPACE_AUTO: what the model's name says, where the server keeps the
 *   size of pictures
 * @VLM_BOX_SPACE_PIXELS: pixels of the picture that was sent
 * @VLM_BOX_SPACE_THOUSANDTHS: thousandths of its width and height
 * @VLM_BOX_SPACE_NONE: it is not known; no boxes are asked for
 *
 * What the boxes count in that a model on another machine finds.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_BOX_SPACE_AUTO,
  VLM_BOX_SPACE_PIXELS,
  VLM_BOX_SPACE_THOUSANDTHS,
  VLM_BOX_SPACE_NONE,
} VlmBoxSpace;

VLM_API GType vlm_box_space_get_type (void) G_GNUC_CONST;

#define VLM_TYPE_MODEL_PARAMS (vlm_model_params_get_type ())

/**
 * VlmModelParams:
 * @path: (nullable) (type filename): a Hugging Face checkpoint, a directory
 *   with config.json, tokenizer.json (or vocab.json and merges.txt) and one or
 *   many safetensors files; or a GGUF file of a language model, with the one of
 *   its vision tower (mmproj) beside it; %NULL or empty for the small one that
 *   ships, or the one that the environment variable `VLM_MODEL_PATH` names. Or
 *   a model on another machine, `http://HOST:8000/v1#MODEL` (see #VlmRemote)
 * @device: (nullable): index, UUID or part of the name of the device; %NULL or
 *   empty for the best
 * @mmproj: (nullable) (type filename): the GGUF file of the vision tower, where
 *   several are beside @path; %NULL or empty for the only one
 * @weights: what the device holds of its matrices
 * @kv_cache: what sessions keep their context in, unless they say otherwise
 * @precision: how sessions compute, unless they say otherwise
 * @server: which server has it; this and the following, of a model on another
 *   machine
 * @api_key_file: (nullable) (type filename): whose first line is the key that
 *   the server wants; %NULL or empty for that of the environment variable
 *   `VLM_API_KEY`, if it is set
 * @ca_file: (nullable) (type filename): what its certificate is checked
 *   against; %NULL or empty for the system's
 * @box_space: what its boxes count in
 * @max_requests: how many requests the process sends to the server at a time, 0
 *   for the default (16); of all who name it, the largest counts
 * @timeout: longest time for one question, in ns, with all that is tried again
 *   and waited for; 0 for the default of 120 s
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
  VlmPrecision precision;
  VlmRemoteServer server;
  VlmBoxSpace box_space;
  guint max_requests;
  gint64 timeout;
  char *api_key_file;
  char *ca_file;

  /*< private >*/
  gpointer padding[6];
} VlmModelParams;

VLM_API GType vlm_model_params_get_type (void) G_GNUC_CONST;
VLM_API VlmModelParams *vlm_model_params_copy (const VlmModelParams *params);
VLM_API void vlm_model_params_free (VlmModelParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelParams, vlm_model_params_free)

G_END_DECLS
