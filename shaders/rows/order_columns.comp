// SPDX-License-Identifier: LGPL-2.1-or-later
// y[t, i] = x[t, order[i]], rows of ld4 vec4; zero where order[i] is past them.
//
// An invocation makes one vec4; grid: x groups of columns, y rows.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "load.glsl"

layout (local_size_x_id = 0) in;

layout (push_constant) uniform Push
{
  uint ld4;
} p;

READ_F4 (0, x);
READ_U4 (1, order);
WRITE_F4 (2, y);

float
column (uint row, uint i)
{
  if (i >= p.ld4 * 4)
    return 0.0;
  const vec4 four = FETCH_F4 (x, row + i / 4);
  const vec2 two = (i & 2) != 0 ? four.zw : four.xy;
  return (i & 1) != 0 ? two.y : two.x;
}

void
main ()
{
  const uint col = gl_GlobalInvocationID.x;
  const uint row = gl_WorkGroupID.y * p.ld4;
  if (col >= p.ld4)
    return;
  const uvec4 from = FETCH_U4 (order, col);
  y.v[row + col] = vec4 (column (row, from.x), column (row, from.y),
      column (row, from.z), column (row, from.w));
}
