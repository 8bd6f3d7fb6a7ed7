/* gst-vlm: whether a checkpoint holds the tensors of a network
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/weights.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/blocks.h"
#include "base/log.h"
#include "model/arch.h"
#include "model/patch-rows.h"
#include "nn/format.h"

static gboolean
check_shape (const VlmWeightItem *item, VlmTensorNames names,
    const VlmTensorView *view, GError **error)
{
  if (view->n_dims == item->n_dims &&
      memcmp (view->shape, item->shape, item->n_dims * sizeof *item->shape) ==
          0)
    return TRUE;

  g_autofree char *found =
      vlm_tensor_shape_to_string (view->shape, view->n_dims);
  g_autofree char *expected =
      vlm_tensor_shape_to_string (item->shape, item->n_dims);
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: tensor %s has the shape %s, but %s %s",
      vlm_data_file_get_path (view->file), view->name, found,
      names == VLM_TENSOR_NAMES_GGUF ? "its keys require"
                                     : "config.json requires",
      expected);
  return FALSE;
}

/* A layer that is quantised, in a directory whose configuration does not say
 * so. */
static gboolean
is_quantised (const VlmWeightItem *item, const VlmTensorSource *source)
{
  static const char *const parts[] = { "qweight", "weight_packed" };

  for (guint i = 0; i < 2 && item->names[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (parts); k++) {
      const char *dot = strrchr (item->names[i], '.');
      g_autofree char *name = g_strdup_printf (
          "%.*s%s", (int) (dot + 1 - item->names[i]), item->names[i], parts[k]);

      if (vlm_tensor_source_find (source, name, NULL))
        return TRUE;
    }
  return FALSE;
}

/* What is missing, with the reason if it is known, else what there is. */
static void
fail_missing (
    const VlmWeightItem *item, const VlmTensorSource *source, GError **error)
{
  const char *path = vlm_tensor_source_get_path_of (source, item->names[0]);
  gboolean has_two =
      item->names[1] != NULL && !g_str_equal (item->names[0], item->names[1]);
  g_autofree char *why = vlm_tensor_source_explain (source, item->names[0]);

  if (why == NULL && has_two)
    why = vlm_tensor_source_explain (source, item->names[1]);
  if (why == NULL)
    why = vlm_tensor_source_explain (source, NULL);
  if (why == NULL && is_quantised (item, source))
    why = g_strdup ("the layer is quantised, but config.json has no "
                    "quantization_config: take it from where the weights are "
                    "from");
  if (why == NULL)
    why = g_strdup (item->missing);
  if (why == NULL &&
      vlm_tensor_source_get_names (source) == VLM_TENSOR_NAMES_HUGGING_FACE) {
    g_autofree char *found = vlm_weights_describe (source);

    why = g_strdup_printf ("there are %s", found);
  }
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "%s: no tensor %s%s%s%s%s%s", path, item->names[0],
      has_two ? " (nor " : "", has_two ? item->names[1] : "",
      has_two ? ")" : "", why != NULL ? "; " : "", why != NULL ? why : "");
}

/* Some tools store a kernel in another order. */
static void
reorder (const VlmWeightItem *item, VlmTensorView *view)
{
  if (item->n_dims == G_N_ELEMENTS (item->shape) &&
      vlm_patch_rows_reorder (view, (guint) item->shape[1],
          (guint) item->shape[2], (guint) item->shape[3]))
    vlm_info ("%s: tensor %s has its channels last",
        vlm_data_file_get_path (view->file), view->name);
}

/* Whether it can become weights: floats, or blocks of quantised ones. */
static gboolean
is_weight_type (VlmDType dtype)
{
  return dtype == VLM_DTYPE_F32 || dtype == VLM_DTYPE_F16 ||
      dtype == VLM_DTYPE_BF16 ||
      (dtype != VLM_DTYPE_INVALID && vlm_block_type (dtype) != NULL);
}

