// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) for a few rows m, where
// reading the weights once is the cost; f32 sums; for software rasterisers.
//
// x [n_rows <= ROWS, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup is 8 lanes of one subgroup and makes BLOCKS blocks, lane l output
// l of each. For 32 inputs at a time the lanes fetch x once, four inputs each,
// and spread it by shuffles from constant lanes. Grid: x tiles of blocks.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "matmul.glsl"

layout (local_size_x = 8) in;
layout (constant_id = 6) const uint ROWS = 1;
layout (constant_id = 7) const uint BLOCKS = 4; // even

uint w_at[BLOCKS];
float sum[ROWS][BLOCKS];

// Adds group k of 8 inputs; lanes 2 s and 2 s + 1 hold its x.
void
add_group (vec4 mine[ROWS], uint k, uint s)
{
  vec4 low[BLOCKS], high[BLOCKS];
  [[unroll]] for (uint j = 0; j < BLOCKS; j++)
    FETCH_W8 (w, w_at[j] + k * granules_per_k8 (DTYPE), DTYPE, low[j], high[j]);
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    const vec4 a = subgroupShuffle (mine[i], s * 2);
    const vec4 b = subgroupShuffle (mine[i], s * 2 + 1);
    [[unroll]] for (uint c = 0; c < 4; c++)
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        sum[i][j] += a[c] * low[j][c];
    [[unroll]] for (uint c = 0; c < 4; c++)
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        sum[i][j] += b[c] * high[j][c];
  }
}

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint block_0 = gl_WorkGroupID.x * BLOCKS;
  uint x_at[ROWS];

  [[unroll]] for (uint i = 0; i < ROWS; i++)
    x_at[i] = min (i, p.n_rows - 1) * p.n_k8 * 2;
  [[unroll]] for (uint j = 0; j < BLOCKS; j++) {
    const uint block = min (block_0 + j, p.n_blocks - 1);
    const float start = bias_at (block, lane);
    w_at[j] = block * p.n_k8 * granules_per_k8 (DTYPE) + lane;
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      sum[i][j] = start;
  }

  vec4 mine[ROWS];
  uint k = 0;
  for (; k + 4 <= p.n_k8; k += 4) {
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      mine[i] = FETCH_F4 (x, x_at[i] + k * 2 + lane);
    [[unroll]] for (uint s = 0; s < 4; s++)
      add_group (mine, k + s, s);
  }
  for (; k < p.n_k8; k++) {
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      mine[i] = FETCH_F4 (x, x_at[i] + k * 2 + lane % 2);
    add_group (mine, k, 0);
  }

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    if (EPILOGUE == SWIGLU) {
      [[unroll]] for (uint j = 0; j < BLOCKS; j += 2)
        store (i, block_0 + j, lane, sum[i][j], sum[i][j + 1]);
    } else {
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        store (i, block_0 + j, lane, sum[i][j], 0.0);
    }
  }
}
