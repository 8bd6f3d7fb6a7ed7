// SPDX-License-Identifier: LGPL-2.1-or-later
// y[i] = the sum of texel i, read through a view of 4 x u32.
#version 450
layout (local_size_x = 64) in;
layout (binding = 0) uniform utextureBuffer x;
layout (binding = 1) writeonly buffer Y { uint y[]; };
layout (push_constant) uniform Push { uint n; } p;

void main ()
{
  uint i = gl_GlobalInvocationID.x;
  if (i < p.n) {
    uvec4 v = texelFetch (x, int (i));
    y[i] = v.x + v.y + v.z + v.w;
  }
}
