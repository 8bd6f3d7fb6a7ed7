// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) for a few rows m, of
// quantised weights; f32 sums; for software rasterisers.
//
// x [n_rows <= ROWS, 8 n_k8], w in quads of blocks of 8 outputs, y [n_rows, y_ld].
// As matvec_lanes: a workgroup is LANES = 8 or 4 invocations of one subgroup and
// makes QUADS quads; lane l has output l of each block, and l + 4 too when there
// are only 4. For 32 inputs at a time the lanes fetch x once and spread it by
// shuffles from constant lanes. Codes are not made weights: their sums with x, and
// the sum of x, meet scale and offset. Grid: x groups of quads.
// With NORM (a variant) the rows of y are normed as well: norm.glsl.
// Quads past the end are read as the last and not stored.
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
layout (constant_id = 7) const uint QUADS = 2;
const uint LANES = gl_WorkGroupSize.x;
const uint SPLIT = 8 / LANES;              // outputs of a block in one lane
const uint COLUMNS = QUADS * 4 * SPLIT;    // of one lane: block-major

uint x_at[ROWS];
float sum[ROWS][COLUMNS];
vec4 mine[ROWS][SPLIT];   // x over code units: of lane l, quads l, l + LANES …
float total[ROWS][SPLIT]; // of the four

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

// The inputs of one part of a k32.
void
add_part (Codes codes[COLUMNS], vec4 scales[COLUMNS], uint part)
{
  float sums[ROWS][COLUMNS], all[ROWS];
  [[unroll]] for (uint q = 0; q < 8 / PARTS; q++) {
    const uint t = part * (8 / PARTS) + q;
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
      const vec4 a = subgroupShuffle (mine[i][t / LANES], t % LANES);
      const float b = subgroupShuffle (total[i][t / LANES], t % LANES);
      all[i] = q == 0 ? b : all[i] + b;
      [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        const vec4 c = code4 (codes[j], t);
        [[unroll]] for (uint e = 0; e < 4; e++)
          sums[i][j] = q + e == 0 ? a[e] * c[e] : sums[i][j] + a[e] * c[e];
      }
    }
  }
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const vec2 scale = scale_of (scales[j], part * (8 / PARTS));
      sum[i][j] += sums[i][j] * scale.x + all[i] * scale.y;
    }
  }
}

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint block_0 = gl_WorkGroupID.x * QUADS * 4;
  uint quad[QUADS];

  [[unroll]] for (uint q = 0; q < QUADS; q++)
    quad[q] = min (block_0 / 4 + q, (p.n_blocks - 1) / 4);
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    x_at[i] = min (i, p.n_rows - 1) * p.n_k8 * 2;
    [[unroll]] for (uint j = 0; j < COLUMNS; j++)
      sum[i][j] = bias_at (min (block_0 + j / SPLIT, p.n_blocks - 1),
          lane + j % SPLIT * LANES);
  }

  for (uint k = 0; k < count_k32 (); k++) {
    Codes codes[COLUMNS];
    vec4 scales[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      const uint block = j / SPLIT, out_lane = lane + j % SPLIT * LANES;
      scales[j] = fetch_scales (quad[block / 4], block % 4, out_lane, k);
      codes[j] = fetch_codes (quad[block / 4], block % 4, out_lane, k);
    }
    fetch_x (k, lane);
    [[unroll]] for (uint part = 0; part < PARTS; part++)
      add_part (codes, scales, part);
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
