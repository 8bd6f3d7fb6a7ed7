/* gst-vlm: the contents of blocks of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "base/blocks.h"
#include "base/half.h"

/* A block of each type as llama-quantize wrote it, and the floats that gguf-py
 * makes of it: the first, the last, and the FNV-1a hash of their bytes. */
/* clang-format off */
static const struct
{
  VlmDType dtype;
  const char *block; /* hexadecimal */
  float ends[2];
  guint64 hash;
} published[] = {
  { VLM_DTYPE_Q4_0,
        "c03136c0a23157551e3875084755845357aa",
    { -0x1.700000p-2f, 0x1.700000p-2f }, 0xaf03dfb765e1f024 },
  { VLM_DTYPE_Q4_1,
        "8031c0bd36c0a23168551f3975084865845357aa",
    { -0x1.a00000p-2f, 0x1.200000p-2f }, 0x8a59d795cb84d919 },
  { VLM_DTYPE_Q5_0,
        "c02dc08006806c703461bfaa1d61ea0f8eb9f8a6ae44",
    { -0x1.700000p-2f, 0x1.700000p-2f }, 0x2b0d3bae0d265f19 },
  { VLM_DTYPE_Q5_1,
        "532dc0bdd08606906d905561c0bb2f62fb0090ca09b7bf55",
    { -0x1.6c9000p-2f, 0x1.3cf000p-2f }, 0x863d6c4a878409a7 },
  { VLM_DTYPE_Q8_0,
        "a9181dd7f21208fd7c53fc21f9f67fe0a5ca14293ec9e813e63c76efadbb3619"
        "f733",
    { 0x1.0e4a00p-4f, 0x1.db5600p-4f }, 0x488eae92a1302c52 },
  { VLM_DTYPE_Q2_K,
        "7a76bcff6988aa633477ba5b6467557d89a08d18de756b8ad99a8e8595f99aca"
        "d9cbdfb9aeeae8d9ea7811deeb2ae6eb85757d9e66ad7d257519c8beb37a7bdc"
        "234541756215657017577667f02e5294942dbf32",
    { -0x1.355000p-1f, 0x1.94b000p-1f }, 0x08ac7a2f1d2f6043 },
  { VLM_DTYPE_Q3_K,
        "8088a786579ccdb75f1666fe86bf30df91a018713dc39f7559fe14979f6bb52d"
        "f30f804294944c8c08d2e3120315fa04883e98add0a000bc298adc91409249ce"
        "0f7f61321dbf4b36dc8d18503fb4340c8d01f343785baa46c5d13eac7ac32bb7"
        "0ed2e2fb504b1d1ff2ccfbebc897",
    { 0x1.b3c000p-6f, 0x1.089000p-4f }, 0x5d985687f6810d10 },
  { VLM_DTYPE_Q4_K,
        "4110fe1ba0bfe1acaeb3dff08a03f2ec6d70297d851f5f796a6a18486c6a467e"
        "5486ea066a6076005b6a8b425c7e795c8670d387675a5a99825615a7a3550277"
        "778e6872737676c4353a5a7a6985ff95551655646525fe5b7738337b00a61415"
        "e45760325879887949954446a399442888d5a897c899c575978e9af8450ba9af"
        "9899aa89cbca9bcaa8d0c4b7e9b8b8ba",
    { 0x1.2b1000p-5f, 0x1.335000p-7f }, 0x97866e910a3a2566 },
  { VLM_DTYPE_Q5_K,
        "bc0b1a1ca3bfe4afae71dff07bf6f4dfc980c9c9c2c5b51dc9d1c1d90961c0c3"
        "e0cec7c0d1d0f0d8d1a587c4e5f9cdd9ebe143eb1c2ecff3d5c52081c8e49c0d"
        "b91df40de4d1fd00a8d51694b9ecf3b82df0b71ecfa4b54325ac2a4e57ba05ff"
        "ee2cd0f5f6fded987a75b5f4c30aff2bbb1cabc9cb4bfea8fe6176d8005e1a3a"
        "c9bfc065a1f401e4833a898c5623784112bb512081239afb301e26f28b07634f"
        "313456149785378651b08a60d4616166",
    { 0x1.3ddf00p-5f, -0x1.1d0000p-12f }, 0x1fa42e7e54b92f73 },
  { VLM_DTYPE_Q6_K,
        "ffc81a7a2eee139a704ace5413dbe91a502cf0d28e534fae88fbb6bfacf3c71f"
        "0bb85c6d0c26b1a74396bdc6a754cae83f325a8b57a91bc2e8c18a5fe7c49096"
        "c707d502257233f58121f0181dd734f359008754b2cd8144365bf0041b303c51"
        "1c5240dfe121ed31fa4627107153f4914802e0032fc0ae908f1830fe283def8f"
        "b96a65af25de715558aa456a265e998aa0289256da931569195246a5555a9141"
        "d66b993d9da2266e8b4814294696623159aa5826a2d9539a66189305e55165e0"
        "a492b132a8805da4cb403ca63c7a40bc290c",
    { 0x1.7ebc00p-6f, -0x1.a85600p-2f }, 0x3b0ba2fb5fd2117c },
  { VLM_DTYPE_IQ4_NL,
        "792125c0a12047440f2964073743734247aa",
    { -0x1.7f1600p-2f, 0x1.11a200p-2f }, 0x239d66b28a67a890 },
  { VLM_DTYPE_IQ4_XS,
        "2992d1110280b0b025c0a12047440f2964073743734247bb6781a9778b645777"
        "76660cb564882776210a20c4555e8a3244c61231578e4462989ba8bfb59cac98"
        "a7d9dba9a9d5a8779727274879362616b6a673a80b694a044372288931986c41"
        "8195676930f44688810716a2633568b53732d168c7a856422884545874266443"
        "05825986f73654c9",
    { -0x1.794f40p-2f, 0x1.ac8410p-1f }, 0x727e66fb2d6811b2 },
};
/* clang-format on */

