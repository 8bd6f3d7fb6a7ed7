// SPDX-License-Identifier: LGPL-2.1-or-later
// y[t, c] = x[t, c] * w[c] / sqrt (mean_c (x[t, c]^2) + eps), f32 throughout.
// Where the sum of the squares is not finite, though each x may be, y is NaN and
// not the zero that dividing by infinity makes: so it is noticed in the logits.
//
// x, y rows of ld4 vec4, w one such row; what is past n_cols is zero in x and
// stays zero in y. y may be x: an invocation writes only what it alone reads.
// A workgroup makes one row. With LANES it is 8 invocations of one subgroup;
// without, any power of two up to MAX_SIZE, through shared memory.
// Grid: y rows.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
#include "load.glsl"

layout (local_size_x_id = 0) in;
const uint MAX_SIZE = 256;
// All bits of the exponent: NaN has them, too.
const uint INFINITY = 0x7f800000u;
const uint NOT_A_NUMBER = 0x7fc00000u;

layout (push_constant) uniform Push
{
  uint ld4;
  uint n_cols;
  float eps;
} p;

READ_F4 (0, x);
READ_F4 (1, w);
WRITE_F4 (2, y);

#ifdef LANES
float
sum_over_group (float v)
{
  v += subgroupShuffleXor (v, 1);
  v += subgroupShuffleXor (v, 2);
  v += subgroupShuffleXor (v, 4);
  return v;
}
#else
shared float sums[MAX_SIZE];

float
sum_over_group (float v)
{
  const uint me = gl_LocalInvocationID.x;
  sums[me] = v;
  for (uint half_size = gl_WorkGroupSize.x / 2; half_size > 0; half_size /= 2) {
    barrier ();
    if (me < half_size)
      sums[me] += sums[me + half_size];
  }
  barrier ();
  return sums[0];
}
#endif

void
main ()
{
  const uint row = gl_WorkGroupID.y * p.ld4;
  const uint first = gl_LocalInvocationID.x;

  vec4 squares = vec4 (0.0);
  for (uint c = first; c < p.ld4; c += gl_WorkGroupSize.x) {
    const vec4 v = FETCH_F4 (x, row + c);
    squares += v * v;
  }
  const float sum
      = sum_over_group (squares.x + squares.y + squares.z + squares.w);
  const bool is_finite = (floatBitsToUint (sum) & INFINITY) != INFINITY;
  const float factor = is_finite
      ? 1.0 / sqrt (sum / float (p.n_cols) + p.eps)
      : uintBitsToFloat (NOT_A_NUMBER);

  for (uint c = first; c < p.ld4; c += gl_WorkGroupSize.x) {
    const vec4 v = FETCH_F4 (x, row + c) * factor * FETCH_F4 (w, c);
    const bvec4 inside
        = lessThan (4 * c + uvec4 (0, 1, 2, 3), uvec4 (p.n_cols));
    y.v[row + c] = mix (vec4 (0.0), v, inside);
  }
}
