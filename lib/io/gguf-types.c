/* gst-vlm: the types of tensors in GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/gguf-private.h"

/* ggml.h of llama.cpp, enum ggml_type. Those without a type of ours are named in
 * messages only. */
static const struct
{
  const char *name;
  VlmDType dtype;
} types[] = {
  [0] = { "F32", VLM_DTYPE_F32 },
  [1] = { "F16", VLM_DTYPE_F16 },
  [2] = { "Q4_0", VLM_DTYPE_Q4_0 },
  [3] = { "Q4_1", VLM_DTYPE_Q4_1 },
  [6] = { "Q5_0", VLM_DTYPE_Q5_0 },
  [7] = { "Q5_1", VLM_DTYPE_Q5_1 },
  [8] = { "Q8_0", VLM_DTYPE_Q8_0 },
  [9] = { "Q8_1", VLM_DTYPE_INVALID },
  [10] = { "Q2_K", VLM_DTYPE_Q2_K },
  [11] = { "Q3_K", VLM_DTYPE_Q3_K },
  [12] = { "Q4_K", VLM_DTYPE_Q4_K },
  [13] = { "Q5_K", VLM_DTYPE_Q5_K },
  [14] = { "Q6_K", VLM_DTYPE_Q6_K },
  [15] = { "Q8_K", VLM_DTYPE_INVALID },
  [16] = { "IQ2_XXS", VLM_DTYPE_INVALID },
  [17] = { "IQ2_XS", VLM_DTYPE_INVALID },
  [18] = { "IQ3_XXS", VLM_DTYPE_INVALID },
  [19] = { "IQ1_S", VLM_DTYPE_INVALID },
  [20] = { "IQ4_NL", VLM_DTYPE_IQ4_NL },
  [21] = { "IQ3_S", VLM_DTYPE_INVALID },
  [22] = { "IQ2_S", VLM_DTYPE_INVALID },
  [23] = { "IQ4_XS", VLM_DTYPE_IQ4_XS },
  [24] = { "I8", VLM_DTYPE_INVALID },
  [25] = { "I16", VLM_DTYPE_INVALID },
  [26] = { "I32", VLM_DTYPE_I32 },
  [27] = { "I64", VLM_DTYPE_I64 },
  [28] = { "F64", VLM_DTYPE_INVALID },
  [29] = { "IQ1_M", VLM_DTYPE_INVALID },
  [30] = { "BF16", VLM_DTYPE_BF16 },
  [34] = { "TQ1_0", VLM_DTYPE_INVALID },
  [35] = { "TQ2_0", VLM_DTYPE_INVALID },
  [39] = { "MXFP4", VLM_DTYPE_INVALID },
};

const char *
vlm_gguf_type_name (guint32 type, VlmDType *dtype)
{
  if (type >= G_N_ELEMENTS (types) || types[type].name == NULL)
    return NULL;
  *dtype = types[type].dtype;
  return types[type].name;
}
