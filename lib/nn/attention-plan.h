/* gst-vlm: planning attention: the pieces that one workgroup computes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/select.h"

/* A run of packed query rows (token * H / K + head within the group) and keys
 * [first_key, end_key): shaders/include/attention.glsl. */
typedef struct
{
  guint32 first_row;
  guint32 n_rows;
  guint32 first_key;
  guint32 end_key;
} VlmNnTile;

/* The rows of a tile that was cut: its first piece, and how many there are. The
 * next one is as many tiles later as the chunk has of a piece. */
typedef struct
{
  guint32 first_row;
  guint32 n_rows;
  guint32 first_part; /* of the chunk's */
  guint32 n_parts;
} VlmNnMerge;

/* Tokens that one dispatch can bind and compute in a short time, and the tiles
 * and merges that make their outputs. Tile i + j * n_tiles is piece j of tile i;
 * of a tile that has fewer pieces the last ones have no keys. */
typedef struct
{
  guint64 first_token;
  guint64 n_tokens;
  guint first_tile;
  guint n_tiles;
  guint n_pieces;
  guint first_merge; /* one for each tile, none unless split */
  guint64 n_macs;
} VlmNnChunk;

struct _VlmNnAttentionPlan
{
  guint n_heads;
  guint n_kv_heads;
  guint head_dim;
  guint64 n_tokens;
  guint64 n_keys;     /* that the cache must hold */
  guint32 limit_0;    /* row of token t sees keys below limit_0 + t */
  guint segment_keys; /* of the cache, or 0: it must have one segment */
  guint n_segments;   /* that the keys are in */
  guint piece_keys;   /* if split; divides a segment if there are several */
  gboolean split;     /* tiles leave parts, merges join them */
  const VlmNnKernel *kernel;
  GArray *chunks; /* VlmNnChunk */
  GArray *tile_list;
  GArray *merge_list;
  VlmVkBuffer *tiles;
  VlmVkBuffer *merges; /* NULL unless split */
  VlmVkBuffer *parts;  /* of one chunk at a time */
};

/* Cuts the tiles of all chunks, where there are few of them or several
 * segments: lib/nn/attention-pieces.c. */
void vlm_nn_attention_cut (VlmNnAttentionPlan *plan, const VlmNn *nn);
/* Tokens of a chunk whose parts take little memory, if there are several
 * segments. */
guint64
vlm_nn_attention_most_tokens (const VlmNnAttentionPlan *plan, const VlmNn *nn);
/* Bytes of the parts of the largest chunk. */
guint64 vlm_nn_attention_parts_bytes (const VlmNnAttentionPlan *plan);
