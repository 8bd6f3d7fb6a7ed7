/* gst-vlm: blocks of 256 elements with scales of scales
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A group's scale is an f16 of the block times a few bits of its own, rounded
 * to float. ggml-common.h of llama.cpp, block_q2_K and so on. */
#include "base/blocks-private.h"

/* Codes of two bits: a byte holds an element of each of four runs of 32, and
 * 32 bytes hold 128 elements. */
static void
unpack_quarters (const guint8 *bytes, guint8 *codes)
{
  for (guint run = 0; run < 8; run++)
    for (guint i = 0; i < 32; i++)
      codes[32 * run + i] = bytes[run / 4 * 32 + i] >> (2 * (run % 4)) & 3;
}

/* 16 bytes of scales and minimums, 64 of codes, d, dmin. */
static void
unpack_q2_k (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  const float d = vlm_read_f16 (block + 80), dmin = vlm_read_f16 (block + 82);

  for (guint i = 0; i < 16; i++) {
    scales[i] = d * (float) (block[i] & 15);
    mins[i] = dmin * (float) (block[i] >> 4);
  }
  unpack_quarters (block + 16, codes);
}

/* 32 bytes of third bits, 64 of codes, 12 of scales, d. The scales are of six
 * bits: the low four of two in each of the first eight bytes, the high two of
 * four in each of the others. */
static void
unpack_q3_k (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  const guint8 *packed = block + 96;
  const float d = vlm_read_f16 (block + 108);

  for (guint i = 0; i < 16; i++) {
    gint low = packed[i % 8] >> (4 * (i / 8)) & 15;
    gint high = packed[8 + i % 4] >> (2 * (i / 4)) & 3;

    scales[i] = d * (float) ((low | high << 4) - 32);
  }
  unpack_quarters (block + 32, codes);
  for (guint run = 0; run < 8; run++)
    for (guint i = 0; i < 32; i++)
      codes[32 * run + i] |= (guint8) ((block[i] >> run & 1) << 2);
}

/* d, dmin, and 12 bytes with eight scales and eight minimums of six bits. */
static void
unpack_scales (const guint8 *block, float *scales, float *mins)
{
  const float d = vlm_read_f16 (block), dmin = vlm_read_f16 (block + 2);
  const guint8 *packed = block + 4;

  for (guint i = 0; i < 4; i++) {
    guint8 low = packed[i], mid = packed[i + 4], high = packed[i + 8];

    scales[i] = d * (float) (low & 63);
    mins[i] = dmin * (float) (mid & 63);
    scales[i + 4] = d * (float) ((high & 15) | low >> 6 << 4);
    mins[i + 4] = dmin * (float) (high >> 4 | mid >> 6 << 4);
  }
}

static void
unpack_q4_k (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  unpack_scales (block, scales, mins);
  for (guint i = 0; i < 4; i++)
    vlm_unpack_halves (block + 16 + 32 * i, 32, codes + 64 * i);
}

/* 32 bytes of fifth bits before the codes. */
static void
unpack_q5_k (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  unpack_scales (block, scales, mins);
  for (guint i = 0; i < 4; i++)
    vlm_unpack_halves (block + 48 + 32 * i, 32, codes + 64 * i);
  for (guint run = 0; run < 8; run++)
    for (guint i = 0; i < 32; i++)
      codes[32 * run + i] |= (guint8) ((block[16 + i] >> run & 1) << 4);
}

/* 128 bytes of the low four bits, 64 of the high two, 16 scales, d. */
static void
unpack_q6_k (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  const float d = vlm_read_f16 (block + 208);
  guint8 high[256];

  for (guint i = 0; i < 16; i++)
    scales[i] = d * (float) (gint8) block[192 + i];
  unpack_quarters (block + 128, high);
  vlm_unpack_halves (block, 64, codes);
  vlm_unpack_halves (block + 64, 64, codes + 128);
  for (guint i = 0; i < 256; i++)
    codes[i] |= (guint8) (high[i] << 4);
}

/* d, two bytes with the high bits of the scales, four with the low ones. */
static void
unpack_iq4_xs (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  const float d = vlm_read_f16 (block);
  const guint high = vlm_read_u16 (block + 2);

  for (guint i = 0; i < 8; i++) {
    gint scale = block[4 + i / 2] >> (4 * (i % 2)) & 15;

    scale |= (gint) (high >> (2 * i) & 3) << 4;
    scales[i] = d * (float) (scale - 32);
    vlm_unpack_halves (block + 8 + 16 * i, 16, codes + 32 * i);
  }
}

static const float levels_3[8] = { -4, -3, -2, -1, 0, 1, 2, 3 };
/* clang-format off */
static const float levels_6[64] = {
  -32, -31, -30, -29, -28, -27, -26, -25, -24, -23, -22, -21, -20, -19, -18,
  -17, -16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
  22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};
/* clang-format on */

const VlmBlockType vlm_blocks_q2_k = { 2, 16, TRUE, vlm_levels_unsigned,
  unpack_q2_k };
const VlmBlockType vlm_blocks_q3_k = { 3, 16, FALSE, levels_3, unpack_q3_k };
const VlmBlockType vlm_blocks_q4_k = { 4, 32, TRUE, vlm_levels_unsigned,
  unpack_q4_k };
const VlmBlockType vlm_blocks_q5_k = { 5, 32, TRUE, vlm_levels_unsigned,
  unpack_q5_k };
const VlmBlockType vlm_blocks_q6_k = { 6, 16, FALSE, levels_6, unpack_q6_k };
const VlmBlockType vlm_blocks_iq4_xs = { 4, 32, FALSE, vlm_levels_iq4,
  unpack_iq4_xs };
