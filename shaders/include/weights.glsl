// SPDX-License-Identifier: LGPL-2.1-or-later
// Packed weights: reads w by the push constants p, so include it after both.
// lib/nn/format.h has the layout: blocks of 8 outputs, planes of granules.
//
// Plain types: eight inputs of one output (a k8) are one granule of a 16-bit
// type, or two, 8 apart, of f32. Quantised types go by 32 inputs (a k32):
//
//   weight = scale * code + offset, or scale * level[code]
//
// First come the codes, then, in granules from p.bits_at, p.scales_at and
// p.supers_at on, further bits of the codes, scales, and what scales are in units
// of. Those are words, shared by a quad of blocks: block c of it has word c.
#ifndef VLM_WEIGHTS_GLSL
#define VLM_WEIGHTS_GLSL
#include "levels.glsl"

layout (constant_id = 3) const uint FORMAT = 2; // VlmNnFormat.shader
const uint CODES = FORMAT & 15;
const uint SCALES = FORMAT >> 4 & 15;
const uint LEVELS = FORMAT >> 8 & 15;
const uint GROUP = FORMAT >> 12 & 15; // log2 of the k32 that share a scale word
const uint ZERO = FORMAT >> 16;       // code of 0 where scales do not say it

// CODES
const uint F32 = 0, F16 = 1, BF16 = 2, INT8 = 3, INT4 = 4, INT5 = 5, INT6 = 6,
           INT2 = 7, INT3 = 8;
const bool QUANTISED = CODES > BF16;

// SCALES. f16 scale and f16 code of 0; f16 scale and f16 offset; f32 scale.
// ACROSS: f32 scales of 64, the first of which begins some fours before the output.
// SUPER_*: two f16 for 256 inputs, in units of which 16 bits of a k32 are scale
// and minimum; one signed scale; two signed scales, of 16 inputs each; two scales
// and minimums of four bits each.
const uint ZEROS = 0, OFFSETS = 1, FLOATS = 2, SUPER_MIN = 3, SUPER_ONE = 4,
           SUPER_TWO = 5, SUPER_FOURS = 6, ACROSS = 7;
// Parts of a k32 that may have scales of their own.
const uint PARTS = SCALES == ACROSS ? 8 : SCALES >= SUPER_TWO ? 2 : 1;

const uint LINEAR = 0, IQ4 = 1, NF4 = 2, E4M3 = 3;

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
expand_16 (uvec2 u)
{
  return CODES == F16 ? expand_f16 (u) : expand_bf16 (u);
}

// Granules between one k8 and the next of a plain type, same output.
uint
granules_per_k8 ()
{
  return CODES == F32 ? 16 : 8;
}

// Eight inputs of one output of a plain type; i is the first granule.
void
fetch_plain (uint i, out vec4 low, out vec4 high)
{
  const uvec4 u = FETCH_U4 (w, i);
  if (CODES == F32) {
    low = expand_f32 (u);
    high = expand_f32 (FETCH_U4 (w, i + 8));
  } else {
    low = expand_16 (u.xy);
    high = expand_16 (u.zw);
  }
}

uint
count_k32 ()
{
  return (p.n_k8 + 3) / 4;
}

// The codes of one output at one k32.
struct Codes
{
  uvec4 a, b;
  uvec2 bits;
};

// Of block c of a quad. Columns of one quad share fetches, which compilers find.
Codes
fetch_codes (uint quad, uint c, uint lane, uint k32)
{
  const uint n = count_k32 ();
  const uint at = (quad * 4 + c) * n + k32;
  Codes codes;
  codes.b = uvec4 (0);
  codes.bits = uvec2 (0);
  if (CODES == INT8) {
    codes.a = FETCH_U4 (w, at * 16 + lane);
    codes.b = FETCH_U4 (w, at * 16 + 8 + lane);
  } else if (CODES == INT2 || CODES == INT3) {
    codes.a = FETCH_U4 (w, ((quad * 2 + c / 2) * n + k32) * 8 + lane);
    if (c % 2 != 0)
      codes.a.xy = codes.a.zw;
  } else {
    codes.a = FETCH_U4 (w, at * 8 + lane);
  }
  if (CODES == INT5 || CODES == INT3) {
    codes.bits.x
        = FETCH_U4 (w, p.bits_at + (quad * n + k32) * 8 + lane)[c];
  } else if (CODES == INT6) {
    const uvec4 u
        = FETCH_U4 (w, p.bits_at + ((quad * 2 + c / 2) * n + k32) * 8 + lane);
    codes.bits = c % 2 != 0 ? u.zw : u.xy;
  }
  return codes;
}

float
signed_byte (uint u)
{
  return float (int (u << 24) >> 24);
}

// {scale, offset} of the first and of the last 16 of a k32; super: where it is.
vec4
expand_scales (uint word, uint super, uint k32)
{
  if (SCALES == FLOATS)
    return vec4 (uintBitsToFloat (word), 0.0, uintBitsToFloat (word), 0.0);
  if (SCALES <= OFFSETS) {
    const vec2 f = unpackHalf2x16 (word);
    const vec2 s = vec2 (f.x, SCALES == OFFSETS ? f.y : -f.x * f.y);
    return vec4 (s, s);
  }
  const vec2 d = unpackHalf2x16 (super);
  const uint h = word >> k32 % 2 * 16;
  if (SCALES == SUPER_MIN) {
    const vec2 s = d * vec2 (int (h & 255u), -int (h >> 8 & 255u));
    return vec4 (s, s);
  }
  if (SCALES == SUPER_FOURS)
    return d.xyxy
        * vec4 (int (h & 15u), -int (h >> 4 & 15u), int (h >> 8 & 15u),
            -int (h >> 12 & 15u));
  const float first = d.x * signed_byte (h);
  const float last = SCALES == SUPER_ONE ? first : d.x * signed_byte (h >> 8);
  const float zero = -float (int (ZERO));
  return vec4 (first, first * zero, last, last * zero);
}

