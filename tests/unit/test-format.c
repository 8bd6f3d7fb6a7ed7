/* gst-vlm: tests of the device formats of each type of weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/format.h"

/* Bits that files spend on a weight. Our own types are used for files that have
 * smaller scales: f16 scale and four bits of zero for 128 (AWQ, GPTQ), f16 and a
 * byte for 128, one bf16 a row (FP8), about a byte for 64 (NF4), f16 and four
 * bits or a byte for 32; f16 alone for 64 (compressed-tensors). */
static const struct
{
  VlmDType dtype;
  double bits;
} files[] = {
  { VLM_DTYPE_F32, 32 },
  { VLM_DTYPE_F16, 16 },
  { VLM_DTYPE_BF16, 16 },
  { VLM_DTYPE_Q8_0, 8.5 },
  { VLM_DTYPE_Q4_0, 4.5 },
  { VLM_DTYPE_Q4_1, 5 },
  { VLM_DTYPE_Q5_0, 5.5 },
  { VLM_DTYPE_Q5_1, 6 },
  { VLM_DTYPE_Q2_K, 2.625 },
  { VLM_DTYPE_Q3_K, 3.4375 },
  { VLM_DTYPE_Q4_K, 4.5 },
  { VLM_DTYPE_Q5_K, 5.5 },
  { VLM_DTYPE_Q6_K, 6.5625 },
  { VLM_DTYPE_IQ4_NL, 4.5 },
  { VLM_DTYPE_IQ4_XS, 4.25 },
  { VLM_DTYPE_INT4_32, 4 + 20.0 / 32 },
  { VLM_DTYPE_INT4_64, 4 + 16.0 / 64 },
  { VLM_DTYPE_INT4_128, 4 + 20.0 / 128 },
  { VLM_DTYPE_INT8_32, 8 + 24.0 / 32 },
  { VLM_DTYPE_INT8_64, 8 + 16.0 / 64 },
  { VLM_DTYPE_INT8_128, 8 + 24.0 / 128 },
  { VLM_DTYPE_F8_128, 8 },
  { VLM_DTYPE_NF4_64, 4 + 8.25 / 64 },
};

/* From a projection of a test model to the decoder of the 72B. */
static const struct
{
  guint n_out, n_in;
} shapes[] = {
  { 64, 256 },
  { 256, 512 },
  { 256, 2048 },
  { 11008, 2048 },
  { 2048, 11008 },
  { 8192, 29568 },
};

/* Rows that are no whole blocks of the file: in the vision tower of the 3B and
 * of the 7B. */
static void
test_across (void)
{
  const double file_bytes = (4 + 8.25 / 64) / 8 * 1280 * 3420;
  const double bytes = (double) vlm_nn_format_bytes (
      vlm_nn_format (VLM_DTYPE_NF4_ACROSS), 1280, 3420);

  g_assert_cmpfloat (bytes, >=, file_bytes);
  g_assert_cmpfloat (bytes, <=, 1.15 * file_bytes);
}

static void
test_bytes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    const VlmNnFormat *format = vlm_nn_format (files[i].dtype);

    g_assert_nonnull (format);
    for (guint j = 0; j < G_N_ELEMENTS (shapes); j++) {
      const double file_bytes =
          files[i].bits / 8 * shapes[j].n_out * shapes[j].n_in;
      const double bytes = (double) vlm_nn_format_bytes (
          format, shapes[j].n_out, shapes[j].n_in);

      g_test_message ("%s %u x %u: %.3f", vlm_dtype_name (files[i].dtype),
          shapes[j].n_out, shapes[j].n_in, bytes / file_bytes);
      g_assert_cmpfloat (bytes, >=, 0.999 * file_bytes);
      g_assert_cmpfloat (bytes, <=, 1.15 * file_bytes);
    }
  }
}

/* A type that files may have and no device reads has no format. */
static void
test_known (void)
{
  for (guint i = 0; i < VLM_DTYPE_INVALID; i++) {
    const VlmNnFormat *format = vlm_nn_format ((VlmDType) i);

    if (format == NULL)
      g_assert_cmpuint (vlm_dtype_block_length ((VlmDType) i), ==, 1);
    else
      g_assert_cmpint (format->dtype, ==, (VlmDType) i);
  }
  g_assert_null (vlm_nn_format (VLM_DTYPE_I64));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/bytes", test_bytes);
  g_test_add_func ("/format/across", test_across);
  g_test_add_func ("/format/known", test_known);
  return g_test_run ();
}
