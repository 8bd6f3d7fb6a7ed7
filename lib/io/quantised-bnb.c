/* gst-vlm: bitsandbytes, four bits a weight by the quantiles of nf4
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * weight U8 [n / 2, 1]: the matrix row after row, the first value in the high
 * half of a byte, in blocks that continue across the ends of rows. A block has a
 * scale, F32, or a byte that encodes one: map[byte] * nested_absmax[block /
 * nested_blocksize] + offset. bitsandbytes/functional.py, QuantState.as_dict ()
 * and dequantize_4bit (). */
#include <string.h>

#include "base/blocks.h"
#include "base/checked.h"
#include "io/quantised-private.h"

#define STATE ".weight.quant_state.bitsandbytes__"
#define N_LEVELS 16
#define N_MAP 256
#define BLOCK 64u /* of ours */
#define MAX_STATE_BYTES 65536

typedef struct
{
  VlmTensorRows parent;
  VlmTensorView weight;
  VlmTensorView absmax;
  guint64 n_out, n_in;
  guint block_size;
  guint nested_size; /* 0: absmax are the scales */
  float *nested;     /* [n_blocks / nested_size], rounded up */
  float *map;        /* [N_MAP] */
  float offset;
} Nf4;

static guint64
n_blocks_of (const Nf4 *nf4)
{
  return vlm_div_round_up (nf4->n_out * nf4->n_in, nf4->block_size);
}

/* Scales of blocks first … first + n - 1. */
static gboolean
read_scales (
    const Nf4 *nf4, guint64 first, guint64 n, float *scales, GError **error)
{
  g_autofree guint8 *bytes = NULL;

  if (nf4->nested_size == 0)
    return vlm_tensor_view_read_floats (&nf4->absmax, first, n, scales, error);
  bytes = g_malloc (n);
  if (!vlm_tensor_view_read (&nf4->absmax, first, (gsize) n, bytes, error))
    return FALSE;
  for (guint64 i = 0; i < n; i++) {
    float product =
        nf4->map[bytes[i]] * nf4->nested[(first + i) / nf4->nested_size];

    scales[i] = product + nf4->offset;
  }
  return TRUE;
}

/* Rows of whole blocks: codes as they are, except the order of the halves. */
static gboolean
read_blocks (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Nf4 *nf4 = (const Nf4 *) rows;
  const guint64 n_values = n * nf4->n_in;
  const guint64 begin = first * nf4->n_in;
  const guint64 first_scale = begin / nf4->block_size;
  const guint64 n_scales =
      vlm_div_round_up (begin + n_values, nf4->block_size) - first_scale;
  g_autofree guint8 *codes = g_malloc (n_values / 2);
  g_autofree float *scales = g_new (float, n_scales);
  const guint8 *at = codes;

  if (!vlm_tensor_view_read (
          &nf4->weight, begin / 2, n_values / 2, codes, error) ||
      !read_scales (nf4, first_scale, n_scales, scales, error))
    return FALSE;
  for (guint64 value = begin; value < begin + n_values; value += BLOCK) {
    memcpy (
        data, &scales[value / nf4->block_size - first_scale], sizeof (float));
    data += sizeof (float);
    for (guint i = 0; i < BLOCK / 2; i++, at++)
      *data++ = (guint8) (*at >> 4 | *at << 4);
  }
  return TRUE;
}

/* One row of blocks that continue across its ends. @codes and @scales, one for 64
 * values, begin with those of its first value. */
static void
put_across (const Nf4 *nf4, guint n_first, const guint8 *codes,
    const float *scales, guint8 *data)
{
  for (guint64 at = 0; at < nf4->n_in; at += BLOCK, scales++) {
    const guint n_pairs = (guint) (MIN (BLOCK, nf4->n_in - at) / 2);
    const VlmNf4AcrossHead head = { { scales[0], scales[1] }, n_first };

    memcpy (data, &head, sizeof head);
    data += sizeof head;
    for (guint i = 0; i < n_pairs; i++, codes++)
      data[i] = (guint8) (*codes >> 4 | *codes << 4);
    memset (data + n_pairs, 0, BLOCK / 2 - n_pairs);
    data += BLOCK / 2;
  }
}

