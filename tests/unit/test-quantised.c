/* gst-vlm: quantised layers as single tensors, whole and damaged
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layers are packed here by the definition of their method, value by value. */
#include <math.h>
#include <string.h>

#include "base/blocks.h"
#include "base/half.h"
#include "io/quantised.h"
#include "io/safetensors-writer.h"
#include "io/safetensors.h"
#include "tests/support/files.h"

#define N_OUT 24
#define N_IN 256

static VlmQuantConfig *
config_of (const char *json, GError **error)
{
  g_autofree char *whole =
      g_strdup_printf ("{\"quantization_config\": %s}", json);

  VlmQuantConfig *config;

  vlm_quant_config_read (whole, strlen (whole), "config.json", &config, error);
  return config;
}

/* What is in @writer as a checkpoint quantised as @json says. */
static VlmTensorSource *
open_written (
    const VlmSafetensorsWriter *writer, const char *json, GError **error)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "w.safetensors", NULL);
  g_autoptr (VlmQuantConfig) config = config_of (json, error);
  g_autoptr (VlmTensorSource) source = NULL;

  vlm_safetensors_writer_write (writer, path, NULL);
  if (config != NULL)
    source = vlm_tensor_source_open (path, error);
  if (source != NULL)
    source = vlm_tensor_source_new_quantised (
        g_steal_pointer (&source), config, error);
  files_remove (folder);
  return g_steal_pointer (&source);
}

static void
add (VlmSafetensorsWriter *writer, const char *name, VlmDType dtype,
    guint64 n_rows, guint64 n_cols, gconstpointer data)
{
  const guint64 shape[] = { n_rows, n_cols };

  vlm_safetensors_writer_add (
      writer, name, dtype, shape, n_cols > 0 ? 2 : 1, data);
}

/* Numbers that look random and follow from @i alone. */
static guint
draw (guint i)
{
  return (i * 2654435761u) >> 13;
}

/* A scale that f16 holds. */
static float
scale_of (guint i)
{
  return vlm_f32_from_f16 (
      vlm_f16_from_f32 (0.001f + 0.0001f * (float) (draw (i) % 97)));
}

static void
assert_values (const VlmTensorSource *source, VlmDType dtype, guint n_out,
    guint n_in, const float *expected)
{
  const gsize row_bytes = vlm_dtype_row_bytes (dtype, n_in);
  g_autofree guint8 *rows = g_malloc (n_out * row_bytes);
  g_autofree float *values = g_new (float, n_in);
  g_auto (VlmTensorView) view = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (vlm_tensor_source_find (source, "l.weight", &view));
  g_assert_cmpstr (view.name, ==, "l.weight");
  g_assert_cmpstr (view.dtype_name, ==, vlm_dtype_name (dtype));
  g_assert_cmpuint (view.n_dims, ==, 2);
  g_assert_cmpuint (view.shape[0], ==, n_out);
  g_assert_cmpuint (view.shape[1], ==, n_in);
  g_assert_cmpuint (view.n_bytes, ==, n_out * row_bytes);
  /* In two pieces that begin within a word, and none. */
  g_assert_true (vlm_tensor_view_read_rows (&view, n_out, 0, rows, &error));
  g_assert_true (vlm_tensor_view_read_rows (&view, 0, 5, rows, &error));
  vlm_tensor_view_read_rows (&view, 5, n_out - 5, rows + 5 * row_bytes, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n_out; i++) {
    vlm_dequantise (dtype, rows + i * row_bytes, n_in, values);
    for (guint k = 0; k < n_in; k++) {
      guint in = view.rows->order != NULL ? view.rows->order[k] : k;

      if (values[k] != expected[i * n_in + in])
        g_error ("[%u, %u] is %.9g, expected %.9g", i, in, (double) values[k],
            (double) expected[i * n_in + in]);
    }
  }
}

/* --- AWQ ------------------------------------------------------------------- */

#define AWQ_JSON(group)                                                        \
  "{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": " group            \
  ", \"version\": \"gemm\", \"zero_point\": true}"

/* Output 8c + order[i] is in half byte i of word c. */
static void
put_awq (guint32 *words, guint row, guint out, guint n_words, guint code)
{
  static const guint order[] = { 0, 2, 4, 6, 1, 3, 5, 7 };

  for (guint i = 0; i < 8; i++)
    if (order[i] == out % 8)
      words[row * n_words + out / 8] |= (guint32) code << (4 * i);
}

