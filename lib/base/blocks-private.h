/* gst-vlm: the types of blocks, one row of the table each
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "base/blocks.h"
#include "base/half.h"

extern const VlmBlockType vlm_blocks_q4_0, vlm_blocks_q4_1, vlm_blocks_q5_0,
    vlm_blocks_q5_1, vlm_blocks_q8_0, vlm_blocks_iq4_nl; /* blocks-32.c */
extern const VlmBlockType vlm_blocks_q2_k, vlm_blocks_q3_k, vlm_blocks_q4_k,
    vlm_blocks_q5_k, vlm_blocks_q6_k, vlm_blocks_iq4_xs; /* blocks-256.c */
extern const VlmBlockType vlm_blocks_int4_32, vlm_blocks_int4_64,
    vlm_blocks_int4_128, vlm_blocks_int8_32, vlm_blocks_int8_64,
    vlm_blocks_int8_128, vlm_blocks_f8_128, vlm_blocks_nf4_64,
    vlm_blocks_nf4_across; /* blocks-own.c */

/* Code to value; a type of fewer bits uses the beginning. */
extern const float vlm_levels_unsigned[256];
extern const float vlm_levels_signed[256]; /* of a two's complement byte */
extern const float vlm_levels_4[16];       /* -8 … 7 */
extern const float vlm_levels_5[32];       /* -16 … 15 */
extern const float vlm_levels_iq4[16];
extern const float vlm_levels_nf4[16];
extern const float vlm_levels_e4m3[256];

static inline guint16
vlm_read_u16 (const guint8 *at)
{
  return (guint16) (at[0] | at[1] << 8);
}

static inline float
vlm_read_f16 (const guint8 *at)
{
  return vlm_f32_from_f16 (vlm_read_u16 (at));
}

/* Two codes a byte: the low halves come first, then the high ones. */
static inline void
vlm_unpack_halves (const guint8 *bytes, guint n_bytes, guint8 *codes)
{
  for (guint i = 0; i < n_bytes; i++) {
    codes[i] = bytes[i] & 15;
    codes[n_bytes + i] = bytes[i] >> 4;
  }
}
