// SPDX-License-Identifier: LGPL-2.1-or-later
// Packed weights: [n_out / 8][n_in / g][8][g], g elements in the 16 bytes of a
// uvec4. Eight consecutive inputs of one output are one granule of a 16-bit
// type, or two granules, 8 apart, of f32.
#ifndef VLM_WEIGHTS_GLSL
#define VLM_WEIGHTS_GLSL

// VlmDType
const uint DTYPE_F32 = 0, DTYPE_F16 = 1, DTYPE_BF16 = 2;

// Granules between one group of 8 inputs and the next, same output.
uint
granules_per_k8 (uint dtype)
{
  return dtype == DTYPE_F32 ? 16 : 8;
}

vec4
expand_f32 (uvec4 u)
{
  return uintBitsToFloat (u);
}

// The two bf16 of each word: elements 0, 2 | 1, 3 of the first and last half.
vec4
expand_bf16 (uvec2 u)
{
  return uintBitsToFloat (
      uvec4 (u.x << 16, u.x & 0xffff0000u, u.y << 16, u.y & 0xffff0000u));
}

vec4
expand_f16 (uvec2 u)
{
  return vec4 (unpackHalf2x16 (u.x), unpackHalf2x16 (u.y));
}

// Four of the eight elements of a 16-bit granule.
vec4
expand_16 (uvec2 u, uint dtype)
{
  return dtype == DTYPE_F16 ? expand_f16 (u) : expand_bf16 (u);
}

// Eight inputs of one output to low and high; i is the first granule.
#define FETCH_W8(name, i, dtype, low, high) \
  { \
    const uvec4 u_ = FETCH_U4 (name, i); \
    if (dtype == DTYPE_F32) { \
      low = expand_f32 (u_); \
      high = expand_f32 (FETCH_U4 (name, (i) + 8)); \
    } else { \
      low = expand_16 (u_.xy, dtype); \
      high = expand_16 (u_.zw, dtype); \
    } \
  }

#endif