static VlmSafetensorsWriter *
write_awq (guint group_size, float *values)
{
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  const guint n_groups = N_IN / group_size, n_words = N_OUT / 8;
  g_autofree guint32 *codes = g_new0 (guint32, N_IN * n_words);
  g_autofree guint32 *zeros = g_new0 (guint32, n_groups * n_words);
  g_autofree guint16 *scales = g_new (guint16, n_groups * N_OUT);

  for (guint out = 0; out < N_OUT; out++) {
    for (guint g = 0; g < n_groups; g++) {
      put_awq (zeros, g, out, n_words, draw (g * N_OUT + out) % 16);
      scales[g * N_OUT + out] = vlm_f16_from_f32 (scale_of (g * N_OUT + out));
    }
    for (guint in = 0; in < N_IN; in++) {
      guint code = draw (7 + out * N_IN + in) % 16;
      guint g = in / group_size * N_OUT + out;

      put_awq (codes, in, out, n_words, code);
      values[out * N_IN + in] =
          (float) ((gint) code - (gint) (draw (g) % 16)) * scale_of (g);
    }
  }
  add (writer, "l.qweight", VLM_DTYPE_I32, N_IN, n_words, codes);
  add (writer, "l.qzeros", VLM_DTYPE_I32, n_groups, n_words, zeros);
  add (writer, "l.scales", VLM_DTYPE_F16, n_groups, N_OUT, scales);
  return writer;
}

static void
check_awq (const char *json, guint group_size, VlmDType dtype)
{
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autoptr (VlmSafetensorsWriter) writer = write_awq (group_size, values);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTensorSource) source = open_written (writer, json, &error);

  g_assert_no_error (error);
  assert_values (source, dtype, N_OUT, N_IN, values);
}

static void
test_awq (void)
{
  check_awq (AWQ_JSON ("128"), 128, VLM_DTYPE_INT4_128);
  check_awq (AWQ_JSON ("32"), 32, VLM_DTYPE_INT4_32);
  check_awq (AWQ_JSON ("64"), 64, VLM_DTYPE_INT4_64);
  check_awq (AWQ_JSON ("-1"), N_IN, VLM_DTYPE_INT4_128);
}

/* --- GPTQ ------------------------------------------------------------------ */

typedef struct
{
  guint bits;
  guint group_size;
  gboolean is_v2;       /* zeros as they are */
  gboolean is_shuffled; /* the inputs of a group are anywhere */
  gboolean has_g_idx;
  gboolean is_uneven;       /* and as many as it happens */
  gboolean has_wide_scales; /* F32, else F16 */
} Gptq;

static guint
group_of (const Gptq *gptq, guint in)
{
  if (gptq->is_uneven)
    return draw (in) % (N_IN / gptq->group_size);
  return (gptq->is_shuffled ? (in * 37 + 11) % N_IN : in) / gptq->group_size;
}

/* What is stored; the zero is one more in v1. */
static guint
zero_of (const Gptq *gptq, guint g)
{
  return draw (g) % (1u << gptq->bits);
}

static VlmSafetensorsWriter *
write_gptq (const Gptq *gptq, float *values)
{
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  const guint per_word = 32 / gptq->bits;
  const guint n_groups = N_IN / gptq->group_size, n_words = N_OUT / per_word;
  g_autofree guint32 *codes = g_new0 (guint32, N_IN / per_word * N_OUT);
  g_autofree guint32 *zeros = g_new0 (guint32, n_groups * n_words);
  g_autofree guint16 *scales = g_new (guint16, n_groups * N_OUT);
  g_autofree float *wide = g_new (float, n_groups *N_OUT);
  g_autofree gint32 *groups = g_new (gint32, N_IN);

  for (guint out = 0; out < N_OUT; out++) {
    for (guint g = 0; g < n_groups; g++) {
      zeros[g * n_words + out / per_word] |= zero_of (gptq, g * N_OUT + out)
          << (gptq->bits * (out % per_word));
      scales[g * N_OUT + out] = vlm_f16_from_f32 (scale_of (g * N_OUT + out));
      /* What rounds to it. */
      wide[g * N_OUT + out] = scale_of (g * N_OUT + out) * 1.0001f;
    }
    for (guint in = 0; in < N_IN; in++) {
      guint code = draw (7 + out * N_IN + in) % (1u << gptq->bits);
      guint g = group_of (gptq, in) * N_OUT + out;
      gint zero = (gint) zero_of (gptq, g) + (gptq->is_v2 ? 0 : 1);

      codes[in / per_word * N_OUT + out] |= code
          << (gptq->bits * (in % per_word));
      values[out * N_IN + in] = (float) ((gint) code - zero) * scale_of (g);
    }
  }
  for (guint in = 0; in < N_IN; in++)
    groups[in] = (gint32) group_of (gptq, in);
  add (writer, "l.qweight", VLM_DTYPE_I32, N_IN / per_word, N_OUT, codes);
  add (writer, "l.qzeros", VLM_DTYPE_I32, n_groups, n_words, zeros);
  if (gptq->has_wide_scales)
    add (writer, "l.scales", VLM_DTYPE_F32, n_groups, N_OUT, wide);
  else
    add (writer, "l.scales", VLM_DTYPE_F16, n_groups, N_OUT, scales);
  if (gptq->has_g_idx)
    add (writer, "l.g_idx", VLM_DTYPE_I32, N_IN, 0, groups);
  return writer;
}

