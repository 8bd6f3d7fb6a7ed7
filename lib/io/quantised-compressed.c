/* gst-vlm: compressed-tensors, as llm-compressor writes it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Its formats: float-quantized, 8-bit floats; int-quantized, weight I8 [out, in];
 * pack-quantized, weight_packed I32 [out, in * bits / 32], where value i of a row
 * is in word i / (32 / bits) from the low bits on, 2^(bits - 1) more than it is,
 * and weight_shape has the true sizes. weight_scale [out, groups] multiplies.
 * compressed_tensors/compressors/quantized_compressors/pack_quantized.py */
#include "base/blocks.h"
#include "base/checked.h"
#include "io/quantised-private.h"

#define BLOCK 128u /* inputs that are read at a time: the largest block */

typedef struct
{
  VlmTensorRows parent;
  VlmTensorView codes, scales;
  guint bits;
  gboolean is_packed; /* else two's complement */
  guint64 n_in;
  guint64 group_size;
  VlmDType dtype;
} Ints;

/* A block has the codes as they are in the row, except for the sign. */
static void
put_row (
    const Ints *ints, const guint8 *codes, const float *scales, guint8 *data)
{
  const guint length = vlm_dtype_block_length (ints->dtype);
  const gsize n_full = length * ints->bits / 8;

  for (guint64 in = 0; in < ints->n_in; in += length) {
    const gsize n = (gsize) vlm_div_round_up (
        MIN (length, ints->n_in - in) * ints->bits, 8);
    guint8 *target = data + 2 * sizeof (float);

    vlm_quant_put_head (
        data, scales[in / ints->group_size], 1 << (ints->bits - 1));
    memcpy (target, codes + in * ints->bits / 8, n);
    memset (target + n, 0, n_full - n);
    if (!ints->is_packed)
      for (gsize i = 0; i < n; i++)
        target[i] ^= 0x80;
    data += vlm_dtype_block_bytes (ints->dtype);
  }
}

static gboolean
ints_read (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Ints *ints = (const Ints *) rows;
  const gsize line = (gsize) (ints->codes.n_bytes / ints->codes.shape[0]);
  const guint64 n_groups = ints->scales.n_elements == 1
      ? 1
      : ints->scales.n_elements / ints->codes.shape[0];
  const gsize row_bytes = vlm_dtype_row_bytes (ints->dtype, (gsize) ints->n_in);
  g_autofree guint8 *codes = g_malloc (n * line);
  g_autofree float *scales = g_new (float, MAX (n, 1) * n_groups);
  gboolean is_one = ints->scales.n_elements == 1;
  const guint64 n_scales = is_one ? 1 : n * n_groups;

  if (!vlm_tensor_view_read (
          &ints->codes, first * line, n * line, codes, error) ||
      !vlm_tensor_view_read_floats (&ints->scales,
          is_one ? 0 : first * n_groups, n_scales, scales, error))
    return FALSE;
  vlm_quant_round_scales (ints->scales.dtype, scales, n_scales);
  for (guint64 i = 0; i < n; i++)
    put_row (ints, codes + i * line, scales + (is_one ? 0 : i * n_groups),
        data + i * row_bytes);
  return TRUE;
}

static void
ints_free (VlmTensorRows *rows)
{
  Ints *ints = (Ints *) rows;

  vlm_tensor_view_clear (&ints->codes);
  vlm_tensor_view_clear (&ints->scales);
  g_free (ints);
}

/* The true sizes of packed rows. */
static gboolean
read_shape (
    Ints *ints, const VlmTensorSource *source, const char *stem, GError **error)
{
  const guint per_word = 32 / ints->bits;
  const VlmTensorView *codes = &ints->codes;
  g_auto (VlmTensorView) view = { 0 };
  g_autofree guint8 *data = NULL;
  guint64 sides[2];

  if (codes->dtype != VLM_DTYPE_I32 || codes->n_dims != 2)
    return vlm_quant_fail (
        codes, VLM_LOAD_ERROR_MISMATCH, error, "is not a matrix of type I32");
  if (!vlm_quant_find (source, stem, ".weight_shape", &view, error))
    return FALSE;
  if ((view.dtype != VLM_DTYPE_I64 && view.dtype != VLM_DTYPE_I32) ||
      view.n_elements != 2)
    return vlm_quant_fail (
        &view, VLM_LOAD_ERROR_MISMATCH, error, "is not a pair of integers");
  data = vlm_tensor_view_read_all (&view, error);
  if (data == NULL)
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    if (view.dtype == VLM_DTYPE_I64) {
      memcpy (&sides[i], data + i * 8, 8);
      sides[i] = GUINT64_FROM_LE (sides[i]);
    } else {
      guint32 side;

      memcpy (&side, data + i * 4, 4);
      sides[i] = GUINT32_FROM_LE (side);
    }
  }
  ints->n_in = sides[1];
  if (sides[0] != codes->shape[0] || sides[0] == 0 || sides[1] == 0 ||
      vlm_div_round_up (sides[1], per_word) != codes->shape[1])
    return vlm_quant_fail (codes, VLM_LOAD_ERROR_MISMATCH, error,
        "has %" G_GUINT64_FORMAT " rows of %" G_GUINT64_FORMAT
        " words, but weight_shape is [%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT
        "]",
        codes->shape[0], codes->shape[1], sides[0], sides[1]);
  return TRUE;
}

