/* gst-vlm: how a device holds weights of each type
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A matrix is in blocks of VLM_NN_BLOCK outputs, one a lane. The data of an
 * output is cut into planes (codes, scales, …): so many words of 32 bits for a
 * step of so many inputs. Kernels read granules of four words of one lane, and
 * every word of a granule is used at the same step: a plane of four words or
 * more has granules of its own, those of one or two words are shared by
 * neighbouring blocks. So a plane is
 *
 *   [n_blocks / share][n_steps][granules][VLM_NN_BLOCK lanes][4 words]
 *
 * shaders/include/weights.glsl is the other side. base/blocks.h has the content
 * of a block of each type; a new format is a line here and its packing. */
#pragma once

#include "base/dtype.h"

#define VLM_NN_BLOCK 8 /* outputs of a block, inputs of a group */
#define VLM_NN_GRANULE_WORDS 4

typedef struct
{
  guint words;  /* of one output at a step: 0, 1, 2 or a multiple of 4 */
  guint inputs; /* of a step */
  guint more;   /* steps after the last input */
} VlmNnPlane;

/* What a plane holds. */
typedef enum
{
  VLM_NN_PLANE_CODES, /* or plain elements */
  VLM_NN_PLANE_BITS,  /* the high bits of codes of 3, 5 and 6 */
  VLM_NN_PLANE_SCALES,
  VLM_NN_PLANE_SUPERS, /* what scales are in units of */
  VLM_NN_N_PLANES,
} VlmNnPlaneKind;

typedef struct _VlmNnFormat VlmNnFormat;

/* Words [n_steps][words] of a plane for a row as the file has it, zeros past its
 * end. @row need not be aligned. */
typedef void (*VlmNnPackFunc) (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);

struct _VlmNnFormat
{
  VlmDType dtype; /* of the rows that are packed */
  guint32 shader; /* FORMAT of weights.glsl */
  guint blocks;   /* a matrix is padded to a multiple of so many */
  VlmNnPlane planes[VLM_NN_N_PLANES]; /* of no words where there is none */
  VlmNnPackFunc pack;                 /* NULL: a row's bytes are its words */
};

/* The formats that matrix products can read. */
gboolean vlm_nn_format_is_quantised (const VlmNnFormat *format);

/* NULL where no kernel reads weights of that type. */
const VlmNnFormat *vlm_nn_format (VlmDType dtype);

/* Bytes of a row as packing takes it. */
gsize vlm_nn_format_row_bytes (const VlmNnFormat *format, guint n_in);

guint vlm_nn_format_steps (
    const VlmNnFormat *format, VlmNnPlaneKind plane, guint n_in);
/* Blocks that share a granule of that plane: 1, 2 or 4. */
guint vlm_nn_format_share (const VlmNnFormat *format, VlmNnPlaneKind plane);
/* Bytes of the device for one block, in that plane or in all. */
guint64 vlm_nn_format_plane_bytes (
    const VlmNnFormat *format, VlmNnPlaneKind plane, guint n_in);
guint64 vlm_nn_format_block_bytes (const VlmNnFormat *format, guint n_in);
/* What a device holds for a matrix of that type. */
guint64
vlm_nn_format_bytes (const VlmNnFormat *format, guint n_out, guint n_in);
