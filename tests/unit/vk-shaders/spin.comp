// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes long: n steps of a generator that cannot be shortened.
#version 450
layout (local_size_x = 64) in;
layout (binding = 0) buffer Y { uint y[]; };
layout (push_constant) uniform Push { uint n; } p;

void main ()
{
  uint i = gl_GlobalInvocationID.x;
  uint v = y[i];
  for (uint k = 0; k < p.n; k++)
    v = (v ^ (v >> 13)) * 1664525u + 1013904223u;
  y[i] = v;
}
