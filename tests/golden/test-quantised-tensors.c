/* gst-vlm: every tensor of quantised files as the tools that defined its type
 * dequantise it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of each tensor the reference has sums over all values, and of one of each type
 * the first rows, which agree bit for bit. */
#include <math.h>
#include <string.h>

#include "base/blocks.h"
#include "io/json.h"
#include "io/model-dir.h"
#include "io/quantised.h"
#include "tests/support/golden.h"

/* Sums of some 10^5 floats in double, added in another order. */
#define SUM_TOLERANCE 1e-13

/* A file, or a directory of several; one of the two. */
typedef struct
{
  VlmGgufFiles *gguf;
  VlmTensorSource *source;
} Container;

static void
container_clear (Container *container)
{
  vlm_gguf_files_unref (container->gguf);
  vlm_tensor_source_free (container->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Container, container_clear)

static void
open_directory (Container *container, const char *name)
{
  g_autofree char *relative = g_strconcat ("quantised/", name, NULL);
  g_autofree char *path = golden_shared_path (relative);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (path, &error);
  g_autoptr (VlmQuantConfig) config = NULL;

  g_assert_no_error (error);
  vlm_quant_config_load (dir->config, &config, &error);
  g_assert_no_error (error);
  container->source = vlm_tensor_source_open (dir->weights, &error);
  g_assert_no_error (error);
  if (config != NULL)
    container->source =
        vlm_tensor_source_new_quantised (container->source, config, &error);
  g_assert_no_error (error);
}

static void
container_open (Container *container, const char *name)
{
  g_autofree char *relative =
      g_strconcat ("quantised/gguf/", name, ".gguf", NULL);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  *container = (Container){ 0 };
  if (g_str_has_prefix (name, "hf-")) {
    open_directory (container, name);
    return;
  }
  path = golden_shared_path (relative);
  container->gguf = vlm_gguf_files_open (path, &error);
  g_assert_no_error (error);
}

static void
find (const Container *container, const char *name, VlmTensorView *view)
{
  gboolean found = container->gguf != NULL
      ? vlm_gguf_files_find (container->gguf, name, view)
      : vlm_tensor_source_find (container->source, name, view);

  if (!found)
    g_error ("no tensor %s", name);
}

/* Rows first … first + n - 1 as floats, read in pieces that fit no block. */
#define PIECE 37

static float *
read_floats (const VlmTensorView *view, guint64 first, guint64 n)
{
  const gsize n_cols =
      (gsize) (view->n_elements / vlm_tensor_view_get_n_rows (view));
  const gsize row_bytes = vlm_dtype_row_bytes (view->dtype, n_cols);
  g_autofree guint8 *rows = g_malloc (n * row_bytes);
  float *values = g_new (float, n *n_cols);
  g_autoptr (GError) error = NULL;

  for (guint64 done = 0; done < n && error == NULL; done += PIECE)
    vlm_tensor_view_read_rows (view, first + done, MIN (PIECE, n - done),
        rows + done * row_bytes, &error);
  g_assert_no_error (error);
  for (guint64 i = 0; i < n; i++)
    vlm_dequantise (
        view->dtype, rows + i * row_bytes, n_cols, values + i * n_cols);
  return values;
}

static void
check_sums (const VlmTensorView *view, const VlmJson *tensor)
{
  g_autofree float *values =
      read_floats (view, 0, vlm_tensor_view_get_n_rows (view));
  double sums[3] = { 0, 0, 0 };
  VlmJson list;
  guint n;
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < view->n_elements; i++) {
    sums[0] += values[i];
    sums[1] += fabs ((double) values[i]);
    sums[2] += (double) values[i] * (double) (i % 251 + 1);
  }
  vlm_json_read_list (tensor, "sum", &list, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (sums));
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    double expected;

    vlm_json_read_double (
        &element, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, &expected, &error);
    g_assert_no_error (error);
    if (!(fabs (sums[i] - expected) <=
            SUM_TOLERANCE * (i == 2 ? 251.0 : 1.0) * sums[1])) {
      g_test_message ("%s: sum %u is %.17g, expected %.17g", view->name, i,
          sums[i], expected);
      g_test_fail ();
    }
  }
}

