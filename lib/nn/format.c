/* gst-vlm: how a device holds weights of each type
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/format.h"

#include "base/checked.h"

#define WORD_BYTES 4

/* A pair of blocks is a gate and its value. */
#define PLAIN(type, codes_, words_)                                            \
  {                                                                            \
    .dtype = VLM_DTYPE_##type, .codes = codes_, .blocks = 2, .n_planes = 1,    \
    .planes = { { words_, VLM_NN_BLOCK } },                                    \
  }

/* Constants of weights.glsl. */
enum
{
  CODES_F32,
  CODES_F16,
  CODES_BF16,
};

static const VlmNnFormat formats[] = {
  PLAIN (F32, CODES_F32, 8),
  PLAIN (F16, CODES_F16, 4),
  PLAIN (BF16, CODES_BF16, 4),
};

const VlmNnFormat *
vlm_nn_format (VlmDType dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (formats[i].dtype == dtype)
      return &formats[i];
  return NULL;
}

gsize
vlm_nn_format_row_bytes (const VlmNnFormat *format, guint n_in)
{
  return (gsize) n_in * vlm_dtype_size (format->dtype);
}

guint
vlm_nn_format_steps (const VlmNnFormat *format, guint plane, guint n_in)
{
  return (guint) vlm_div_round_up (n_in, format->planes[plane].inputs);
}

guint
vlm_nn_format_share (const VlmNnFormat *format, guint plane)
{
  return MAX (VLM_NN_GRANULE_WORDS / format->planes[plane].words, 1);
}

guint64
vlm_nn_format_plane_bytes (const VlmNnFormat *format, guint plane, guint n_in)
{
  return (guint64) vlm_nn_format_steps (format, plane, n_in) *
      format->planes[plane].words * WORD_BYTES * VLM_NN_BLOCK;
}

guint64
vlm_nn_format_block_bytes (const VlmNnFormat *format, guint n_in)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < format->n_planes; i++)
    n_bytes += vlm_nn_format_plane_bytes (format, i, n_in);
  return n_bytes;
}

guint64
vlm_nn_format_bytes (const VlmNnFormat *format, guint n_out, guint n_in)
{
  return vlm_align_up (vlm_div_round_up (n_out, VLM_NN_BLOCK), format->blocks) *
      vlm_nn_format_block_bytes (format, n_in);
}
