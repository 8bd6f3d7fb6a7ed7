// SPDX-License-Identifier: LGPL-2.1-or-later
// What every attention kernel shares. lib/nn/op-attention.c mirrors the ids and
// Push.
//
// Query rows of the heads that share one key head are packed: row = t * GROUP + g
// is token t, query head kv_head * GROUP + g. A tile is a run of rows and the
// keys they may see: {first row, rows, first key, end of keys}. Row of token t
// sees keys below min (end of keys, limit_0 + t). All keys of a dispatch's tiles
// are in the segment of the cache that is bound; a tile may have none.
// Scores are kept in units of log 2, so that exp2 serves.
#ifndef VLM_ATTENTION_GLSL
#define VLM_ATTENTION_GLSL
#include "cache.glsl"

layout (constant_id = 3) const uint D4 = 32;     // head size / 4, even
layout (constant_id = 4) const uint GROUP = 1;   // query heads of a key head
layout (constant_id = 5) const bool SPLIT = false; // keep parts for the merge

layout (push_constant) uniform Push
{
  uint first_tile;
  uint first_part;  // that of first_tile
  uint first_token; // the one that q and out are bound from
  uint first_head;  // the key head that keys and values are bound from
  uint n_heads;     // of queries
  uint n_kv_heads;
  uint first_key;   // of the segment
  uint segment_keys; // multiple of 8, as first_key is
  uint limit_0;
  float scale;      // log2 (e) / sqrt (D)
} p;

READ_F4 (0, q);      // [tokens, n_heads D]
READ_CACHE (1, keys);   // [heads][segment_keys / 8][D4][8]
READ_CACHE (2, values); // [heads][segment_keys][D4]
READ_U4 (3, tiles);
// [tokens, n_heads D], or with SPLIT [parts][n_kv_heads][ROWS][D4 + 1]: the sum
// of values not yet divided, then {maximum, sum of weights}
WRITE_F4 (4, y);

// Below every score. Finite: the difference of two is not NaN.
const float LOW = -3.0e38;

// First vec4 of packed row's queries and outputs; head counts from first_head.
uint
query_at (uint row, uint head)
{
  const uint token = row / GROUP - p.first_token;
  return (token * p.n_heads + (p.first_head + head) * GROUP + row % GROUP) * D4;
}

// First vec4 of eight keys together, and of a value, which tiles count from the
// first segment on.
uint
keys_at (uint head, uint block)
{
  return (head * (p.segment_keys / 8) + block - p.first_key / 8) * D4 * 8;
}

uint
value_at (uint head, uint key)
{
  return (head * p.segment_keys + key - p.first_key) * D4;
}

uint
part_at (uint head, uint n_rows, uint row)
{
  const uint part = p.first_part + gl_WorkGroupID.x;

  return ((part * p.n_kv_heads + p.first_head + head) * n_rows + row)
      * (D4 + 1);
}

#endif
