/* gst-vlm: which model, and where it runs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model-params.h"

G_DEFINE_BOXED_TYPE (VlmModelParams, vlm_model_params, vlm_model_params_copy,
    vlm_model_params_free)

void
vlm_model_params_init (VlmModelParams *params, const VlmModelParams *like)
{
  *params = (VlmModelParams){ NULL };
  if (like == NULL)
    return;
  params->path = g_strdup (like->path);
  params->device = g_strdup (like->device);
  params->mmproj = g_strdup (like->mmproj);
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
 * Returns: (transfer full): a copy
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
 */
void
vlm_model_params_free (VlmModelParams *params)
{
  if (params == NULL)
    return;
  vlm_model_params_clear (params);
  g_free (params);
}
