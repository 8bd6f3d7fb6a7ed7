// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) for a few rows m, where
// reading the weights once is the cost; f32 sums; for GPUs.
//
// x [n_rows <= ROWS, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup makes BLOCKS blocks. Its invocations lie along k: invocation t has
// output t % 8 and every (size / 8)th group of 8 inputs from t / 8 on, so that
// neighbours read neighbouring 16 bytes of the weights. Sums meet in shared
// memory, in a fixed order. Grid: x tiles of blocks. size: a power of two >= 16.
// With NORM (a variant) the rows of y are normed as well: norm.glsl.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
#ifdef NORM
#include "norm.glsl"
#endif
layout (constant_id = 6) const uint ROWS = 1;
layout (constant_id = 7) const uint BLOCKS = 2; // even

// Of a k32: two, for few registers, or as many as have scales of their own.
const uint STEPS = PARTS > 2 ? PARTS : 2;

shared float partial[ROWS * BLOCKS][gl_WorkGroupSize.x];

uint x_at[ROWS], block_of[BLOCKS];
float sum[ROWS][BLOCKS];

void
add_plain (uint first, uint step, uint lane)
{
  for (uint k = first; k < p.n_k8; k += step) {
    vec4 low[BLOCKS], high[BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      fetch_plain ((block_of[j] * p.n_k8 + k) * granules_per_k8 () + lane,
          low[j], high[j]);
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
      const vec4 a = FETCH_F4 (x, x_at[i] + k * 2);
      const vec4 b = FETCH_F4 (x, x_at[i] + k * 2 + 1);
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        sum[i][j] += dot (a, low[j]) + dot (b, high[j]);
    }
  }
}

// Step of k32 number k: the sums of codes and of x meet their scale and offset.
void
add_step (Codes codes[BLOCKS], vec4 scales[BLOCKS], uint k, uint step_k)
{
  const uint first = step_k * (8 / STEPS);
  float part[ROWS][BLOCKS], total[ROWS];
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    total[i] = 0.0;
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      part[i][j] = 0.0;
  }
  [[unroll]] for (uint q = 0; q < 8 / STEPS; q++) {
    const uint at = k * 8 + first + q;
    vec4 c[BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      c[j] = code4 (codes[j], first + q);
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
      const vec4 a = at < p.n_k8 * 2 ? FETCH_F4 (x, x_at[i] + at) : vec4 (0.0);
      total[i] += dot (a, vec4 (1.0));
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        part[i][j] += dot (a * code_unit (), c[j]);
    }
  }
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint j = 0; j < BLOCKS; j++) {
      const vec2 scale = scale_of (scales[j], first);
      sum[i][j] += part[i][j] * scale.x + total[i] * scale.y;
    }
}

void
add_quantised (uint first, uint step, uint lane)
{
  for (uint k = first; k < count_k32 (); k += step) {
    Codes codes[BLOCKS];
    vec4 scales[BLOCKS];
    [[unroll]] for (uint j = 0; j < BLOCKS; j++) {
      const uint quad = block_of[j] / 4, c = block_of[j] % 4;
      scales[j] = fetch_scales (quad, c, lane, k);
      codes[j] = fetch_codes (quad, c, lane, k);
    }
    [[unroll]] for (uint step_k = 0; step_k < STEPS; step_k++)
      add_step (codes, scales, k, step_k);
  }
}

// Sums in their places, by the invocations of one output each.
void
end_rows (uint block_0, uint t, uint lane)
{
  [[unroll]] for (uint i = 0; i < ROWS; i++) {
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      sum[i][j] = partial[i * BLOCKS + j][t]
          + bias_at (min (block_0 + j, p.n_blocks - 1), lane);
    if (EPILOGUE == SWIGLU) {
      [[unroll]] for (uint j = 0; j < BLOCKS; j += 2)
        store (i, block_0 + j, lane, sum[i][j], sum[i][j + 1]);
    } else {
      [[unroll]] for (uint j = 0; j < BLOCKS; j++)
        store (i, block_0 + j, lane, sum[i][j], 0.0);
    }
  }
}

void
main ()
{
  const uint t = gl_LocalInvocationID.x;
  const uint lane = t % 8;
  const uint n_slices = gl_WorkGroupSize.x / 8;
  const uint block_0 = gl_WorkGroupID.x * BLOCKS;

  [[unroll]] for (uint i = 0; i < ROWS; i++)
    x_at[i] = min (i, p.n_rows - 1) * p.n_k8 * 2;
  [[unroll]] for (uint j = 0; j < BLOCKS; j++) {
    block_of[j] = min (block_0 + j, p.n_blocks - 1);
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      sum[i][j] = 0.0;
  }
  if (QUANTISED)
    add_quantised (t / 8, n_slices, lane);
  else
    add_plain (t / 8, n_slices, lane);

  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint j = 0; j < BLOCKS; j++)
      partial[i * BLOCKS + j][t] = sum[i][j];
  barrier ();
  for (uint half_size = gl_WorkGroupSize.x / 2; half_size >= 8;
       half_size /= 2) {
    if (t < half_size) {
      [[unroll]] for (uint q = 0; q < ROWS * BLOCKS; q++)
        partial[q][t] += partial[q][t + half_size];
    }
    barrier ();
  }

  if (t < 8)
    end_rows (block_0, t, lane);
#ifdef NORM
  norm_if_last ();
#endif
}
