// SPDX-License-Identifier: LGPL-2.1-or-later
// Codes of a byte each as what they stand for, by arithmetic: software rasterisers
// look a table up lane by lane.
#ifndef VLM_LEVELS_GLSL
#define VLM_LEVELS_GLSL

// The four bytes of u over BYTE_UNIT: all but the last stay where they are.
const vec4 BYTE_UNIT = vec4 (1.0, 0.00390625, 0.0000152587890625, 1.0);

vec4
bytes_in_place (uint u)
{
  return vec4 (ivec4 (u & 0xffu, u & 0xff00u, u & 0xff0000u, u >> 24));
}

// -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113: within
// 0.44 of a polynomial, and whole numbers.
vec4
iq4_levels (uint u)
{
  const vec4 x = bytes_in_place (u);
  const vec4 one = BYTE_UNIT, two = one * one;
  return roundEven ((((0.001586 * two * two * x + 0.031087 * two * one) * x
      - 1.3719285 * two) * x + 24.173856 * one) * x - 126.56726);
}

const uint NF4_LEVELS[16] = { 0xbf800000u, 0xbf3239b1u, 0xbf066b30u,
  0xbeca32a0u, 0xbe91a24du, 0xbe3d353fu, 0xbdba7871u, 0u, 0x3da2faffu,
  0x3e24cae3u, 0x3e7c04ddu, 0x3ead033au, 0x3ee1a4b8u, 0x3f1007abu, 0x3f3913b3u,
  0x3f800000u };

bvec4
has_bit (uint u, uint bit)
{
  return notEqual (u & (uvec4 (1u, 1u << 8, 1u << 16, 1u << 24) << bit),
      uvec4 (0u));
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

// Of four bits of exponent and three of mantissa, over 256: f16 has one bit of
// exponent more, so that its exponents are 8 less. Two bytes at a time.
vec4
e4m3_levels (uint u)
{
  const vec2 even = unpackHalf2x16 (u << 7 & 0x3f803f80u | u << 8 & 0x80008000u);
  const vec2 odd = unpackHalf2x16 (u >> 1 & 0x3f803f80u | u & 0x80008000u);
  return vec4 (even.x, odd.x, even.y, odd.y);
}

#endif
