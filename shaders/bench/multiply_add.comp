// gst-vlm: nothing but multiply-adds, for the ceiling of a device
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// 4096 rounds of 8 independent chains in each of 256 invocations. The result
// is stored so that none of it can be left out.
#version 460

layout (local_size_x = 256) in;
layout (set = 0, binding = 0) writeonly buffer Out { float result[]; };

void
main ()
{
  uint id = gl_GlobalInvocationID.x;
  float x = 1.0 + float (id & 7u) * 1e-7;
  float y = float (id) * 1e-9;
  float a[8] = float[] (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0);

  for (int i = 0; i < 4096; i++)
    for (int k = 0; k < 8; k++)
      a[k] = fma (a[k], x, y);
  result[id] = a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7];
}
