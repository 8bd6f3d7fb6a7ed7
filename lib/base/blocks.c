/* gst-vlm: the contents of a block of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/blocks.h"

#include <math.h>

#include "base/blocks-private.h"

/* clang-format off */
#define FROM_4(n) (n), (n) + 1, (n) + 2, (n) + 3
#define FROM_16(n) FROM_4 (n), FROM_4 (n + 4), FROM_4 (n + 8), FROM_4 (n + 12)
#define FROM_64(n) \
  FROM_16 (n), FROM_16 (n + 16), FROM_16 (n + 32), FROM_16 (n + 48)

const float vlm_levels_unsigned[256] = {
  FROM_64 (0), FROM_64 (64), FROM_64 (128), FROM_64 (192),
};
const float vlm_levels_signed[256] = {
  FROM_64 (0), FROM_64 (64), FROM_64 (-128), FROM_64 (-64),
};
const float vlm_levels_4[16] = { FROM_16 (-8) };
const float vlm_levels_5[32] = { FROM_16 (-16), FROM_16 (0) };

/* ggml-common.h of llama.cpp, kvalues_iq4nl */
const float vlm_levels_iq4[16] = {
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
};

/* Quantiles of a normal distribution, as bitsandbytes writes them. */
const float vlm_levels_nf4[16] = {
  -1, -0x1.6473620p-1f, -0x1.0cd6600p-1f, -0x1.9465400p-2f, -0x1.23449a0p-2f,
  -0x1.7a6a7e0p-3f, -0x1.74f0e20p-4f, 0, 0x1.45f5fe0p-4f, 0x1.4995c60p-3f,
  0x1.f809ba0p-3f, 0x1.5a06740p-2f, 0x1.c349700p-2f, 0x1.200f560p-1f,
  0x1.7227660p-1f, 1,
};

/* The eight values of an exponent, in units of the last bit of the mantissa. */
#define F8(first, unit) \
  (first) * (unit), ((first) + 1) * (unit), ((first) + 2) * (unit), \
  ((first) + 3) * (unit), ((first) + 4) * (unit), ((first) + 5) * (unit), \
  ((first) + 6) * (unit), ((first) + 7) * (unit)
/* Everything of one sign: no infinities, one NaN at the end. */
#define E4M3(s) \
  F8 (0.0f, s 0x1p-9f), F8 (8.0f, s 0x1p-9f), F8 (8.0f, s 0x1p-8f), \
  F8 (8.0f, s 0x1p-7f), F8 (8.0f, s 0x1p-6f), F8 (8.0f, s 0x1p-5f), \
  F8 (8.0f, s 0x1p-4f), F8 (8.0f, s 0x1p-3f), F8 (8.0f, s 0x1p-2f), \
  F8 (8.0f, s 0x1p-1f), F8 (8.0f, s 0x1p0f), F8 (8.0f, s 0x1p1f), \
  F8 (8.0f, s 0x1p2f), F8 (8.0f, s 0x1p3f), F8 (8.0f, s 0x1p4f), \
  s 256, s 288, s 320, s 352, s 384, s 416, s 448, NAN

const float vlm_levels_e4m3[256] = { E4M3 (+), E4M3 (-) };
/* clang-format on */

static const VlmBlockType *const types[VLM_DTYPE_INVALID] = {
  [VLM_DTYPE_Q4_0] = &vlm_blocks_q4_0,
  [VLM_DTYPE_Q4_1] = &vlm_blocks_q4_1,
  [VLM_DTYPE_Q5_0] = &vlm_blocks_q5_0,
  [VLM_DTYPE_Q5_1] = &vlm_blocks_q5_1,
  [VLM_DTYPE_Q8_0] = &vlm_blocks_q8_0,
  [VLM_DTYPE_Q2_K] = &vlm_blocks_q2_k,
  [VLM_DTYPE_Q3_K] = &vlm_blocks_q3_k,
  [VLM_DTYPE_Q4_K] = &vlm_blocks_q4_k,
  [VLM_DTYPE_Q5_K] = &vlm_blocks_q5_k,
  [VLM_DTYPE_Q6_K] = &vlm_blocks_q6_k,
  [VLM_DTYPE_IQ4_NL] = &vlm_blocks_iq4_nl,
  [VLM_DTYPE_IQ4_XS] = &vlm_blocks_iq4_xs,
  [VLM_DTYPE_INT4_32] = &vlm_blocks_int4_32,
  [VLM_DTYPE_INT4_64] = &vlm_blocks_int4_64,
  [VLM_DTYPE_INT4_128] = &vlm_blocks_int4_128,
  [VLM_DTYPE_INT8_32] = &vlm_blocks_int8_32,
  [VLM_DTYPE_INT8_64] = &vlm_blocks_int8_64,
  [VLM_DTYPE_INT8_128] = &vlm_blocks_int8_128,
  [VLM_DTYPE_F8_128] = &vlm_blocks_f8_128,
  [VLM_DTYPE_NF4_64] = &vlm_blocks_nf4_64,
  [VLM_DTYPE_NF4_ACROSS] = &vlm_blocks_nf4_across,
};

const VlmBlockType *
vlm_block_type (VlmDType dtype)
{
  g_assert (dtype < G_N_ELEMENTS (types));
  return types[dtype];
}

static void
plain_floats (VlmDType dtype, const guint8 *data, gsize n, float *values)
{
  switch (dtype) {
  case VLM_DTYPE_F32:
    if (n > 0)
      memcpy (values, data, n * sizeof *values);
    break;
  case VLM_DTYPE_F16:
    for (gsize i = 0; i < n; i++)
      values[i] = vlm_read_f16 (data + 2 * i);
    break;
  case VLM_DTYPE_BF16:
    for (gsize i = 0; i < n; i++)
      values[i] = vlm_f32_from_bf16 (vlm_read_u16 (data + 2 * i));
    break;
  case VLM_DTYPE_F8_E4M3:
    for (gsize i = 0; i < n; i++)
      values[i] = vlm_levels_e4m3[data[i]];
    break;
  default:
    g_assert_not_reached ();
  }
}

/* Elements of one group. */
static void
group_floats (const VlmBlockType *type, const guint8 *codes, guint n,
    float scale, float min, float *values)
{
  for (guint i = 0; i < n; i++)
    values[i] = scale * type->levels[codes[i]];
  if (!type->has_min)
    return;
  for (guint i = 0; i < n; i++)
    values[i] -= min;
}

void
vlm_dequantise (VlmDType dtype, const guint8 *data, gsize n, float *values)
{
  const VlmBlockType *type = vlm_block_type (dtype);
  const guint length = vlm_dtype_block_length (dtype);

  if (type == NULL) {
    plain_floats (dtype, data, n, values);
    return;
  }
  for (gsize first = 0; first < n; first += length) {
    guint8 codes[VLM_MAX_BLOCK];
    float scales[VLM_MAX_BLOCK_GROUPS];
    float mins[VLM_MAX_BLOCK_GROUPS] = { 0 };
    guint n_block = (guint) MIN (length, n - first);

    type->unpack (data, codes, scales, mins);
    data += vlm_dtype_block_bytes (dtype);
    for (guint i = 0; i < n_block; i += type->group)
      group_floats (type, codes + i, MIN (type->group, n_block - i),
          scales[i / type->group], mins[i / type->group], values + first + i);
  }
}
