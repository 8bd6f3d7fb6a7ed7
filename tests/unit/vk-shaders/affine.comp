// SPDX-License-Identifier: LGPL-2.1-or-later
// y[i] = x[i] * scale + bias, modulo 2^32. y may alias x.
#version 450
layout (local_size_x = 64) in;
layout (constant_id = 0) const uint scale = 1;
layout (constant_id = 1) const uint bias = 0;
layout (binding = 0) readonly buffer X { uint x[]; };
layout (binding = 1) writeonly buffer Y { uint y[]; };
layout (push_constant) uniform Push { uint n; } p;

void main ()
{
  uint i = gl_GlobalInvocationID.x;
  if (i < p.n)
    y[i] = x[i] * scale + bias;
}
