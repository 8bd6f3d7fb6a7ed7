// SPDX-License-Identifier: LGPL-2.1-or-later
// What every matrix product shares: constants, push constants, bindings and the
// epilogues. lib/nn/matmul.c mirrors the ids and Push.
#ifndef VLM_MATMUL_GLSL
#define VLM_MATMUL_GLSL
#include "load.glsl"
#include "activation.glsl"

layout (constant_id = 4) const uint EPILOGUE = 0;
layout (constant_id = 5) const bool HAS_BIAS = false;

// VlmNnEpilogue, and two products for one of SWIGLU: GATE, then VALUE
const uint STORE = 0, ADD = 1, GELU = 2, SWIGLU = 3, GATE = 4, VALUE = 5;

layout (push_constant) uniform Push
{
  uint n_rows;      // of x and of y, as bound
  uint n_k8;        // groups of 8 inputs; a row of x is that many times 8 long
  uint n_blocks;    // blocks of 8 outputs in the bound part of the weights
  uint first_block; // the part's place among all blocks
  uint y_ld;        // elements from row to row of y
  uint n_cols;      // of y; what is between n_cols and y_ld is kept zero
  uint bits_at;     // planes of quantised weights, in granules
  uint scales_at;
  uint supers_at;
#ifdef NORM
  float eps;        // of the norm
#endif
} p;

READ_F4 (0, x);
READ_U4 (1, w);
READ_F4 (2, bias);
#ifdef NORM
layout (set = 0, binding = 3, std430) coherent buffer Write_y { float v[]; } y;
#else
WRITE_F (3, y);
#endif

#include "weights.glsl"

// What an output begins with; block counts from the part's first.
float
bias_at (uint block, uint lane)
{
  if (!HAS_BIAS)
    return 0.0;
  uint at = p.first_block + block;
  if (EPILOGUE == GATE || EPILOGUE == VALUE) // biases lie in pairs all the same
    at = at * 2 + (EPILOGUE == VALUE ? 1 : 0);
  const vec4 four = FETCH_F4 (bias, at * 2 + lane / 4);
  const vec2 two = (lane & 2) != 0 ? four.zw : four.xy;
  return (lane & 1) != 0 ? two.y : two.x;
}

// Ends output 8 * block + lane of row. With SWIGLU gate is output
// 8 * block + lane and value the one 8 further; block is even.
void
store (uint row, uint block, uint lane, float gate, float value)
{
  const uint y_block = EPILOGUE == SWIGLU ? (p.first_block + block) / 2
                                          : p.first_block + block;
  const uint col = y_block * 8 + lane;
  if (row >= p.n_rows || block >= p.n_blocks || col >= p.y_ld)
    return;
  const uint at = row * p.y_ld + col;
  float result = gate;
  if (EPILOGUE == ADD)
    result = y.v[at] + gate;
  else if (EPILOGUE == GELU)
    result = gelu (gate);
  else if (EPILOGUE == SWIGLU)
    result = silu (gate) * value;
  else if (EPILOGUE == GATE)
    result = silu (gate);
  else if (EPILOGUE == VALUE)
    result = y.v[at] * gate;
  y.v[at] = col < p.n_cols ? result : 0.0;
}

#endif
