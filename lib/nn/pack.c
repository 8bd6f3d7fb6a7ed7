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

/* Bits of four codes of a byte each, still a byte each. */
static guint32
load_4 (const guint8 *codes, guint shift, guint8 mask)
{
  guint32 x;

  memcpy (&x, codes, sizeof x);
  return GUINT32_FROM_LE (x) >> shift & mask * 0x01010101u;
}

static void
pack_bytes (const guint8 *codes, guint32 *words)
{
  memcpy (words, codes, K32);
  for (guint i = 0; i < K32 / 4; i++)
    words[i] = GUINT32_FROM_LE (words[i]);
}

/* The low four bits of each. Fields of a quad are in neighbouring bytes, as whole
 * codes are, */
static void
pack_nibbles (const guint8 *codes, guint32 *words)
{
  for (guint i = 0; i < K32 / 8; i++, codes += 8)
    words[i] = load_4 (codes, 0, 15) | load_4 (codes + 4, 0, 15) << 4;
}

/* also those of two bits, in two words, */
static void
pack_pairs (const guint8 *codes, guint shift, guint32 *words)
{
  for (guint i = 0; i < K32 / 16; i++) {
    words[i] = 0;
    for (guint j = 0; j < 4; j++, codes += 4)
      words[i] |= load_4 (codes, shift, 3) << (2 * j);
  }
}

/* and of one, in one word. */
static void
pack_bits (const guint8 *codes, guint shift, guint32 *words)
{
  words[0] = 0;
  for (guint j = 0; j < 8; j++, codes += 4)
    words[0] |= load_4 (codes, shift, 1) << j;
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

/* Codes count from 0 on the device: those of two's complement get an offset. */
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

void
vlm_nn_pack_across (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words)
{
  const guint length = vlm_dtype_block_length (format->dtype);
  VlmNf4AcrossHead head = { .n_first = length };

  if (plane == VLM_NN_PLANE_CODES) {
    vlm_nn_pack_codes (format, plane, row, n_in, words);
    return;
  }
  for (guint first = 0; first < n_in; first += length) {
    memcpy (&head, row, sizeof head);
    row += vlm_dtype_block_bytes (format->dtype);
    if (plane == VLM_NN_PLANE_SCALES)
      *words++ = vlm_f32_to_bits (head.scales[0]);
  }
  *words = plane == VLM_NN_PLANE_SCALES ? vlm_f32_to_bits (head.scales[1])
                                        : length - head.n_first;
}
