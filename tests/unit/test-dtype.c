/* gst-vlm: element types and 16-bit floats
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "base/dtype.h"
#include "base/half.h"

static void
test_names (void)
{
  for (int i = 0; i < VLM_DTYPE_INVALID; i++) {
    const char *name = vlm_dtype_name ((VlmDType) i);
    gboolean is_plain = vlm_dtype_block_length ((VlmDType) i) == 1;

    /* No safetensors file has types of blocks. */
    g_assert_cmpint (
        vlm_dtype_from_name (name), ==, is_plain ? i : VLM_DTYPE_INVALID);
  }
  g_assert_cmpint (vlm_dtype_from_name ("F8"), ==, VLM_DTYPE_INVALID);
  g_assert_cmpuint (vlm_dtype_size (VLM_DTYPE_BF16), ==, 2);
}

/* Every f16 and bf16 value survives the way through f32. */
static void
test_round_trip (void)
{
  for (guint bits = 0; bits < 0x10000u; bits++) {
    float from_f16 = vlm_f32_from_f16 ((guint16) bits);
    float from_bf16 = vlm_f32_from_bf16 ((guint16) bits);

    if (!isnan (from_f16))
      g_assert_cmphex (vlm_f16_from_f32 (from_f16), ==, bits);
    if (!isnan (from_bf16))
      g_assert_cmphex (vlm_bf16_from_f32 (from_bf16), ==, bits);
  }
}

/* Half way between two values goes to the even one. */
static void
test_rounding (void)
{
  g_assert_cmphex (vlm_f16_from_f32 (1.0f + 0x1p-11f), ==, 0x3c00);
  g_assert_cmphex (vlm_f16_from_f32 (1.0f + 3 * 0x1p-11f), ==, 0x3c02);
  g_assert_cmphex (vlm_f16_from_f32 (65520.0f), ==, 0x7c00);
  g_assert_cmphex (vlm_f16_from_f32 (65519.0f), ==, 0x7bff);
  g_assert_cmphex (vlm_f16_from_f32 (-0x1p-25f), ==, 0x8000);
  g_assert_cmphex (vlm_f16_from_f32 (3 * 0x1p-26f), ==, 0x0001);
  g_assert_cmphex (vlm_bf16_from_f32 (1.0f + 0x1p-8f), ==, 0x3f80);
  g_assert_cmphex (vlm_bf16_from_f32 (1.0f + 3 * 0x1p-8f), ==, 0x3f82);
  g_assert_true (isnan (vlm_f32_from_bf16 (vlm_bf16_from_f32 (NAN))));
  g_assert_true (isnan (vlm_f32_from_f16 (vlm_f16_from_f32 (NAN))));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtype/names", test_names);
  g_test_add_func ("/half/round-trip", test_round_trip);
  g_test_add_func ("/half/rounding", test_rounding);
  return g_test_run ();
}
