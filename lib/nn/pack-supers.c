/* gst-vlm: packing blocks of 256 weights with scales of scales
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Codes are packed as others are. Scales stay in the bits of the file, 16 of them
 * for 32 inputs (SUPER_* of weights.glsl), so that nothing is rounded. Where the
 * file keeps them: ggml-common.h of llama.cpp, block_q2_K and so on. */
#include "nn/pack.h"

#include "base/checked.h"

#define SUPER_LENGTH 256
#define K32 32

typedef struct
{
  VlmDType dtype;
  guint d_at;    /* f16 */
  guint dmin_at; /* f16; 0 for none */
  /* The 16 bits of k32 number @g of the block. */
  guint32 (*scales) (const guint8 *block, guint g);
} SuperType;

static guint32
two_bytes (guint low, guint high)
{
  return (low & 0xff) | (high & 0xff) << 8;
}

/* Scale and minimum of four bits, for 16 inputs, are a byte of the file. */
static guint32
scales_q2_k (const guint8 *block, guint g)
{
  return two_bytes (block[2 * g], block[2 * g + 1]);
}

static guint
scale_q3_k (const guint8 *packed, guint i)
{
  const guint low = packed[i % 8] >> (4 * (i / 8)) & 15;
  const guint high = packed[8 + i % 4] >> (2 * (i / 4)) & 3;

  return (low | high << 4) - 32;
}

static guint32
scales_q3_k (const guint8 *block, guint g)
{
  return two_bytes (
      scale_q3_k (block + 96, 2 * g), scale_q3_k (block + 96, 2 * g + 1));
}

/* Also of Q5_K: scale and minimum of six bits. */
static guint32
scales_q4_k (const guint8 *block, guint g)
{
  const guint8 *packed = block + 4;
  const guint8 low = packed[g % 4], mid = packed[g % 4 + 4];
  const guint8 high = packed[g % 4 + 8];

  if (g < 4)
    return two_bytes (low & 63, mid & 63);
  return two_bytes ((high & 15) | low >> 6 << 4, high >> 4 | mid >> 6 << 4);
}

static guint32
scales_q6_k (const guint8 *block, guint g)
{
  return two_bytes (block[192 + 2 * g], block[192 + 2 * g + 1]);
}

static guint32
scales_iq4_xs (const guint8 *block, guint g)
{
  const guint high = block[2] | (guint) block[3] << 8;
  const guint low = block[4 + g / 2] >> (4 * (g % 2)) & 15;

  return two_bytes ((low | (high >> (2 * g) & 3) << 4) - 32, 0);
}

static const SuperType types[] = {
  { VLM_DTYPE_Q2_K, 80, 82, scales_q2_k },
  { VLM_DTYPE_Q3_K, 108, 0, scales_q3_k },
  { VLM_DTYPE_Q4_K, 0, 2, scales_q4_k },
  { VLM_DTYPE_Q5_K, 0, 2, scales_q4_k },
  { VLM_DTYPE_Q6_K, 208, 0, scales_q6_k },
  { VLM_DTYPE_IQ4_XS, 0, 0, scales_iq4_xs },
};

static const SuperType *
find_type (VlmDType dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].dtype == dtype)
      return &types[i];
  g_assert_not_reached ();
}

void
vlm_nn_pack_supers (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  const SuperType *type = find_type (format->dtype);
  const gsize block_bytes = vlm_dtype_block_bytes (format->dtype);

  if (plane == VLM_NN_PLANE_CODES || plane == VLM_NN_PLANE_BITS) {
    vlm_nn_pack_codes (format, plane, row, n_in, words);
    return;
  }
  for (guint first = 0; first < n_in; first += SUPER_LENGTH) {
    if (plane == VLM_NN_PLANE_SUPERS) {
      const guint dmin_at = type->dmin_at;

      *words++ = two_bytes (row[type->d_at], row[type->d_at + 1]) |
          (dmin_at > 0 ? two_bytes (row[dmin_at], row[dmin_at + 1]) << 16 : 0);
    } else {
      const guint n =
          (guint) vlm_div_round_up (MIN (n_in - first, SUPER_LENGTH), 2 * K32);

      for (guint i = 0; i < n; i++)
        *words++ =
            type->scales (row, 2 * i) | type->scales (row, 2 * i + 1) << 16;
    }
    row += block_bytes;
  }
}
