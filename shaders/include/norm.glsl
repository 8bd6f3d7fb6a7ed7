// SPDX-License-Identifier: LGPL-2.1-or-later
// A product whose sums are added to y, and then the norm of the rows of y as
// rms_norm.comp makes it, in one dispatch: the workgroup that is the last to end
// makes it. Include it after matmul.glsl, which declares y coherent for it, and
// after the size of the workgroup.
//
// With NORM_LANES a workgroup is 8 or 4 invocations of one subgroup; without, any
// power of two, through shared memory. Nothing waits for another workgroup.
#ifndef VLM_NORM_GLSL
#define VLM_NORM_GLSL

READ_F4 (4, norm_w);
WRITE_F4 (5, normed);
// Workgroups that have ended; zero before and after.
layout (set = 0, binding = 6, std430) coherent buffer Tickets { uint n; } tickets;

// All bits of the exponent: NaN has them, too.
const uint INFINITY = 0x7f800000u;
const uint NOT_A_NUMBER = 0x7fc00000u;

#ifdef NORM_LANES
uint
of_first (uint v)
{
  return subgroupShuffle (v, 0);
}

float
sum_over_group (float v)
{
  v += subgroupShuffleXor (v, 1);
  v += subgroupShuffleXor (v, 2);
  if (gl_WorkGroupSize.x == 8)
    v += subgroupShuffleXor (v, 4);
  return v;
}
#else
shared uint ticket;
shared float norm_sums[gl_WorkGroupSize.x];

uint
of_first (uint v)
{
  if (gl_LocalInvocationID.x == 0)
    ticket = v;
  barrier ();
  return ticket;
}

float
sum_over_group (float v)
{
  const uint me = gl_LocalInvocationID.x;
  barrier ();
  norm_sums[me] = v;
  for (uint half_size = gl_WorkGroupSize.x / 2; half_size > 0; half_size /= 2) {
    barrier ();
    if (me < half_size)
      norm_sums[me] += norm_sums[me + half_size];
  }
  barrier ();
  return norm_sums[0];
}
#endif

vec4
summed (uint at)
{
  return vec4 (y.v[at], y.v[at + 1], y.v[at + 2], y.v[at + 3]);
}

void
norm_row (uint row)
{
  const uint first = gl_LocalInvocationID.x;
  vec4 squares = vec4 (0.0);
  for (uint c = first; c < p.y_ld / 4; c += gl_WorkGroupSize.x) {
    const vec4 v = summed (row * p.y_ld + c * 4);
    squares += v * v;
  }
  const float sum
      = sum_over_group (squares.x + squares.y + squares.z + squares.w);
  const bool is_finite = (floatBitsToUint (sum) & INFINITY) != INFINITY;
  const float factor = is_finite ? 1.0 / sqrt (sum / float (p.n_cols) + p.eps)
                                 : uintBitsToFloat (NOT_A_NUMBER);

  for (uint c = first; c < p.y_ld / 4; c += gl_WorkGroupSize.x) {
    const vec4 v
        = summed (row * p.y_ld + c * 4) * factor * FETCH_F4 (norm_w, c);
    const bvec4 inside
        = lessThan (4 * c + uvec4 (0, 1, 2, 3), uvec4 (p.n_cols));
    normed.v[row * p.y_ld / 4 + c] = mix (vec4 (0.0), v, inside);
  }
}

// By all invocations of the workgroup, after they have stored.
void
norm_if_last ()
{
  uint before = 0;
  memoryBarrierBuffer ();
#ifndef NORM_LANES
  barrier ();
#endif
  if (gl_LocalInvocationID.x == 0)
    before = atomicAdd (tickets.n, 1);
  if (of_first (before) + 1 != gl_NumWorkGroups.x)
    return;
  memoryBarrierBuffer ();
  for (uint row = 0; row < p.n_rows; row++)
    norm_row (row);
  if (gl_LocalInvocationID.x == 0)
    tickets.n = 0;
}

#endif
