/* gst-vlm: element types of checkpoints
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/dtype.h"

static const struct
{
  const char *name;
  gsize n_bytes;
} dtypes[] = {
  [VLM_DTYPE_F32] = { "F32", 4 },
  [VLM_DTYPE_F16] = { "F16", 2 },
  [VLM_DTYPE_BF16] = { "BF16", 2 },
  [VLM_DTYPE_I32] = { "I32", 4 },
  [VLM_DTYPE_I64] = { "I64", 8 },
  [VLM_DTYPE_U8] = { "U8", 1 },
};

gsize
vlm_dtype_size (VlmDType dtype)
{
  g_assert (dtype < G_N_ELEMENTS (dtypes));
  return dtypes[dtype].n_bytes;
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
    if (g_str_equal (name, dtypes[i].name))
      return (VlmDType) i;
  return VLM_DTYPE_INVALID;
}
