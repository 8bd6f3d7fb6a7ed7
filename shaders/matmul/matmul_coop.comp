// SPDX-License-Identifier: LGPL-2.1-or-later
// y[m, n] = epilogue (sum_k x[m, k] * w[n, k] + bias[n]) by cooperative matrices:
// f16 inputs, sums in f32; for devices with matrix units.
//
// x [n_rows, 8 n_k8], w packed in blocks of 8 outputs, y [n_rows, y_ld].
// A workgroup makes a tile of TILE_M rows and TILE_N outputs with WARPS_M * WARPS_N
// subgroups, each of them RM * RN matrices of [CM, CN]. x and w come TILE_K inputs
// at a time to shared memory, where an input's neighbours are the next inputs, so
// that a fragment is read 16 bytes at a time.
// Activations of the model overflow f16: each row is multiplied by the power of two
// that brings its largest to [2^14, 2^15), which loses no bit, and the sums by its
// inverse. A row that is not finite stays so. Weights must be within f16.
// Grid: x tiles of outputs, y tiles of rows. Past the end zeros are read.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "matmul.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 6) const uint CM = 16;
layout (constant_id = 7) const uint CN = 16;
layout (constant_id = 8) const uint CK = 16;
layout (constant_id = 9) const uint RM = 4;
layout (constant_id = 10) const uint RN = 4; // RN * CN: a multiple of 16
layout (constant_id = 11) const uint WARPS_M = 2;
layout (constant_id = 12) const uint WARPS_N = 2;
const uint SUB_M = RM * CM, SUB_N = RN * CN;
const uint TILE_M = WARPS_M * SUB_M, TILE_N = WARPS_N * SUB_N;
const uint TILE_K = 32;               // a multiple of CK
const uint GROUPS = TILE_K / 8;       // granules of 8 inputs, 16 bytes
const uint STRIDE = GROUPS + 1;       // of a row, off the banks of the one before
const uint OUT_STRIDE = SUB_N / 4 + 1; // of a row of sums

shared uvec4 tile[(TILE_M + TILE_N) * STRIDE];
shared float unscale[TILE_M];

// Powers of two for the rows of the tile. Integers compare as floats do, and NaN
// above all.
void
find_scales (uint row_0)
{
  for (uint i = gl_SubgroupID; i < TILE_M; i += gl_NumSubgroups) {
    const uint at = min (row_0 + i, p.n_rows - 1) * p.n_k8 * 2;
    uint top = 0;
    for (uint k = gl_SubgroupInvocationID; k < p.n_k8 * 2;
         k += gl_SubgroupSize) {
      const uvec4 u = floatBitsToUint (abs (FETCH_F4 (x, at + k)));
      top = max (top, max (max (u.x, u.y), max (u.z, u.w)));
    }
    top = subgroupMax (top);
    if (subgroupElect ())
      unscale[i] = uintBitsToFloat ((max (top >> 23, 15) - 14) << 23);
  }
}

// 2^e of 2^-e, both normal.
float
inverse_power (float power)
{
  return uintBitsToFloat ((254u << 23) - floatBitsToUint (power));
}

uvec4
pack_8 (vec4 low, vec4 high)
{
  return uvec4 (packFloat2x16 (f16vec2 (low.xy)),
      packFloat2x16 (f16vec2 (low.zw)), packFloat2x16 (f16vec2 (high.xy)),
      packFloat2x16 (f16vec2 (high.zw)));
}

void
load_x (uint row_0, uint group_0)
{
  for (uint i = gl_LocalInvocationID.x; i < TILE_M * GROUPS;
       i += gl_WorkGroupSize.x) {
    const uint m = i / GROUPS, group = i % GROUPS;
    vec4 low = vec4 (0.0), high = vec4 (0.0);
    if (row_0 + m < p.n_rows && group_0 + group < p.n_k8) {
      const uint at = ((row_0 + m) * p.n_k8 + group_0 + group) * 2;
      const float scale = inverse_power (unscale[m]);
      low = FETCH_F4 (x, at) * scale;
      high = FETCH_F4 (x, at + 1) * scale;
    }
    tile[m * STRIDE + group] = pack_8 (low, high);
  }
}

