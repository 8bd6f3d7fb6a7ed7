/* gst-vlm: blocks of 32 elements
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * f16 scale d; f16 minimum m if there is one; the fifth bits; the codes.
 * ggml-common.h of llama.cpp, block_q4_0 and so on. */
#include "base/blocks-private.h"

static void
unpack_q4_0 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = vlm_read_f16 (block);
  vlm_unpack_halves (block + 2, 16, codes);
}

/* The file's minimum is added, ours is subtracted. */
static void
unpack_q4_1 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = vlm_read_f16 (block);
  mins[0] = -vlm_read_f16 (block + 2);
  vlm_unpack_halves (block + 4, 16, codes);
}

static void
add_fifth_bits (const guint8 *bits, guint8 *codes)
{
  for (guint i = 0; i < 32; i += 8) {
    const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
    guint64 spread, there;

    /* Bit k of a byte into byte k, as 16. */
    spread = bits[i / 8] * ones & G_GUINT64_CONSTANT (0x8040201008040201);
    spread = (spread + 0x7f * ones) >> 7 & ones;
    memcpy (&there, codes + i, sizeof there);
    there |= GUINT64_TO_LE (spread << 4);
    memcpy (codes + i, &there, sizeof there);
  }
}

static void
unpack_q5_0 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = vlm_read_f16 (block);
  vlm_unpack_halves (block + 6, 16, codes);
  add_fifth_bits (block + 2, codes);
}

static void
unpack_q5_1 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = vlm_read_f16 (block);
  mins[0] = -vlm_read_f16 (block + 2);
  vlm_unpack_halves (block + 8, 16, codes);
  add_fifth_bits (block + 4, codes);
}

static void
unpack_q8_0 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = vlm_read_f16 (block);
  memcpy (codes, block + 2, 32);
}

const VlmBlockType vlm_blocks_q4_0 = { 4, 32, FALSE, vlm_levels_4,
  unpack_q4_0 };
const VlmBlockType vlm_blocks_q4_1 = { 4, 32, TRUE, vlm_levels_unsigned,
  unpack_q4_1 };
const VlmBlockType vlm_blocks_q5_0 = { 5, 32, FALSE, vlm_levels_5,
  unpack_q5_0 };
const VlmBlockType vlm_blocks_q5_1 = { 5, 32, TRUE, vlm_levels_unsigned,
  unpack_q5_1 };
const VlmBlockType vlm_blocks_q8_0 = { 8, 32, FALSE, vlm_levels_signed,
  unpack_q8_0 };
const VlmBlockType vlm_blocks_iq4_nl = { 4, 32, FALSE, vlm_levels_iq4,
  unpack_q4_0 };
