/* gst-vlm: Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/arch.h"

extern const VlmArch vlm_qwen2_5_vl;

/* sizes.c */
#define VLM_QWEN_N_SIZES 4
extern const VlmArchSize vlm_qwen_sizes[VLM_QWEN_N_SIZES];
