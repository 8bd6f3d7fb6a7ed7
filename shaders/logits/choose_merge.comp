// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the parts of choose_part.comp; writes a VlmNnChoice of 4 words at word
// target: token, logit, log of the sum over the allowed, log of the sum over
// all. Minus infinity stands for the logarithm of nothing. Where a logit is not
// finite, the token says so and the rest means nothing.
// One workgroup of any power of two up to MAX_SIZE invocations.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "choose.glsl"

layout (push_constant) uniform Push
{
  uint n_parts;
  uint target;
} p;

READ_U4 (0, parts);
layout (set = 0, binding = 1, std430) writeonly buffer Write_choice
{
  uint v[];
} choice;

const uint MINUS_INFINITY = 0xff800000u;

// Bits of top + log (sum). Some devices' log errs in the fifth digit; a step of
// Newton's method on exp mends it.
uint
log_sum (float top, float sum)
{
  if (sum == 0.0)
    return MINUS_INFINITY;
  const float log_0 = log (sum);
  return floatBitsToUint (top + (log_0 + (sum * exp (-log_0) - 1.0)));
}

void
main ()
{
  Best best = no_best ();
  for (uint i = gl_LocalInvocationID.x; i < p.n_parts;
       i += gl_WorkGroupSize.x) {
    const uvec4 a = FETCH_U4 (parts, i * 2);
    const uvec4 b = FETCH_U4 (parts, i * 2 + 1);
    best = join (best,
        Best (a.x, uintBitsToFloat (a.y), uintBitsToFloat (a.z),
            uintBitsToFloat (a.w), uintBitsToFloat (b.x), b.y != 0));
  }
  best = join_group (best);
  if (gl_LocalInvocationID.x == 0) {
    choice.v[p.target] = best.is_finite ? best.token : NOT_FINITE;
    choice.v[p.target + 1]
        = best.token == NONE ? MINUS_INFINITY : floatBitsToUint (best.top);
    choice.v[p.target + 2] = log_sum (best.top, best.sum);
    choice.v[p.target + 3] = log_sum (best.top_all, best.sum_all);
  }
}
