/* gst-vlm: 8-bit floats, as compressed-tensors, Qwen and DeepSeek write them
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * weight F8_E4M3 [out, in] and scales that multiply, whatever their name: one
 * for all, one an output, or one a block of outputs and inputs. */
#include <string.h>

#include "base/blocks.h"
#include "base/checked.h"
#include "io/quantised-private.h"

#define BLOCK 128u /* inputs of a block of ours */

typedef struct
{
  VlmTensorRows parent;
  VlmTensorView weight, scales;
  guint64 scale_rows, scale_cols;   /* how many there are */
  guint64 rows_of_one, cols_of_one; /* what each is of */
} Fp8;

/* Row @row of the weights, its floats in @scales, as blocks. */
static void
put_row (const Fp8 *fp8, const guint8 *codes, const float *scales, guint8 *data)
{
  const guint64 n_in = fp8->weight.shape[1];

  for (guint64 in = 0; in < n_in; in += BLOCK) {
    const gsize n = (gsize) MIN (BLOCK, n_in - in);

    memcpy (data, &scales[in / fp8->cols_of_one], sizeof (float));
    memcpy (data + sizeof (float), codes + in, n);
    memset (data + sizeof (float) + n, 0, BLOCK - n);
    data += vlm_dtype_block_bytes (VLM_DTYPE_F8_128);
  }
}

static gboolean
fp8_read (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Fp8 *fp8 = (const Fp8 *) rows;
  const gsize n_in = (gsize) fp8->weight.shape[1];
  const guint64 first_scale = first / fp8->rows_of_one;
  const guint64 n_scales =
      n > 0 ? (first + n - 1) / fp8->rows_of_one - first_scale + 1 : 0;
  const gsize row_bytes = vlm_dtype_row_bytes (VLM_DTYPE_F8_128, n_in);
  g_autofree guint8 *codes = g_malloc (n * n_in);
  g_autofree float *scales = g_new (float, n_scales * fp8->scale_cols);

  if (!vlm_tensor_view_read_rows (&fp8->weight, first, n, codes, error) ||
      !vlm_tensor_view_read_floats (&fp8->scales, first_scale * fp8->scale_cols,
          n_scales * fp8->scale_cols, scales, error))
    return FALSE;
  for (guint64 i = 0; i < n; i++)
    put_row (fp8, codes + i * n_in,
        scales +
            ((first + i) / fp8->rows_of_one - first_scale) * fp8->scale_cols,
        data + i * row_bytes);
  return TRUE;
}

static void
fp8_free (VlmTensorRows *rows)
{
  Fp8 *fp8 = (Fp8 *) rows;

  vlm_tensor_view_clear (&fp8->weight);
  vlm_tensor_view_clear (&fp8->scales);
  g_free (fp8);
}

/* What each scale is of: one for all, one an output, or blocks of the size in
 * the configuration. */
static gboolean
set_scales (Fp8 *fp8, const VlmQuantSettings *settings, GError **error)
{
  const guint64 n_out = fp8->weight.shape[0], n_in = fp8->weight.shape[1];
  const VlmTensorView *scales = &fp8->scales;

  fp8->rows_of_one = n_out;
  fp8->cols_of_one = n_in;
  if (settings->block_rows > 0) {
    fp8->rows_of_one = settings->block_rows;
    fp8->cols_of_one = settings->block_cols;
  } else if (scales->n_elements != 1) {
    fp8->rows_of_one = 1;
  }
  fp8->scale_rows = vlm_div_round_up (n_out, fp8->rows_of_one);
  fp8->scale_cols = vlm_div_round_up (n_in, fp8->cols_of_one);
  if (settings->block_rows > 0)
    return vlm_quant_check (
        scales, scales->dtype, fp8->scale_rows, fp8->scale_cols, error);
  /* [], [1], [1, 1]; [out], [out, 1] */
  if (scales->n_elements == fp8->scale_rows &&
      (scales->n_dims < 2 || scales->shape[0] == fp8->scale_rows))
    return TRUE;

  g_autofree char *shape =
      vlm_tensor_shape_to_string (scales->shape, scales->n_dims);
  return vlm_quant_fail (scales, VLM_LOAD_ERROR_MISMATCH, error,
      "has the shape %s, not one scale and not one an output of "
      "%" G_GUINT64_FORMAT,
      shape, n_out);
}

