// SPDX-License-Identifier: LGPL-2.1-or-later
// A matrix product, but for its values: they are all one. The bindings and push
// constants are those of shaders/include/matmul.glsl.
#version 460

layout (local_size_x = 64) in;

layout (push_constant) uniform Push
{
  uint n_rows;
  uint n_k8;
  uint n_blocks;
  uint first_block;
  uint y_ld;
  uint n_cols;
  uint bits_at;
  uint scales_at;
  uint supers_at;
} p;

layout (set = 0, binding = 3, std430) buffer Y { float v[]; } y;

void
main ()
{
  const uint i = gl_LocalInvocationID.x;
  const uint row = gl_WorkGroupID.y * 8 + i / 8;
  const uint col = (p.first_block + gl_WorkGroupID.x) * 8 + i % 8;
  if (row < p.n_rows && col < p.n_cols)
    y.v[row * p.y_ld + col] = 1.0;
}
