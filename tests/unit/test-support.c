/* gst-vlm: the readers that tests rely on
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/support/files.h"
#include "tests/support/golden.h"
#include "tests/support/npy.h"

static void
test_npy (void)
{
  g_autofree char *path =
      golden_data_path ("tiny", "golden", "vid6_28x140.npy", NULL);
  g_auto (Npy) npy = { 0 };
  g_autoptr (GError) error = NULL;

  npy_load (path, &npy, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (npy.n_dims, ==, 4);
  g_assert_cmpuint (npy.shape[0], ==, 6);
  g_assert_cmpuint (npy.shape[1], ==, 28);
  g_assert_cmpuint (npy.shape[2], ==, 140);
  g_assert_cmpuint (npy.shape[3], ==, 3);
  g_assert_cmpuint (npy.n_bytes, ==, 6 * 28 * 140 * 3);
  /* The square that moves starts at the left edge, a quarter down. */
  g_assert_cmpmem (npy.data + 7 * 140 * 3, 3, "\xe6\x28\x1e", 3);
}

static void
test_npy_damaged (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *good = golden_data_path ("tiny", "golden", NULL);
  g_autofree char *path = g_build_filename (folder, "x.npy", NULL);
  gsize n_bytes;
  g_autofree char *data = files_read (good, "img_196x9.npy", &n_bytes);
  const gsize ends[] = { 0, 7, 9, 40, n_bytes - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_auto (Npy) npy = { 0 };
    g_autoptr (GError) error = NULL;

    files_write (folder, "x.npy", data, ends[i]);
    g_assert_false (npy_load (path, &npy, &error));
    g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
  }
  files_remove (folder);
}

static void
test_golden (void)
{
  g_autofree char *path =
      golden_data_path ("tiny", "golden", "mixed.safetensors", NULL);
  g_auto (Golden) golden = { 0 };
  gsize n_ids, n_logits, n_grid;

  golden_open (&golden, path);
  g_autofree gint32 *ids = golden_get_ints (&golden, "input_ids", &n_ids);
  g_autofree float *logits = golden_get_floats (&golden, "logits", &n_logits);
  g_autofree gint32 *grid =
      golden_get_ints (&golden, "video_grid_thw", &n_grid);
  g_assert_cmpuint (n_logits, ==, n_ids * 408);
  g_assert_cmpuint (golden_get_dim (&golden, "logits", 1), ==, 408);
  g_assert_cmpuint (n_grid, ==, 6);
  g_assert_cmpint (grid[5], ==, 6);
  g_assert_false (golden_has (&golden, "pixel_values"));
  g_assert_true (golden_check_ints (&golden, "input_ids", ids, n_ids));
  logits[7] += 0.25f;
  g_assert_cmpfloat_with_epsilon (
      golden_check_floats (&golden, "logits", logits, n_logits, 0.5f), 0.25f,
      1e-5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/support/npy", test_npy);
  g_test_add_func ("/support/npy-damaged", test_npy_damaged);
  g_test_add_func ("/support/golden", test_golden);
  return g_test_run ();
}
