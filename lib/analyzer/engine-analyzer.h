/* gst-vlm: the analyzer that runs a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>

#include "analyzer/answerer.h"

/* A loaded analyzer that uses @answerer, whose ownership it takes. */
VlmAnalyzer *vlm_engine_analyzer_new_for (VlmAnswerer *answerer);
