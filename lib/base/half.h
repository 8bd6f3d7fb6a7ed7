/* gst-vlm: 16-bit floats
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

static inline float
vlm_f32_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline guint32
vlm_f32_to_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

static inline float
vlm_f32_from_bf16 (guint16 bits)
{
  return vlm_f32_from_bits ((guint32) bits << 16);
}

/* Rounds to nearest, ties to even; NaN stays NaN. */
static inline guint16
vlm_bf16_from_f32 (float value)
{
  guint32 bits = vlm_f32_to_bits (value);

  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (guint16) (bits >> 16 | 0x0040u);
  return (guint16) ((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float
vlm_f32_from_f16 (guint16 bits)
{
  guint32 sign = (guint32) (bits & 0x8000u) << 16;
  guint32 exponent = bits >> 10 & 0x1fu;
  guint32 mantissa = bits & 0x3ffu;
  float subnormal;

  if (exponent == 0x1fu)
    return vlm_f32_from_bits (sign | 0x7f800000u | mantissa << 13);
  if (exponent != 0)
    return vlm_f32_from_bits (sign | (exponent + 112u) << 23 | mantissa << 13);
  subnormal = (float) mantissa * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

/* Rounds to nearest, ties to even; overflows to infinity. */
static inline guint16
vlm_f16_from_f32 (float value)
{
  guint32 bits = vlm_f32_to_bits (value);
  guint16 sign = (guint16) (bits >> 16 & 0x8000u);
  guint32 magnitude = bits & 0x7fffffffu;
  guint32 rounded;

  if (magnitude > 0x7f800000u)
    return sign | 0x7e00u;
  if (magnitude >= 0x477ff000u)
    return sign | 0x7c00u;
  if (magnitude < 0x38800000u) {
    /* Adding 0.5 leaves the subnormal in the low bits, rounded to even. */
    float shifted = vlm_f32_from_bits (magnitude) + 0.5f;

    return (guint16) (sign | (vlm_f32_to_bits (shifted) - 0x3f000000u));
  }
  rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return (guint16) (sign | ((rounded - 0x38000000u) >> 13));
}
