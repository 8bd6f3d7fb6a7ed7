/* gst-vlm: any bytes as a quantised checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text up to the first separator is config.json's quantization_config, the
 * rest a safetensors file. */
#include "base/blocks.h"
#include "io/quantised.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

/* A row of one input is padded to a block of ours. */
#define MAX_GROWTH 256

static void
read_layer (const VlmTensorSource *source, const char *name, gsize n_file)
{
  g_auto (VlmTensorView) view = { 0 };
  g_autofree guint8 *rows = NULL;
  g_autofree float *values = NULL;
  guint64 n_rows, n_cols;
  gboolean ok = vlm_tensor_source_find (source, name, &view);

  g_assert_true (ok);
  if (view.rows == NULL)
    return;
  g_assert_cmpuint (view.n_dims, ==, 2);
  g_assert_cmpuint (view.n_bytes, <=, MAX_GROWTH * n_file);
  n_rows = view.shape[0];
  n_cols = view.shape[1];
  g_assert_cmpuint (view.n_bytes, ==,
      n_rows * vlm_dtype_row_bytes (view.dtype, (gsize) n_cols));
  rows = g_malloc (view.n_bytes);
  values = g_new (float, n_cols);
  ok = vlm_tensor_view_read_rows (&view, 0, n_rows, rows, NULL);
  g_assert_true (ok);
  for (guint64 i = 0; i < n_rows; i++)
    vlm_dequantise (view.dtype,
        rows + i * vlm_dtype_row_bytes (view.dtype, (gsize) n_cols),
        (gsize) n_cols, values);
}

static void
read_all (const VlmTensorSource *source, gsize n_file)
{
  g_autoptr (GPtrArray) names = vlm_tensor_source_list (source);

  g_assert_cmpuint (names->len, ==, vlm_tensor_source_get_n_tensors (source));
  for (guint i = 0; i < names->len; i++)
    read_layer (source, names->pdata[i], n_file);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autofree char *path =
      g_build_filename (fuzz_folder (), "w.safetensors", NULL);
  const uint8_t *end =
      n_bytes > 0 ? memchr (data, FUZZ_SEPARATOR, n_bytes) : NULL;
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmQuantConfig) config = NULL;
  g_autoptr (VlmTensorSource) source = NULL;
  gsize n_file;

  if (end == NULL)
    return 0;
  json = g_strdup_printf ("{\"quantization_config\":%.*s}", (int) (end - data),
      (const char *) data);
  if (!vlm_quant_config_read (json, strlen (json), "fuzz", &config, &error) ||
      config == NULL)
    return 0;
  g_assert_no_error (error);
  n_file = n_bytes - (gsize) (end + 1 - data);
  fuzz_write ("w.safetensors", end + 1, n_file);
  source = vlm_tensor_source_open (path, &error);
  if (source != NULL)
    source = vlm_tensor_source_new_quantised (
        g_steal_pointer (&source), config, &error);
  g_assert_true ((source != NULL) == (error == NULL));
  if (source != NULL)
    read_all (source, n_file);
  return 0;
}
