// SPDX-License-Identifier: LGPL-2.1-or-later
// The best allowed logit, and sums for log-sum-exp, of 4 n4 logits for each
// workgroup; choose_merge.comp ends it.
//
// Tokens from n_valid on do not exist. Bit i % 32 of word i / 32 of allowed says
// that token i may come, of seen that the penalty touches it: a logit above 0 is
// divided by it, another multiplied. On ties the lowest token is the best.
// parts: 8 words for each workgroup: token, top, sum, top_all, sum_all, and 1
// when every logit that exists is finite, allowed or not.
// Grid: x parts. Any power of two up to MAX_SIZE invocations.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "choose.glsl"

layout (constant_id = 3) const bool HAS_ALLOWED = false;
layout (constant_id = 4) const bool HAS_SEEN = false;

layout (push_constant) uniform Push
{
  uint n_valid;
  uint n4;
  float penalty;
} p;

// All bits of the exponent: NaN has them, too.
const uint INFINITY = 0x7f800000u;

READ_F4 (0, logits);
READ_U4 (1, allowed);
READ_U4 (2, seen);
layout (set = 0, binding = 3, std430) writeonly buffer Write_parts
{
  uvec4 v[];
} parts;

// Four logits from token 4 i on after the penalty, at least LOW; which of them
// exist and are allowed, and whether those that exist are finite. That is told by
// their bits: a compiler may take numbers to be finite.
vec4
fetch_logits (uint i, out bvec4 exists, out bvec4 may_come, out bool is_finite)
{
  const uvec4 bits = uvec4 (1, 2, 4, 8) << (4 * i % 32);
  const uint word = 4 * i / 32;
  vec4 x = FETCH_F4 (logits, i);

  exists = lessThan (4 * i + uvec4 (0, 1, 2, 3), uvec4 (p.n_valid));
  is_finite = !any (equal (floatBitsToUint (x) & uvec4 (exists) * INFINITY,
      uvec4 (INFINITY)));
  if (HAS_SEEN) {
    const bvec4 hit
        = notEqual (FETCH_U4 (seen, word / 4)[word % 4] & bits, uvec4 (0));
    const vec4 less
        = mix (x * p.penalty, x / p.penalty, greaterThan (x, vec4 (0.0)));
    x = mix (x, less, hit);
  }
  may_come = exists;
  if (HAS_ALLOWED) {
    const bvec4 hit
        = notEqual (FETCH_U4 (allowed, word / 4)[word % 4] & bits, uvec4 (0));
    may_come = bvec4 (uvec4 (exists) & uvec4 (hit));
  }
  return max (x, vec4 (LOW));
}

void
main ()
{
  const uint first = gl_WorkGroupID.x * p.n4 + gl_LocalInvocationID.x;
  const uint end
      = min ((gl_WorkGroupID.x + 1) * p.n4, (p.n_valid + 3) / 4);
  Best best = no_best ();
  bvec4 exists, may_come;
  bool is_finite;

  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    const vec4 x = fetch_logits (i, exists, may_come, is_finite);
    best.is_finite = best.is_finite && is_finite;
    [[unroll]] for (uint e = 0; e < 4; e++) {
      // in rising order: the first of equals stays
      const bool better
          = may_come[e] && (x[e] > best.top || best.token == NONE);
      best.top = better ? x[e] : best.top;
      best.token = better ? 4 * i + e : best.token;
      best.top_all = exists[e] ? max (best.top_all, x[e]) : best.top_all;
    }
  }
  for (uint i = first; i < end; i += gl_WorkGroupSize.x) {
    const vec4 x = fetch_logits (i, exists, may_come, is_finite);
    const vec4 zero = vec4 (0.0);
    const vec4 e = mix (zero, exp (x - best.top), may_come);
    const vec4 e_all = mix (zero, exp (x - best.top_all), exists);
    best.sum += e.x + e.y + e.z + e.w;
    best.sum_all += e_all.x + e_all.y + e_all.z + e_all.w;
  }

  best = join_group (best);
  if (gl_LocalInvocationID.x == 0) {
    parts.v[gl_WorkGroupID.x * 2] = uvec4 (best.token,
        floatBitsToUint (best.top), floatBitsToUint (best.sum),
        floatBitsToUint (best.top_all));
    parts.v[gl_WorkGroupID.x * 2 + 1]
        = uvec4 (
            floatBitsToUint (best.sum_all), best.is_finite ? 1 : 0, 0, 0);
  }
}
