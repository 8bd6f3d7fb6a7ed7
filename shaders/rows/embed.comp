// SPDX-License-Identifier: LGPL-2.1-or-later
// y[t] = w[ids[t]] where ids[t] >= 0, features[-1 - ids[t]] where not.
//
// ids [n_rows] in rows of ids_ld4 ivec4, w packed in blocks of 8 outputs (an id
// is an output, its row the inputs), features and y [.., 8 n_k8] f32.
// A dispatch has one source and only the rows [first, first + n) of it, the ones
// that are bound; rows of y that come from elsewhere are left alone. An index of
// n_all or more gives zeros, from the dispatch with first = 0.
// An invocation copies 8 columns; grid: x groups of columns, y rows.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "load.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 4) const bool FROM_FEATURES = false;

layout (push_constant) uniform Push
{
  uint n_k8;
  uint ids_ld4;
  uint first;
  uint n;
  uint n_all;
  uint n_cols; // of y; what is past them is kept zero
  uint bits_at; // planes of quantised weights, in granules
  uint scales_at;
  uint supers_at;
} p;

READ_I4 (0, ids);
READ_U4 (1, w);
READ_F4 (2, features);
WRITE_F4 (3, y);

#include "weights.glsl"

void
main ()
{
  const uint k = gl_GlobalInvocationID.x;
  const uint t = gl_WorkGroupID.y;
  const int id = FETCH_I4 (ids, t * p.ids_ld4).x;
  if (k >= p.n_k8 || (id < 0) != FROM_FEATURES)
    return;

  const uint index = uint (FROM_FEATURES ? -1 - id : id);
  const uint row = index - p.first;
  vec4 low = vec4 (0.0), high = vec4 (0.0);
  if (index >= p.first && row < p.n) {
    if (FROM_FEATURES) {
      low = FETCH_F4 (features, (row * p.n_k8 + k) * 2);
      high = FETCH_F4 (features, (row * p.n_k8 + k) * 2 + 1);
    } else {
      fetch_w8 (row / 8, row % 8, k, low, high);
      // A group of quantised weights may have an offset past the end of a row.
      const uvec4 col = k * 8 + uvec4 (0, 1, 2, 3);
      if (QUANTISED) {
        low = mix (vec4 (0.0), low, lessThan (col, uvec4 (p.n_cols)));
        high = mix (vec4 (0.0), high, lessThan (col + 4, uvec4 (p.n_cols)));
      }
    }
  } else if (index < p.n_all || p.first != 0) {
    return;
  }
  y.v[(t * p.n_k8 + k) * 2] = low;
  y.v[(t * p.n_k8 + k) * 2 + 1] = high;
}
