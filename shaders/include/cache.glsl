// SPDX-License-Identifier: LGPL-2.1-or-later
// How shaders read and write keys and values, which are 32 or 16 bits each.
//
// READ_CACHE (binding, name) and FETCH_CACHE (name, i) are READ_F4 and FETCH_F4:
// a texel fetch makes floats of either. A storage buffer, and whoever writes,
// must know: CACHE_HALF is for 16 bits.
#ifndef VLM_CACHE_GLSL
#define VLM_CACHE_GLSL
#include "load.glsl"

#if defined(CACHE_HALF) && defined(LOAD_STORAGE)
#define READ_CACHE(b, name) READ_ (b, name, uvec2)
#define FETCH_CACHE(name, i) from_half (name.v[i])
#else
#define READ_CACHE(b, name) READ_F4 (b, name)
#define FETCH_CACHE(name, i) FETCH_F4 (name, i)
#endif

#ifdef CACHE_HALF
#define WRITE_CACHE(b, name) \
  layout (set = 0, binding = b, std430) buffer Write_##name { uvec2 v[]; } name
#define TO_CACHE(x) to_half (x)
#else
#define WRITE_CACHE(b, name) WRITE_F4 (b, name)
#define TO_CACHE(x) (x)
#endif

vec4
from_half (uvec2 h)
{
  return vec4 (unpackHalf2x16 (h.x), unpackHalf2x16 (h.y));
}

// What is too large becomes infinite on every device: it is no number then, and
// somebody notices.
uvec2
to_half (vec4 x)
{
  const vec4 infinite = sign (x) * uintBitsToFloat (0x7f800000u);
  x = mix (x, infinite, greaterThan (abs (x), vec4 (65504.0)));
  return uvec2 (packHalf2x16 (x.xy), packHalf2x16 (x.zw));
}

#endif