static char *
gptq_json (const Gptq *gptq)
{
  return g_strdup_printf ("{\"quant_method\": \"gptq\", \"bits\": %u, "
                          "\"group_size\": %d, \"desc_act\": %s%s}",
      gptq->bits, gptq->group_size == N_IN ? -1 : (gint) gptq->group_size,
      gptq->is_shuffled ? "true" : "false",
      gptq->is_v2 ? ", \"checkpoint_format\": \"gptq_v2\"" : "");
}

static void
test_gptq (void)
{
  static const struct
  {
    Gptq gptq;
    VlmDType dtype;
  } cases[] = {
    { { 4, 128, FALSE, FALSE, TRUE }, VLM_DTYPE_INT4_128 },
    { { 4, 128, FALSE, FALSE, FALSE }, VLM_DTYPE_INT4_128 },
    { { 4, 64, TRUE, FALSE, TRUE }, VLM_DTYPE_INT4_64 },
    { { 4, 32, FALSE, FALSE, TRUE }, VLM_DTYPE_INT4_32 },
    { { 4, N_IN, FALSE, FALSE, FALSE }, VLM_DTYPE_INT4_128 },
    { { 8, 128, FALSE, FALSE, TRUE }, VLM_DTYPE_INT8_128 },
    { { 8, 32, TRUE, FALSE, TRUE }, VLM_DTYPE_INT8_32 },
    { { 4, 16, FALSE, FALSE, TRUE }, VLM_DTYPE_F32 },
    { { 4, 128, FALSE, TRUE, TRUE }, VLM_DTYPE_INT4_128 },
    { { 4, 32, FALSE, TRUE, TRUE }, VLM_DTYPE_INT4_32 },
    { { 8, 64, TRUE, TRUE, TRUE }, VLM_DTYPE_INT8_64 },
    { { 4, 64, FALSE, TRUE, TRUE, TRUE }, VLM_DTYPE_F32 },
    { { 8, 128, FALSE, TRUE, TRUE, FALSE, TRUE }, VLM_DTYPE_INT8_128 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree float *values = g_new (float, N_OUT *N_IN);
    g_autofree char *json = gptq_json (&cases[i].gptq);
    g_autoptr (VlmSafetensorsWriter) writer =
        write_gptq (&cases[i].gptq, values);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTensorSource) source = open_written (writer, json, &error);

    g_test_message ("case %u", i);
    g_assert_no_error (error);
    assert_values (source, cases[i].dtype, N_OUT, N_IN, values);
  }
}

/* --- FP8 ------------------------------------------------------------------- */

#define COMPRESSED_JSON(strategy)                                              \
  "{\"quant_method\": \"compressed-tensors\", \"format\": "                    \
  "\"float-quantized\", \"config_groups\": {\"group_0\": {\"weights\": "       \
  "{\"num_bits\": 8, \"type\": \"float\", \"strategy\": \"" strategy           \
  "\", \"symmetric\": true}, \"targets\": [\"Linear\"]}}}"

/* A scale for each @rows x @cols. */
static VlmSafetensorsWriter *
write_fp8 (const char *name, guint rows, guint cols, guint n_dims,
    VlmDType dtype, float *values)
{
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  const guint n_rows = (N_OUT + rows - 1) / rows;
  const guint n_cols = (N_IN + cols - 1) / cols;
  const guint64 shape[] = { n_rows, n_cols };
  g_autofree guint8 *codes = g_malloc (N_OUT * N_IN);
  g_autofree float *wide = g_new (float, n_rows *n_cols);
  g_autofree guint16 *narrow = g_new (guint16, n_rows * n_cols);

  for (guint i = 0; i < n_rows * n_cols; i++) {
    narrow[i] = vlm_bf16_from_f32 (scale_of (i));
    wide[i] =
        dtype == VLM_DTYPE_F32 ? scale_of (i) : vlm_f32_from_bf16 (narrow[i]);
  }
  for (guint i = 0; i < N_OUT * N_IN; i++) {
    codes[i] = (guint8) (draw (i) % 127 | (draw (3 * i) % 2 << 7));
    vlm_dequantise (VLM_DTYPE_F8_E4M3, &codes[i], 1, &values[i]);
    values[i] *= wide[i / N_IN / rows * n_cols + i % N_IN / cols];
  }
  add (writer, "l.weight", VLM_DTYPE_F8_E4M3, N_OUT, N_IN, codes);
  vlm_safetensors_writer_add (writer, name, dtype, shape, n_dims,
      dtype == VLM_DTYPE_F32 ? (gconstpointer) wide : narrow);
  return writer;
}

