// SPDX-License-Identifier: LGPL-2.1-or-later
// out[i] = softmax (q[i] k^T / sqrt (D)) v over a tile's keys, f32, streaming:
// for software rasterisers with 8 lanes.
//
// A workgroup is one subgroup's first 8 lanes and makes one tile of ROWS (8 or
// 16, a variant: Mesa keeps arrays that a constant sizes in memory) packed rows
// (include/attention.glsl). For the scores a lane owns one key of each of
// BLOCKS blocks of 8; queries are fetched a row to a lane and spread by
// shuffles with constant indices, which cost one instruction. For the sums a lane
// owns columns and the weights are spread the same way. Everything but the loops
// over the head size and over keys is unrolled, so that arrays are registers.
// Keys past the end may be NaN: their scores are replaced, and their values are
// those of the last key, times 0.
// Grid: x tiles, y key heads.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "attention.glsl"

layout (local_size_x_id = 0) in;
const uint BLOCKS = 4;
const uint COLS = (D4 + 7) / 8; // vec4 columns of a lane; 32 columns together

float
max_over_lanes (float v)
{
  v = max (v, subgroupShuffleXor (v, 1));
  v = max (v, subgroupShuffleXor (v, 2));
  v = max (v, subgroupShuffleXor (v, 4));
  return v;
}

float
sum_over_lanes (float v)
{
  v += subgroupShuffleXor (v, 1);
  v += subgroupShuffleXor (v, 2);
  v += subgroupShuffleXor (v, 4);
  return v;
}

// scores [row][block] = q k^T, the lane's key of the blocks from key_0 / 8 on;
// row_at: queries of row 8 i + lane.
void
make_scores (inout float scores[ROWS * BLOCKS], uint row_at[ROWS / 8],
    uint head, uint key_0, uint last_key)
{
  uint key_at[BLOCKS];
  [[unroll]] for (uint b = 0; b < BLOCKS; b++) {
    const uint block = min (key_0 / 8 + b, last_key / 8);
    key_at[b] = keys_at (head, block) + gl_LocalInvocationID.x;
  }
  [[unroll]] for (uint i = 0; i < ROWS * BLOCKS; i++)
    scores[i] = 0.0;
  for (uint c = 0; c < D4; c += 2) {
    [[unroll]] for (uint u = 0; u < 2; u++) {
      vec4 k[BLOCKS];
      [[unroll]] for (uint b = 0; b < BLOCKS; b++)
        k[b] = FETCH_CACHE (keys, key_at[b] + (c + u) * 8);
      [[unroll]] for (uint i = 0; i < ROWS / 8; i++) {
        const vec4 mine = FETCH_F4 (q, row_at[i] + c + u) * p.scale;
        [[unroll]] for (uint r = 0; r < 8; r++) {
          const vec4 a = subgroupShuffle (mine, r);
          [[unroll]] for (uint b = 0; b < BLOCKS; b++) {
            scores[(i * 8 + r) * BLOCKS + b] += a.x * k[b].x;
            scores[(i * 8 + r) * BLOCKS + b] += a.y * k[b].y;
            scores[(i * 8 + r) * BLOCKS + b] += a.z * k[b].z;
            scores[(i * 8 + r) * BLOCKS + b] += a.w * k[b].w;
          }
        }
      }
    }
  }
}

