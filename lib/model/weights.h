/* gst-vlm: the tensors of a checkpoint and their places in a network
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure: no device involved. A family's list defines the tensors that a
 * checkpoint must have, their shapes, and their use. */
#pragma once

#include <vlm/vlm-model-params.h>

#include "io/gguf-mixtures.h"
#include "io/tensor-source.h"
#include "model/config.h"
#include "nn/tensor.h"

/* What a weight is for, which decides its type on the device. */
typedef enum
{
  VLM_WEIGHT_NORM,   /* vectors are few and become f32 */
  VLM_WEIGHT_BIAS,   /* likewise */
  VLM_WEIGHT_KEPT,   /* a matrix, in the type of its file */
  VLM_WEIGHT_EIGHT,  /* of at least eight bits, whatever is requested */
  VLM_WEIGHT_NARROW, /* of as many as are requested */
} VlmWeightKind;

static inline gboolean
vlm_weight_is_matrix (VlmWeightKind kind)
{
  return kind != VLM_WEIGHT_NORM && kind != VLM_WEIGHT_BIAS;
}

/* What a device holds of a weight whose file has @dtype, one of 16 or 32 bits. */
VlmDType vlm_weight_get_stored_type (
    VlmWeightKind kind, VlmDType dtype, VlmModelWeights weights);

/* What the network reads under one name: one matrix or one vector, per layer
 * where there are layers. Several tensors may fill one. Of a paired one n_out is
 * twice the true width: the padding of the pairing is the matrix's business. */
typedef struct
{
  VlmWeightKind kind;
  guint n_layers; /* 1, the blocks, the layers, or 0 */
  guint n_out;    /* of the whole */
  guint n_in;     /* 1 for a vector */
} VlmWeightPlace;

/* One tensor of the checkpoint and the part of a weight that it fills. */
typedef struct
{
  char *names[2]; /* under the old and under the new scheme of Hugging Face, or
                     of GGUF and NULL */
  guint weight;   /* of the places */
  VlmWeightKind kind;
  guint layer;
  VlmNnRows rows;  /* how its rows are placed in it */
  guint first_out; /* its first row among rows of that kind */
  guint n_out;     /* its rows, or the elements of a vector */
  guint n_in;      /* elements of a row; 1 for a vector */
  guint n_dims;
  guint64 shape[5];    /* as stored */
  const char *missing; /* why it may not be there; NULL */
  /* Of a matrix, once the checkpoint is known: */
  VlmDType dtype; /* on the device */
  const guint32
      *order; /* the input of each element of a row, or NULL: in order;
                           of the source */
} VlmWeightItem;

/* All items of a configuration, in the order of the network: layer after layer,
 * those of one weight together. One owner. */
typedef struct
{
  VlmTensorNames names;
  VlmWeightPlace *places;
  guint n_places;
  VlmWeightItem *items;
  guint n_items;
} VlmWeightList;

VlmWeightList *
vlm_weight_list_new (const VlmConfig *config, VlmTensorNames names);
void vlm_weight_list_free (VlmWeightList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmWeightList, vlm_weight_list_free)

/* Finds the tensor under either name and checks it: NOT_FOUND with both names
 * and the file, MISMATCH with both shapes, UNSUPPORTED for a type that cannot
 * become weights. The view is the caller's. */
gboolean vlm_weight_item_find (const VlmWeightItem *item,
    const VlmTensorSource *source, VlmTensorView *view, GError **error);

/* All of the above for all items, before anything is uploaded; and that the
 * checkpoint is not deeper than its configuration (MISMATCH), and that biases
 * which the network does not have are zero (UNSUPPORTED). Sets the dtype of each:
 * its own, or F32 where no kernel reads that. n_bytes: of all tensors; may be
 * NULL. */
gboolean vlm_weight_list_check (VlmWeightList *list, const VlmConfig *config,
    const VlmTensorSource *source, guint64 *n_bytes, GError **error);

/* After that: items of 16 and 32 bits get the type for @weights. */
void vlm_weight_list_quantise (VlmWeightList *list, VlmModelWeights weights);

/* "825 tensors: language_model.* (434), vision_tower.* (391)" (transfer full) */
char *vlm_weights_describe (const VlmTensorSource *source);

/* What a device holds for them once their dtypes are set, and what it would hold
 * if they were quantised to @weights. */
guint64 vlm_weight_list_get_device_bytes (const VlmWeightList *list);
guint64 vlm_weight_list_get_device_bytes_as (
    const VlmWeightList *list, VlmModelWeights weights);
/* The longest row with an order of inputs of its own, which a pass copies; 0 if
 * there is none. */
guint vlm_weight_list_get_ordered_width (const VlmWeightList *list);
/* For a list without a checkpoint: all matrices are of that type. */
void vlm_weight_list_set_type (VlmWeightList *list, VlmDType dtype);
/* For one with the names of GGUF: of the types that a file would have. */
void vlm_weight_list_set_mixture (VlmWeightList *list, const VlmConfig *config,
    const VlmGgufMixture *mixture);

#define VLM_WEIGHT_MAX_SEGMENTS 3 /* queries, keys, values; or gate and value */

/* Whether item @i begins a weight. */
gboolean vlm_weight_list_is_first (const VlmWeightList *list, guint i);
/* What the matrix whose first item is @first is made of; how many there are: two
 * of a pair. */
guint vlm_weight_list_get_segments (const VlmWeightList *list, guint first,
    VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS]);