static gboolean
check_bytes (Ints *ints, GError **error)
{
  const VlmTensorView *codes = &ints->codes;

  if (codes->dtype != VLM_DTYPE_I8 || codes->n_dims != 2 ||
      codes->n_elements == 0)
    return vlm_quant_fail (
        codes, VLM_LOAD_ERROR_MISMATCH, error, "is not a matrix of type I8");
  ints->n_in = codes->shape[1];
  return TRUE;
}

/* One for all, one an output, or one a group of inputs. */
static gboolean
set_groups (Ints *ints, const VlmQuantSettings *settings, GError **error)
{
  const VlmTensorView *scales = &ints->scales;
  guint64 n_groups;

  ints->group_size =
      settings->group_size <= 0 ? ints->n_in : (guint64) settings->group_size;
  if (ints->group_size < ints->n_in && ints->group_size % 32 != 0)
    return vlm_quant_fail (&ints->codes, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "groups of %" G_GUINT64_FORMAT " inputs, no multiple of 32",
        ints->group_size);
  ints->dtype = vlm_quant_int_type (
      ints->bits, ints->group_size >= ints->n_in ? BLOCK : ints->group_size);
  n_groups = vlm_div_round_up (ints->n_in, ints->group_size);
  if (!vlm_quant_check_scales (scales, error))
    return FALSE;
  if (scales->n_elements == 1 && n_groups == 1)
    return TRUE;
  return vlm_quant_check (
      scales, scales->dtype, ints->codes.shape[0], n_groups, error);
}

/* Refuses tensors that would change the values and are not supported. */
static gboolean
check_absent (const VlmTensorSource *source, const char *stem, GError **error)
{
  static const char *const suffixes[] = { ".weight_zero_point",
    ".weight_g_idx" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_auto (VlmTensorView) view = { 0 };

    if (vlm_quant_has (source, stem, suffixes[i]) &&
        vlm_quant_find (source, stem, suffixes[i], &view, error))
      return vlm_quant_fail (&view, VLM_LOAD_ERROR_UNSUPPORTED, error,
          "is not supported: " VLM_QUANT_INSTEAD);
  }
  return TRUE;
}

static gboolean
open_ints (const VlmTensorSource *source, const VlmQuantSettings *settings,
    const char *stem, VlmTensorView *view, GError **error)
{
  const char *name =
      settings->format == VLM_QUANT_PACKED ? ".weight_packed" : ".weight";
  Ints *ints = g_new0 (Ints, 1);

  vlm_quant_init_rows (&ints->parent, ints_read, ints_free);
  ints->bits = settings->bits;
  ints->is_packed = settings->format == VLM_QUANT_PACKED;
  if (!check_absent (source, stem, error) ||
      !vlm_quant_find (source, stem, name, &ints->codes, error) ||
      !vlm_quant_find (source, stem, ".weight_scale", &ints->scales, error) ||
      !(ints->is_packed ? read_shape (ints, source, stem, error)
                        : check_bytes (ints, error)) ||
      !set_groups (ints, settings, error)) {
    ints_free (&ints->parent);
    return FALSE;
  }
  vlm_quant_init_view (view, stem, &ints->codes, ints->dtype,
      ints->codes.shape[0], ints->n_in, &ints->parent);
  return TRUE;
}

static gboolean
compressed_open (const VlmTensorSource *source,
    const VlmQuantSettings *settings, const char *stem, VlmTensorView *view,
    GError **error)
{
  return settings->format == VLM_QUANT_FLOATS
      ? vlm_quant_open_fp8 (source, settings, stem, view, error)
      : open_ints (source, settings, stem, view, error);
}

/* Of any of the formats: one that does not fit the configuration is refused. */
static gsize
compressed_match (const VlmTensorSource *source, const char *name)
{
  g_auto (VlmTensorView) view = { 0 };
  gsize n_stem = vlm_quant_match_suffix (name, ".weight_packed");

  if (n_stem > 0)
    return n_stem;
  n_stem = vlm_quant_match_suffix (name, ".weight");
  if (n_stem > 0 && vlm_tensor_source_find (source, name, &view) &&
      view.dtype == VLM_DTYPE_I8)
    return n_stem;
  return vlm_quant_match_fp8 (source, name);
}

