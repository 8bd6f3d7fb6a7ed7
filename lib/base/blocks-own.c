/* gst-vlm: blocks for weights that other files spread over several tensors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Float scale; float minimum if there is one; the codes, those of four bits two a
 * byte, the low half first. Host byte order. */
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

/* Of @length integers of 4 or 8 bits. */
#define INTS(bits, length)                                                     \
  static void unpack_int##bits##_##length (                                    \
      const guint8 *block, guint8 *codes, float *scales, float *mins)          \
  {                                                                            \
    scales[0] = read_float (block);                                            \
    mins[0] = read_float (block + 4);                                          \
    if (bits == 4)                                                             \
      unpack_pairs (block + 8, length / 2, codes);                             \
    else                                                                       \
      memcpy (codes, block + 8, length);                                       \
  }                                                                            \
                                                                               \
  const VlmBlockType vlm_blocks_int##bits##_##length = { bits, length, TRUE,   \
    vlm_levels_unsigned, unpack_int##bits##_##length };

INTS (4, 32)
INTS (4, 64)
INTS (4, 128)
INTS (8, 32)
INTS (8, 64)
INTS (8, 128)

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

static void
unpack_nf4_across (
    const guint8 *block, guint8 *codes, float *scales, float *mins)
{
  VlmNf4AcrossHead head;

  memcpy (&head, block, sizeof head);
  for (guint i = 0; i < 64 / VLM_NF4_ACROSS_STEP; i++)
    scales[i] = head.scales[i * VLM_NF4_ACROSS_STEP >= head.n_first];
  unpack_pairs (block + sizeof head, 32, codes);
}

const VlmBlockType vlm_blocks_f8_128 = { 8, 128, FALSE, vlm_levels_e4m3,
  unpack_f8_128 };
const VlmBlockType vlm_blocks_nf4_64 = { 4, 64, FALSE, vlm_levels_nf4,
  unpack_nf4_64 };
const VlmBlockType vlm_blocks_nf4_across = { 4, VLM_NF4_ACROSS_STEP, FALSE,
  vlm_levels_nf4, unpack_nf4_across };
