/* gst-vlm: element types of checkpoints
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum
{
  VLM_DTYPE_F32,
  VLM_DTYPE_F16,
  VLM_DTYPE_BF16,
  VLM_DTYPE_I32,
  VLM_DTYPE_I64,
  VLM_DTYPE_U8,
  VLM_DTYPE_INVALID,
} VlmDType;

/* Bytes of one element. */
gsize vlm_dtype_size (VlmDType dtype);

/* The name that safetensors files use: "F32", "BF16", … */
const char *vlm_dtype_name (VlmDType dtype);

/* VLM_DTYPE_INVALID when the name is not known. */
VlmDType vlm_dtype_from_name (const char *name);
