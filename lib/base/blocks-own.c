/* gst-vlm: blocks for weights that other files spread over several tensors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Float scale; float minimum where there is one; the codes, those of four bits
 * two a byte, the low half first. Host byte order. */
#include "base/blocks-private.h"

static float
read_float (const guint8 *at)
{
  float value;

  memcpy (&value, at, sizeof value);
  return value;
}

static void
unpack_pairs (const guint8 *bytes, guint n_bytes, guint8 *codes)
{
  for (guint i = 0; i < n_bytes; i++) {
    codes[2 * i] = bytes[i] & 15;
    codes[2 * i + 1] = bytes[i] >> 4;
  }
}

static void
unpack_int4_32 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  mins[0] = read_float (block + 4);
  unpack_pairs (block + 8, 16, codes);
}

static void
unpack_int4_128 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  mins[0] = read_float (block + 4);
  unpack_pairs (block + 8, 64, codes);
}

static void
unpack_int8_32 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  mins[0] = read_float (block + 4);
  memcpy (codes, block + 8, 32);
}

static void
unpack_int8_128 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  mins[0] = read_float (block + 4);
  memcpy (codes, block + 8, 128);
}

static void
unpack_f8_128 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  memcpy (codes, block + 4, 128);
}

static void
unpack_nf4_64 (const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  scales[0] = read_float (block);
  unpack_pairs (block + 4, 32, codes);
}

const VlmBlockType vlm_blocks_int4_32 = { 4, 32, TRUE, vlm_levels_unsigned,
  unpack_int4_32 };
const VlmBlockType vlm_blocks_int4_128 = { 4, 128, TRUE, vlm_levels_unsigned,
  unpack_int4_128 };
const VlmBlockType vlm_blocks_int8_32 = { 8, 32, TRUE, vlm_levels_unsigned,
  unpack_int8_32 };
const VlmBlockType vlm_blocks_int8_128 = { 8, 128, TRUE, vlm_levels_unsigned,
  unpack_int8_128 };
const VlmBlockType vlm_blocks_f8_128 = { 8, 128, FALSE, vlm_levels_e4m3,
  unpack_f8_128 };
const VlmBlockType vlm_blocks_nf4_64 = { 4, 64, FALSE, vlm_levels_nf4,
  unpack_nf4_64 };
