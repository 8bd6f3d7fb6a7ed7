/* gst-vlm: tests of trials of kernels, and of what is kept of them
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A kernel that is wrong on purpose is in a table before two that are right.
 * Processes share their findings: each part is a process of its own, with the
 * same cache folder. */
#include <string.h>

#include "nn/context.h"
#include "nn/select.h"
#include "nn/verdicts.h"
#include "tests/support/files.h"
#include "tests/support/vk-test.h"
#include "tests/support/warnings.h"
#include "vk-test-ones.h"
#include "vk/pipeline-private.h"

static const VlmVkShader ones = {
  .name = "ones",
  .words = spirv_ones,
  .n_words = G_N_ELEMENTS (spirv_ones),
  .n_bindings = 4,
  .bindings = { 'S', 'S', 'S', 'S' },
  .push_bytes = 36,
};

typedef struct
{
  VlmVkDevice *device;
  VlmNn *nn;
  VlmNnKernel kernels[3];
} Fixture;

/* The last line of the table, which runs everywhere. */
static VlmNnKernel
find_right (const char *name, gboolean is_fast)
{
  guint n;
  const VlmNnKernel *all = vlm_nn_kernels (&n);
  VlmNnKernel kernel = { 0 };

  for (guint i = 0; i < n; i++)
    if (all[i].op == VLM_NN_OP_MATMUL)
      kernel = all[i];
  kernel.name = name;
  kernel.is_fast = is_fast;
  return kernel;
}

static gboolean
fixture_init (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  *fixture = (Fixture){ .device = vk_test_open () };
  if (fixture->device == NULL)
    return FALSE;
  fixture->nn = vlm_nn_new (fixture->device, &error);
  g_assert_no_error (error);
  fixture->kernels[0] = (VlmNnKernel){
    .op = VLM_NN_OP_MATMUL,
    .name = "ones",
    .shader = &ones,
    .on = VLM_NN_ON_ALL,
    .weights = VLM_NN_READS_ALL,
    .is_fast = TRUE,
    .local_size = 64,
    .tile_rows = 8,
    .tile_cols = 1,
  };
  fixture->kernels[1] = find_right ("right", TRUE);
  fixture->kernels[2] = find_right ("exact", FALSE);
  fixture->nn->kernels = fixture->kernels;
  fixture->nn->n_kernels = G_N_ELEMENTS (fixture->kernels);
  return TRUE;
}

static void
fixture_clear (Fixture *fixture)
{
  g_clear_pointer (&fixture->nn, vlm_nn_free);
  g_clear_pointer (&fixture->device, vlm_vk_device_unref);
}

static const char *
choose (VlmNn *nn)
{
  const VlmNnProblem problem = { .op = VLM_NN_OP_MATMUL,
    .m = 5,
    .n = 64,
    .k = 64,
    .format = vlm_nn_format (VLM_DTYPE_BF16) };

  return vlm_nn_select (nn, &problem)->name;
}

/* Allows kernels of less than f32, and says how many pipelines the trials of them
 * took. The wrong one is never used. */
static guint
allow_fast (Fixture *fixture)
{
  const guint n_before = vlm_vk_pipelines_get_made (fixture->device);

  g_assert_cmpstr (choose (fixture->nn), ==, "exact");
  vlm_nn_set_fast (fixture->nn, TRUE);
  g_assert_cmpstr (choose (fixture->nn), ==, "right");
  return vlm_vk_pipelines_get_made (fixture->device) - n_before;
}

static void
first_process (void)
{
  Fixture fixture;

  if (!fixture_init (&fixture))
    return;
  warnings_keep ();
  g_assert_cmpuint (allow_fast (&fixture), ==, 2);
  warnings_expect ("kernel ones is not used: its products are wrong");
  /* Once is enough. */
  vlm_nn_set_fast (fixture.nn, TRUE);
  warnings_expect_none ();
  fixture_clear (&fixture);
}

static void
next_process (void)
{
  Fixture fixture;

  if (!fixture_init (&fixture))
    return;
  warnings_keep ();
  g_assert_cmpuint (allow_fast (&fixture), ==, 0);
  warnings_expect ("kernel ones is not used: its products were wrong when");
  fixture_clear (&fixture);
}

/* Built otherwise: another kernel of the same name. */
static void
changed_process (void)
{
  Fixture fixture;

  if (!fixture_init (&fixture))
    return;
  fixture.kernels[0].tile_rows = 16;
  warnings_keep ();
  g_assert_cmpuint (allow_fast (&fixture), ==, 1);
  warnings_expect ("kernel ones is not used: its products are wrong");
  fixture_clear (&fixture);
}

static void
damaged_process (void)
{
  Fixture fixture;
  g_autofree char *path = NULL;

  if (!fixture_init (&fixture))
    return;
  warnings_keep ();
  path = vlm_vk_device_get_cache_path (fixture.device, "kernels", ".ini");
  g_assert_true (g_file_set_contents (path, "[verdicts", -1, NULL));
  g_assert_cmpint (vlm_nn_verdict_find (fixture.device, &fixture.kernels[1]),
      ==, VLM_NN_VERDICT_NONE);
  warnings_expect ("ignored");
  vlm_nn_verdict_keep (
      fixture.device, &fixture.kernels[1], VLM_NN_VERDICT_RIGHT);
  g_assert_cmpint (vlm_nn_verdict_find (fixture.device, &fixture.kernels[1]),
      ==, VLM_NN_VERDICT_RIGHT);
  warnings_expect_none ();
  fixture_clear (&fixture);
}

static void
run (const char *name)
{
  g_autofree char *path = g_strconcat ("/verdicts/subprocess/", name, NULL);

  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_processes (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *old = g_strdup (g_getenv ("VLM_CACHE_DIR"));
  g_autofree char *path = g_build_filename (folder, "new", NULL);

  g_setenv ("VLM_CACHE_DIR", path, TRUE);
  run ("first");
  run ("next");
  run ("changed");
  run ("next");
  run ("damaged");
  if (old != NULL)
    g_setenv ("VLM_CACHE_DIR", old, TRUE);
  else
    g_unsetenv ("VLM_CACHE_DIR");
  files_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/verdicts/processes", test_processes);
  g_test_add_func ("/verdicts/subprocess/first", first_process);
  g_test_add_func ("/verdicts/subprocess/next", next_process);
  g_test_add_func ("/verdicts/subprocess/changed", changed_process);
  g_test_add_func ("/verdicts/subprocess/damaged", damaged_process);
  return g_test_run ();
}