/* Rows that begin at any multiple of four in a block. */
static gboolean
read_across (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Nf4 *nf4 = (const Nf4 *) rows;
  const gsize row_bytes =
      vlm_dtype_row_bytes (VLM_DTYPE_NF4_ACROSS, (gsize) nf4->n_in);
  const guint64 begin = first * nf4->n_in, end = begin + n * nf4->n_in;
  const guint64 first_scale = begin / nf4->block_size;
  const guint64 n_scales =
      vlm_div_round_up (end, nf4->block_size) - first_scale;
  const guint64 n_ours = vlm_div_round_up (end, BLOCK) - begin / BLOCK;
  g_autofree guint8 *codes = g_malloc ((end - begin) / 2);
  g_autofree float *scales = g_new (float, n_scales);
  /* Two more: the last row may refer to them, but has no values of them. */
  g_autofree float *ours = g_new0 (float, n_ours + 2);

  if (!vlm_tensor_view_read (
          &nf4->weight, begin / 2, (end - begin) / 2, codes, error) ||
      !read_scales (nf4, first_scale, n_scales, scales, error))
    return FALSE;
  for (guint64 i = 0; i < n_ours; i++)
    ours[i] =
        scales[(begin / BLOCK + i) * BLOCK / nf4->block_size - first_scale];
  for (guint64 at = begin; at < end; at += nf4->n_in, data += row_bytes)
    put_across (nf4, BLOCK - (guint) (at % BLOCK), codes + (at - begin) / 2,
        ours + (at / BLOCK - begin / BLOCK), data);
  return TRUE;
}

/* Blocks of other sizes: floats. */
static gboolean
read_floats (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Nf4 *nf4 = (const Nf4 *) rows;
  const float *levels = vlm_block_type (VLM_DTYPE_NF4_64)->levels;
  const guint64 begin = first * nf4->n_in, end = begin + n * nf4->n_in;
  const guint64 first_scale = begin / nf4->block_size;
  const guint64 n_scales =
      vlm_div_round_up (end, nf4->block_size) - first_scale;
  const gsize n_bytes = (gsize) ((end + 1) / 2 - begin / 2);
  g_autofree guint8 *codes = g_malloc (n_bytes);
  g_autofree float *scales = g_new (float, n_scales);
  float *values = (float *) (gpointer) data;

  if (!vlm_tensor_view_read (&nf4->weight, begin / 2, n_bytes, codes, error) ||
      !read_scales (nf4, first_scale, n_scales, scales, error))
    return FALSE;
  for (guint64 i = begin; i < end; i++) {
    guint8 pair = codes[i / 2 - begin / 2];

    *values++ = levels[i % 2 == 0 ? pair >> 4 : pair & 15] *
        scales[i / nf4->block_size - first_scale];
  }
  return TRUE;
}

static void
nf4_free (VlmTensorRows *rows)
{
  Nf4 *nf4 = (Nf4 *) rows;

  vlm_tensor_view_clear (&nf4->weight);
  vlm_tensor_view_clear (&nf4->absmax);
  g_free (nf4->nested);
  g_free (nf4->map);
  g_free (nf4);
}

static gboolean
check_list (
    const VlmTensorView *view, VlmDType dtype, guint64 n, GError **error)
{
  if (view->dtype != dtype)
    return vlm_quant_fail (view, VLM_LOAD_ERROR_MISMATCH, error,
        "is of type %s, not %s", view->dtype_name, vlm_dtype_name (dtype));
  if (view->n_elements != n)
    return vlm_quant_fail (view, VLM_LOAD_ERROR_MISMATCH, error,
        "has %" G_GUINT64_FORMAT " elements, not %" G_GUINT64_FORMAT,
        view->n_elements, n);
  return TRUE;
}

/* (transfer full) */
static float *
read_list (const VlmTensorSource *source, const char *stem, const char *suffix,
    guint64 n, GError **error)
{
  g_auto (VlmTensorView) view = { 0 };
  g_autofree float *values = NULL;

  if (!vlm_quant_find (source, stem, suffix, &view, error) ||
      !check_list (&view, VLM_DTYPE_F32, n, error))
    return NULL;
  values = g_new (float, n + 1);
  if (!vlm_tensor_view_read_floats (&view, 0, n, values, error))
    return NULL;
  return g_steal_pointer (&values);
}

