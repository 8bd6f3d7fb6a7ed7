/* gst-vlm: the table of checkpoint tensors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "io/model-dir.h"
#include "model/weights.h"

static char *
shared_checkpoint (const char *name)
{
  const char *shared = g_getenv ("VLM_SHARED");
  char *path = g_build_filename (
      shared != NULL ? shared : "", "golden", "checkpoints", name, NULL);

  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_test_skip ("no reference checkpoints");
    g_clear_pointer (&path, g_free);
  }
  return path;
}

/* Old names, new names, shards and both dtypes describe the same network. */
static void
test_reference (gconstpointer name)
{
  g_autofree char *path = shared_checkpoint (name);
  g_autoptr (GError) error = NULL;
  guint64 n_bytes;

  if (path == NULL)
    return;

  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (path, &error);
  g_assert_no_error (error);
  g_autoptr (VlmConfig) config = vlm_config_load (path, &error);
  g_assert_no_error (error);
  g_autoptr (VlmTensorSource) source =
      vlm_tensor_source_open (dir->weights, &error);
  g_assert_no_error (error);
  g_autoptr (VlmWeightList) list = vlm_weight_list_new (config);
  vlm_weight_list_check (list, config, source, &n_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (
      list->n_items, ==, vlm_tensor_source_get_n_tensors (source));
  g_assert_cmpuint (n_bytes, ==,
      strstr (name, "bf16") != NULL ? 2364736 : 2 * 2364736);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/weights/reference/bf16", "tiny-a-bf16", test_reference);
  g_test_add_data_func (
      "/weights/reference/f32", "tiny-a-f32", test_reference);
  g_test_add_data_func (
      "/weights/reference/new-names", "tiny-a-f32-newnames", test_reference);
  g_test_add_data_func (
      "/weights/reference/shards", "tiny-a-bf16-3shards", test_reference);
  return g_test_run ();
}
