/* gst-vlm: the contents of a block of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever a block looks like in a file, its elements are
 *
 *   x[i] = scales[i / group] * levels[codes[i]] - mins[i / group]
 *
 * where each operation rounds to float: the bits are those of the tool that
 * defined the type. Packing for a device starts from codes, scales and
 * minimums, a reference from the floats. */
#pragma once

#include "base/dtype.h"

#define VLM_MAX_BLOCK 256       /* elements */
#define VLM_MAX_BLOCK_GROUPS 16 /* groups of a block */

typedef struct
{
  guint n_bits;        /* of a code */
  guint group;         /* elements that share a scale and a minimum */
  gboolean has_min;    /* otherwise mins is not written, and is 0 */
  const float *levels; /* [1 << n_bits] */
  /* One block; codes has an entry an element, the others one a group. */
  void (*unpack) (
      const guint8 *block, guint8 *codes, float *scales, float *mins);
} VlmBlockType;

/* The beginning of a block of NF4_ACROSS, whose first elements have another scale
 * than the rest: how many is a multiple of NF4_ACROSS_STEP, and the same in all
 * blocks of a row. The second scale of a block is the first one of the next. */
#define VLM_NF4_ACROSS_STEP 4
typedef struct
{
  float scales[2];
  guint32 n_first;
} VlmNf4AcrossHead;

/* NULL for a plain type. */
const VlmBlockType *vlm_block_type (VlmDType dtype);

/* The first @n elements of a row as floats: of a plain float type or of
 * blocks. @data need not be aligned. */
void
vlm_dequantise (VlmDType dtype, const guint8 *data, gsize n, float *values);
