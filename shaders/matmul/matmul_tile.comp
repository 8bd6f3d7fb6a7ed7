// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]), accumulated in f32,
// through shared memory and without subgroup operations: for GPUs.
//
// x [n_rows, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup makes a tile of TILE_M rows and TILE_N outputs with
// TILE_M / SUB_M * TILE_N / SUB_N invocations; each keeps SUB_M rows of SUB_N
// outputs in registers. x and w come TILE_K inputs at a time to shared memory,
// k-major, weights expanded to f32. An invocation's outputs are one lane of
// SUB_N blocks, in pairs of neighbouring blocks: a gate and its value.
// Shared rows have 2 elements more than the tile: then neither the transposed
// writes nor the reads of 32 neighbours meet in one of 32 banks.
// Grid: x tiles of outputs, y tiles of rows. Past the end zeros are read.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 6) const uint TILE_M = 64;
layout (constant_id = 7) const uint TILE_N = 64; // multiple of 8 SUB_N
layout (constant_id = 8) const uint SUB_M = 4;
layout (constant_id = 9) const uint SUB_N = 4; // even
const uint TILE_K = 16;
const uint GROUPS = TILE_K / 8;
const uint UNROLL_K = 4; // more makes compiling slow where compilers obey

shared float tile_x[TILE_K][TILE_M + 2];
shared float tile_w[TILE_K][TILE_N + 2];

void
load_x (uint row_0, uint group_0)
{
  const uint per_row = TILE_K / 4;
  [[unroll]] for (uint at = 0; at < TILE_M * per_row;
                  at += gl_WorkGroupSize.x) {
    const uint i = at + gl_LocalInvocationID.x;
    const uint m = i / per_row, quad = i % per_row;
    vec4 v = vec4 (0.0);
    if (row_0 + m < p.n_rows && group_0 + quad / 2 < p.n_k8)
      v = FETCH_F4 (x, (row_0 + m) * p.n_k8 * 2 + group_0 * 2 + quad);
    if (i < TILE_M * per_row) {
      [[unroll]] for (uint c = 0; c < 4; c++)
        tile_x[quad * 4 + c][m] = v[c];
    }
  }
}

void
load_w (uint block_0, uint group_0)
{
  [[unroll]] for (uint at = 0; at < TILE_N * GROUPS;
                  at += gl_WorkGroupSize.x) {
    const uint i = at + gl_LocalInvocationID.x;
    const uint lane = i % 8, group = i / 8 % GROUPS, block = i / 8 / GROUPS;
    vec4 low = vec4 (0.0), high = vec4 (0.0);
    if (block_0 + block < p.n_blocks && group_0 + group < p.n_k8)
      fetch_w8 (block_0 + block, lane, group_0 + group, low, high);
    if (i < TILE_N * GROUPS) {
      [[unroll]] for (uint c = 0; c < 4; c++) {
        tile_w[group * 8 + c][block * 8 + lane] = low[c];
        tile_w[group * 8 + 4 + c][block * 8 + lane] = high[c];
      }
    }
  }
}

void
main ()
{
  const uint across = TILE_N / SUB_N;
  const uint tx = gl_LocalInvocationID.x % across;
  const uint ty = gl_LocalInvocationID.x / across;
  const uint lane = tx % 8;
  const uint row_0 = gl_WorkGroupID.y * TILE_M;
  const uint block_0 = gl_WorkGroupID.x * (TILE_N / 8);
  uint block[SUB_N];
  float sum[SUB_M][SUB_N];

  [[unroll]] for (uint j = 0; j < SUB_N; j++) {
    block[j] = j / 2 * (across / 4) + tx / 8 * 2 + j % 2;
    const float start = bias_at (min (block_0 + block[j], p.n_blocks - 1), lane);
    [[unroll]] for (uint i = 0; i < SUB_M; i++)
      sum[i][j] = start;
  }

  for (uint group = 0; group < p.n_k8; group += GROUPS) {
    load_x (row_0, group);
    load_w (block_0, group);
    barrier ();
    for (uint k_0 = 0; k_0 < TILE_K; k_0 += UNROLL_K) {
      [[unroll]] for (uint k = k_0; k < k_0 + UNROLL_K; k++) {
        float a[SUB_M], b[SUB_N];
        [[unroll]] for (uint i = 0; i < SUB_M; i++)
          a[i] = tile_x[k][ty * SUB_M + i];
        [[unroll]] for (uint j = 0; j < SUB_N; j++)
          b[j] = tile_w[k][block[j] * 8 + lane];
        [[unroll]] for (uint i = 0; i < SUB_M; i++)
          [[unroll]] for (uint j = 0; j < SUB_N; j++)
            sum[i][j] += a[i] * b[j];
      }
    }
    barrier ();
  }

  [[unroll]] for (uint i = 0; i < SUB_M; i++) {
    const uint row = row_0 + ty * SUB_M + i;
    if (EPILOGUE == SWIGLU) {
      [[unroll]] for (uint j = 0; j < SUB_N; j += 2)
        store (row, block_0 + block[j], lane, sum[i][j], sum[i][j + 1]);
    } else {
      [[unroll]] for (uint j = 0; j < SUB_N; j++)
        store (row, block_0 + block[j], lane, sum[i][j], 0.0);
    }
  }
}
