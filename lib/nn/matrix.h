/* gst-vlm: the inside of packed weights, for the ops in this folder
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"

#define VLM_NN_BLOCK 8 /* outputs of a block, inputs of a group */

/* Blocks [first_block, first_block + n_blocks) in a buffer of their own. Both
 * are even, so that no pair of gate and value is torn. */
typedef struct
{
  VlmVkBuffer *buffer;
  guint first_block;
  guint n_blocks;
} VlmNnPart;

struct _VlmNnMatrix
{
  guint n_out;
  guint n_in;
  VlmDType dtype;
  guint n_groups; /* of 8 inputs */
  guint n_blocks; /* of 8 outputs, rounded up to even */
  guint64 block_bytes;
  VlmNnPart *parts;
  guint n_parts;
};

/* The whole part, to be read. */
VlmVkBinding
vlm_nn_bind_part (const VlmNnMatrix *matrix, const VlmNnPart *part);
