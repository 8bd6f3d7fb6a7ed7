// SPDX-License-Identifier: LGPL-2.1-or-later
// What codes of four bits stand for where that is no straight line, by arithmetic:
// software rasterisers look a table up lane by lane. Codes are the four low
// halves of bytes of u from bit 0 on, 4 bits apart.
#ifndef VLM_LEVELS_GLSL
#define VLM_LEVELS_GLSL

// -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113: within
// 0.44 of a polynomial, and whole numbers.
vec4
iq4_levels (uint u)
{
  const vec4 x = vec4 (ivec4 (uvec4 (u) >> uvec4 (0, 4, 8, 12) & 15u)) - 7.5;
  return roundEven ((((0.001586 * x + 0.078667) * x - 0.137196) * x
      + 11.517235) * x - 4.301287);
}

const uint NF4_LEVELS[16] = { 0xbf800000u, 0xbf3239b1u, 0xbf066b30u,
  0xbeca32a0u, 0xbe91a24du, 0xbe3d353fu, 0xbdba7871u, 0u, 0x3da2faffu,
  0x3e24cae3u, 0x3e7c04ddu, 0x3ead033au, 0x3ee1a4b8u, 0x3f1007abu, 0x3f3913b3u,
  0x3f800000u };

bvec4
has_bit (uint u, uint bit)
{
  return notEqual (u & (uvec4 (1u, 16u, 256u, 4096u) << bit), uvec4 (0u));
}

// Quantiles, chosen bit by bit.
vec4
nf4_levels (uint u)
{
  vec4 v[8];
  bvec4 odd = has_bit (u, 0);
  [[unroll]] for (uint i = 0; i < 8; i++)
    v[i] = mix (vec4 (uintBitsToFloat (NF4_LEVELS[i * 2])),
        vec4 (uintBitsToFloat (NF4_LEVELS[i * 2 + 1])), odd);
  odd = has_bit (u, 1);
  [[unroll]] for (uint i = 0; i < 4; i++)
    v[i] = mix (v[i * 2], v[i * 2 + 1], odd);
  odd = has_bit (u, 2);
  [[unroll]] for (uint i = 0; i < 2; i++)
    v[i] = mix (v[i * 2], v[i * 2 + 1], odd);
  return mix (v[0], v[1], has_bit (u, 3));
}

#endif
