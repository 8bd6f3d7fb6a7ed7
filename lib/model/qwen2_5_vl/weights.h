/* gst-vlm: the tensors of Qwen2.5-VL and their places in the network
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure: no device involved. One table defines the tensors that a checkpoint
 * must have under each naming scheme, their shapes, and their use. */
#pragma once

#include "model/weights.h"

/* What the network reads, by the name of its use: one matrix or one vector, per
 * layer where there are layers. Several tensors may fill one. */
typedef enum
{
  VLM_QWEN_VISION_PATCH, /* [v, 3 * 2 * 14 * 14] */
  VLM_QWEN_VISION_NORM1, /* per block from here */
  VLM_QWEN_VISION_QKV,   /* [3v, v] */
  VLM_QWEN_VISION_QKV_BIAS,
  VLM_QWEN_VISION_PROJ, /* [v, v] */
  VLM_QWEN_VISION_PROJ_BIAS,
  VLM_QWEN_VISION_NORM2,
  VLM_QWEN_VISION_GATE_UP, /* [2 I, v], gate and up paired */
  VLM_QWEN_VISION_GATE_UP_BIAS,
  VLM_QWEN_VISION_DOWN,      /* [v, I] */
  VLM_QWEN_VISION_DOWN_BIAS, /* … to here */
  VLM_QWEN_MERGER_NORM,
  VLM_QWEN_MERGER_IN, /* [4v, 4v] */
  VLM_QWEN_MERGER_IN_BIAS,
  VLM_QWEN_MERGER_OUT, /* [h, 4v] */
  VLM_QWEN_MERGER_OUT_BIAS,
  VLM_QWEN_TEXT_EMBED, /* [V, h]; the head too when tied */
  VLM_QWEN_TEXT_NORM1, /* per layer from here */
  VLM_QWEN_TEXT_QKV,   /* [(H + 2K) D, h]; q, k, v one after another */
  VLM_QWEN_TEXT_QKV_BIAS,
  VLM_QWEN_TEXT_OUT, /* [h, H D] */
  VLM_QWEN_TEXT_NORM2,
  VLM_QWEN_TEXT_GATE_UP, /* [2 I, h], gate and up paired */
  VLM_QWEN_TEXT_DOWN,    /* [h, I]; … to here */
  VLM_QWEN_TEXT_NORM,
  VLM_QWEN_TEXT_HEAD, /* [V, h]; not there when tied */
  VLM_QWEN_N_WEIGHTS,
} VlmQwenWeight;

VlmWeightList *
vlm_qwen_weights_list (const VlmConfig *config, VlmTensorNames names);

/* That the checkpoint is not deeper than its configuration (MISMATCH). */
gboolean vlm_qwen_weights_check (
    const VlmConfig *config, const VlmTensorSource *source, GError **error);

/* Before the list is made: whether the head is the embedding, where the
 * configuration leaves that to the files. Warns of a head of its own that has no
 * effect. */
void
vlm_qwen_weights_settle_head (VlmConfig *config, const VlmTensorSource *source);