static void
check_shape (const VlmTensorView *view, const VlmJson *tensor)
{
  VlmJson list;
  guint n;
  g_autoptr (GError) error = NULL;

  vlm_json_read_list (tensor, "shape", &list, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, view->n_dims);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&list, i);
    guint expected;

    vlm_json_read_uint (&element, NULL, 1, G_MAXINT32, &expected, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (view->shape[i], ==, expected);
  }
}

static void
check_tensors (const Container *container, const char *name)
{
  g_autofree char *relative =
      g_strconcat ("quantised/golden/", name, ".json", NULL);
  g_autofree char *path = golden_shared_path (relative);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, &error);
  VlmJson root, tensors, tensor;
  JsonObjectIter iter;
  const char *key;
  guint n = 0;

  g_assert_no_error (error);
  vlm_json_root (document, &root, &error);
  vlm_json_read_object (&root, "tensors", &tensors, &error);
  g_assert_no_error (error);
  json_object_iter_init (&iter, json_node_get_object (tensors.node));
  for (; json_object_iter_next (&iter, &key, NULL); n++) {
    g_auto (VlmTensorView) view = { 0 };

    vlm_json_read_object (&tensors, key, &tensor, &error);
    g_assert_no_error (error);
    find (container, key, &view);
    check_shape (&view, &tensor);
    check_sums (&view, &tensor);
  }
  g_test_message ("%u tensors", n);
  g_assert_cmpuint (n, >, 0);
}

/* rows/TYPE/TENSOR: the first rows, and not a bit off. */
static void
check_rows (const Container *container, const char *name)
{
  g_autofree char *relative =
      g_strconcat ("quantised/golden/", name, ".safetensors", NULL);
  g_autofree char *path = golden_shared_path (relative);
  g_auto (Golden) golden = { 0 };
  guint n_checked = 0;

  golden_open (&golden, path);
  for (guint i = 0; i < vlm_safetensors_get_n_tensors (golden.file); i++) {
    const char *key = vlm_safetensors_get_name (golden.file, i);
    g_auto (GStrv) parts = g_strsplit (key, "/", 3);
    g_auto (VlmTensorView) view = { 0 };
    g_autofree float *expected = NULL, *values = NULL;
    gsize n;

    if (!g_str_equal (parts[0], "rows"))
      continue;
    expected = golden_get_floats (&golden, key, &n);
    find (container, parts[2], &view);
    values = read_floats (&view, 0, golden_get_dim (&golden, key, 0));
    g_test_message ("%s", key);
    g_assert_cmpmem (
        values, n * sizeof *values, expected, n * sizeof *expected);
    n_checked++;
  }
  g_assert_cmpuint (n_checked, >, 0);
}

static void
test_container (gconstpointer data)
{
  const char *name = data;
  g_auto (Container) container = { 0 };

  container_open (&container, name);
  check_tensors (&container, name);
  check_rows (&container, name);
}

static void
test_skip (void)
{
  g_test_skip ("the reference data is not there");
}

static void
add_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *file; (file = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *path = NULL;
    char *name;

    if (!g_str_has_suffix (file, ".json"))
      continue;
    name = g_strndup (file, strlen (file) - strlen (".json"));
    path = g_strconcat ("/quantised-tensors/", name, NULL);
    g_test_add_data_func_full (path, name, test_container, g_free);
  }
}

int
main (int argc, char **argv)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *folder = g_build_filename (
      shared != NULL ? shared : "", "quantised", "golden", NULL);

  g_test_init (&argc, &argv, NULL);
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    add_all (folder);
  else
    g_test_add_func ("/quantised-tensors/absent", test_skip);
  return g_test_run ();
}