static void
from_hex (const char *text, guint8 *bytes)
{
  for (gsize i = 0; text[2 * i] != '\0'; i++)
    bytes[i] = (guint8) (g_ascii_xdigit_value (text[2 * i]) << 4 |
        g_ascii_xdigit_value (text[2 * i + 1]));
}

static guint64
hash_floats (const float *values, guint n)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (guint i = 0; i < n; i++) {
    guint32 bits = vlm_f32_to_bits (values[i]);

    for (guint byte = 0; byte < 4; byte++)
      hash = (hash ^ (bits >> (8 * byte) & 255)) *
          G_GUINT64_CONSTANT (0x100000001b3);
  }
  return hash;
}

static void
test_published (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (published); i++) {
    const VlmDType dtype = published[i].dtype;
    const guint n = vlm_dtype_block_length (dtype);
    guint8 block[VLM_MAX_BLOCK];
    float values[VLM_MAX_BLOCK];

    g_test_message ("%s", vlm_dtype_name (dtype));
    g_assert_cmpuint (
        strlen (published[i].block), ==, 2 * vlm_dtype_block_bytes (dtype));
    from_hex (published[i].block, block);
    vlm_dequantise (dtype, block, n, values);
    g_assert_cmpfloat (values[0], ==, published[i].ends[0]);
    g_assert_cmpfloat (values[n - 1], ==, published[i].ends[1]);
    g_assert_cmphex (hash_floats (values, n), ==, published[i].hash);
  }
}

/* Every type that has blocks is described, and fits what callers reserve. */
static void
test_table (void)
{
  for (guint dtype = 0; dtype < VLM_DTYPE_INVALID; dtype++) {
    const VlmBlockType *type = vlm_block_type (dtype);
    guint length = vlm_dtype_block_length (dtype);

    g_assert_true ((type == NULL) == (length == 1));
    if (type == NULL)
      continue;
    g_assert_cmpuint (length, <=, VLM_MAX_BLOCK);
    g_assert_cmpuint (length % type->group, ==, 0);
    g_assert_cmpuint (length / type->group, <=, VLM_MAX_BLOCK_GROUPS);
    g_assert_cmpuint (
        vlm_dtype_row_bytes (dtype, 1), ==, vlm_dtype_block_bytes (dtype));
    g_assert_cmpuint (vlm_dtype_row_bytes (dtype, 3 * length), ==,
        3 * vlm_dtype_block_bytes (dtype));
  }
}