static void
test_fp8 (void)
{
  static const struct
  {
    const char *json;
    const char *name;
    guint rows, cols, n_dims;
    VlmDType dtype;
  } cases[] = {
    { COMPRESSED_JSON ("channel"), "l.weight_scale", 1, N_IN, 2,
        VLM_DTYPE_BF16 },
    { COMPRESSED_JSON ("channel"), "l.weight_scale", 1, N_IN, 1,
        VLM_DTYPE_F32 },
    { COMPRESSED_JSON ("tensor"), "l.weight_scale", N_OUT, N_IN, 0,
        VLM_DTYPE_F32 },
    { COMPRESSED_JSON ("tensor"), "l.weight_scale", N_OUT, N_IN, 1,
        VLM_DTYPE_BF16 },
    { "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}",
        "l.weight_scale_inv", 128, 128, 2, VLM_DTYPE_BF16 },
    { "{\"quant_method\": \"fp8\", \"weight_block_size\": [16, 128]}",
        "l.weight_scale_inv", 16, 128, 2, VLM_DTYPE_F32 },
    { "{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\"}",
        "l.weight_scale", N_OUT, N_IN, 1, VLM_DTYPE_F32 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree float *values = g_new (float, N_OUT *N_IN);
    g_autoptr (VlmSafetensorsWriter) writer = write_fp8 (cases[i].name,
        cases[i].rows, cases[i].cols, cases[i].n_dims, cases[i].dtype, values);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTensorSource) source =
        open_written (writer, cases[i].json, &error);

    g_test_message ("case %u", i);
    g_assert_no_error (error);
    assert_values (source, VLM_DTYPE_F8_128, N_OUT, N_IN, values);
  }
}

/* --- integers of compressed-tensors ---------------------------------------- */

/* Signed numbers: bytes, or packed with 2^(bits - 1) added. */
static VlmSafetensorsWriter *
write_ints (guint bits, gboolean is_packed, guint group_size, float *values)
{
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  const guint n_groups = N_IN / group_size, per_word = 32 / bits;
  const gint64 shape[] = { N_OUT, N_IN };
  g_autofree guint32 *words = g_new0 (guint32, N_OUT * N_IN / per_word);
  g_autofree guint16 *scales = g_new (guint16, N_OUT * n_groups);

  for (guint i = 0; i < N_OUT * n_groups; i++)
    scales[i] = vlm_bf16_from_f32 (scale_of (i));
  for (guint i = 0; i < N_OUT * N_IN; i++) {
    guint code = draw (i) % (1u << bits);
    gint value = (gint) code - (1 << (bits - 1));

    words[i / per_word] |= (is_packed ? code : (guint) value & 0xff)
        << (bits * (i % per_word));
    values[i] = (float) value *
        vlm_f32_from_bf16 (scales[i / N_IN * n_groups + i % N_IN / group_size]);
  }
  if (is_packed) {
    add (writer, "l.weight_packed", VLM_DTYPE_I32, N_OUT, N_IN / per_word,
        words);
    add (writer, "l.weight_shape", VLM_DTYPE_I64, 2, 0, shape);
  } else {
    add (writer, "l.weight", VLM_DTYPE_I8, N_OUT, N_IN, words);
  }
  add (writer, "l.weight_scale", VLM_DTYPE_BF16, N_OUT, n_groups, scales);
  return writer;
}

static char *
ints_json (guint bits, gboolean is_packed, guint group_size)
{
  g_autofree char *group = g_strdup_printf (
      "\"strategy\": \"group\", \"group_size\": %u", group_size);

  return g_strdup_printf (
      "{\"quant_method\": \"compressed-tensors\", \"format\": \"%s\", "
      "\"config_groups\": {\"group_0\": {\"weights\": {\"num_bits\": %u, "
      "\"type\": \"int\", %s}}}}",
      is_packed ? "pack-quantized" : "int-quantized", bits,
      group_size == N_IN ? "\"strategy\": \"channel\"" : group);
}

static void
test_ints (void)
{
  static const struct
  {
    guint bits;
    gboolean is_packed;
    guint group_size;
    VlmDType dtype;
  } cases[] = {
    { 4, TRUE, 128, VLM_DTYPE_INT4_128 },
    { 4, TRUE, 32, VLM_DTYPE_INT4_32 },
    { 4, TRUE, 64, VLM_DTYPE_INT4_64 },
    { 4, TRUE, N_IN, VLM_DTYPE_INT4_128 },
    { 8, TRUE, 64, VLM_DTYPE_INT8_64 },
    { 8, FALSE, N_IN, VLM_DTYPE_INT8_128 },
    { 8, FALSE, 128, VLM_DTYPE_INT8_128 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree float *values = g_new (float, N_OUT *N_IN);
    g_autofree char *json =
        ints_json (cases[i].bits, cases[i].is_packed, cases[i].group_size);
    g_autoptr (VlmSafetensorsWriter) writer = write_ints (
        cases[i].bits, cases[i].is_packed, cases[i].group_size, values);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTensorSource) source = open_written (writer, json, &error);

    g_test_message ("case %u", i);
    g_assert_no_error (error);
    assert_values (source, cases[i].dtype, N_OUT, N_IN, values);
  }
}

/* --- bitsandbytes ---------------------------------------------------------- */

#define NF4_JSON                                                               \
  "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, "              \
  "\"bnb_4bit_quant_type\": \"nf4\"}"
#define NESTED_SIZE 4

typedef struct
{
  guint n_in;
  guint block_size;
  gboolean is_nested;
} Nf4;

