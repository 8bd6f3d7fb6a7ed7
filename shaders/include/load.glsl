// SPDX-License-Identifier: LGPL-2.1-or-later
// How shaders read. READ_F4 (binding, name) declares a buffer of vec4 that is
// read by FETCH_F4 (name, i); READ_U4 and READ_I4 are the same for uvec4, ivec4.
//
// By default a read buffer is a uniform texel buffer: a texel fetch is the one
// load that a software rasteriser vectorises over lanes. With LOAD_STORAGE it is
// a storage buffer, the faster one where fetches pass through a texture unit.
#ifndef VLM_LOAD_GLSL
#define VLM_LOAD_GLSL
#extension GL_EXT_control_flow_attributes : require

#ifdef LOAD_STORAGE
#define READ_(b, name, type) \
  layout (set = 0, binding = b, std430) readonly buffer Read_##name \
  { type v[]; } name
#define READ_F4(b, name) READ_ (b, name, vec4)
#define READ_U4(b, name) READ_ (b, name, uvec4)
#define READ_I4(b, name) READ_ (b, name, ivec4)
#define FETCH_(name, i) name.v[i]
#else
#define READ_F4(b, name) layout (set = 0, binding = b) uniform samplerBuffer name
#define READ_U4(b, name) layout (set = 0, binding = b) uniform usamplerBuffer name
#define READ_I4(b, name) layout (set = 0, binding = b) uniform isamplerBuffer name
#define FETCH_(name, i) texelFetch (name, int (i))
#endif
#define FETCH_F4(name, i) FETCH_ (name, i)
#define FETCH_U4(name, i) FETCH_ (name, i)
#define FETCH_I4(name, i) FETCH_ (name, i)

// A buffer of floats that is written, and read where it is added to: name.v[i].
#define WRITE_F(b, name) \
  layout (set = 0, binding = b, std430) buffer Write_##name { float v[]; } name
#define WRITE_F4(b, name) \
  layout (set = 0, binding = b, std430) buffer Write_##name { vec4 v[]; } name

#endif