// Scores become weights exp2 (score - top), NaN stays NaN. Returns what earlier sums are to be
// multiplied with for the new top; weight is the sum over the lane's own keys.
float
make_weights (inout float scores[ROWS * BLOCKS], uint r, inout float top,
    inout float weight, uint key_0, uint first_key, uint limit)
{
  float new_top = top;
  [[unroll]] for (uint b = 0; b < BLOCKS; b++) {
    const uint key = key_0 + 8 * b + gl_LocalInvocationID.x;
    const bool seen = key >= first_key && key < limit;
    const float score = seen ? scores[r * BLOCKS + b] : LOW;
    scores[r * BLOCKS + b] = score;
    new_top = max (new_top, score);
  }
  new_top = max_over_lanes (new_top);
  const float shrink = exp2 (top - new_top);
  top = new_top;
  weight *= shrink;
  [[unroll]] for (uint b = 0; b < BLOCKS; b++) {
    const float score = scores[r * BLOCKS + b];
    const float e = score <= LOW ? 0.0 : exp2 (score - new_top);
    weight += e;
    scores[r * BLOCKS + b] = e;
  }
  return shrink;
}

void
main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint head = gl_WorkGroupID.y;
  const uvec4 t = FETCH_U4 (tiles, p.first_tile + gl_WorkGroupID.x);
  const uint first_row = t.x, n_rows = t.y;
  const uint first_key = t.z, last_key = t.w - 1;

  uint row_at[ROWS / 8], limit[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS / 8; i++) {
    const uint row = first_row + min (8 * i + lane, n_rows - 1);
    const uint mine = min (t.w, p.limit_0 + row / GROUP);
    row_at[i] = query_at (row, head);
    [[unroll]] for (uint r = 0; r < 8; r++)
      limit[8 * i + r] = subgroupShuffle (mine, r);
  }
  float scores[ROWS * BLOCKS], top[ROWS], weight[ROWS];
  vec4 sums[ROWS * COLS]; // [row][column]
  [[unroll]] for (uint r = 0; r < ROWS; r++) {
    top[r] = LOW;
    weight[r] = 0.0;
    [[unroll]] for (uint c = 0; c < COLS; c++)
      sums[r * COLS + c] = vec4 (0.0);
  }

  for (uint key_0 = first_key & ~7u; key_0 < t.w; key_0 += 8 * BLOCKS) {
    make_scores (scores, row_at, head, key_0, last_key);
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
      const float shrink = make_weights (
          scores, r, top[r], weight[r], key_0, first_key, limit[r]);
      [[unroll]] for (uint c = 0; c < COLS; c++)
        sums[r * COLS + c] *= shrink;
    }

    const uint n_blocks = min (BLOCKS, (last_key - key_0) / 8 + 1);
    for (uint b = 0; b < n_blocks; b++) {
      float e[ROWS];
      [[unroll]] for (uint r = 0; r < ROWS; r++) {
        e[r] = scores[r * BLOCKS];
        [[unroll]] for (uint i = 1; i < BLOCKS; i++)
          e[r] = b == i ? scores[r * BLOCKS + i] : e[r];
      }
      uint at[8];
      [[unroll]] for (uint j = 0; j < 8; j++) {
        const uint key = clamp (key_0 + b * 8 + j, first_key, last_key);
        at[j] = value_at (head, key);
      }
      [[unroll]] for (uint c = 0; c < COLS; c++) {
        const uint col = min (8 * c + lane, D4 - 1);
        [[unroll]] for (uint j = 0; j < 8; j++) {
          const vec4 v = FETCH_CACHE (values, at[j] + col);
          [[unroll]] for (uint r = 0; r < ROWS; r++)
            sums[r * COLS + c] += subgroupShuffle (e[r], j) * v;
        }
      }
    }
  }

  [[unroll]] for (uint r = 0; r < ROWS; r++) {
    const float total = sum_over_lanes (weight[r]);
    const float factor = SPLIT ? 1.0 : 1.0 / total;
    const uint at = SPLIT ? part_at (head, ROWS, r)
                          : query_at (first_row + r, head);
    if (r < n_rows) {
      [[unroll]] for (uint c = 0; c < COLS; c++)
        if (8 * c + lane < D4)
          y.v[at + 8 * c + lane] = sums[r * COLS + c] * factor;
      if (SPLIT && lane == 0)
        y.v[at + D4] = vec4 (top[r], total, 0.0, 0.0);
    }
  }
}
