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

/* The rows of tiles [first_tile, first_tile + n_tiles), to be joined. */
typedef struct
{
  guint32 first_row;
  guint32 n_rows;
  guint32 first_tile;
  guint32 n_tiles;
} VlmNnMerge;

/* Tokens that one dispatch can bind and compute in a short time, and the tiles
 * and merges that make their outputs. */
typedef struct
{
  guint64 first_token;
  guint64 n_tokens;
  guint first_tile;
  guint n_tiles;
  guint first_merge; /* none unless split */
  guint n_merges;
  guint64 n_macs;
} VlmNnChunk;

struct _VlmNnAttentionPlan
{
  guint n_heads;
  guint n_kv_heads;
  guint head_dim;
  guint64 n_tokens;
  guint64 n_keys;  /* that the cache must hold */
  guint32 limit_0; /* row of token t sees keys below limit_0 + t */
  gboolean split;  /* tiles leave parts, merges join them */
  const VlmNnKernel *kernel;
  GArray *chunks; /* VlmNnChunk */
  GArray *tile_list;
  GArray *merge_list;
  VlmVkBuffer *tiles;
  VlmVkBuffer *merges; /* NULL unless split */
  VlmVkBuffer *parts;
};

/* Bytes that the parts of @n_tiles tiles take. */
guint64
vlm_nn_attention_parts_bytes (const VlmNnAttentionPlan *plan, guint64 n_tiles);
