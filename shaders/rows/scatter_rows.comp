// SPDX-License-Identifier: LGPL-2.1-or-later
// y[index[t]] = x[t], rows of ld4 vec4.
//
// index [n_rows] in rows of index_ld4 ivec4. Only rows [first, first + n) of y
// are bound; what goes elsewhere is left to another dispatch.
// An invocation copies one vec4; grid: x groups of columns, y rows.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "load.glsl"

layout (local_size_x_id = 0) in;

layout (push_constant) uniform Push
{
  uint ld4;
  uint index_ld4;
  uint first;
  uint n;
} p;

READ_F4 (0, x);
READ_I4 (1, index);
WRITE_F4 (2, y);

void
main ()
{
  const uint col = gl_GlobalInvocationID.x;
  const uint t = gl_WorkGroupID.y;
  const uint target = uint (FETCH_I4 (index, t * p.index_ld4).x);
  if (col >= p.ld4 || target < p.first || target - p.first >= p.n)
    return;
  y.v[(target - p.first) * p.ld4 + col] = FETCH_F4 (x, t * p.ld4 + col);
}
