/* gst-vlm: planning attention: cutting tiles over keys
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A tile is cut where there are too few of them for the device, and where a
 * segment of the cache ends. Its pieces leave parts that a merge joins. */
#include "nn/attention-plan.h"

#include "base/checked.h"

#define KEY_STEP 32 /* keys a kernel takes at a time */

/* Attention is split over keys only if there are few workgroups; a piece of fewer
 * keys than this costs more to join than it gains. */
#define MIN_PIECE_KEYS 256
#define GROUPS_CPU 16
#define GROUPS_GPU 512

/* Of the parts of a chunk over several segments. Those of 512 queries and 8192
 * keys of the 3B model would be 17 MB at once; two chunks more are cheaper. */
#define PARTS_BYTES ((guint64) 8 << 20)

/* Parts of a tile: shaders/include/attention.glsl. */
static guint64
tile_parts_bytes (const VlmNnAttentionPlan *plan)
{
  return (guint64) plan->n_kv_heads * plan->kernel->tile_rows *
      (plan->head_dim + 4) * 4;
}

static guint64
most_parts_bytes (const VlmNn *nn)
{
  return MIN (PARTS_BYTES, nn->limits.binding_bytes);
}

guint64
vlm_nn_attention_most_tokens (const VlmNnAttentionPlan *plan, const VlmNn *nn)
{
  guint64 n_tiles;

  if (plan->n_segments == 1)
    return plan->n_tokens;
  n_tiles = most_parts_bytes (nn) / tile_parts_bytes (plan) / plan->n_segments;
  return n_tiles * plan->kernel->tile_rows * plan->n_kv_heads / plan->n_heads;
}

guint64
vlm_nn_attention_parts_bytes (const VlmNnAttentionPlan *plan)
{
  guint64 n_tiles = 0;

  for (guint i = 0; i < plan->chunks->len; i++) {
    const VlmNnChunk *chunk = &g_array_index (plan->chunks, VlmNnChunk, i);

    n_tiles = MAX (n_tiles, (guint64) chunk->n_tiles * chunk->n_pieces);
  }
  return n_tiles * tile_parts_bytes (plan);
}

guint64
vlm_nn_attention_plan_bytes (
    guint n_heads, guint head_dim, guint n_queries, guint n_keys)
{
  const guint64 n_segments = vlm_div_round_up (n_keys, VLM_NN_KV_SEGMENT);
  const guint64 row_bytes = (guint64) n_heads * (head_dim + 4) * 4;

  return n_segments < 2 ? 0
                        : MIN (n_queries * row_bytes * n_segments, PARTS_BYTES);
}

/* Keys of a piece by the number of workgroups, or 0 to leave tiles whole.
 * Segments are dispatches of their own, each of which must occupy the device. */
static guint64
piece_by_groups (const VlmNnAttentionPlan *plan, const VlmNn *nn)
{
  const guint64 wanted = nn->caps->is_cpu ? GROUPS_CPU : GROUPS_GPU;
  const guint64 n_groups = (guint64) plan->tile_list->len * plan->n_kv_heads;
  guint64 n_keys = 0;

  if (nn->limits.split_keys != 0)
    return vlm_align_up (nn->limits.split_keys, KEY_STEP);
  if (n_groups * 2 > wanted)
    return 0;
  for (guint i = 0; i < plan->tile_list->len; i++) {
    const VlmNnTile *tile = &g_array_index (plan->tile_list, VlmNnTile, i);
    const guint64 n = tile->end_key - tile->first_key;

    n_keys += plan->n_segments > 1 ? MIN (n, plan->segment_keys) : n;
  }
  n_keys = vlm_div_round_up (n_keys * plan->n_kv_heads, wanted);
  return vlm_align_up (MAX (n_keys, MIN_PIECE_KEYS), KEY_STEP);
}

