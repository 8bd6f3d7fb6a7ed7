/* gst-vlm: what a driver's compiler made of a shader
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/pipeline.h"

/* FALSE where the driver does not say. */
gboolean vlm_vk_statistics_available (VlmVkDevice *device);

/* "NAME VALUE" of everything that the driver tells about a pipeline, of a device
 * that was opened to compile. (transfer full), strv */
char **vlm_vk_pipeline_get_statistics (
    VlmVkDevice *device, VlmVkPipeline *pipeline, GError **error);
