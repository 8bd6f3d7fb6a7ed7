/* gst-vlm: which models fit on which devices
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>

G_BEGIN_DECLS

VLM_API char *vlm_fit_describe (const VlmModelParams *params, GError **error);

G_END_DECLS
