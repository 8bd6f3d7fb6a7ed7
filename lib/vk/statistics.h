/* gst-vlm: the driver's statistics of compiled shaders
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/pipeline.h"

/* FALSE if the driver does not report it. */
gboolean vlm_vk_statistics_available (VlmVkDevice *device);

/* "NAME VALUE" of everything that the driver reports about a pipeline, of a
 * device that was opened to compile. (transfer full), strv */
char **vlm_vk_pipeline_get_statistics (
    VlmVkDevice *device, VlmVkPipeline *pipeline, GError **error);
