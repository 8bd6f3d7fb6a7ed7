// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]), accumulated in f32,
// without shared memory: for software rasterisers, where it is slow.
//
// x [n_rows, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup is 8 lanes of one subgroup and makes ROWS rows of BLOCKS blocks:
// lane l has output l of each block. For 8 inputs at a time the lanes fetch x
// once, four rows a fetch (lane l has half l % 2 of row l / 2), and every lane
// gets each value by a shuffle from a constant lane, which is one instruction.
// Grid: x row tiles of a band, y tiles of blocks, z bands, so that a band's x
// stays in the cache while the weights pass.
// Rows and blocks past the end are read as the last and not stored.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "matmul.glsl"

layout (local_size_x = 8) in;
layout (constant_id = 6) const uint ROWS = 16;  // a multiple of 4
layout (constant_id = 7) const uint BLOCKS = 8; // even

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint row_0
      = (gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS;
  const uint block_0 = gl_WorkGroupID.y * BLOCKS;
  if (row_0 >= p.n_rows)
    return;

  uint x_at[ROWS / 4], w_at[BLOCKS];
  float sum[ROWS][BLOCKS];
  [[unroll]] for (uint i = 0; i < ROWS / 4; i++)
    x_at[i] = min (row_0 + i * 4 + lane / 2, p.n_rows - 1) * p.n_k8 * 2
        + lane % 2;
  [[unroll]] for (uint j = 0; j < BLOCKS; j++) {
    const uint block = min (block_0 + j, p.n_blocks - 1);
    const float start = bias_at (block, lane);
    w_at[j] = block * p.n_k8 * granules_per_k8 (DTYPE) + lane;
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      sum[i][j] = start;
  }

  for (uint k = 0; k < p.n_k8; k++) {
    vec4 low[BLOCKS], high[BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      FETCH_W8 (w, w_at[j] + k * granules_per_k8 (DTYPE), DTYPE, low[j],
          high[j]);
    [[unroll]] for (uint q = 0; q < ROWS / 4; q++) {
      const vec4 mine = FETCH_F4 (x, x_at[q] + k * 2);
      [[unroll]] for (uint r = 0; r < 4; r++) {
        const vec4 a = subgroupShuffle (mine, r * 2);
        const vec4 b = subgroupShuffle (mine, r * 2 + 1);
        [[unroll]] for (uint c = 0; c < 4; c++)
          [[unroll]] for (uint j = 0; j < BLOCKS; j++)
            sum[q * 4 + r][j] += a[c] * low[j][c];
        [[unroll]] for (uint c = 0; c < 4; c++)
          [[unroll]] for (uint j = 0; j < BLOCKS; j++)
            sum[q * 4 + r][j] += b[c] * high[j][c];
      }
    }
  }

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    if (EPILOGUE == SWIGLU) {
      [[unroll]] for (uint j = 0; j < BLOCKS; j += 2)
        store (row_0 + i, block_0 + j, lane, sum[i][j], sum[i][j + 1]);
    } else {
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        store (row_0 + i, block_0 + j, lane, sum[i][j], 0.0);
    }
  }
}
