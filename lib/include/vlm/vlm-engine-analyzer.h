/* gst-vlm: the analyzer that runs a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>

G_BEGIN_DECLS

VLM_API VlmAnalyzer *vlm_engine_analyzer_new (void);

G_END_DECLS