/* Kernels know one table of levels. */
static gboolean
check_levels (const VlmTensorSource *source, const char *stem, GError **error)
{
  static const char suffix[] = ".weight.quant_map";
  const float *expected = vlm_block_type (VLM_DTYPE_NF4_64)->levels;
  g_auto (VlmTensorView) view = { 0 };
  g_autofree float *levels = read_list (source, stem, suffix, N_LEVELS, error);

  if (levels == NULL || !vlm_quant_find (source, stem, suffix, &view, error))
    return FALSE;
  for (guint i = 0; i < N_LEVELS; i++)
    if (levels[i] != expected[i])
      return vlm_quant_fail (&view, VLM_LOAD_ERROR_UNSUPPORTED, error,
          "level %u is %g, nf4 has %g", i, (double) levels[i],
          (double) expected[i]);
  return TRUE;
}

static gboolean
read_shape (Nf4 *nf4, const VlmJson *state, GError **error)
{
  guint64 *const sides[] = { &nf4->n_out, &nf4->n_in };
  VlmJson list;
  guint n;

  if (!vlm_json_read_list (state, "shape", &list, &n, error))
    return FALSE;
  if (n != G_N_ELEMENTS (sides))
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 2 numbers, not %u", n);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    guint side;

    if (!vlm_json_read_uint (&element, NULL, 1, G_MAXINT32, &side, error))
      return FALSE;
    *sides[i] = side;
  }
  return TRUE;
}

/* The part of the state about the second quantisation, if there is one. */
static gboolean
read_nested (Nf4 *nf4, const VlmJson *state, GError **error)
{
  double offset;

  if (!vlm_json_has (state, "nested_blocksize"))
    return TRUE;
  if (!vlm_json_read_uint (
          state, "nested_blocksize", 1, 1u << 20, &nf4->nested_size, error) ||
      !vlm_json_read_double (state, "nested_offset", -(double) G_MAXFLOAT,
          (double) G_MAXFLOAT, &offset, error))
    return FALSE;
  nf4->offset = (float) offset;
  return TRUE;
}

static gboolean
read_state (
    Nf4 *nf4, const VlmTensorSource *source, const char *stem, GError **error)
{
  g_auto (VlmTensorView) view = { 0 };
  g_autofree char *name = NULL;
  g_autofree guint8 *data = NULL;
  g_autoptr (VlmJsonDocument) document = NULL;
  const char *type;
  VlmJson state;

  if (!vlm_quant_find (source, stem, STATE "nf4", &view, error))
    return FALSE;
  if (view.dtype != VLM_DTYPE_U8 || view.n_elements > MAX_STATE_BYTES)
    return vlm_quant_fail (&view, VLM_LOAD_ERROR_MISMATCH, error,
        "is not a text of at most %d bytes", MAX_STATE_BYTES);
  data = vlm_tensor_view_read_all (&view, error);
  if (data == NULL)
    return FALSE;
  name = g_strdup_printf (
      "%s: tensor %s", vlm_data_file_get_path (view.file), view.name);
  document = vlm_json_document_new (
      (const char *) data, (gsize) view.n_elements, name, error);
  if (document == NULL || !vlm_json_root (document, &state, error) ||
      !vlm_json_read_string (&state, "quant_type", &type, error) ||
      !vlm_json_read_uint (
          &state, "blocksize", 2, 1u << 20, &nf4->block_size, error))
    return FALSE;
  if (!g_str_equal (type, "nf4"))
    return vlm_json_fail (error, &state, "quant_type",
        VLM_LOAD_ERROR_UNSUPPORTED, "\"%s\" is not nf4", type);
  return read_shape (nf4, &state, error) && read_nested (nf4, &state, error);
}