static void
add_nested (
    VlmSafetensorsWriter *writer, guint n_blocks, float offset, float *scales)
{
  const guint n_nested = (n_blocks + NESTED_SIZE - 1) / NESTED_SIZE;
  g_autofree guint8 *bytes = g_malloc (n_blocks);
  g_autofree float *nested = g_new (float, n_nested);
  float map[256];

  for (guint i = 0; i < 256; i++)
    map[i] = -1.0f + (float) i / 128.0f;
  for (guint i = 0; i < n_nested; i++)
    nested[i] = scale_of (i);
  for (guint i = 0; i < n_blocks; i++) {
    float product;

    bytes[i] = (guint8) draw (11 * i);
    product = map[bytes[i]] * nested[i / NESTED_SIZE];
    scales[i] = product + offset;
  }
  add (writer, "l.weight.absmax", VLM_DTYPE_U8, n_blocks, 0, bytes);
  add (writer, "l.weight.nested_absmax", VLM_DTYPE_F32, n_nested, 0, nested);
  add (writer, "l.weight.nested_quant_map", VLM_DTYPE_F32, 256, 0, map);
}

static VlmSafetensorsWriter *
write_nf4 (const Nf4 *nf4, float *values)
{
  static const float offset = 0.3883237838745117f;
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  const float *levels = vlm_block_type (VLM_DTYPE_NF4_64)->levels;
  const guint n = N_OUT * nf4->n_in;
  const guint n_blocks = (n + nf4->block_size - 1) / nf4->block_size;
  g_autofree guint8 *codes = g_malloc0 (n / 2);
  g_autofree float *scales = g_new (float, n_blocks);
  g_autofree char *state = g_strdup_printf (
      "{\"quant_type\": \"nf4\", \"blocksize\": %u, \"dtype\": \"bfloat16\", "
      "\"shape\": [%u, %u]%s}",
      nf4->block_size, (guint) N_OUT, nf4->n_in,
      nf4->is_nested ? ", \"nested_blocksize\": 4, \"nested_dtype\": "
                       "\"float32\", \"nested_offset\": 0.3883237838745117"
                     : "");

  if (nf4->is_nested) {
    add_nested (writer, n_blocks, offset, scales);
  } else {
    for (guint i = 0; i < n_blocks; i++)
      scales[i] = scale_of (i) * 1.37f;
    add (writer, "l.weight.absmax", VLM_DTYPE_F32, n_blocks, 0, scales);
  }
  for (guint i = 0; i < n; i++) {
    guint code = draw (i) % 16;

    codes[i / 2] |= (guint8) (code << (i % 2 == 0 ? 4 : 0));
    values[i] = levels[code] * scales[i / nf4->block_size];
  }
  add (writer, "l.weight", VLM_DTYPE_U8, n / 2, 1, codes);
  add (writer, "l.weight.quant_map", VLM_DTYPE_F32, 16, 0, levels);
  add (writer, "l.weight.quant_state.bitsandbytes__nf4", VLM_DTYPE_U8,
      strlen (state), 0, state);
  return writer;
}

static void
test_nf4 (void)
{
  static const struct
  {
    Nf4 nf4;
    VlmDType dtype;
  } cases[] = {
    { { 256, 64, TRUE }, VLM_DTYPE_NF4_64 },
    { { 192, 64, FALSE }, VLM_DTYPE_NF4_64 },
    { { 256, 128, TRUE }, VLM_DTYPE_NF4_64 },
    { { 148, 64, TRUE }, VLM_DTYPE_NF4_ACROSS }, /* across the ends of rows */
    { { 36, 64, FALSE }, VLM_DTYPE_NF4_ACROSS },
    { { 236, 128, TRUE }, VLM_DTYPE_NF4_ACROSS },
    { { 149, 64, FALSE }, VLM_DTYPE_F32 }, /* and rows begin within a byte */
    { { 256, 32, FALSE }, VLM_DTYPE_F32 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree float *values = g_new (float, N_OUT *cases[i].nf4.n_in);
    g_autoptr (VlmSafetensorsWriter) writer = write_nf4 (&cases[i].nf4, values);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTensorSource) source =
        open_written (writer, NF4_JSON, &error);

    g_test_message ("case %u", i);
    g_assert_no_error (error);
    assert_values (source, cases[i].dtype, N_OUT, cases[i].nf4.n_in, values);
  }
}

/* --- what is refused ------------------------------------------------------- */