/* Our own blocks: floats in front, then codes, the low half first. */
static void
test_own (void)
{
  static const struct
  {
    VlmDType dtype;
    gboolean has_min;
  } types[] = { { VLM_DTYPE_INT4_32, TRUE }, { VLM_DTYPE_INT4_64, TRUE },
    { VLM_DTYPE_INT4_128, TRUE }, { VLM_DTYPE_INT8_32, TRUE },
    { VLM_DTYPE_INT8_64, TRUE }, { VLM_DTYPE_INT8_128, TRUE },
    { VLM_DTYPE_F8_128, FALSE }, { VLM_DTYPE_NF4_64, FALSE } };
  const float scale = 0.3f, minimum = 1.7f;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    const VlmBlockType *type = vlm_block_type (types[i].dtype);
    const guint n = vlm_dtype_block_length (types[i].dtype);
    const gsize head = types[i].has_min ? 8 : 4;
    guint8 block[VLM_MAX_BLOCK];
    float values[VLM_MAX_BLOCK];

    memcpy (block, &scale, sizeof scale);
    memcpy (block + 4, &minimum, sizeof minimum);
    for (guint j = 0; j < vlm_dtype_block_bytes (types[i].dtype) - head; j++)
      block[head + j] = (guint8) (37 * j + 5);
    vlm_dequantise (types[i].dtype, block, n, values);
    for (guint j = 0; j < n; j++) {
      guint code = type->n_bits == 8
          ? block[head + j]
          : block[head + j / 2] >> (4 * (j % 2)) & 15;
      float expected = scale * type->levels[code];

      if (types[i].has_min)
        expected -= minimum;
      g_assert_true (values[j] == expected || isnan (expected));
    }
  }
}

/* A row may end within its last block. */
static void
test_part_of_block (void)
{
  const gsize n_bytes = vlm_dtype_block_bytes (VLM_DTYPE_Q8_0);
  guint8 blocks[2 * 34] = { 0x00, 0x3c };
  float values[40];

  memcpy (blocks + n_bytes, blocks, 2);
  blocks[n_bytes + 2 + 6] = 0xff;
  values[39] = 7.0f;
  vlm_dequantise (VLM_DTYPE_Q8_0, blocks, 39, values);
  g_assert_cmpfloat (values[38], ==, -1.0f);
  g_assert_cmpfloat (values[39], ==, 7.0f);
}

/* Sign, four bits of exponent with a bias of 7, three of mantissa; no infinity,
 * and all ones is NaN. */
static void
test_e4m3 (void)
{
  for (guint bits = 0; bits < 256; bits++) {
    const guint8 byte = (guint8) bits;
    const int exponent = (int) (bits >> 3 & 15);
    const double mantissa = bits & 7;
    double expected = exponent == 0 ? ldexp (mantissa, -9)
                                    : ldexp (8.0 + mantissa, exponent - 10);
    float value;

    vlm_dequantise (VLM_DTYPE_F8_E4M3, &byte, 1, &value);
    if ((bits & 127) == 127) {
      g_assert_true (isnan (value));
      continue;
    }
    g_assert_cmpfloat (value, ==, bits < 128 ? expected : -expected);
    g_assert_true (!signbit (value) == (bits < 128));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/blocks/published", test_published);
  g_test_add_func ("/blocks/table", test_table);
  g_test_add_func ("/blocks/own", test_own);
  g_test_add_func ("/blocks/part-of-block", test_part_of_block);
  g_test_add_func ("/blocks/e4m3", test_e4m3);
  return g_test_run ();
}