void
load_w (uint block_0, uint group_0)
{
  for (uint i = gl_LocalInvocationID.x; i < TILE_N * GROUPS;
       i += gl_WorkGroupSize.x) {
    const uint lane = i % 8, group = i / 8 % GROUPS, block = i / 8 / GROUPS;
    vec4 low = vec4 (0.0), high = vec4 (0.0);
    if (block_0 + block < p.n_blocks && group_0 + group < p.n_k8)
      fetch_w8 (block_0 + block, lane, group_0 + group, low, high);
    tile[(TILE_M + block * 8 + lane) * STRIDE + group] = pack_8 (low, high);
  }
}

void
subgroup_barrier ()
{
  controlBarrier (gl_ScopeSubgroup, gl_ScopeSubgroup, gl_StorageSemanticsShared,
      gl_SemanticsAcquireRelease);
}

// SUB_N sums of CM rows from first on; they lie in tile from at on.
void
end_rows (uint row_0, uint first, uint block_0, uint at)
{
  for (uint i = gl_SubgroupInvocationID; i < CM * SUB_N; i += gl_SubgroupSize) {
    const uint m = i / SUB_N, n = i % SUB_N, lane = n % 8;
    const uint block = block_0 + n / 8, source = at + m * OUT_STRIDE + n / 4;
    const float power = unscale[first + m];
    const float gate = uintBitsToFloat (tile[source][n % 4]) * power
        + bias_at (min (block, p.n_blocks - 1), lane);
    if (EPILOGUE != SWIGLU) {
      store (row_0 + first + m, block, lane, gate, 0.0);
    } else if (block % 2 == 0) {
      const float value = uintBitsToFloat (tile[source + 2][n % 4]) * power
          + bias_at (min (block + 1, p.n_blocks - 1), lane);
      store (row_0 + first + m, block, lane, gate, value);
    }
  }
}

void
main ()
{
  const uint row_0 = gl_WorkGroupID.y * TILE_M;
  const uint block_0 = gl_WorkGroupID.x * (TILE_N / 8);
  const uint my_m = gl_SubgroupID / WARPS_N * SUB_M;
  const uint my_n = gl_SubgroupID % WARPS_N * SUB_N;
  coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator> sum[RM][RN];

  [[unroll]] for (uint i = 0; i < RM; i++)
    [[unroll]] for (uint j = 0; j < RN; j++)
      sum[i][j]
          = coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator> (
              0.0);
  find_scales (row_0);
  barrier ();

  for (uint group = 0; group < p.n_k8; group += GROUPS) {
    load_x (row_0, group);
    load_w (block_0, group);
    barrier ();
    [[unroll]] for (uint k = 0; k < TILE_K; k += CK) {
      coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA> a[RM];
      coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB> b;
      [[unroll]] for (uint i = 0; i < RM; i++)
        coopMatLoad (a[i], tile, (my_m + i * CM) * STRIDE + k / 8, STRIDE,
            gl_CooperativeMatrixLayoutRowMajor);
      [[unroll]] for (uint j = 0; j < RN; j++) {
        coopMatLoad (b, tile, (TILE_M + my_n + j * CN) * STRIDE + k / 8, STRIDE,
            gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint i = 0; i < RM; i++)
          sum[i][j] = coopMatMulAdd (a[i], b, sum[i][j]);
      }
    }
    barrier ();
  }

  const uint at = gl_SubgroupID * CM * OUT_STRIDE;
  [[unroll]] for (uint i = 0; i < RM; i++) {
    [[unroll]] for (uint j = 0; j < RN; j++)
      coopMatStore (sum[i][j], tile, at + j * CN / 4, OUT_STRIDE,
          gl_CooperativeMatrixLayoutRowMajor);
    subgroup_barrier ();
    end_rows (row_0, my_m + i * CM, block_0 + my_n / 8, at);
    subgroup_barrier ();
  }
}
