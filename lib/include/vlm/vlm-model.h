/* gst-vlm: a checkpoint on a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-device.h>
#include <vlm/vlm-model-params.h>
#include <vlm/vlm-work.h>

G_BEGIN_DECLS

#define VLM_TYPE_MODEL (vlm_model_get_type ())

/**
 * VlmModel:
 *
 * A loaded checkpoint: configuration, tokenizer and the weights on a device.
 * Immutable; any number of sessions on any threads share it.
 *
 * Since: 0.1
 */
VLM_API
G_DECLARE_FINAL_TYPE (VlmModel, vlm_model, VLM, MODEL, GObject)

VLM_API VlmModel *vlm_model_load (const VlmModelParams *params,
    VlmDevice *device, const VlmWork *work, GError **error);
VLM_API VlmDevice *vlm_model_get_device (VlmModel *model);
VLM_API const char *vlm_model_get_name (VlmModel *model);
VLM_API const char *vlm_model_get_trained_for (VlmModel *model);
VLM_API gboolean vlm_model_is_trained_for (VlmModel *model, const char *kind);
VLM_API void vlm_model_get_geometry (VlmModel *model, VlmGeometry *geometry);

G_END_DECLS
