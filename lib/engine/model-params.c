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
}

void
vlm_model_params_clear (VlmModelParams *params)
{
  g_clear_pointer (&params->path, g_free);
  g_clear_pointer (&params->device, g_free);
  g_clear_pointer (&params->mmproj, g_free);
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
