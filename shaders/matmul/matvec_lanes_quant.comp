// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) for a few rows m, of
// quantised weights; f32 sums; for software rasterisers.
//
// x [n_rows <= ROWS, 8 n_k8], w in quads of blocks of 8 outputs, y [n_rows, y_ld].
// As matvec_lanes: a workgroup is LANES = 8 or 4 invocations of one subgroup and
// makes a quad; lane l has output l of each block, and l + 4 too when there are
// only 4. For 32 inputs at a time the lanes fetch x once and spread it by shuffles
// from constant lanes. Codes are not made weights: their sums with x, and the sum
// of x, meet their scale and offset. Grid: x quads.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 6) const uint ROWS = 1;
const uint LANES = gl_WorkGroupSize.x;
const uint SPLIT = 8 / LANES; // outputs of a block in one lane
const uint COLUMNS = 4 * SPLIT;

uint x_at[ROWS];
float sum[ROWS][COLUMNS];
vec4 mine[ROWS][SPLIT]; // x over code units: of lane l, quads l, l + LANES …
float total[ROWS][SPLIT];

void
fetch_x (uint k, uint lane)
{
  const uint end = p.n_k8 * 2;
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint s = 0; s < SPLIT; s++) {
      const uint at = k * 8 + s * LANES + lane;
      vec4 v = FETCH_F4 (x, x_at[i] + min (at, end - 1));
      v = at < end ? v : vec4 (0.0);
      total[i][s] = v.x + v.y + v.z + v.w;
      mine[i][s] = v * code_unit ();
    }
  }
}

// Inputs 16 half_k … 16 half_k + 15 of a k32.
void
add_half (Codes codes[COLUMNS], vec2 scales[COLUMNS], uint half_k)
{
  float part[ROWS][COLUMNS], all[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    all[i] = 0.0;
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      part[i][j] = 0.0;
  }
  [[unroll]] for (uint q = 0; q < 4; q++) {
    const uint t = half_k * 4 + q;
    vec4 c[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      c[j] = code4 (codes[j], t);
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
      const vec4 a = subgroupShuffle (mine[i][t / LANES], t % LANES);
      all[i] += subgroupShuffle (total[i][t / LANES], t % LANES);
      [[unroll]] for (uint e = 0; e < 4; e++)
        [[unroll]] for (uint j = 0; j < COLUMNS; j++)
          part[i][j] += a[e] * c[j][e];
    }
  }
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      sum[i][j] += part[i][j] * scales[j].x + all[i] * scales[j].y;
}

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint quad = gl_WorkGroupID.x;

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    x_at[i] = min (i, p.n_rows - 1) * p.n_k8 * 2;
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      sum[i][j] = bias_at (min (quad * 4 + j / SPLIT, p.n_blocks - 1),
          lane + j % SPLIT * LANES);
  }

  for (uint k = 0; k < count_k32 (); k++) {
    Codes codes[COLUMNS];
    vec2 scales[COLUMNS], last[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint c = j / SPLIT, out_lane = lane + j % SPLIT * LANES;
      const vec4 both = fetch_scales (quad, c, out_lane, k);
      codes[j] = fetch_codes (quad, c, out_lane, k);
      scales[j] = both.xy;
      last[j] = both.zw;
    }
    fetch_x (k, lane);
    add_half (codes, scales, 0);
    add_half (codes, last, 1);
  }

  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint block = quad * 4 + j / SPLIT;
      const uint out_lane = lane + j % SPLIT * LANES;
      if (EPILOGUE != SWIGLU)
        store (i, block, out_lane, sum[i][j], 0.0);
      else if (j / SPLIT % 2 == 0)
        store (i, block, out_lane, sum[i][j], sum[i][j + SPLIT]);
    }
  }
}
