/* gst-vlm: the inside of packed weights, for the ops in this folder
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"
#include "nn/format.h"

/* Blocks from first_block on, of one format, in a buffer of their own, plane
 * after plane: those of n_out outputs, and padding that the format requires.
 * */
typedef struct
{
  VlmVkBuffer *buffer;
  const VlmNnFormat *format;
  guint first_block;
  guint n_out;
  guint n_padded;    /* blocks that there is room for */
  VlmNnTensor order; /* [1, n_in], all ones in its padding; none: in order */
  guint64 plane_offset[VLM_NN_N_PLANES]; /* bytes */
} VlmNnPart;

struct _VlmNnMatrix
{
  guint n_out;
  guint n_in;
  guint n_groups; /* of 8 inputs */
  guint n_first;  /* blocks of the first half of a pair whose halves follow
                     one another; 0 for others */
  VlmNnPart *parts;
  guint n_parts;
};

/* In granules, for p of weights.glsl. */
static inline guint32
vlm_nn_part_granule (const VlmNnPart *part, VlmNnPlaneKind plane)
{
  return (guint32) (part->plane_offset[plane] / (VLM_NN_GRANULE_WORDS * 4));
}

/* Blocks that have outputs, or are a gate's or a value's padding. */
guint vlm_nn_matrix_count_blocks (const VlmNnMatrix *matrix);
/* The whole part, to be read. */
VlmVkBinding vlm_nn_bind_part (const VlmNnPart *part);