// {first scale, 0, next scale, number of the first 4 inputs that have it}
vec4
fetch_across (uint quad, uint c, uint lane, uint k32)
{
  const uint n_steps = (count_k32 () + 1) / 2 + 1;
  const uint at = k32 * 32 + FETCH_U4 (w, p.supers_at + quad * 8 + lane)[c];
  const uint i = p.scales_at + quad * n_steps * 8 + lane;
  const uvec2 step = min (at / 64 + uvec2 (0, 1), uvec2 (n_steps - 1));
  const vec2 s = uintBitsToFloat (uvec2 (
      FETCH_U4 (w, i + step.x * 8)[c], FETCH_U4 (w, i + step.y * 8)[c]));
  return vec4 (s.x, 0.0, s.y, float (int ((64 - at % 64) / 4)));
}

vec4
fetch_scales (uint quad, uint c, uint lane, uint k32)
{
  if (SCALES == ACROSS)
    return fetch_across (quad, c, lane, k32);
  const uint n = count_k32 ();
  const uint n_steps = (n + (1 << GROUP) - 1) >> GROUP;
  const uint word = FETCH_U4 (
      w, p.scales_at + (quad * n_steps + (k32 >> GROUP)) * 8 + lane)[c];
  uint super = 0;
  if (SCALES >= SUPER_MIN)
    super = FETCH_U4 (
        w, p.supers_at + (quad * ((n + 7) / 8) + k32 / 8) * 8 + lane)[c];
  return expand_scales (word, super, k32);
}

// What components of code4 () are to be multiplied with: codes stay where they
// are in their word, which saves a shift each.
vec4
code_unit ()
{
  if (LEVELS != LINEAR)
    return vec4 (LEVELS == E4M3 ? 256.0 : 1.0);
  return BYTE_UNIT;
}

// Codes of inputs 4 t … 4 t + 3 of a k32, a byte each: fields of the same place in
// each byte of their words, so that four are taken and joined at once.
uint
code_bytes (Codes codes, uint t)
{
  if (CODES == INT8)
    return t < 4 ? codes.a[t] : codes.b[t - 4];
  if (CODES == INT2 || CODES == INT3) {
    const uint u = codes.a[t / 4] >> t % 4 * 2 & 0x03030303u;
    const uint b = codes.bits.x; // 0 where there is none
    return u | (t < 2 ? b << (2 - t) : b >> (t - 2)) & 0x04040404u;
  }
  const uint u = codes.a[t / 2] >> t % 2 * 4 & 0x0f0f0f0fu;
  if (CODES == INT5) {
    const uint b = codes.bits.x;
    return u | (t < 4 ? b << (4 - t) : b >> (t - 4)) & 0x10101010u;
  }
  if (CODES == INT6) {
    const uint b = codes.bits[t / 4];
    return u | (t % 4 < 2 ? b << (4 - t % 4 * 2) : b >> (t % 4 * 2 - 4))
        & 0x30303030u;
  }
  return u;
}

// Codes of inputs 4 t … 4 t + 3 of a k32 as floats over code_unit ().
vec4
code4 (Codes codes, uint t)
{
  const uint u = code_bytes (codes, t);
  if (LEVELS == IQ4)
    return iq4_levels (u);
  if (LEVELS == NF4)
    return nf4_levels (u);
  return LEVELS == E4M3 ? e4m3_levels (u) : bytes_in_place (u);
}

// Scale and offset of inputs 4 t … 4 t + 3 of a k32, by fetch_scales ().
vec2
scale_of (vec4 scales, uint t)
{
  if (SCALES == ACROSS)
    return vec2 (float (int (t)) < scales.w ? scales.x : scales.z, 0.0);
  return PARTS == 2 && t >= 4 ? scales.zw : scales.xy;
}

// k8 number s of a k32 as weights; scales as from fetch_scales ().
void
expand_codes (Codes codes, vec4 scales, uint s, out vec4 low, out vec4 high)
{
  const vec2 a = scale_of (scales, s * 2), b = scale_of (scales, s * 2 + 1);
  low = a.x * code_unit () * code4 (codes, s * 2);
  high = b.x * code_unit () * code4 (codes, s * 2 + 1);
  if (LEVELS == LINEAR) { // others have no offset
    low += a.y;
    high += b.y;
  }
}

// Eight inputs of one output, of any format.
void
fetch_w8 (uint block, uint lane, uint k8, out vec4 low, out vec4 high)
{
  if (QUANTISED)
    expand_codes (fetch_codes (block / 4, block % 4, lane, k8 / 4),
        fetch_scales (block / 4, block % 4, lane, k8 / 4), k8 % 4, low, high);
  else
    fetch_plain (
        (block * p.n_k8 + k8) * granules_per_k8 () + lane, low, high);
}

#endif
