/* gst-vlm: rows of quantised weights as the words of a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/pack.h"

#include "base/blocks.h"
#include "base/checked.h"
#include "base/half.h"

#include <string.h>

#define K32 32

/* One block of the file, unpacked. */
typedef struct
{
  const VlmBlockType *type;
  guint length;
  guint8 codes[VLM_MAX_BLOCK];
  float scales[VLM_MAX_BLOCK_GROUPS];
  float mins[VLM_MAX_BLOCK_GROUPS];
} Block;

/* Bit of a word where element i of a k32 has its field of 1 or of 2 bits: fields
 * of a quad lie 4 apart, as codes of four bits do. Those of 2 bits are in two
 * words. */
static guint
place_of_bit (guint i)
{
  return i / 16 * 16 + i % 4 * 4 + i / 4 % 4;
}

static guint
place_of_pair (guint i)
{
  return i / 8 % 2 * 16 + i % 4 * 4 + i / 4 % 2 * 2;
}

static void
pack_bytes (const guint8 *codes, guint32 *words)
{
  for (guint i = 0; i < K32; i += 4)
    words[i / 4] = codes[i] | (guint32) codes[i + 1] << 8 |
        (guint32) codes[i + 2] << 16 | (guint32) codes[i + 3] << 24;
}

/* The low four bits of each. */
static void
pack_nibbles (const guint8 *codes, guint32 *words)
{
  memset (words, 0, K32 / 8 * sizeof *words);
  for (guint i = 0; i < K32; i++)
    words[i / 8] |= (guint32) (codes[i] & 15) << (4 * (i % 8));
}

static void
pack_pairs (const guint8 *codes, guint shift, guint32 *words)
{
  words[0] = words[1] = 0;
  for (guint i = 0; i < K32; i++)
    words[i / 16] |= (guint32) (codes[i] >> shift & 3) << place_of_pair (i);
}

static void
pack_bits (const guint8 *codes, guint shift, guint32 *words)
{
  words[0] = 0;
  for (guint i = 0; i < K32; i++)
    words[0] |= (guint32) (codes[i] >> shift & 1) << place_of_bit (i);
}

/* One k32 of codes, the part of them that a plane holds. */
static void
pack_codes (
    guint n_bits, VlmNnPlaneKind plane, const guint8 *codes, guint32 *words)
{
  if (plane == VLM_NN_PLANE_CODES) {
    if (n_bits == 8)
      pack_bytes (codes, words);
    else if (n_bits >= 4)
      pack_nibbles (codes, words);
    else
      pack_pairs (codes, 0, words);
  } else if (n_bits == 6) {
    pack_pairs (codes, 4, words);
  } else {
    pack_bits (codes, n_bits == 5 ? 4 : 2, words);
  }
}

/* Codes count from 0 on the device: those of two's complement are moved. */
static void
unpack (Block *block, const guint8 *data)
{
  block->type->unpack (data, block->codes, block->scales, block->mins);
  if (block->type->levels[255 >> (8 - block->type->n_bits)] == -1.0f)
    for (guint i = 0; i < block->length; i++)
      block->codes[i] ^= 0x80;
}

static float
zero_code (const VlmBlockType *type)
{
  return -MIN (type->levels[0], type->levels[1 << (type->n_bits - 1)]);
}

static void
block_init (Block *block, const VlmNnFormat *format)
{
  *block = (Block){
    .type = vlm_block_type (format->dtype),
    .length = vlm_dtype_block_length (format->dtype),
  };
}

void
vlm_nn_pack_codes (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  const gsize block_bytes = vlm_dtype_block_bytes (format->dtype);
  const guint n_words = format->planes[plane].words;
  Block block;

  block_init (&block, format);
  for (guint first = 0; first < n_in; first += block.length) {
    const guint n = MIN (block.length, n_in - first);

    unpack (&block, row);
    row += block_bytes;
    for (guint i = 0; i < n; i += K32, words += n_words)
      pack_codes (block.type->n_bits, plane, block.codes + i, words);
  }
}

typedef guint32 (*ScaleWord) (const Block *block);

/* Scale words are of a block each. */
static void
pack_groups (const VlmNnFormat *format, VlmNnPlaneKind plane, const guint8 *row,
    guint n_in, guint32 *words, ScaleWord scale_word)
{
  Block block;

  if (plane != VLM_NN_PLANE_SCALES) {
    vlm_nn_pack_codes (format, plane, row, n_in, words);
    return;
  }
  block_init (&block, format);
  for (guint first = 0; first < n_in; first += block.length) {
    unpack (&block, row);
    row += vlm_dtype_block_bytes (format->dtype);
    *words++ = scale_word (&block);
  }
}

static guint32
two_halves (float low, float high)
{
  return vlm_f16_from_f32 (low) | (guint32) vlm_f16_from_f32 (high) << 16;
}

static guint32
zeros_word (const Block *block)
{
  const float scale = block->scales[0];
  float zero = zero_code (block->type);

  if (block->type->has_min)
    zero = scale != 0.0f ? block->mins[0] / scale : 0.0f;
  return two_halves (scale, zero);
}

void
vlm_nn_pack_zeros (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  pack_groups (format, plane, row, n_in, words, zeros_word);
}

static guint32
offsets_word (const Block *block)
{
  return two_halves (block->scales[0], -block->mins[0]);
}

void
vlm_nn_pack_offsets (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  pack_groups (format, plane, row, n_in, words, offsets_word);
}

static guint32
floats_word (const Block *block)
{
  return vlm_f32_to_bits (block->scales[0]);
}

void
vlm_nn_pack_floats (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  pack_groups (format, plane, row, n_in, words, floats_word);
}
