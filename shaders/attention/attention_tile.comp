// SPDX-License-Identifier: LGPL-2.1-or-later
// out[i] = softmax (q[i] k^T / sqrt (D)) v over a tile's keys, f32, streaming,
// through shared memory and without subgroup operations: for GPUs.
//
// A workgroup of SIZE invocations makes one tile of ROWS packed rows
// (include/attention.glsl), KEYS keys at a time: scores to shared memory, an
// invocation one key of every SIZE / KEYS-th row; maxima and weights by PER_ROW
// invocations to a row; sums of values in registers, an invocation one vec4
// column of every SIZE / D4-th row. Keys past the end may be NaN: their scores
// are replaced, and the values are those of the last key, times 0.
// Shared memory: ROWS * (4 D4 + KEYS + 1 + PER_ROW + 1) floats.
// Grid: x tiles, y key heads.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

const uint SIZE = 128; // >= ROWS * PER_ROW and >= D4
layout (local_size_x = 128) in;
layout (constant_id = 6) const uint ROWS = 16;
const uint KEYS = 32;
const uint PER_ROW = 8;
const uint SCORE_STEP = SIZE / KEYS;
const uint SUM_STEP = SIZE / D4;
const uint SUMS = (ROWS + SUM_STEP - 1) / SUM_STEP;

shared vec4 tile_q[ROWS * D4];
shared float tile_p[ROWS][KEYS + 1];
shared float parts[ROWS][PER_ROW];
shared float shrinks[ROWS];

void
make_scores (uvec4 t, uint head, uint key_0)
{
  const uint key = key_0 + gl_LocalInvocationID.x % KEYS;
  const uint near = min (key, t.w - 1);
  const uint key_at = keys_at (head, near / 8) + near % 8;
  const uint first = gl_LocalInvocationID.x / KEYS;

  float s[ROWS / SCORE_STEP];
  [[unroll]] for (uint i = 0; i < ROWS / SCORE_STEP; i++)
    s[i] = 0.0;
  for (uint c = 0; c < D4; c++) {
    const vec4 k = FETCH_CACHE (keys, key_at + c * 8);
    [[unroll]] for (uint i = 0; i < ROWS / SCORE_STEP; i++)
      s[i] += dot (tile_q[(first + i * SCORE_STEP) * D4 + c], k);
  }
  [[unroll]] for (uint i = 0; i < ROWS / SCORE_STEP; i++) {
    const uint r = first + i * SCORE_STEP;
    const bool seen = key >= t.z && key < t.w
        && key < p.limit_0 + (t.x + min (r, t.y - 1)) / GROUP;
    tile_p[r][gl_LocalInvocationID.x % KEYS] = seen ? s[i] : LOW;
  }
}

// Maxima of PER_ROW invocations each; then scores become weights, NaN stays NaN.
void
make_weights (inout float top, inout float weight)
{
  const uint r = gl_LocalInvocationID.x / PER_ROW;
  const uint i = gl_LocalInvocationID.x % PER_ROW;
  const bool mine = r < ROWS;

  if (mine) {
    float own = LOW;
    [[unroll]] for (uint k = 0; k < KEYS / PER_ROW; k++)
      own = max (own, tile_p[r][i + k * PER_ROW]);
    parts[r][i] = own;
  }
  barrier ();
  if (mine) {
    float new_top = top;
    [[unroll]] for (uint k = 0; k < PER_ROW; k++)
      new_top = max (new_top, parts[r][k]);
    const float shrink = exp2 (top - new_top);
    top = new_top;
    weight *= shrink;
    [[unroll]] for (uint k = 0; k < KEYS / PER_ROW; k++) {
      const float score = tile_p[r][i + k * PER_ROW];
      const float e = score <= LOW ? 0.0 : exp2 (score - new_top);
      weight += e;
      tile_p[r][i + k * PER_ROW] = e;
    }
    if (i == 0)
      shrinks[r] = shrink;
  }
}

void
main ()
{
  const uint me = gl_LocalInvocationID.x;
  const uint head = gl_WorkGroupID.y;
  const uvec4 t = FETCH_U4 (tiles, p.first_tile + gl_WorkGroupID.x);

  for (uint i = me; i < ROWS * D4; i += SIZE) {
    const uint row = t.x + min (i / D4, t.y - 1);
    tile_q[i] = FETCH_F4 (q, query_at (row, head) + i % D4) * p.scale;
  }

  const uint col = me % D4, first = me / D4;
  vec4 sums[SUMS];
  [[unroll]] for (uint i = 0; i < SUMS; i++)
    sums[i] = vec4 (0.0);
  float top = LOW, weight = 0.0;

  for (uint key_0 = t.z & ~7u; key_0 < t.w; key_0 += KEYS) {
    barrier ();
    make_scores (t, head, key_0);
    barrier ();
    make_weights (top, weight);
    barrier ();
    [[unroll]] for (uint i = 0; i < SUMS; i++)
      sums[i] *= shrinks[min (first + i * SUM_STEP, ROWS - 1)];
    const uint n_keys = min (KEYS, t.w - key_0);
    for (uint k = 0; k < n_keys; k++) {
      const uint key = max (key_0 + k, t.z);
      const vec4 v = FETCH_CACHE (values, value_at (head, key) + col);
      [[unroll]] for (uint i = 0; i < SUMS; i++)
        sums[i] += tile_p[min (first + i * SUM_STEP, ROWS - 1)][k] * v;
    }
  }

  if (me / PER_ROW < ROWS) {
    parts[me / PER_ROW][me % PER_ROW] = weight;
    shrinks[me / PER_ROW] = top;
  }
  barrier ();
  [[unroll]] for (uint i = 0; i < SUMS; i++) {
    const uint r = first + i * SUM_STEP;
    if (first < SUM_STEP && r < t.y) {
      float total = 0.0;
      [[unroll]] for (uint k = 0; k < PER_ROW; k++)
        total += parts[r][k];
      const uint at = SPLIT ? part_at (head, ROWS, r)
                            : query_at (t.x + r, head);
      y.v[at + col] = sums[i] * (SPLIT ? 1.0 : 1.0 / total);
      if (SPLIT && col == 0)
        y.v[at + D4] = vec4 (shrinks[r], total, 0.0, 0.0);
    }
  }
}
