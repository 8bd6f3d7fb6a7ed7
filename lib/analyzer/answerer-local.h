/* gst-vlm: answers from a model on a device of this machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>
#include <vlm/vlm-work.h>

#include "analyzer/answerer.h"

/* Loads the model, or shares what is there. (transfer full); errors as those of
 * vlm_model_load(). */
VlmAnswerer *vlm_answerer_new_local (
    const VlmModelParams *params, const VlmWork *work, GError **error);
