// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef VLM_ACTIVATION_GLSL
#define VLM_ACTIVATION_GLSL

float
silu (float v)
{
  return v / (1.0 + exp (-v));
}

// erfc (z) = exp (-z^2) t P (t) with t = 1 / (1 + z / 2), for z >= 0. P is the
// interpolant at the Chebyshev nodes of [1/6, 1]: relative error 2.2e-7 in f32
// arithmetic up to z = 10, where erfc has long left the range of f32.
float
erfc_positive (float z)
{
  const float c = min (z, 10.0);
  const float t = 1.0 / (1.0 + 0.5 * c);
  float s = -0.0597149208;
  s = s * t + 0.287768304;
  s = s * t - 0.493863642;
  s = s * t + 0.285697699;
  s = s * t - 0.0318417586;
  s = s * t + 0.204853654;
  s = s * t + 0.242572889;
  s = s * t + 0.282445043;
  s = s * t + 0.282082677;
  return exp (-c * c) * t * s;
}

// v Phi (v), Phi the normal distribution; accurate in the left tail too.
float
gelu (float v)
{
  const float tail = 0.5 * v * erfc_positive (abs (v) * 0.70710678118);
  return v < 0.0 ? tail : v - tail;
}

#endif
