/* gst-vlm: element types of checkpoints
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/dtype.h"

static const struct
{
  const char *name;
  guint length; /* elements of a block */
  gsize n_bytes;
} dtypes[] = {
  [VLM_DTYPE_F32] = { "F32", 1, 4 },
  [VLM_DTYPE_F16] = { "F16", 1, 2 },
  [VLM_DTYPE_BF16] = { "BF16", 1, 2 },
  [VLM_DTYPE_F8_E4M3] = { "F8_E4M3", 1, 1 },
  [VLM_DTYPE_I8] = { "I8", 1, 1 },
  [VLM_DTYPE_I32] = { "I32", 1, 4 },
  [VLM_DTYPE_I64] = { "I64", 1, 8 },
  [VLM_DTYPE_U8] = { "U8", 1, 1 },
  [VLM_DTYPE_Q4_0] = { "Q4_0", 32, 18 },
  [VLM_DTYPE_Q4_1] = { "Q4_1", 32, 20 },
  [VLM_DTYPE_Q5_0] = { "Q5_0", 32, 22 },
  [VLM_DTYPE_Q5_1] = { "Q5_1", 32, 24 },
  [VLM_DTYPE_Q8_0] = { "Q8_0", 32, 34 },
  [VLM_DTYPE_Q2_K] = { "Q2_K", 256, 84 },
  [VLM_DTYPE_Q3_K] = { "Q3_K", 256, 110 },
  [VLM_DTYPE_Q4_K] = { "Q4_K", 256, 144 },
  [VLM_DTYPE_Q5_K] = { "Q5_K", 256, 176 },
  [VLM_DTYPE_Q6_K] = { "Q6_K", 256, 210 },
  [VLM_DTYPE_IQ4_NL] = { "IQ4_NL", 32, 18 },
  [VLM_DTYPE_IQ4_XS] = { "IQ4_XS", 256, 136 },
  [VLM_DTYPE_INT4_32] = { "INT4/32", 32, 8 + 16 },
  [VLM_DTYPE_INT4_64] = { "INT4/64", 64, 8 + 32 },
  [VLM_DTYPE_INT4_128] = { "INT4/128", 128, 8 + 64 },
  [VLM_DTYPE_INT8_32] = { "INT8/32", 32, 8 + 32 },
  [VLM_DTYPE_INT8_64] = { "INT8/64", 64, 8 + 64 },
  [VLM_DTYPE_INT8_128] = { "INT8/128", 128, 8 + 128 },
  [VLM_DTYPE_F8_128] = { "F8_E4M3/128", 128, 4 + 128 },
  [VLM_DTYPE_NF4_64] = { "NF4/64", 64, 4 + 32 },
  [VLM_DTYPE_NF4_ACROSS] = { "NF4/64-across", 64, 12 + 32 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (dtypes) == VLM_DTYPE_INVALID);

gsize
vlm_dtype_size (VlmDType dtype)
{
  g_assert (vlm_dtype_block_length (dtype) == 1);
  return dtypes[dtype].n_bytes;
}

guint
vlm_dtype_block_length (VlmDType dtype)
{
  g_assert (dtype < G_N_ELEMENTS (dtypes));
  return dtypes[dtype].length;
}

gsize
vlm_dtype_block_bytes (VlmDType dtype)
{
  g_assert (dtype < G_N_ELEMENTS (dtypes));
  return dtypes[dtype].n_bytes;
}

gsize
vlm_dtype_row_bytes (VlmDType dtype, gsize n)
{
  guint length = vlm_dtype_block_length (dtype);

  return (n / length + (n % length != 0)) * dtypes[dtype].n_bytes;
}

const char *
vlm_dtype_name (VlmDType dtype)
{
  g_assert (dtype < G_N_ELEMENTS (dtypes));
  return dtypes[dtype].name;
}

VlmDType
vlm_dtype_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (dtypes[i].length == 1 && g_str_equal (name, dtypes[i].name))
      return (VlmDType) i;
  return VLM_DTYPE_INVALID;
}