static void
test_configs (void)
{
  static const struct
  {
    const char *json;
    VlmLoadError code;
    const char *message;
  } cases[] = {
    { "{}", VLM_LOAD_ERROR_CORRUPT, "quant_method: missing" },
    { "{\"group_size\": 64, \"bits\": 4}", VLM_LOAD_ERROR_UNSUPPORTED,
        "quantization_config: weights quantised by MLX are not supported: "
        "use" },
    { "{\"quant_method\": \"hqq\"}", VLM_LOAD_ERROR_UNSUPPORTED,
        "quantization_config.quant_method: \"hqq\" is not supported: use" },
    { "{\"quant_method\": \"awq\", \"bits\": 3, \"group_size\": 128}",
        VLM_LOAD_ERROR_UNSUPPORTED, "bits: AWQ of 3 bits" },
    { "{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 128, "
      "\"version\": \"gemv\"}",
        VLM_LOAD_ERROR_UNSUPPORTED, "version: packed as \"gemv\"" },
    { "{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 128, "
      "\"zero_point\": false}",
        VLM_LOAD_ERROR_UNSUPPORTED, "zero_point: AWQ without" },
    { AWQ_JSON ("0"), VLM_LOAD_ERROR_CORRUPT, "group_size: 0" },
    { AWQ_JSON ("-2"), VLM_LOAD_ERROR_CORRUPT, "group_size: -2 is not" },
    { "{\"quant_method\": \"gptq\", \"bits\": 5, \"group_size\": 128}",
        VLM_LOAD_ERROR_UNSUPPORTED, "bits: GPTQ of 5 bits" },
    { "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 0}",
        VLM_LOAD_ERROR_CORRUPT, "group_size: 0" },
    { "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 128, "
      "\"checkpoint_format\": \"marlin\"}",
        VLM_LOAD_ERROR_UNSUPPORTED, "checkpoint_format: packed as \"marlin\"" },
    { "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 128, "
      "\"is_marlin_format\": true}",
        VLM_LOAD_ERROR_UNSUPPORTED, "checkpoint_format: packed as \"marlin\"" },
    { "{\"quant_method\": \"compressed-tensors\", \"format\": "
      "\"nvfp4-pack-quantized\", \"config_groups\": {}}",
        VLM_LOAD_ERROR_UNSUPPORTED, "format: \"nvfp4-pack-quantized\"" },
    { "{\"quant_method\": \"compressed-tensors\", \"format\": "
      "\"float-quantized\", \"config_groups\": {}}",
        VLM_LOAD_ERROR_CORRUPT, "config_groups: empty" },
    { COMPRESSED_JSON ("group"), VLM_LOAD_ERROR_UNSUPPORTED,
        "weights.strategy: \"group\"" },
    { "{\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"}",
        VLM_LOAD_ERROR_UNSUPPORTED, "fmt: \"e5m2\"" },
    { "{\"quant_method\": \"fp8\", \"weight_block_size\": [0, 128]}",
        VLM_LOAD_ERROR_CORRUPT, "weight_block_size[0]: 0 is not" },
    { "{\"quant_method\": \"fp8\", \"weight_block_size\": [128]}",
        VLM_LOAD_ERROR_CORRUPT, "weight_block_size: expected 2 numbers" },
    { "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 64]}",
        VLM_LOAD_ERROR_UNSUPPORTED, "blocks of 64 inputs" },
    { "{\"load_in_8bit\": true}", VLM_LOAD_ERROR_UNSUPPORTED,
        "bitsandbytes of 8 bits" },
    { "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, "
      "\"bnb_4bit_quant_type\": \"fp4\"}",
        VLM_LOAD_ERROR_UNSUPPORTED, "bnb_4bit_quant_type: \"fp4\"" },
    { "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, "
      "\"bnb_4bit_quant_type\": \"nf4\", \"bnb_4bit_quant_storage\": "
      "\"bfloat16\"}",
        VLM_LOAD_ERROR_UNSUPPORTED, "bnb_4bit_quant_storage: \"bfloat16\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmQuantConfig) config = config_of (cases[i].json, &error);

    g_assert_null (config);
    if (!g_error_matches (error, VLM_LOAD_ERROR, (int) cases[i].code) ||
        strstr (error->message, cases[i].message) == NULL)
      g_error ("\"%s\" does not say \"%s\"",
          error != NULL ? error->message : "(no error)", cases[i].message);
  }
}

/* Without settings in config.json nothing is quantised. They may also be within
 * text_config, or in the file that older tools write. */
static void
test_places (void)
{
  static const char bare[] = "{\"model_type\": \"qwen2_5_vl\"}";
  static const char nested[] =
      "{\"text_config\": {\"quantization_config\": {\"quant_method\": "
      "\"gptq\", \"bits\": 4, \"group_size\": 128}}}";
  static const char companion[] = "{\"bits\": 4, \"group_size\": 128, "
                                  "\"checkpoint_format\": \"gptq_v2\"}";
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "config.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmQuantConfig) config = NULL;

  files_write (folder, "config.json", bare, strlen (bare));
  g_assert_true (vlm_quant_config_load (path, &config, &error));
  g_assert_no_error (error);
  g_assert_null (config);
  files_write (folder, "quantize_config.json", companion, strlen (companion));
  vlm_quant_config_load (path, &config, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (vlm_quant_config_get_method (config), ==, "gptq");
  g_clear_pointer (&config, vlm_quant_config_free);
  files_write (folder, "config.json", nested, strlen (nested));
  vlm_quant_config_load (path, &config, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (vlm_quant_config_get_method (config), ==, "gptq");
  g_clear_pointer (&config, vlm_quant_config_free);
  files_write (folder, "quantize_config.json", "{}", 2);
  g_assert_false (vlm_quant_config_load (path, &config, &error));
  g_assert_null (config);
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "quantize_config.json"));
  files_remove (folder);
}