gboolean
vlm_weight_item_find (const VlmWeightItem *item, const VlmTensorSource *source,
    VlmTensorView *view, GError **error)
{
  g_auto (VlmTensorView) found = { 0 };

  if (!vlm_tensor_source_find (source, item->names[0], &found) &&
      (item->names[1] == NULL ||
          !vlm_tensor_source_find (source, item->names[1], &found))) {
    fail_missing (item, source, error);
    return FALSE;
  }
  if (!is_weight_type (found.dtype)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: tensor %s is of type %s, not BF16, F16 or F32",
        vlm_data_file_get_path (found.file), found.name, found.dtype_name);
    return FALSE;
  }
  reorder (item, &found);
  if (!check_shape (item, vlm_tensor_source_get_names (source), &found, error))
    return FALSE;
  *view = found;
  found = (VlmTensorView){ 0 };
  return TRUE;
}

/* Whether it is all zeros: then nothing is lost when it is not added. */
static gboolean
check_zero (const VlmTensorView *view, const char *title, GError **error)
{
  g_autofree guint8 *row = NULL;
  g_autofree float *values = NULL;
  gboolean is_zero = view->n_dims == 1 && is_weight_type (view->dtype);

  if (is_zero) {
    row = g_malloc (view->n_bytes + 1);
    values = g_new (float, view->n_elements + 1);
    if (!vlm_tensor_view_read_rows (view, 0, 1, row, error))
      return FALSE;
    vlm_dequantise (view->dtype, row, (gsize) view->n_elements, values);
  }
  for (guint64 i = 0; is_zero && i < view->n_elements; i++)
    is_zero = values[i] == 0.0f;
  if (is_zero)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "%s: tensor %s is not zero, and %s has no such bias",
      vlm_data_file_get_path (view->file), view->name, title);
  return FALSE;
}

/* Some tools write a bias for each layer, zeros if the network has none. One
 * that is not zero is an error, since it would be ignored silently. */
static gboolean
check_biases (const VlmWeightList *list, const VlmTensorSource *source,
    const char *title, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < list->n_items; i++)
    for (guint k = 0; k < 2 && list->items[i].names[k] != NULL; k++)
      g_hash_table_add (known, list->items[i].names[k]);
  for (guint i = 0; i < list->n_items; i++)
    for (guint k = 0; k < 2 && list->items[i].names[k] != NULL; k++) {
      const char *name = list->items[i].names[k];
      g_autofree char *bias = NULL;
      g_auto (VlmTensorView) view = { 0 };

      if (!vlm_weight_is_matrix (list->items[i].kind) ||
          !g_str_has_suffix (name, ".weight"))
        continue;
      bias = g_strdup_printf (
          "%.*sbias", (int) (strlen (name) - strlen ("weight")), name);
      if (!g_hash_table_contains (known, bias) &&
          vlm_tensor_source_find (source, bias, &view) &&
          !check_zero (&view, title, error))
        return FALSE;
    }
  return TRUE;
}

/* The type of a tensor's rows on the device: their own where a kernel reads it,
 * else floats, which hold every value exactly. */
static VlmDType
device_type (VlmDType dtype)
{
  return vlm_nn_format (dtype) != NULL ? dtype : VLM_DTYPE_F32;
}

/* Says so when a device needs more memory than the files. */
static void
report_converted (
    const VlmTensorSource *source, const VlmWeightList *list, guint n_converted)
{
  if (n_converted > 0)
    vlm_info (
        "%s: %u of %u tensors are kept as F32: no kernel reads their type",
        vlm_tensor_source_get_path (source), n_converted, list->n_items);
}

gboolean
vlm_weight_list_check (VlmWeightList *list, const VlmConfig *config,
    const VlmTensorSource *source, guint64 *n_bytes, GError **error)
{
  guint64 total = 0;
  guint n_converted = 0;

  for (guint i = 0; i < list->n_items; i++) {
    VlmWeightItem *item = &list->items[i];
    g_auto (VlmTensorView) view = { 0 };

    if (!vlm_weight_item_find (item, source, &view, error))
      return FALSE;
    total += view.n_bytes; /* each is bounded by its file */
    if (!vlm_weight_is_matrix (item->kind))
      continue;
    item->dtype = device_type (view.dtype);
    item->order = view.rows != NULL ? view.rows->order : NULL;
    n_converted += item->dtype != view.dtype;
  }
  report_converted (source, list, n_converted);
  if (n_bytes != NULL)
    *n_bytes = total;
  return config->arch->check_source (config, source, error) &&
      check_biases (list, source, config->arch->title, error);
}
