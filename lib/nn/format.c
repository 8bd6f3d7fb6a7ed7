/* gst-vlm: how a device holds weights of each type
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/format.h"

#include "base/checked.h"
#include "nn/pack.h"

#define WORD_BYTES 4

/* Constants of weights.glsl, and their places in FORMAT. */
enum
{
  F32,
  F16,
  BF16,
  INT8,
  INT4,
  INT5,
  INT6,
  INT2,
  INT3,
};
enum
{
  ZEROS,
  OFFSETS,
  FLOATS,
  SUPER_MIN,
  SUPER_ONE,
  SUPER_TWO,
  SUPER_FOURS,
  ACROSS,
};
enum
{
  LINEAR,
  IQ4,
  NF4,
  E4M3,
};
#define SHADER(codes, scales, levels, log_group, zero)                         \
  (codes | scales << 4 | levels << 8 | log_group << 12 | zero << 16)

/* A pair of blocks is a gate and its value. */
#define PLAIN(type, n_words)                                                   \
  {                                                                            \
    .dtype = VLM_DTYPE_##type, .shader = type, .blocks = 2,                    \
    .planes = { { n_words, VLM_NN_BLOCK } },                                   \
  }

/* Words of 32 inputs: of codes, and of their high bits. */
#define WORDS_INT8 8, 0
#define WORDS_INT4 4, 0
#define WORDS_INT5 4, 1
#define WORDS_INT6 4, 2
#define WORDS_INT2 2, 0
#define WORDS_INT3 2, 1

#define CODED(type, codes, n_words, n_bits, scales, levels, log_group, zero,   \
    n_supers, pack_scales)                                                     \
  {                                                                            \
    .dtype = VLM_DTYPE_##type,                                                 \
    .shader = SHADER (codes, scales, levels, log_group, zero), .blocks = 4,    \
    .planes = { { n_words, 32 }, { n_bits, 32 }, { 1, 32 << log_group },       \
      { n_supers, 256 } },                                                     \
    .pack = pack_scales,                                                       \
  }
#define EXPAND(macro, ...) macro (__VA_ARGS__)

/* A scale word for each group of 32 << log_group inputs. */
#define GROUPS(type, codes, scales, levels, log_group, pack)                   \
  EXPAND (CODED, type, codes, WORDS_##codes, scales, levels, log_group, 0, 0,  \
      pack)
/* A scale word for 64 inputs, and its unit for 256. */
#define SUPERS(type, codes, scales, levels, zero, pack)                        \
  EXPAND (CODED, type, codes, WORDS_##codes, scales, levels, 1, zero, 1, pack)

/* A scale for 64 inputs; a row may begin within the first group. In place of the
 * unit of the scales there is one word that says where. */
#define NF4_ACROSS                                                             \
  {                                                                            \
    .dtype = VLM_DTYPE_NF4_ACROSS, .shader = SHADER (INT4, ACROSS, NF4, 1, 0), \
    .blocks = 4,                                                               \
    .planes = { { 4, 32 }, { 0 }, { 1, 64, 1 }, { 1, G_MAXUINT } },            \
    .pack = vlm_nn_pack_across,                                                \
  }

static const VlmNnFormat formats[] = {
  PLAIN (F32, 8),
  PLAIN (F16, 4),
  PLAIN (BF16, 4),
  GROUPS (Q8_0, INT8, ZEROS, LINEAR, 0, vlm_nn_pack_zeros),
  GROUPS (Q4_0, INT4, ZEROS, LINEAR, 0, vlm_nn_pack_zeros),
  GROUPS (Q4_1, INT4, OFFSETS, LINEAR, 0, vlm_nn_pack_offsets),
  GROUPS (Q5_0, INT5, ZEROS, LINEAR, 0, vlm_nn_pack_zeros),
  GROUPS (Q5_1, INT5, OFFSETS, LINEAR, 0, vlm_nn_pack_offsets),
  GROUPS (IQ4_NL, INT4, OFFSETS, IQ4, 0, vlm_nn_pack_offsets),
  SUPERS (Q2_K, INT2, SUPER_FOURS, LINEAR, 0, vlm_nn_pack_supers),
  SUPERS (Q3_K, INT3, SUPER_TWO, LINEAR, 4, vlm_nn_pack_supers),
  SUPERS (Q4_K, INT4, SUPER_MIN, LINEAR, 0, vlm_nn_pack_supers),
  SUPERS (Q5_K, INT5, SUPER_MIN, LINEAR, 0, vlm_nn_pack_supers),
  SUPERS (Q6_K, INT6, SUPER_TWO, LINEAR, 32, vlm_nn_pack_supers),
  SUPERS (IQ4_XS, INT4, SUPER_ONE, IQ4, 0, vlm_nn_pack_supers),
  GROUPS (INT4_32, INT4, ZEROS, LINEAR, 0, vlm_nn_pack_zeros),
  GROUPS (INT4_64, INT4, ZEROS, LINEAR, 1, vlm_nn_pack_zeros),
  GROUPS (INT4_128, INT4, ZEROS, LINEAR, 2, vlm_nn_pack_zeros),
  GROUPS (INT8_32, INT8, ZEROS, LINEAR, 0, vlm_nn_pack_zeros),
  GROUPS (INT8_64, INT8, ZEROS, LINEAR, 1, vlm_nn_pack_zeros),
  GROUPS (INT8_128, INT8, ZEROS, LINEAR, 2, vlm_nn_pack_zeros),
  GROUPS (F8_128, INT8, FLOATS, E4M3, 2, vlm_nn_pack_floats),
  GROUPS (NF4_64, INT4, FLOATS, NF4, 1, vlm_nn_pack_floats),
  NF4_ACROSS,
};

const VlmNnFormat *
vlm_nn_format (VlmDType dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (formats[i].dtype == dtype)
      return &formats[i];
  return NULL;
}

gboolean
vlm_nn_format_is_quantised (const VlmNnFormat *format)
{
  return (format->shader & 15) > BF16;
}

gsize
vlm_nn_format_row_bytes (const VlmNnFormat *format, guint n_in)
{
  return vlm_dtype_row_bytes (format->dtype, n_in);
}

guint
vlm_nn_format_steps (
    const VlmNnFormat *format, VlmNnPlaneKind plane, guint n_in)
{
  return (guint) vlm_div_round_up (n_in, format->planes[plane].inputs) +
      format->planes[plane].more;
}

guint
vlm_nn_format_share (const VlmNnFormat *format, VlmNnPlaneKind plane)
{
  return MAX (VLM_NN_GRANULE_WORDS / format->planes[plane].words, 1);
}

guint64
vlm_nn_format_plane_bytes (
    const VlmNnFormat *format, VlmNnPlaneKind plane, guint n_in)
{
  if (format->planes[plane].words == 0)
    return 0;
  return (guint64) vlm_nn_format_steps (format, plane, n_in) *
      format->planes[plane].words * WORD_BYTES * VLM_NN_BLOCK;
}

guint64
vlm_nn_format_block_bytes (const VlmNnFormat *format, guint n_in)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < VLM_NN_N_PLANES; i++)
    n_bytes += vlm_nn_format_plane_bytes (format, i, n_in);
  return n_bytes;
}

guint64
vlm_nn_format_bytes (const VlmNnFormat *format, guint n_out, guint n_in)
{
  return vlm_align_up (vlm_div_round_up (n_out, VLM_NN_BLOCK), format->blocks) *
      vlm_nn_format_block_bytes (format, n_in);
}
