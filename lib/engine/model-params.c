/* gst-vlm: which model, and where it runs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model-params.h"

G_DEFINE_BOXED_TYPE (VlmModelParams, vlm_model_params, vlm_model_params_copy,
    vlm_model_params_free)

GType
vlm_kv_cache_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { VLM_KV_CACHE_AUTO, "VLM_KV_CACHE_AUTO", "auto" },
    { VLM_KV_CACHE_F32, "VLM_KV_CACHE_F32", "f32" },
    { VLM_KV_CACHE_F16, "VLM_KV_CACHE_F16", "f16" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VlmKvCache", values));
  return type;
}

GType
vlm_precision_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { VLM_PRECISION_AUTO, "VLM_PRECISION_AUTO", "auto" },
    { VLM_PRECISION_EXACT, "VLM_PRECISION_EXACT", "exact" },
    { VLM_PRECISION_FAST, "VLM_PRECISION_FAST", "fast" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VlmPrecision", values));
  return type;
}

GType
vlm_model_weights_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { VLM_MODEL_WEIGHTS_AUTO, "VLM_MODEL_WEIGHTS_AUTO", "auto" },
    { VLM_MODEL_WEIGHTS_NATIVE, "VLM_MODEL_WEIGHTS_NATIVE", "native" },
    { VLM_MODEL_WEIGHTS_INT8, "VLM_MODEL_WEIGHTS_INT8", "int8" },
    { VLM_MODEL_WEIGHTS_INT4, "VLM_MODEL_WEIGHTS_INT4", "int4" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VlmModelWeights", values));
  return type;
}

GType
vlm_remote_server_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { VLM_REMOTE_SERVER_AUTO, "Ask the server what it is", "auto" },
    { VLM_REMOTE_SERVER_VLLM, "vLLM", "vllm" },
    { VLM_REMOTE_SERVER_SGLANG, "SGLang", "sglang" },
    { VLM_REMOTE_SERVER_LLAMA, "llama-server of llama.cpp", "llama" },
    { VLM_REMOTE_SERVER_OLLAMA, "Ollama", "ollama" },
    { VLM_REMOTE_SERVER_LMSTUDIO, "LM Studio", "lmstudio" },
    { VLM_REMOTE_SERVER_OPENAI, "Any other with the chat API of OpenAI",
        "openai" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VlmRemoteServer", values));
  return type;
}

GType
vlm_box_space_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { VLM_BOX_SPACE_AUTO, "What the name of the model says", "auto" },
    { VLM_BOX_SPACE_PIXELS, "Pixels of the picture that was sent", "pixels" },
    { VLM_BOX_SPACE_THOUSANDTHS, "Thousandths of its width and height",
        "thousandths" },
    { VLM_BOX_SPACE_NONE, "Not known: no boxes are asked for", "none" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VlmBoxSpace", values));
  return type;
}

const char *
vlm_box_space_to_string (VlmBoxSpace space)
{
  return space == VLM_BOX_SPACE_THOUSANDTHS ? "thousandths" : "pixels";
}

void
vlm_model_params_init (VlmModelParams *params, const VlmModelParams *like)
{
  *params = (VlmModelParams){ NULL };
  if (like == NULL)
    return;
  params->path = g_strdup (like->path);
  params->device = g_strdup (like->device);
  params->mmproj = g_strdup (like->mmproj);
  params->weights = like->weights;
  params->kv_cache = like->kv_cache;
  params->precision = like->precision;
  params->server = like->server;
  params->api_key_file = g_strdup (like->api_key_file);
  params->ca_file = g_strdup (like->ca_file);
  params->box_space = like->box_space;
  params->max_requests = like->max_requests;
  params->timeout = like->timeout;
}

void
vlm_model_params_clear (VlmModelParams *params)
{
  g_clear_pointer (&params->path, g_free);
  g_clear_pointer (&params->device, g_free);
  g_clear_pointer (&params->mmproj, g_free);
  g_clear_pointer (&params->api_key_file, g_free);
  g_clear_pointer (&params->ca_file, g_free);
}

/**
 * vlm_model_params_copy:
 * @params: parameters
 *
 * Copies all that @params own: their strings.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
VlmModelParams *
vlm_model_params_copy (const VlmModelParams *params)
{
  VlmModelParams *copy;

  g_return_val_if_fail (params != NULL, NULL);

  copy = g_new (VlmModelParams, 1);
  vlm_model_params_init (copy, params);
  return copy;
}

/**
 * vlm_model_params_free:
 * @params: (nullable) (transfer full): parameters
 *
 * Frees parameters that vlm_model_params_copy() made.
 *
 * Since: 0.1
 */
void
vlm_model_params_free (VlmModelParams *params)
{
  if (params == NULL)
    return;
  vlm_model_params_clear (params);
  g_free (params);
}
