// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) of quantised weights,
// accumulated in f32, without shared memory: for software rasterisers.
//
// x [n_rows, 8 n_k8], w in quads of blocks of 8 outputs, y [n_rows, y_ld].
// As matmul_lanes: a workgroup is LANES = 8 or 4 invocations of one subgroup and
// makes ROWS rows of BLOCKS blocks: lane l has output l of each block, and l + 4
// too when there are only 4. Codes and scales are fetched for 32 inputs, and made
// weights 16 at a time; x is fetched and spread as there.
// Grid: x row tiles of a band, y tiles of blocks, z bands.
// Rows and quads past the end are read as the last and not stored.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 6) const uint ROWS = 16;  // a multiple of 4
layout (constant_id = 7) const uint BLOCKS = 8; // a multiple of 4
const uint LANES = gl_WorkGroupSize.x;
const uint SPLIT = 8 / LANES;         // outputs of a block in one lane
const uint COLUMNS = BLOCKS * SPLIT;  // of one lane: block-major
const uint FETCH_ROWS = LANES / 2;

uint row_0, x_at[ROWS / FETCH_ROWS];
float sum[ROWS][COLUMNS];

// Inputs 16 half_k … 16 half_k + 15 of a k32.
void
add_half (Codes codes[COLUMNS], vec4 scales[COLUMNS], uint k32, uint half_k)
{
  vec4 low[2][COLUMNS], high[2][COLUMNS];
  uint k[2];
  [[unroll]] for (uint s = 0; s < 2; s++) {
    const uint part = half_k * 2 + s;
    // Offsets past the end would meet the last x again.
    const float there = k32 * 4 + part < p.n_k8 ? 1.0 : 0.0;
    k[s] = min (k32 * 4 + part, p.n_k8 - 1);
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      expand_codes (codes[j], scales[j] * there, part, low[s][j], high[s][j]);
  }
  [[unroll]] for (uint q = 0; q < ROWS / FETCH_ROWS; q++) {
    vec4 mine[2];
    [[unroll]] for (uint s = 0; s < 2; s++)
      mine[s] = FETCH_F4 (x, x_at[q] + k[s] * 2);
    [[unroll]] for (uint r = 0; r < FETCH_ROWS; r++) {
      [[unroll]] for (uint s = 0; s < 2; s++) {
        const vec4 a = subgroupShuffle (mine[s], r * 2);
        const vec4 b = subgroupShuffle (mine[s], r * 2 + 1);
        [[unroll]] for (uint c = 0; c < 4; c++)
          [[unroll]] for (uint j = 0; j < COLUMNS; j++)
            sum[q * FETCH_ROWS + r][j] += a[c] * low[s][j][c];
        [[unroll]] for (uint c = 0; c < 4; c++)
          [[unroll]] for (uint j = 0; j < COLUMNS; j++)
            sum[q * FETCH_ROWS + r][j] += b[c] * high[s][j][c];
      }
    }
  }
}

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint block_0 = gl_WorkGroupID.y * BLOCKS;
  uint quad[BLOCKS / 4];
  row_0 = (gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS;
  if (row_0 >= p.n_rows)
    return;

  [[unroll]] for (uint i = 0; i < ROWS / FETCH_ROWS; i++)
    x_at[i] = min (row_0 + i * FETCH_ROWS + lane / 2, p.n_rows - 1) * p.n_k8 * 2
        + lane % 2;
  [[unroll]] for (uint q = 0; q < BLOCKS / 4; q++)
    quad[q] = min (block_0 / 4 + q, (p.n_blocks - 1) / 4);
  [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
    const float start = bias_at (min (block_0 + j / SPLIT, p.n_blocks - 1),
        lane + j % SPLIT * LANES);
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      sum[i][j] = start;
  }

  for (uint k32 = 0; k32 < count_k32 (); k32++) {
    Codes codes[COLUMNS];
    vec4 scales[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint block = j / SPLIT, out_lane = lane + j % SPLIT * LANES;
      codes[j] = fetch_codes (quad[block / 4], block % 4, out_lane, k32);
      scales[j] = fetch_scales (quad[block / 4], block % 4, out_lane, k32);
    }
    [[unroll]] for (uint half_k = 0; half_k < 2; half_k++)
      add_half (codes, scales, k32, half_k);
  }

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint block = block_0 + j / SPLIT;
      const uint out_lane = lane + j % SPLIT * LANES;
      if (EPILOGUE != SWIGLU)
        store (row_0 + i, block, out_lane, sum[i][j], 0.0);
      else if (j / SPLIT % 2 == 0)
        store (row_0 + i, block, out_lane, sum[i][j], sum[i][j + SPLIT]);
    }
  }
}
