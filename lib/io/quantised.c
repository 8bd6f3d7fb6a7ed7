/* gst-vlm: quantised layers as single tensors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/quantised-private.h"

#include <string.h>

#include "base/half.h"
#include "base/log.h"
#include "io/tensor-source-private.h"

typedef struct
{
  VlmTensorSource parent;
  VlmTensorSource *inner;
  GHashTable *layers; /* STEM.weight -> VlmTensorView */
  GHashTable *stems;  /* set of STEM */
} Quantised;

static void
view_free (gpointer data)
{
  vlm_tensor_view_clear (data);
  g_free (data);
}

static gboolean
quantised_find (
    const VlmTensorSource *source, const char *name, VlmTensorView *view)
{
  const Quantised *self = (const Quantised *) source;
  const VlmTensorView *layer = g_hash_table_lookup (self->layers, name);

  if (layer == NULL)
    return vlm_tensor_source_find (self->inner, name, view);
  if (view != NULL)
    vlm_tensor_view_copy (layer, view);
  return TRUE;
}

/* Whether @name is a part of a quantised layer, which is no tensor of its own
 * here. */
static gboolean
is_part (const Quantised *self, const char *name)
{
  g_autofree char *stem = g_strdup (name);

  for (char *dot; (dot = strrchr (stem, '.')) != NULL;) {
    *dot = '\0';
    if (g_hash_table_contains (self->stems, stem))
      return !g_str_equal (name + (dot - stem), ".bias");
  }
  return FALSE;
}

static void
quantised_list (const VlmTensorSource *source, GPtrArray *names)
{
  const Quantised *self = (const Quantised *) source;
  g_autoptr (GPtrArray) inner = vlm_tensor_source_list (self->inner);
  GHashTableIter iter;
  gpointer name;

  for (guint i = 0; i < inner->len; i++)
    if (!is_part (self, inner->pdata[i]))
      g_ptr_array_add (names, inner->pdata[i]);
  g_hash_table_iter_init (&iter, self->layers);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
}

static guint
quantised_get_n_tensors (const VlmTensorSource *source)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  quantised_list (source, names);
  return names->len;
}

static char *
quantised_explain (const VlmTensorSource *source, const char *name)
{
  return vlm_tensor_source_explain (((const Quantised *) source)->inner, name);
}

static void
quantised_free (VlmTensorSource *source)
{
  Quantised *self = (Quantised *) source;

  g_hash_table_unref (self->layers);
  g_hash_table_unref (self->stems);
  vlm_tensor_source_free (self->inner);
  g_free (self);
}

static const VlmTensorSourceClass quantised_class = {
  .names = VLM_TENSOR_NAMES_HUGGING_FACE,
  .find = quantised_find,
  .get_n_tensors = quantised_get_n_tensors,
  .list = quantised_list,
  .explain = quantised_explain,
  .free = quantised_free,
};

static gboolean
add_layer (Quantised *self, const VlmQuantConfig *config, const char *name,
    gsize n_stem, GError **error)
{
  g_autofree char *stem = g_strndup (name, n_stem);
  VlmTensorView *view = g_new0 (VlmTensorView, 1);

  if (!config->method->open (
          self->inner, &config->settings, stem, view, error)) {
    view_free (view);
    return FALSE;
  }
  g_hash_table_replace (
      self->layers, g_strconcat (stem, ".weight", NULL), view);
  g_hash_table_add (self->stems, g_steal_pointer (&stem));
  return TRUE;
}

/* Says so when a device needs more memory than the files. */
static void
report_floats (const Quantised *self, const VlmQuantConfig *config)
{
  GHashTableIter iter;
  gpointer view;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->layers);
  while (g_hash_table_iter_next (&iter, NULL, &view))
    n += ((const VlmTensorView *) view)->dtype == VLM_DTYPE_F32;
  if (n > 0)
    vlm_info ("%s: %u of %u layers of %s do not fit into blocks and are stored "
              "as F32",
        self->parent.path, n, g_hash_table_size (self->layers),
        config->method->name);
}

VlmTensorSource *
vlm_tensor_source_new_quantised (
    VlmTensorSource *inner, const VlmQuantConfig *config, GError **error)
{
  Quantised *self = g_new0 (Quantised, 1);
  g_autoptr (VlmTensorSource) source = vlm_tensor_source_init (
      &self->parent, &quantised_class, vlm_tensor_source_get_path (inner));
  g_autoptr (GPtrArray) names = vlm_tensor_source_list (inner);

  self->inner = inner;
  self->layers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, view_free);
  self->stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < names->len; i++) {
    gsize n_stem = config->method->match (inner, names->pdata[i]);

    if (n_stem > 0 && !add_layer (self, config, names->pdata[i], n_stem, error))
      return NULL;
  }
  report_floats (self, config);
  return g_steal_pointer (&source);
}