static gboolean
open_scales (
    Nf4 *nf4, const VlmTensorSource *source, const char *stem, GError **error)
{
  const guint64 n_blocks = n_blocks_of (nf4);

  if (!vlm_quant_find (source, stem, ".weight.absmax", &nf4->absmax, error) ||
      !check_list (&nf4->absmax,
          nf4->nested_size > 0 ? VLM_DTYPE_U8 : VLM_DTYPE_F32, n_blocks, error))
    return FALSE;
  if (nf4->nested_size == 0)
    return TRUE;
  nf4->map = read_list (source, stem, ".weight.nested_quant_map", N_MAP, error);
  if (nf4->map == NULL)
    return FALSE;
  nf4->nested = read_list (source, stem, ".weight.nested_absmax",
      vlm_div_round_up (n_blocks, nf4->nested_size), error);
  return nf4->nested != NULL;
}

static gboolean
open_parts (
    Nf4 *nf4, const VlmTensorSource *source, const char *stem, GError **error)
{
  return read_state (nf4, source, stem, error) &&
      vlm_quant_find (source, stem, ".weight", &nf4->weight, error) &&
      check_list (&nf4->weight, VLM_DTYPE_U8,
          vlm_div_round_up (nf4->n_out * nf4->n_in, 2), error) &&
      check_levels (source, stem, error) &&
      open_scales (nf4, source, stem, error);
}

static gboolean
nf4_open (const VlmTensorSource *source, const VlmQuantSettings *settings,
    const char *stem, VlmTensorView *view, GError **error)
{
  Nf4 *nf4 = g_new0 (Nf4, 1);
  VlmDType dtype = VLM_DTYPE_F32;

  vlm_quant_init_rows (&nf4->parent, read_floats, nf4_free);
  if (!open_parts (nf4, source, stem, error)) {
    nf4_free (&nf4->parent);
    return FALSE;
  }
  if (nf4->n_in % BLOCK == 0 && nf4->block_size % BLOCK == 0) {
    dtype = VLM_DTYPE_NF4_64;
    nf4->parent.read = read_blocks;
  } else if (nf4->n_in % VLM_NF4_ACROSS_STEP == 0 &&
      nf4->block_size % BLOCK == 0) {
    dtype = VLM_DTYPE_NF4_ACROSS;
    nf4->parent.read = read_across;
  }
  vlm_quant_init_view (
      view, stem, &nf4->weight, dtype, nf4->n_out, nf4->n_in, &nf4->parent);
  return TRUE;
}

/* The state is the only part that no other tensor has. */
static gsize
nf4_match (const VlmTensorSource *source, const char *name)
{
  const char *state = strstr (name, STATE);

  return state != NULL ? (gsize) (state - name) : 0;
}

static gboolean
bnb_read_config (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  gboolean is_4bit, is_8bit;
  const char *type = "fp4", *storage = "uint8";

  if (!vlm_json_read_boolean_or (at, "load_in_4bit", FALSE, &is_4bit, error) ||
      !vlm_json_read_boolean_or (at, "load_in_8bit", FALSE, &is_8bit, error) ||
      (vlm_json_has (at, "bnb_4bit_quant_type") &&
          !vlm_json_read_string (at, "bnb_4bit_quant_type", &type, error)) ||
      (vlm_json_has (at, "bnb_4bit_quant_storage") &&
          !vlm_json_read_string (
              at, "bnb_4bit_quant_storage", &storage, error)))
    return FALSE;
  if (is_8bit || !is_4bit)
    return vlm_json_fail (error, at, "load_in_8bit", VLM_LOAD_ERROR_UNSUPPORTED,
        "bitsandbytes of 8 bits is not supported: " VLM_QUANT_INSTEAD);
  if (!g_str_equal (type, "nf4"))
    return vlm_json_fail (error, at, "bnb_4bit_quant_type",
        VLM_LOAD_ERROR_UNSUPPORTED,
        "\"%s\", only \"nf4\" is supported: " VLM_QUANT_INSTEAD, type);
  if (!g_str_equal (storage, "uint8"))
    return vlm_json_fail (error, at, "bnb_4bit_quant_storage",
        VLM_LOAD_ERROR_UNSUPPORTED, "\"%s\", only \"uint8\" is supported",
        storage);
  settings->bits = 4;
  return TRUE;
}

const VlmQuantMethod vlm_quant_bitsandbytes = { "bitsandbytes", bnb_read_config,
  nf4_match, nf4_open };
