/* gst-vlm: element types of checkpoints
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Plain types, then those of quantised tensors, whose elements only make sense
 * in blocks, see base/blocks.h. */
typedef enum
{
  VLM_DTYPE_F32,
  VLM_DTYPE_F16,
  VLM_DTYPE_BF16,
  VLM_DTYPE_F8_E4M3,
  VLM_DTYPE_I8,
  VLM_DTYPE_I32,
  VLM_DTYPE_I64,
  VLM_DTYPE_U8,
  /* as GGUF files have them */
  VLM_DTYPE_Q4_0,
  VLM_DTYPE_Q4_1,
  VLM_DTYPE_Q5_0,
  VLM_DTYPE_Q5_1,
  VLM_DTYPE_Q8_0,
  VLM_DTYPE_Q2_K,
  VLM_DTYPE_Q3_K,
  VLM_DTYPE_Q4_K,
  VLM_DTYPE_Q5_K,
  VLM_DTYPE_Q6_K,
  VLM_DTYPE_IQ4_NL,
  VLM_DTYPE_IQ4_XS,
  /* our own, for what other files spread over several tensors: the codes of
   * 32, 64 or 128 elements behind their scale and minimum */
  VLM_DTYPE_INT4_32,
  VLM_DTYPE_INT4_64,
  VLM_DTYPE_INT4_128,
  VLM_DTYPE_INT8_32,
  VLM_DTYPE_INT8_64,
  VLM_DTYPE_INT8_128,
  VLM_DTYPE_F8_128,
  VLM_DTYPE_NF4_64,
  VLM_DTYPE_NF4_ACROSS, /* where blocks of the file go on across rows */
  VLM_DTYPE_INVALID,
} VlmDType;

/* Bytes of one element of a plain type. */
gsize vlm_dtype_size (VlmDType dtype);
/* Elements of a block and its bytes; an element is the block of a plain type. */
guint vlm_dtype_block_length (VlmDType dtype);
gsize vlm_dtype_block_bytes (VlmDType dtype);
/* Bytes of a row of @n elements: rows are whole blocks. The product must not
 * overflow: for a row of a tensor that was checked. */
gsize vlm_dtype_row_bytes (VlmDType dtype, gsize n);

/* "BF16", "Q4_K", … Plain types are named as in safetensors files. */
const char *vlm_dtype_name (VlmDType dtype);

/* The plain type of that name, or VLM_DTYPE_INVALID. */
VlmDType vlm_dtype_from_name (const char *name);