/* Pieces of the tile of the chunk that has most of them. */
static guint
count_pieces (
    const VlmNnAttentionPlan *plan, const VlmNnChunk *chunk, guint64 step)
{
  guint64 n_keys = 0;

  for (guint i = 0; i < chunk->n_tiles; i++) {
    const VlmNnTile *tile =
        &g_array_index (plan->tile_list, VlmNnTile, chunk->first_tile + i);

    n_keys = MAX (n_keys, tile->end_key - tile->first_key);
  }
  return (guint) vlm_div_round_up (n_keys, step);
}

/* FALSE where no tile has more than one piece. */
static gboolean
set_pieces (VlmNnAttentionPlan *plan, guint64 step)
{
  gboolean split = FALSE;

  plan->piece_keys = (guint) step;
  for (guint i = 0; i < plan->chunks->len; i++) {
    VlmNnChunk *chunk = &g_array_index (plan->chunks, VlmNnChunk, i);

    chunk->n_pieces = count_pieces (plan, chunk, step);
    split |= chunk->n_pieces > 1;
  }
  return split;
}

/* A segment is not larger than a piece may be, and a whole number of them. */
static gboolean
choose_pieces (VlmNnAttentionPlan *plan, const VlmNn *nn)
{
  const guint64 wanted = piece_by_groups (plan, nn);
  guint64 step = wanted;

  if (plan->n_segments > 1) {
    step = plan->segment_keys;
    while (wanted != 0 && step / 2 >= wanted)
      step /= 2;
  }
  if (step == 0 || !set_pieces (plan, step))
    return FALSE;
  if (vlm_nn_attention_parts_bytes (plan) <= most_parts_bytes (nn))
    return TRUE;
  /* Pieces of whole segments fit, since chunks are made for them. */
  return plan->n_segments > 1 && set_pieces (plan, plan->segment_keys);
}

/* Keys [j * piece, (j + 1) * piece) of @tile, from its first one on. */
static VlmNnTile
take_piece (const VlmNnTile *tile, guint piece, guint64 step)
{
  const guint64 first = tile->first_key + piece * step;
  VlmNnTile part = *tile;

  if (first >= tile->end_key) {
    part.first_key = part.end_key = 0;
  } else {
    part.first_key = (guint32) first;
    part.end_key = (guint32) MIN (first + step, tile->end_key);
  }
  return part;
}

static void
cut_chunk (VlmNnAttentionPlan *plan, VlmNnChunk *chunk, const VlmNnTile *whole)
{
  const guint64 step = plan->piece_keys;

  chunk->first_tile = plan->tile_list->len;
  chunk->first_merge = plan->merge_list->len;
  for (guint piece = 0; piece < chunk->n_pieces; piece++)
    for (guint i = 0; i < chunk->n_tiles; i++) {
      const VlmNnTile tile = take_piece (&whole[i], piece, step);

      g_array_append_val (plan->tile_list, tile);
    }
  for (guint i = 0; i < chunk->n_tiles; i++) {
    const guint64 n_keys = whole[i].end_key - whole[i].first_key;
    const VlmNnMerge merge = {
      .first_row = whole[i].first_row,
      .n_rows = whole[i].n_rows,
      .first_part = i,
      .n_parts = (guint32) vlm_div_round_up (n_keys, step),
    };

    g_array_append_val (plan->merge_list, merge);
  }
}

void
vlm_nn_attention_cut (VlmNnAttentionPlan *plan, const VlmNn *nn)
{
  g_autoptr (GArray) whole = NULL;

  plan->split = choose_pieces (plan, nn);
  if (!plan->split)
    return;
  whole = g_steal_pointer (&plan->tile_list);
  plan->tile_list = g_array_new (FALSE, FALSE, sizeof (VlmNnTile));
  for (guint i = 0; i < plan->chunks->len; i++) {
    VlmNnChunk *chunk = &g_array_index (plan->chunks, VlmNnChunk, i);

    cut_chunk (
        plan, chunk, &g_array_index (whole, VlmNnTile, chunk->first_tile));
  }
}