/* A copy of @from in which tensor @name is left out, or has another shape. */
static VlmSafetensorsWriter *
damage (const VlmSafetensorsWriter *from, const char *name, guint64 n_rows,
    guint64 n_cols)
{
  VlmSafetensorsWriter *writer = vlm_safetensors_writer_new ();
  g_autoptr (GBytes) bytes = vlm_safetensors_writer_get_bytes (from);
  g_autoptr (VlmDataFile) file = vlm_data_file_new_from_bytes (bytes, "from");
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_new (file, NULL);

  for (guint i = 0; i < vlm_safetensors_get_n_tensors (tensors); i++) {
    g_auto (VlmTensorView) view = { 0 };
    g_autofree guint8 *data = NULL;

    vlm_safetensors_find (
        tensors, vlm_safetensors_get_name (tensors, i), &view);
    data = vlm_tensor_view_read_all (&view, NULL);
    if (!g_str_equal (view.name, name))
      vlm_safetensors_writer_add (
          writer, view.name, view.dtype, view.shape, view.n_dims, data);
    else if (n_rows > 0)
      add (writer, name, view.dtype, n_rows, n_cols, data);
  }
  return writer;
}

typedef struct
{
  const char *name;
  guint64 n_rows, n_cols; /* 0: left out */
  VlmLoadError code;
  const char *message;
} Defect;

static void
check_defects (const VlmSafetensorsWriter *good, const char *json,
    const Defect *defects, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autoptr (VlmSafetensorsWriter) bad =
        damage (good, defects[i].name, defects[i].n_rows, defects[i].n_cols);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTensorSource) source = open_written (bad, json, &error);

    g_assert_null (source);
    if (!g_error_matches (error, VLM_LOAD_ERROR, (int) defects[i].code) ||
        strstr (error->message, defects[i].message) == NULL ||
        strstr (error->message, "w.safetensors: ") == NULL)
      g_error ("\"%s\" does not say \"%s\"",
          error != NULL ? error->message : "(no error)", defects[i].message);
  }
}

