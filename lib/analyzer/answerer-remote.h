/* gst-vlm: answers from a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>
#include <vlm/vlm-work.h>

#include "analyzer/answerer.h"

/* (transfer full); errors as those of vlm_remote_open(). */
VlmAnswerer *vlm_answerer_new_remote (
    const VlmModelParams *params, const VlmWork *work, GError **error);
