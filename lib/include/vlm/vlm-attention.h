/* gst-vlm: the attention of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

/**
 * VlmAttentionSlice:
 * @frame: the (first) picture of the slice, as the model saw it
 * @is_video: %FALSE for a still image
 * @n_rows: rows of cells; a cell is a token
 * @n_cols: columns of cells
 * @layers: [n_layers, n_rows, n_cols]: probability that a head of the language
 *   model gives the cell while it writes a token of the answer; mean over the
 *   heads of the layer and the tokens
 * @tokens: [n_tokens, n_rows, n_cols]: the same of each token of the answer,
 *   mean over heads and layers
 * @n_patch_rows: rows of patches
 * @n_patch_cols: columns of patches
 * @received: [n_blocks, n_heads, n_patch_rows, n_patch_cols]: probability that a
 *   patch of the slice gives this one in a block of the vision tower that
 *   attends to the whole slice; mean over all patches, so that a map sums to 1
 *
 * Attention to one slice (a picture, or two frames of a video). Row-major, the
 * upper left first.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmFrame *frame;
  gboolean is_video;
  guint n_rows;
  guint n_cols;
  float *layers;
  float *tokens;
  guint n_patch_rows;
  guint n_patch_cols;
  float *received;
} VlmAttentionSlice;

/**
 * VlmAttention:
 * @n_slices: slices of the prompt, in its order
 * @slices: (array length=n_slices): the maps of each
 * @n_layers: layers of the language model
 * @n_tokens: tokens of the answer that were chosen or appended; without those
 *   that end a complete answer without another step
 * @token_ids: (array length=n_tokens): the tokens, as the model knows them
 * @token_ends: (array length=n_tokens): bytes of the answer's text with each
 * @n_blocks: blocks of the vision tower with full attention
 * @blocks: (array length=n_blocks): their numbers
 * @n_heads: heads of the vision tower
 *
 * The attention of the model while it answered. A token is predicted at the
 * position before it, so its attention is that of the previous token (for the
 * first one, that of the end of the prompt).
 *
 * Since: 0.1
 */
typedef struct
{
  guint n_slices;
  VlmAttentionSlice *slices;
  guint n_layers;
  guint n_tokens;
  gint32 *token_ids;
  gsize *token_ends;
  guint n_blocks;
  guint *blocks;
  guint n_heads;
} VlmAttention;

VLM_API void vlm_attention_free (VlmAttention *attention);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmAttention, vlm_attention_free)

G_END_DECLS
