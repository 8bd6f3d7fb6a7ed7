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
 * Precision of the matrices of a model on the device. Files with quantised
 * weights are not changed; weights of 16 or 32 bits are quantised while they
 * are loaded.
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
 * @VLM_KV_CACHE_AUTO: 16 bits on GPUs, 32 on software devices, where that is
 *   faster
 * @VLM_KV_CACHE_F32: 32 bits each, as they were computed
 * @VLM_KV_CACHE_F16: 16 bits each, rounded: half the memory
 *
 * Precision of the keys and values of a session's context.
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
 * @VLM_PRECISION_FAST: with the matrix units of the device, if it has any:
 *   inputs of matrix products are rounded to 16 bits, sums have 32
 *
 * How a session computes. On a device without matrix units that passed the
 * self-test, fast is the same as exact.
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
 * @VLM_REMOTE_SERVER_AUTO: detected
 * @VLM_REMOTE_SERVER_VLLM: vLLM
 * @VLM_REMOTE_SERVER_SGLANG: SGLang
 * @VLM_REMOTE_SERVER_LLAMA: llama-server of llama.cpp
 * @VLM_REMOTE_SERVER_OLLAMA: Ollama
 * @VLM_REMOTE_SERVER_LMSTUDIO: LM Studio
 * @VLM_REMOTE_SERVER_OPENAI: any other with the chat API of OpenAI
 *
 * The server of a model on another machine. Servers differ in what they
 * support.
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
 * @VLM_BOX_SPACE_AUTO: by the name of the model, if the server does not resize
 *   pictures
 * @VLM_BOX_SPACE_PIXELS: pixels of the picture that was sent
 * @VLM_BOX_SPACE_THOUSANDTHS: thousandths of its width and height
 * @VLM_BOX_SPACE_NONE: not known; boxes are not used
 *
 * The unit of the boxes of a model on another machine.
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
 *   many safetensors files; or a GGUF file of a language model, with the one
 *   of its vision tower (mmproj) beside it; %NULL or empty for the small one
 *   that ships, or the one in the environment variable `VLM_MODEL_PATH`. Or a
 *   model on another machine, `http://HOST:8000/v1#MODEL` (see #VlmRemote)
 * @device: (nullable): index, UUID or part of the name of the device; %NULL or
 *   empty for the best
 * @mmproj: (nullable) (type filename): the GGUF file of the vision tower, if
 *   there are several beside @path; %NULL or empty for the only one
 * @weights: precision of its matrices on the device
 * @kv_cache: precision of the context, unless a session sets its own
 * @precision: how sessions compute, unless a session sets its own
 * @server: kind of the server; this and the following fields are for a model
 *   on another machine
 * @api_key_file: (nullable) (type filename): file whose first line is the key
 *   for the server; %NULL or empty for the environment variable `VLM_API_KEY`,
 *   if it is set
 * @ca_file: (nullable) (type filename): PEM file with trusted certificates;
 *   %NULL or empty for those of the system
 * @box_space: unit of its boxes
 * @max_requests: maximum number of simultaneous requests of the process to the
 *   server, 0 for the default (16); of several values for one server, the
 *   largest counts
 * @timeout: longest time for one question, in ns, including retries; 0 for the
 *   default of 120 s
 *
 * Which model, and where it runs. A struct of zeros has the defaults.
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