static gboolean
check_weight (const VlmTensorView *weight, GError **error)
{
  if (weight->dtype != VLM_DTYPE_F8_E4M3)
    return vlm_quant_fail (weight, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "is of type %s, only F8_E4M3 is supported: " VLM_QUANT_INSTEAD,
        weight->dtype_name);
  if (weight->n_dims != 2 || weight->n_elements == 0)
    return vlm_quant_fail (
        weight, VLM_LOAD_ERROR_MISMATCH, error, "is not a matrix");
  return TRUE;
}

/* The two names mean the same. */
static const char *
scale_name (const VlmTensorSource *source, const VlmQuantSettings *settings,
    const char *stem)
{
  static const char plain[] = ".weight_scale", inverse[] = ".weight_scale_inv";

  if (vlm_quant_has (source, stem, plain))
    return plain;
  return settings->block_rows > 0 || vlm_quant_has (source, stem, inverse)
      ? inverse
      : plain;
}

gboolean
vlm_quant_open_fp8 (const VlmTensorSource *source,
    const VlmQuantSettings *settings, const char *stem, VlmTensorView *view,
    GError **error)
{
  Fp8 *fp8 = g_new0 (Fp8, 1);

  vlm_quant_init_rows (&fp8->parent, fp8_read, fp8_free);
  if (!vlm_quant_find (source, stem, ".weight", &fp8->weight, error) ||
      !check_weight (&fp8->weight, error) ||
      !vlm_quant_find (source, stem, scale_name (source, settings, stem),
          &fp8->scales, error) ||
      !vlm_quant_check_scales (&fp8->scales, error) ||
      !set_scales (fp8, settings, error)) {
    fp8_free (&fp8->parent);
    return FALSE;
  }
  vlm_quant_init_view (view, stem, &fp8->weight, VLM_DTYPE_F8_128,
      fp8->weight.shape[0], fp8->weight.shape[1], &fp8->parent);
  return TRUE;
}

gsize
vlm_quant_match_fp8 (const VlmTensorSource *source, const char *name)
{
  g_auto (VlmTensorView) view = { 0 };
  gsize n_stem = vlm_quant_match_suffix (name, ".weight");

  if (n_stem == 0 || !vlm_tensor_source_find (source, name, &view) ||
      !g_str_has_prefix (view.dtype_name, "F8_E"))
    return 0;
  return n_stem;
}

gboolean
vlm_quant_read_block_size (const VlmJson *at, const char *key,
    VlmQuantSettings *settings, GError **error)
{
  guint64 *const sides[] = { &settings->block_rows, &settings->block_cols };
  VlmJson list;
  guint n;

  if (!vlm_json_has (at, key))
    return TRUE;
  if (!vlm_json_read_list (at, key, &list, &n, error))
    return FALSE;
  if (n != G_N_ELEMENTS (sides))
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 2 numbers, not %u", n);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    guint side;

    if (!vlm_json_read_uint (&element, NULL, 1, 1u << 20, &side, error))
      return FALSE;
    *sides[i] = side;
  }
  if (settings->block_cols % BLOCK != 0)
    return vlm_json_fail (error, &list, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
        "blocks of %" G_GUINT64_FORMAT " inputs, no multiple of %u",
        settings->block_cols, BLOCK);
  return TRUE;
}

static gboolean
fp8_read_config (const VlmJson *at, VlmQuantSettings *settings, GError **error)
{
  const char *format = "e4m3";

  if (vlm_json_has (at, "fmt") &&
      !vlm_json_read_string (at, "fmt", &format, error))
    return FALSE;
  if (!g_str_equal (format, "e4m3"))
    return vlm_json_fail (error, at, "fmt", VLM_LOAD_ERROR_UNSUPPORTED,
        "\"%s\", only \"e4m3\" is supported: " VLM_QUANT_INSTEAD, format);
  return vlm_quant_read_block_size (at, "weight_block_size", settings, error);
}

const VlmQuantMethod vlm_quant_fp8 = { "fp8", fp8_read_config,
  vlm_quant_match_fp8, vlm_quant_open_fp8 };
