// SPDX-License-Identifier: LGPL-2.1-or-later
// Splits rows of q, k and v heads; rotates q and k; packs k and v in the cache.
//
// qkv [n_rows, (H + 2 K) D]: H query heads, K key heads, K value heads.
// angles [n_rows, D]: D / 2 cosines, then D / 2 sines; with i < D / 2
//   y[i] = x[i] cos[i] - x[i + D/2] sin[i]
//   y[i + D/2] = x[i + D/2] cos[i] + x[i] sin[i]
// q [n_rows, H D]. Row first_key + i of a segment of the cache gets row
// first_row + i: keys [heads][segment_keys / 8][D / 4][8] vec4, values
// [heads][segment_keys][D / 4] vec4 (of 16 bits with CACHE_HALF), heads first_head
// and on, those that are bound.
// An invocation makes one vec4 of each half of one head.
// Grid: x heads (from first_slot, in the order of a row of qkv) * D / 8, y rows.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "cache.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 3) const uint HALF4 = 8; // D / 8

layout (push_constant) uniform Push
{
  uint first_row;
  uint first_slot;
  uint n_slots;
  uint n_heads;    // H
  uint n_kv_heads; // K
  uint first_key;
  uint segment_keys;
  uint first_head;
} p;

READ_F4 (0, qkv);
READ_F4 (1, angles);
WRITE_F4 (2, q);
WRITE_CACHE (3, keys);
WRITE_CACHE (4, values);

void
main ()
{
  const uint i = gl_GlobalInvocationID.x;
  const uint t = p.first_row + gl_WorkGroupID.y;
  if (i >= p.n_slots * HALF4)
    return;

  const uint slot = p.first_slot + i / HALF4, c = i % HALF4;
  const uint n_slots_all = p.n_heads + 2 * p.n_kv_heads;
  const uint source = (t * n_slots_all + slot) * 2 * HALF4 + c;
  const vec4 low = FETCH_F4 (qkv, source);
  const vec4 high = FETCH_F4 (qkv, source + HALF4);
  const uint row = p.first_key + gl_WorkGroupID.y;
  if (slot >= p.n_heads + p.n_kv_heads) {
    const uint head = slot - p.n_heads - p.n_kv_heads - p.first_head;
    const uint at = (head * p.segment_keys + row) * 2 * HALF4 + c;
    values.v[at] = TO_CACHE (low);
    values.v[at + HALF4] = TO_CACHE (high);
    return;
  }

  const vec4 cosine = FETCH_F4 (angles, t * 2 * HALF4 + c);
  const vec4 sine = FETCH_F4 (angles, t * 2 * HALF4 + HALF4 + c);
  const vec4 low_turned = low * cosine - high * sine;
  const vec4 high_turned = high * cosine + low * sine;
  if (slot < p.n_heads) {
    const uint at = (t * p.n_heads + slot) * 2 * HALF4 + c;
    q.v[at] = low_turned;
    q.v[at + HALF4] = high_turned;
  } else {
    const uint head = slot - p.n_heads - p.first_head;
    const uint block = head * (p.segment_keys / 8) + row / 8;
    const uint at = (block * 2 * HALF4 + c) * 8 + row % 8;
    keys.v[at] = TO_CACHE (low_turned);
    keys.v[at + HALF4 * 8] = TO_CACHE (high_turned);
  }
}
