/* gst-vlm: Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/arch.h"

extern const VlmArch vlm_qwen2_5_vl;