static gboolean
check_text (const VlmJson *at, const char *key, const char *const *accepted,
    const char **value, GError **error)
{
  if (!vlm_json_read_string (at, key, value, error))
    return FALSE;
  if (g_strv_contains (accepted, *value))
    return TRUE;
  return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_UNSUPPORTED,
      "\"%s\" is not supported: " VLM_QUANT_INSTEAD, *value);
}

static gboolean
check_bits (const VlmJson *at, const VlmQuantSettings *settings, GError **error)
{
  if (settings->bits == 8 ||
      (settings->bits == 4 && settings->format == VLM_QUANT_PACKED))
    return TRUE;
  return vlm_json_fail (error, at, "num_bits", VLM_LOAD_ERROR_UNSUPPORTED,
      "%u bits of this format are not supported: " VLM_QUANT_INSTEAD,
      settings->bits);
}

static gboolean
is_same (const VlmQuantSettings *a, const VlmQuantSettings *b)
{
  return a->bits == b->bits && a->group_size == b->group_size &&
      a->block_rows == b->block_rows && a->block_cols == b->block_cols;
}

/* How the weights of one group of layers were quantised. */
static gboolean
read_scheme (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  static const char *const floats[] = { "float", NULL };
  static const char *const ints[] = { "int", NULL };
  static const char *const float_strategies[] = { "tensor", "channel", "block",
    NULL };
  static const char *const int_strategies[] = { "tensor", "channel", "group",
    NULL };
  gboolean is_float = settings->format == VLM_QUANT_FLOATS;
  VlmQuantSettings read = { .format = settings->format };
  const char *type, *strategy;
  gboolean symmetric;

  if (!check_text (at, "type", is_float ? floats : ints, &type, error) ||
      !check_text (at, "strategy", is_float ? float_strategies : int_strategies,
          &strategy, error) ||
      !vlm_json_read_uint (at, "num_bits", 0, 64, &read.bits, error) ||
      !check_bits (at, &read, error) ||
      !vlm_json_read_boolean_or (at, "symmetric", TRUE, &symmetric, error) ||
      (g_str_equal (strategy, "block") &&
          !vlm_quant_read_block_size (at, "block_structure", &read, error)) ||
      (g_str_equal (strategy, "group") &&
          !vlm_json_read_int64 (
              at, "group_size", 1, G_MAXINT32, &read.group_size, error)))
    return FALSE;
  if (!symmetric)
    return vlm_json_fail (error, at, "symmetric", VLM_LOAD_ERROR_UNSUPPORTED,
        "false is not supported: " VLM_QUANT_INSTEAD);
  if (settings->bits != 0 && !is_same (&read, settings))
    return vlm_json_fail (error, at, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
        "groups of layers that are quantised in different ways are not "
        "supported: " VLM_QUANT_INSTEAD);
  *settings = read;
  return TRUE;
}

static gboolean
read_format (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  static const char *const formats[] = { "float-quantized", "naive-quantized",
    "int-quantized", "pack-quantized", NULL };
  const char *format;

  if (!check_text (at, "format", formats, &format, error))
    return FALSE;
  settings->format = g_str_equal (format, "pack-quantized") ? VLM_QUANT_PACKED
      : g_str_equal (format, "int-quantized")               ? VLM_QUANT_BYTES
                                                            : VLM_QUANT_FLOATS;
  return TRUE;
}

static gboolean
compressed_read_config (
    const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  const char *name;
  JsonObjectIter iter;
  VlmJson groups;
  guint n = 0;

  if (!read_format (at, settings, error) ||
      !vlm_json_read_object (at, "config_groups", &groups, error))
    return FALSE;
  json_object_iter_init (&iter, json_node_get_object (groups.node));
  for (; json_object_iter_next (&iter, &name, NULL); n++) {
    VlmJson group, weights;

    if (!vlm_json_read_object (&groups, name, &group, error) ||
        !vlm_json_read_object (&group, "weights", &weights, error) ||
        !read_scheme (&weights, settings, error))
      return FALSE;
  }
  if (n == 0)
    return vlm_json_fail (error, &groups, NULL, VLM_LOAD_ERROR_CORRUPT,
        "empty: it must say how the weights are quantised");
  return TRUE;
}

const VlmQuantMethod vlm_quant_compressed_tensors = { "compressed-tensors",
  compressed_read_config, compressed_match, compressed_open };
