// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins what the tiles of the same rows and different keys left behind:
// out = sum_i 2^(m_i - m) s_i / sum_i 2^(m_i - m) w_i with m = max_i m_i.
//
// parts: see y of include/attention.glsl, ROWS rows in a tile. A merge is
// {first row, rows, first part, parts}; the next part is n_tiles parts later.
// An invocation makes one vec4 of one row. Grid: x groups of ROWS * D4, y merges
// from first_merge, z key heads.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "load.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 3) const uint D4 = 32;
layout (constant_id = 4) const uint GROUP = 1;
layout (constant_id = 5) const uint ROWS = 8;

layout (push_constant) uniform Push
{
  uint first_merge;
  uint first_token;
  uint n_heads;
  uint n_kv_heads;
  uint n_tiles;
} p;

READ_F4 (0, parts);
READ_U4 (1, merges);
WRITE_F4 (2, y);

void
main ()
{
  const uint head = gl_WorkGroupID.z;
  const uvec4 merge = FETCH_U4 (merges, p.first_merge + gl_WorkGroupID.y);
  const uint r = gl_GlobalInvocationID.x / D4;
  const uint col = gl_GlobalInvocationID.x % D4;
  if (r >= merge.y)
    return;

  const uint step = p.n_tiles * p.n_kv_heads * ROWS * (D4 + 1);
  const uint first
      = ((merge.z * p.n_kv_heads + head) * ROWS + r) * (D4 + 1);
  float top = FETCH_F4 (parts, first + D4).x;
  for (uint i = 1; i < merge.w; i++)
    top = max (top, FETCH_F4 (parts, first + i * step + D4).x);

  vec4 sum = vec4 (0.0);
  float total = 0.0;
  for (uint i = 0; i < merge.w; i++) {
    const vec4 end = FETCH_F4 (parts, first + i * step + D4);
    const float e = exp2 (end.x - top);
    total += e * end.y;
    sum += e * FETCH_F4 (parts, first + i * step + col);
  }
  const uint row = merge.x + r;
  const uint token = row / GROUP - p.first_token;
  y.v[(token * p.n_heads + head * GROUP + row % GROUP) * D4 + col]
      = sum / total;
}