gsize
vlm_quant_match_suffix (const char *name, const char *suffix)
{
  return g_str_has_suffix (name, suffix) ? strlen (name) - strlen (suffix) : 0;
}

gboolean
vlm_quant_has (
    const VlmTensorSource *source, const char *stem, const char *suffix)
{
  g_autofree char *name = g_strconcat (stem, suffix, NULL);

  return vlm_tensor_source_find (source, name, NULL);
}

gboolean
vlm_quant_find (const VlmTensorSource *source, const char *stem,
    const char *suffix, VlmTensorView *view, GError **error)
{
  g_autofree char *name = g_strconcat (stem, suffix, NULL);

  if (vlm_tensor_source_find (source, name, view))
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "%s: no tensor %s, which belongs to a quantised layer",
      vlm_tensor_source_get_path (source), name);
  return FALSE;
}

gboolean
vlm_quant_fail (const VlmTensorView *view, VlmLoadError code, GError **error,
    const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, (int) code, "%s: tensor %s: %s",
      vlm_data_file_get_path (view->file), view->name, message);
  return FALSE;
}

gboolean
vlm_quant_check (const VlmTensorView *view, VlmDType dtype, guint64 n_rows,
    guint64 n_cols, GError **error)
{
  if (view->dtype != dtype)
    return vlm_quant_fail (view, VLM_LOAD_ERROR_MISMATCH, error,
        "is of type %s, not %s", view->dtype_name, vlm_dtype_name (dtype));
  if (view->n_dims == 2 && view->shape[0] == n_rows && view->shape[1] == n_cols)
    return TRUE;

  g_autofree char *shape =
      vlm_tensor_shape_to_string (view->shape, view->n_dims);
  return vlm_quant_fail (view, VLM_LOAD_ERROR_MISMATCH, error,
      "has the shape %s, not [%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT "]",
      shape, n_rows, n_cols);
}

gboolean
vlm_quant_check_scales (const VlmTensorView *view, GError **error)
{
  if (view->dtype == VLM_DTYPE_F16 || view->dtype == VLM_DTYPE_BF16 ||
      view->dtype == VLM_DTYPE_F32)
    return TRUE;
  return vlm_quant_fail (view, VLM_LOAD_ERROR_UNSUPPORTED, error,
      "scales of type %s, not F16, BF16 or F32", view->dtype_name);
}

gboolean
vlm_quant_read_run (const VlmTensorView *view, guint64 row, guint64 first,
    guint64 n, void *data, GError **error)
{
  const gsize size = vlm_dtype_size (view->dtype);

  return vlm_tensor_view_read (view, (row * view->shape[1] + first) * size,
      (gsize) n * size, data, error);
}

gboolean
vlm_quant_read_floats (const VlmTensorView *view, guint64 row, guint64 first,
    guint64 n, float *values, GError **error)
{
  return vlm_tensor_view_read_floats (
      view, row * view->shape[1] + first, n, values, error);
}

void
vlm_quant_init_rows (VlmTensorRows *rows,
    gboolean (*read) (const VlmTensorRows *rows, guint64 first, guint64 n,
        guint8 *data, GError **error),
    void (*free) (VlmTensorRows *rows))
{
  g_atomic_ref_count_init (&rows->refs);
  rows->read = read;
  rows->free = free;
}

void
vlm_quant_init_view (VlmTensorView *view, const char *stem,
    const VlmTensorView *part, VlmDType dtype, guint64 n_out, guint64 n_in,
    VlmTensorRows *rows)
{
  *view = (VlmTensorView){
    .file = vlm_data_file_ref (part->file),
    .name = g_strconcat (stem, ".weight", NULL),
    .dtype_name = vlm_dtype_name (dtype),
    .dtype = dtype,
    .n_dims = 2,
    .shape = { n_out, n_in },
    .n_elements = n_out * n_in,
    .n_bytes = n_out * vlm_dtype_row_bytes (dtype, (gsize) n_in),
    .rows = rows,
  };
}

void
vlm_quant_round_scales (VlmDType dtype, float *scales, guint64 n)
{
  for (guint64 i = 0; i < n && dtype != VLM_DTYPE_F16; i++)
    scales[i] = vlm_f32_from_f16 (vlm_f16_from_f32 (scales[i]));
}

VlmDType
vlm_quant_int_type (guint bits, guint64 group_size)
{
  if (group_size % 128 == 0)
    return bits == 4 ? VLM_DTYPE_INT4_128 : VLM_DTYPE_INT8_128;
  if (group_size % 64 == 0)
    return bits == 4 ? VLM_DTYPE_INT4_64 : VLM_DTYPE_INT8_64;
  if (group_size % 32 == 0)
    return bits == 4 ? VLM_DTYPE_INT4_32 : VLM_DTYPE_INT8_32;
  return VLM_DTYPE_F32;
}