static void
test_awq_defects (void)
{
  static const Defect defects[] = {
    { "l.qzeros", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "no tensor l.qzeros" },
    { "l.scales", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "no tensor l.scales" },
    { "l.scales", 2, 12, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.scales: has the shape [2, 12], not [2, 24]" },
    { "l.qzeros", 1, 3, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.qzeros: has the shape [1, 3], not [2, 3]" },
    { "l.qweight", 200, 3, VLM_LOAD_ERROR_MISMATCH,
        "l.qweight: 200 inputs are not a multiple of the group size 128" },
    { "l.qweight", 256, 0, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.qweight: 1 dimensions" },
  };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autoptr (VlmSafetensorsWriter) good = write_awq (128, values);

  check_defects (good, AWQ_JSON ("128"), defects, G_N_ELEMENTS (defects));
}

static void
test_gptq_defects (void)
{
  static const Gptq gptq = { 4, 128, FALSE, FALSE, TRUE };
  static const Defect defects[] = {
    { "l.qzeros", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "no tensor l.qzeros" },
    { "l.scales", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "no tensor l.scales" },
    { "l.scales", 1, 24, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.g_idx: input 128 is of group 1, there are 1" },
    { "l.qweight", 31, 24, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.qweight: 31 rows of words do not hold 256 inputs of 4" },
    { "l.g_idx", 200, 0, VLM_LOAD_ERROR_MISMATCH,
        "32 rows of words do not hold 200 inputs of 4 bits" },
    { "l.g_idx", 16, 16, VLM_LOAD_ERROR_MISMATCH, "l.g_idx: is not a list" },
    { "l.qzeros", 2, 2, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.qzeros: has the shape [2, 2], not [2, 3]" },
  };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autofree char *json = gptq_json (&gptq);
  g_autoptr (VlmSafetensorsWriter) good = write_gptq (&gptq, values);
  g_autoptr (GError) error = NULL;

  check_defects (good, json, defects, G_N_ELEMENTS (defects));
  /* Bits that the tensors do not have. */
  g_assert_null (open_written (good,
      "{\"quant_method\": \"gptq\", \"bits\": 8, \"group_size\": 128}",
      &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH);
  g_assert_nonnull (
      strstr (error->message, "do not hold 256 inputs of 8 bits"));
}

static void
test_fp8_defects (void)
{
  static const Defect block_defects[] = {
    { "l.weight_scale_inv", 0, 0, VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor l.weight_scale_inv" },
    { "l.weight_scale_inv", 2, 1, VLM_LOAD_ERROR_MISMATCH,
        "has the shape [2, 1], not [1, 2]" },
  };
  static const Defect channel_defects[] = {
    { "l.weight_scale", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "no tensor l.weight" },
    { "l.weight_scale", 23, 1, VLM_LOAD_ERROR_MISMATCH,
        "has the shape [23, 1], not one scale and not one an output of 24" },
    { "l.weight_scale", 1, 24, VLM_LOAD_ERROR_MISMATCH,
        "has the shape [1, 24], not one scale" },
    { "l.weight", N_OUT * N_IN, 0, VLM_LOAD_ERROR_MISMATCH, "is not a matrix" },
  };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autoptr (VlmSafetensorsWriter) block =
      write_fp8 ("l.weight_scale_inv", 128, 128, 2, VLM_DTYPE_BF16, values);
  g_autoptr (VlmSafetensorsWriter) channel =
      write_fp8 ("l.weight_scale", 1, N_IN, 2, VLM_DTYPE_BF16, values);

  check_defects (block,
      "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}",
      block_defects, G_N_ELEMENTS (block_defects));
  check_defects (channel, COMPRESSED_JSON ("channel"), channel_defects,
      G_N_ELEMENTS (channel_defects));
}

static void
test_nf4_defects (void)
{
  static const Nf4 nf4 = { 256, 64, TRUE };
  static const Defect defects[] = {
    { "l.weight.absmax", 10, 0, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.weight.absmax: has 10 elements, not 96" },
    { "l.weight.nested_absmax", 23, 0, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.weight.nested_absmax: has 23 elements, not 24" },
    { "l.weight.nested_quant_map", 0, 0, VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor l.weight.nested_quant_map" },
    { "l.weight.quant_map", 15, 0, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.weight.quant_map: has 15 elements, not 16" },
    { "l.weight", 3000, 1, VLM_LOAD_ERROR_MISMATCH,
        "tensor l.weight: has 3000 elements, not 3072" },
  };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autoptr (VlmSafetensorsWriter) good = write_nf4 (&nf4, values);

  check_defects (good, NF4_JSON, defects, G_N_ELEMENTS (defects));
}

static void
test_ints_defects (void)
{
  static const Defect defects[] = {
    { "l.weight_scale", 0, 0, VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor l.weight_s" },
    { "l.weight_scale", 24, 1, VLM_LOAD_ERROR_MISMATCH,
        "l.weight_scale: has the shape [24, 1], not [24, 2]" },
    { "l.weight_shape", 0, 0, VLM_LOAD_ERROR_NOT_FOUND, "l.weight_shape" },
    { "l.weight_packed", 24, 31, VLM_LOAD_ERROR_MISMATCH,
        "24 rows of 31 words, but weight_shape is [24, 256]" },
  };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autofree char *json = ints_json (4, TRUE, 128);
  g_autoptr (VlmSafetensorsWriter) good = write_ints (4, TRUE, 128, values);
  g_autoptr (GError) error = NULL;

  check_defects (good, json, defects, G_N_ELEMENTS (defects));
  add (good, "l.weight_zero_point", VLM_DTYPE_I32, 3, 2, values);
  g_assert_null (open_written (good, json, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "l.weight_zero_point: is not"));
}

/* Other tensors are found unchanged; parts of layers are not listed. */
static void
test_beside (void)
{
  static const float bias[] = { 1.0f, 2.0f };
  g_autofree float *values = g_new (float, N_OUT *N_IN);
  g_autoptr (VlmSafetensorsWriter) writer = write_awq (128, values);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTensorSource) source = NULL;
  g_autoptr (GPtrArray) names = NULL;

  add (writer, "l.bias", VLM_DTYPE_F32, 2, 0, bias);
  add (writer, "norm.weight", VLM_DTYPE_F32, 2, 0, bias);
  source = open_written (writer, AWQ_JSON ("128"), &error);
  g_assert_no_error (error);
  names = vlm_tensor_source_list (source);
  g_assert_cmpuint (names->len, ==, 3);
  g_assert_cmpstr (names->pdata[0], ==, "l.bias");
  g_assert_cmpstr (names->pdata[1], ==, "l.weight");
  g_assert_cmpstr (names->pdata[2], ==, "norm.weight");
  g_assert_cmpuint (vlm_tensor_source_get_n_tensors (source), ==, 3);
  g_assert_true (vlm_tensor_source_find (source, "norm.weight", NULL));
  g_assert_false (vlm_tensor_source_find (source, "x.weight", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quantised/awq", test_awq);
  g_test_add_func ("/quantised/gptq", test_gptq);
  g_test_add_func ("/quantised/fp8", test_fp8);
  g_test_add_func ("/quantised/ints", test_ints);
  g_test_add_func ("/quantised/nf4", test_nf4);
  g_test_add_func ("/quantised/configs", test_configs);
  g_test_add_func ("/quantised/places", test_places);
  g_test_add_func ("/quantised/beside", test_beside);
  g_test_add_func ("/quantised/awq-defects", test_awq_defects);
  g_test_add_func ("/quantised/gptq-defects", test_gptq_defects);
  g_test_add_func ("/quantised/fp8-defects", test_fp8_defects);
  g_test_add_func ("/quantised/ints-defects", test_ints_defects);
  g_test_add_func ("/quantised/nf4-defects", test_nf4_defects);
  return g_test_run ();
}
