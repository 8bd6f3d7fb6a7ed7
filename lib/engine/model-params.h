/* gst-vlm: which model, and where it runs, within other structs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>

/* NULL for the defaults. */
void vlm_model_params_init (VlmModelParams *params, const VlmModelParams *like);
void vlm_model_params_clear (VlmModelParams *params);
/* The unit of boxes, as records name it; static. */
const char *vlm_box_space_to_string (VlmBoxSpace space);
