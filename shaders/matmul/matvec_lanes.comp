// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) for a few rows m, where
// reading the weights once is the cost; f32 sums; for software rasterisers.
//
// x [n_rows <= ROWS, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup is LANES = 8 or 4 invocations of one subgroup and makes BLOCKS
// blocks: lane l has output l of each, and l + 4 too when there are only 4. For
// 4 LANES inputs at a time the lanes fetch x once, four inputs each, and spread
// it by shuffles from constant lanes. Grid: x tiles of blocks.
// With NORM (a variant) the rows of y are normed as well: norm.glsl.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
#ifdef NORM
#define NORM_LANES
#include "norm.glsl"
#endif
layout (constant_id = 6) const uint ROWS = 1;
layout (constant_id = 7) const uint BLOCKS = 4; // even
const uint LANES = gl_WorkGroupSize.x;
const uint SPLIT = 8 / LANES;        // outputs of a block in one lane
const uint COLUMNS = BLOCKS * SPLIT; // of one lane: block-major
const uint FETCH_K8 = LANES / 2;     // groups of 8 inputs that lanes hold

uint w_at[COLUMNS];
float sum[ROWS][COLUMNS];

// Adds group k of 8 inputs; lanes 2 s and 2 s + 1 hold its x.
void
add_group (vec4 mine[ROWS], uint k, uint s)
{
  vec4 low[COLUMNS], high[COLUMNS];
  [[unroll]] for (uint j = 0; j < COLUMNS; j++)
    fetch_plain (w_at[j] + k * granules_per_k8 (), low[j], high[j]);
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    const vec4 a = subgroupShuffle (mine[i], s * 2);
    const vec4 b = subgroupShuffle (mine[i], s * 2 + 1);
    [[unroll]] for (uint c = 0; c < 4; c++)
      [[unroll]] for (uint j = 0; j < COLUMNS; j++)
        sum[i][j] += a[c] * low[j][c];
    [[unroll]] for (uint c = 0; c < 4; c++)
      [[unroll]] for (uint j = 0; j < COLUMNS; j++)
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
  [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
    const uint block = min (block_0 + j / SPLIT, p.n_blocks - 1);
    const uint out_lane = lane + j % SPLIT * LANES;
    const float start = bias_at (block, out_lane);
    w_at[j] = block * p.n_k8 * granules_per_k8 () + out_lane;
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      sum[i][j] = start;
  }

  vec4 mine[ROWS];
  uint k = 0;
  for (; k + FETCH_K8 <= p.n_k8; k += FETCH_K8) {
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      mine[i] = FETCH_F4 (x, x_at[i] + k * 2 + lane);
    [[unroll]] for (uint s = 0; s < FETCH_K8; s++)
      add_group (mine, k + s, s);
  }
  for (; k < p.n_k8; k++) {
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      mine[i] = FETCH_F4 (x, x_at[i] + k * 2 + lane % 2);
    add_group (mine, k, 0);
  }

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint block = block_0 + j / SPLIT;
      const uint out_lane = lane + j % SPLIT * LANES;
      if (EPILOGUE != SWIGLU)
        store (i, block, out_lane, sum[i][j], 0.0);
      else if (j / SPLIT % 2 == 0)
        store (i, block, out_lane, sum[i][j], sum[i][j + SPLIT]);
    }
  }
#ifdef NORM
  norm_if_last ();
#endif
}
