/* gst-vlm: rows of quantised weights as the words of a device
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VlmNnPackFunc for each kind of scale; codes are packed alike.
 * shaders/include/weights.glsl defines the words of each plane. */
#pragma once

#include "nn/format.h"

/* Of any type: VLM_NN_PLANE_CODES and VLM_NN_PLANE_BITS. */
void vlm_nn_pack_codes (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
/* f16 scale, f16 code of zero. */
void vlm_nn_pack_zeros (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
/* f32 scale. */
void vlm_nn_pack_floats (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
/* Blocks of 256 whose scales are in units of an f16: by the type. */
void vlm_nn_pack_supers (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
/* f32 scales of blocks that go on across rows, and where a row begins in its
 * first. */
void vlm_nn_pack_across (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
/* f16 scale, f16 offset. */
void vlm_nn_pack_offsets (const VlmNnFormat *format, VlmNnPlaneKind plane,
    const guint8 *row, guint n_in, guint32 *words);
