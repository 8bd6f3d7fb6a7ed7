/* gst-vlm: the tensors of a checkpoint and their places in the network
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure: no device involved. One table says what a checkpoint must hold under
 * each of its naming schemes, in which shape, and what it is for. */
#pragma once

#include <vlm/vlm-model-params.h>

#include "io/tensor-source.h"
#include "model/qwen2_5_vl/config.h"
#include "nn/tensor.h"

/* What the network reads, by the name of its use: one matrix or one vector, per
 * layer where there are layers. Several tensors may fill one. */
typedef enum
{
  VLM_WEIGHT_VISION_PATCH, /* [v, 3 * 2 * 14 * 14] */
  VLM_WEIGHT_VISION_NORM1, /* per block from here */
  VLM_WEIGHT_VISION_QKV,   /* [3v, v] */
  VLM_WEIGHT_VISION_QKV_BIAS,
  VLM_WEIGHT_VISION_PROJ, /* [v, v] */
  VLM_WEIGHT_VISION_PROJ_BIAS,
  VLM_WEIGHT_VISION_NORM2,
  VLM_WEIGHT_VISION_GATE_UP, /* [2 I, v], gate and up paired */
  VLM_WEIGHT_VISION_GATE_UP_BIAS,
  VLM_WEIGHT_VISION_DOWN,      /* [v, I] */
  VLM_WEIGHT_VISION_DOWN_BIAS, /* … to here */
  VLM_WEIGHT_MERGER_NORM,
  VLM_WEIGHT_MERGER_IN, /* [4v, 4v] */
  VLM_WEIGHT_MERGER_IN_BIAS,
  VLM_WEIGHT_MERGER_OUT, /* [h, 4v] */
  VLM_WEIGHT_MERGER_OUT_BIAS,
  VLM_WEIGHT_TEXT_EMBED, /* [V, h]; the head too when tied */
  VLM_WEIGHT_TEXT_NORM1, /* per layer from here */
  VLM_WEIGHT_TEXT_QKV,   /* [(H + 2K) D, h]; q, k, v one after another */
  VLM_WEIGHT_TEXT_QKV_BIAS,
  VLM_WEIGHT_TEXT_OUT, /* [h, H D] */
  VLM_WEIGHT_TEXT_NORM2,
  VLM_WEIGHT_TEXT_GATE_UP, /* [2 I, h], gate and up paired */
  VLM_WEIGHT_TEXT_DOWN,    /* [h, I]; … to here */
  VLM_WEIGHT_TEXT_NORM,
  VLM_WEIGHT_TEXT_HEAD, /* [V, h]; not there when tied */
  VLM_N_WEIGHTS,
} VlmWeight;

/* Matrices keep the dtype of the checkpoint where kernels read it; vectors (norms
 * and biases) are few and become f32. */
gboolean vlm_weight_is_matrix (VlmWeight weight);
/* How many there are: 1, the blocks, the layers, or 0. */
guint vlm_weight_get_n_layers (VlmWeight weight, const VlmConfig *config);
/* What a device holds of a matrix whose file has @dtype, one of 16 or 32 bits:
 * the decoder's layers have the width that is asked for. The patch embedding,
 * whose rows are few and whose input is raw pixels, stays as it is; the rest of
 * the vision tower, the embeddings and the head have eight bits: errors of the
 * first are in every token after, those of the last choose tokens. */
VlmDType vlm_weight_get_stored_type (
    VlmWeight weight, VlmDType dtype, VlmModelWeights weights);
/* Size of the whole; n_in is 1 for a vector. Of a paired one n_out is twice the
 * true width: the padding of the pairing is the matrix's business. */
void vlm_weight_get_size (
    VlmWeight weight, const VlmConfig *config, guint *n_out, guint *n_in);

/* Names of the first tensor of a weight, NULL for a scheme that has but one.
 * (transfer full) */
void vlm_weight_get_names (
    VlmWeight weight, VlmTensorNames scheme, guint layer, char *names[2]);

/* One tensor of the checkpoint and the part of a weight that it fills. */
typedef struct
{
  char *names[2]; /* under the old and under the new scheme of Hugging Face, or
                     of GGUF and NULL */
  VlmWeight weight;
  guint layer;
  VlmNnRows rows;  /* how its rows lie in the whole */
  guint first_out; /* its first row among rows of that kind */
  guint n_out;     /* its rows, or the elements of a vector */
  guint n_in;      /* elements of a row; 1 for a vector */
  guint n_dims;
  guint64 shape[5]; /* as stored */
  VlmDType dtype; /* of a matrix on the device, once the checkpoint is known */
} VlmWeightItem;

/* All items of a configuration, in the order of the network: layer after layer,
 * those of one weight together. One owner. */
typedef struct
{
  VlmTensorNames names;
  VlmWeightItem *items;
  guint n_items;
} VlmWeightList;

VlmWeightList *
vlm_weight_list_new (const VlmConfig *config, VlmTensorNames names);
void vlm_weight_list_free (VlmWeightList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmWeightList, vlm_weight_list_free)

/* Finds the tensor under either name and checks it: NOT_FOUND with both names
 * and the file, MISMATCH with both shapes, UNSUPPORTED for a type of which no
 * weights can be made. The view is the caller's. */
gboolean vlm_weight_item_find (const VlmWeightItem *item,
    const VlmTensorSource *source, VlmTensorView *view, GError **error);

/* All of the above for all items, before anything is uploaded; and that the
 * checkpoint is not deeper than its configuration (MISMATCH), and that biases
 * which the network does not have are zero (UNSUPPORTED). Sets the dtype of each:
 * its own, or F32 where no kernel reads that, or where the two of a pair
 * differ. n_bytes: of all tensors; may be NULL. */
gboolean vlm_weight_list_check (VlmWeightList *list, const VlmConfig *config,
    const VlmTensorSource *source, guint64 *n_bytes, GError **error);

/* After that: items of 16 and 32 bits get the type that @weights asks for. */
void vlm_weight_list_quantise (VlmWeightList *list, VlmModelWeights weights);

/* Before the list is made: whether the head is the embedding, where the
 * configuration leaves that to the files. A head of its own that has no effect
 * is warned of. */
void vlm_weights_settle_head (VlmConfig *config, const VlmTensorSource *source);

/* What a device holds for them once their dtypes are set. */
guint64 vlm_weight_list_get_device_bytes (const VlmWeightList *list);

#define VLM_WEIGHT_MAX_SEGMENTS 3 /* queries, keys, values */

/* Whether item @i begins a weight. */
gboolean vlm_weight_list_is_first (const VlmWeightList *list, guint i);
/* What the matrix whose first item is @first is made of; how many there are. */
guint vlm_weight_list_get_segments (const VlmWeightList *list, guint first,
    VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS]);
